"""The pinhole camera: where it stands, its rays, and where the slots are in its frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.camera.settings import BEAM, POST, Conditions, Layout

Floats = NDArray[Any]
Rng = np.random.Generator

HEIGHT, WIDTH = 120, 160
FOCAL = float(WIDTH / 2 / np.tan(np.radians(31)))
"""Pixels: a horizontal field of view of 62°, as small camera modules have."""
ACROSS, DOWN = np.meshgrid(np.arange(WIDTH, dtype=np.float32) + 0.5 - WIDTH / 2, np.arange(HEIGHT, dtype=np.float32) + 0.5 - HEIGHT / 2)
"""Pixels from the axis, rightwards and downwards: [120, 160] each."""


@dataclass(frozen=True)
class View:
    """A pinhole at `position` [3] (m); `axes` [3, 3]: right, up and forward as rows."""

    position: Floats
    axes: Floats

    def project(self, points: Floats) -> Floats:
        """Points [n, 3] (m) → [n, 2] pixels (x rightwards, y downwards)."""
        right, up, forward = ((points - self.position) @ self.axes.T).T
        return np.stack([WIDTH / 2 + FOCAL * right / forward, HEIGHT / 2 - FOCAL * up / forward], axis=1)

    def rays(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Where the ray of each pixel meets the plane z = 0, and its slopes dx/dz and dy/dz: four arrays [120, 160]."""
        towards = np.stack([ACROSS / FOCAL, -DOWN / FOCAL, np.ones_like(DOWN)], axis=-1) @ self.axes
        slope_x, slope_y = (towards[..., axis] / towards[..., 2] + 1e-7 for axis in (0, 1))
        x, y, z = self.position
        return tuple(a.astype(np.float32) for a in (x - z * slope_x, y - z * slope_y, slope_x, slope_y))  # pyright: ignore[reportReturnType]


def stand(layout: Layout, conditions: Conditions) -> View:
    """The view from which the whole front of the shelf is seen: steps back until it fits."""
    wide, high = layout.slots * layout.width, layout.levels * layout.height
    corners = np.array([(x, y, 0.0) for x in (-POST, wide + POST) for y in (-BEAM, high + BEAM)])
    half, distance = np.array([WIDTH / 2, HEIGHT / 2]), wide + high
    for _ in range(5):
        offset = look(corners.mean(axis=0), conditions, distance).project(corners) - half
        distance *= float(np.abs(offset / half).max())
    return look(corners.mean(axis=0), conditions, distance * conditions.standoff)


def look(centre: Floats, conditions: Conditions, distance: float) -> View:
    yaw, rise, roll = np.radians([conditions.yaw, conditions.elevation, conditions.roll])
    forward = np.array([-np.sin(yaw) * np.cos(rise), -np.sin(rise), np.cos(yaw) * np.cos(rise)])
    level = np.array([np.cos(yaw), 0.0, np.sin(yaw)])
    upright = np.cross(forward, level)
    right, up = np.cos(roll) * level + np.sin(roll) * upright, np.cos(roll) * upright - np.sin(roll) * level
    return View(centre - distance * forward, np.stack([right, up, forward]))


def boxes(layout: Layout, view: View, error: float, rng: Rng) -> Floats:
    """The openings' bounds in the frame [n, 4], displaced together and one by one. Knows nothing of what lies in them."""
    x, y = (a.ravel() for a in np.meshgrid(np.arange(layout.slots) * layout.width, np.arange(layout.levels) * layout.height))
    corners = [view.project(np.stack([x + dx, y + dy, 0 * x], axis=1)) for dx in (0.0, layout.width) for dy in (0.0, layout.height - BEAM)]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    return (np.hstack([low, high]) + rng.normal(0.0, error, 4) + rng.normal(0.0, error / 2, (len(x), 4))).astype(np.float32)
