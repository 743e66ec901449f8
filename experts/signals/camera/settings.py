"""Parameters of a frame: the shelf, the light, where the camera stands, what lies about; and the ranges that they are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator
Pair = tuple[float, float]

BEAM, BOARD, POST, FOOT = 0.09, 0.03, 0.07, 0.15
"""Metres: height of a beam, thickness of a board, width of an upright, height of the lowest beam above the floor."""


@dataclass(frozen=True)
class Layout:
    """`slots` on each of `levels`, an upright after every `bay` of them; sizes of one slot in metres; `closed`: a panel at the back."""

    levels: int = 3
    slots: int = 4
    bay: int = 2
    width: float = 0.8
    height: float = 0.7
    depth: float = 0.8
    closed: bool = True


@dataclass(frozen=True)
class Light:
    """The light of the scene and what the camera makes of it."""

    brightness: float = 0.2
    """Mean of the linear image, full scale 1."""
    photons: float = 3000.0
    """Electrons at full scale: the fewer, the more shot noise."""
    gradient: float = 0.0
    """Stops (factors of two) from one side of the frame to the other, towards `direction`, in degrees."""
    direction: float = 0.0
    elevation: float = 50.0
    """Degrees of the lamps above the horizon: the beams throw their shadow into the slots."""
    shadow: float = 0.0
    """Share of light missing beyond an edge across the frame."""
    glare: float = 0.0
    """Full scale: added in the middle of a spot."""
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Gains of red, green and blue."""
    vignette: float = 4.0
    """Power of the cosine of the angle off the axis; 4 is the natural law."""
    blur: float = 0.6
    """Pixels, standard deviation."""
    motion: float = 0.0
    """Pixels travelled sideways while the shutter is open."""


@dataclass(frozen=True)
class Conditions:
    """Where the camera stands, its light, and what else there is. Angles in degrees."""

    light: Light = Light()
    yaw: float = 0.0
    elevation: float = 0.0
    roll: float = 0.0
    standoff: float = 1.1
    """Distance, as a multiple of that at which the shelf fills the frame."""
    clutter: float = 0.3
    """Mean number of things lying about in a slot."""
    occlusion: float = 0.5
    """Mean number of things in front of the shelf: posts, straps, arms."""
    goods: tuple[str, ...] = ("carton", "tote", "bag")
    calibration: float = 1.0
    """Pixels, standard deviation of the error of the slots' boxes."""


@dataclass(frozen=True)
class Ranges:
    """From where layouts and conditions are drawn, evenly within (low, high); the defaults are ordinary warehouses."""

    grids: tuple[tuple[int, int], ...] = tuple((levels, slots) for levels in (1, 2, 3) for slots in (2, 3, 4, 5))
    yaw: Pair = (0.0, 24.0)
    elevation: Pair = (-14.0, 14.0)
    standoff: Pair = (1.0, 1.3)
    brightness: Pair = (0.09, 0.45)
    photons: Pair = (1000.0, 8000.0)
    gradient: Pair = (0.0, 1.2)
    clutter: Pair = (0.0, 0.8)
    occlusion: Pair = (0.0, 1.0)
    goods: tuple[str, ...] = ("carton", "tote", "bag")

    def layout(self, rng: Rng) -> Layout:
        levels, slots = self.grids[rng.integers(len(self.grids))]
        height, bay = rng.uniform(0.45, 0.9), int(rng.integers(1, slots + 1))
        return Layout(levels, slots, bay, height * rng.uniform(0.8, 1.5), height, rng.uniform(0.5, 1.1), bool(rng.random() < 0.5))

    def light(self, rng: Rng) -> Light:
        warmth, tint = rng.normal(0.0, 0.15), rng.normal(0.0, 0.04)
        return Light(
            brightness=np.exp(rng.uniform(*np.log(self.brightness))),
            photons=np.exp(rng.uniform(*np.log(self.photons))),
            gradient=rng.uniform(*self.gradient),
            direction=rng.uniform(0.0, 360.0),
            elevation=rng.uniform(30.0, 75.0),
            shadow=rng.uniform(0.2, 0.7) if rng.random() < 0.4 else 0.0,
            glare=rng.uniform(0.05, 0.5) if rng.random() < 0.3 else 0.0,
            cast=(np.exp(warmth), np.exp(tint), np.exp(-warmth)),
            vignette=rng.uniform(2.0, 6.0),
            blur=rng.uniform(0.45, 1.0),
            motion=rng.uniform(0.0, 2.0) if rng.random() < 0.3 else 0.0,
        )

    def conditions(self, rng: Rng) -> Conditions:
        return Conditions(
            light=self.light(rng),
            yaw=rng.choice((-1.0, 1.0)) * rng.uniform(*self.yaw),
            elevation=rng.uniform(*self.elevation),
            roll=rng.normal(0.0, 1.0),
            standoff=rng.uniform(*self.standoff),
            clutter=rng.uniform(*self.clutter),
            occlusion=rng.uniform(*self.occlusion),
            goods=self.goods,
            calibration=rng.uniform(0.3, 1.5),
        )
