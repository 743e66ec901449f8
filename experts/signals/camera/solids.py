"""Convex solids, and painting them into what the camera sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.camera.view import View

Floats = NDArray[Any]
Rng = np.random.Generator


@dataclass(frozen=True)
class Solid:
    """A convex body within `low`…`high` [3] (m): a box, but round (an ellipse) in the axes `round`.

    `band` and `label`: rectangles (u0, v0, u1, v1) on its front, in shares of its width and height.
    """

    low: Floats
    high: Floats
    colour: Floats
    round: tuple[int, ...] = ()
    texture: float = 0.1
    band: tuple[float, float, float, float] | None = None
    label: tuple[float, float, float, float] | None = None


@dataclass
class Scene:
    """What each pixel sees: `depth` (z, m), `albedo` [120, 160, 3] and `facing` (share of the lamps' light that the surface takes)."""

    view: View
    rays: tuple[Floats, Floats, Floats, Floats]
    depth: Floats
    albedo: Floats
    facing: Floats
    grain: Floats

    def put(self, solid: Solid, rng: Rng) -> None:
        """Paints the solid where nothing nearer is."""
        part = self.bounds(solid)
        x, y, slope_x, slope_y = (a[part] for a in self.rays)
        starts, slopes = (x, y, np.zeros_like(x)), (slope_x, slope_y, np.ones_like(x))
        enter, facing, face = meet(solid, starts, slopes)
        hit = enter < self.depth[part]
        if not hit.any():
            return
        near = enter[hit]
        across, upwards = ((starts[i][hit] + near * slopes[i][hit] - solid.low[i]) / (solid.high[i] - solid.low[i]) for i in (0, 1))
        self.depth[part][hit], self.facing[part][hit] = near, facing[hit]
        self.albedo[part][hit] = painted(solid, across, upwards, face[hit], self.grain, rng)

    def bounds(self, solid: Solid) -> tuple[slice, slice]:
        """The rows and columns of the frame that may see it."""
        corners = np.array([[solid.low[i] if n >> i & 1 else solid.high[i] for i in range(3)] for n in range(8)])
        pixels = self.view.project(corners)
        (left, top), (right, bottom) = np.floor(pixels.min(axis=0)).astype(int), np.ceil(pixels.max(axis=0)).astype(int)
        return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))


def meet(solid: Solid, starts: Sequence[Floats], slopes: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """Where each ray enters (inf: never), how its face is lit, and the axis of that face (3: round)."""
    middle, half = ((solid.low + solid.high) / 2).astype(np.float32), ((solid.high - solid.low) / 2).astype(np.float32)
    origin = [(starts[i] - middle[i]) / half[i] for i in range(3)]
    slope = [slopes[i] / half[i] for i in range(3)]
    enter, leave = np.full_like(starts[0], 1e-3), np.full_like(starts[0], np.inf)
    facing, face = np.full_like(enter, 0.8), np.full(enter.shape, 2, np.int8)
    for axis in (i for i in range(3) if i not in solid.round):
        towards = np.sign(slope[axis])
        near, far = (-towards - origin[axis]) / slope[axis], (towards - origin[axis]) / slope[axis]
        later = near > enter
        enter, leave = np.where(later, near, enter), np.minimum(leave, far)
        face[later], facing[later] = axis, (0.62, 0.45, 0.8)[axis]
        facing[later & (towards < 0)] = (0.7, 1.0, 0.8)[axis]
    if solid.round:
        near, far, lit_by = meet_round(solid.round, origin, slope)
        later = near > enter
        enter, leave = np.where(later, near, enter), np.minimum(leave, far)
        face[later], facing[later] = 3, lit_by[later]
    return np.where(enter < leave, enter, np.inf), facing, face


def meet_round(axes: tuple[int, ...], origin: Sequence[Floats], slope: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """The unit circle or sphere of these axes: near and far root of its quadratic (inf, -inf where missed), and the light on the near one."""
    a = sum(slope[i] * slope[i] for i in axes)
    b = sum(origin[i] * slope[i] for i in axes)
    c = sum(origin[i] * origin[i] for i in axes) - 1.0
    root = np.sqrt(np.maximum(b * b - a * c, 0.0))
    missed = b * b < a * c
    near, far = np.where(missed, np.inf, (-b - root) / a), np.where(missed, -np.inf, (root - b) / a)
    at = np.where(missed, 0.0, near)
    lit_by = sum(weight * (origin[i] + at * slope[i]) for i, weight in ((0, 0.15), (1, 0.3), (2, -0.35)) if i in axes)
    return near, far, np.clip(0.5 + lit_by, 0.2, 1.0)


def painted(solid: Solid, u: Floats, v: Floats, face: Floats, grain: Floats, rng: Rng) -> Floats:
    """Colours [n, 3] of points on the solid's front (u, v in 0–1): grain, a band (tape, rim, print), a label with a barcode.

    Towards its foot and its sides it gets darker, as light comes there from one side only.
    """
    shift = rng.integers(0, len(grain), 2)
    rough = grain[(u * 40 + shift[0]).astype(int) % len(grain), (v * 40 + shift[1]).astype(int) % len(grain)]
    edge = np.minimum(np.minimum(u, 1.0 - u) / 0.08, v / 0.12)
    colours = solid.colour * ((1.0 + solid.texture * rough) * np.clip(0.5 + 0.5 * edge, 0.5, 1.0))[:, None]
    if solid.band:
        colours[within(solid.band, u, v) & (face != 0)] *= rng.choice((0.65, 1.35))
    if solid.label:
        inside = within(solid.label, u, v) & (face >= 2)
        bars = np.sin(u * rng.uniform(60, 200)) > 0.2
        colours[inside] = np.where(bars & (v > (solid.label[1] + solid.label[3]) / 2), 0.2, 0.85)[inside, None]
    return colours


def within(area: tuple[float, float, float, float], u: Floats, v: Floats) -> Floats:
    return (u > area[0]) & (v > area[1]) & (u < area[2]) & (v < area[3])
