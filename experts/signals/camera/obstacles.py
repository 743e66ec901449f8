"""What hangs or stands between the camera and the shelf."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.camera.shelf import frame_colours
from experts.signals.camera.view import ACROSS, DOWN, HEIGHT, WIDTH

Floats = NDArray[Any]
Rng = np.random.Generator


def hide(radiance: Floats, slot: Floats, rng: Rng) -> None:
    """A post, a hanging strap or an arm before this slot: covers at most two fifths of its width."""
    wide, x, y = slot[2] - slot[0], rng.uniform(slot[0], slot[2]), rng.uniform(slot[1], slot[3])
    colour, kind = rng.uniform(0.1, 1.8) * rng.uniform(0.6, 1.0, 3), rng.integers(3)
    if kind == 0:
        band(radiance, (x, -9.0), (x, HEIGHT + 9.0), wide * rng.uniform(0.06, 0.2), 3.0 * frame_colours(rng)[0])
    elif kind == 1:
        band(radiance, (x, -9.0), (x + rng.normal(0.0, 12.0), HEIGHT), rng.uniform(0.8, 2.0), colour)
    else:
        radius, skin = wide * rng.uniform(0.12, 0.2), np.array([0.6, 0.4, 0.3]) * rng.uniform(0.6, 4.0)
        band(radiance, (x, y), (rng.choice((-9.0, WIDTH + 9.0)), HEIGHT), radius, colour)
        band(radiance, (x, y), (x, y), radius * 1.1, skin)


def band(radiance: Floats, start: tuple[float, float], end: tuple[float, float], radius: float, colour: Floats) -> None:
    """A thick line (pixels) with round ends, lit from one side."""
    across, down = ACROSS + (WIDTH / 2 - float(start[0])), DOWN + (HEIGHT / 2 - float(start[1]))
    run_x, run_y = float(end[0] - start[0]), float(end[1] - start[1])
    along = np.clip((across * run_x + down * run_y) / max(run_x * run_x + run_y * run_y, 1e-6), 0.0, 1.0)
    dx, dy = across - along * run_x, down - along * run_y
    on = dx * dx + dy * dy < radius * radius
    radiance[on] = colour * (0.75 - 0.3 * dx[on] / radius)[:, None]
