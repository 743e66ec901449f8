"""The shelf without goods, and what is around and behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.camera.goods import cardboard
from experts.signals.camera.settings import BEAM, BOARD, FOOT, POST, Layout
from experts.signals.camera.solids import Scene
from experts.signals.camera.view import View

Floats = NDArray[Any]
Rng = np.random.Generator


def shelf(layout: Layout, view: View, rng: Rng) -> Scene:
    rays, grain = view.rays(), rng.standard_normal((64, 64)).astype(np.float32)
    grain = grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1)
    place, level = rays[0] / layout.width, np.floor((rays[1] + BEAM) / layout.height)
    up = (rays[1] - level * layout.height) / BEAM + 1.0
    post, beam = front(layout, rays[0], rays[1], (up < 1.0) & (level >= 0))
    depth, wall = walls(layout, rays, level)
    depth[post | beam] = 0.0
    albedo, facing = inside(layout, rays, depth, wall, grain, rng)
    albedo[post], albedo[beam] = frame_colours(rng)
    stickers(albedo, beam & ~post, place, up, level, rng)
    outside = (depth <= 0) & ~(post | beam)
    albedo[outside] = around(layout, rays, outside, grain, rng)
    facing[post | beam], facing[outside] = 0.85, 0.7
    return Scene(view, rays, depth, albedo.astype(np.float32), facing, grain)


def uprights(layout: Layout) -> Floats:
    """Where they stand, in x (m)."""
    return np.array([*np.arange(0, layout.slots, layout.bay), layout.slots]) * layout.width


def front(layout: Layout, x: Floats, y: Floats, level_with_beam: Floats) -> tuple[Floats, Floats]:
    """Which pixels see an upright and which a beam, both at z = 0."""
    wide, high = layout.slots * layout.width, layout.levels * layout.height
    frame = (x > -POST / 2) & (x < wide + POST / 2) & (y < high) & (y > -FOOT)
    nearest = np.abs(x[..., None] - uprights(layout)).min(axis=-1)
    return frame & (nearest < POST / 2), frame & level_with_beam


def walls(layout: Layout, rays: Sequence[Floats], level: Floats) -> tuple[Floats, Floats]:
    """Where each ray leaves its cell (z; 0 beside the shelf), and through what: 0 the back, 1 a side, 2 a board."""
    (x, y, slope_x, slope_y), posts = rays, uprights(layout)
    cell = np.clip(np.searchsorted(posts, x.ravel()).reshape(x.shape), 1, len(posts) - 1)
    side = (np.where(slope_x > 0, posts[cell], posts[cell - 1]) - x) / slope_x
    board = (np.where(slope_y > 0, (level + 1) * layout.height - BOARD, level * layout.height) - y) / slope_y
    exits = np.stack([np.full_like(x, layout.depth), side, board])
    within = (x > -POST / 2) & (x < posts[-1] + POST / 2) & (y > -BEAM) & (y < layout.levels * layout.height)
    return np.where(within, exits.min(axis=0), 0.0).astype(np.float32), exits.argmin(axis=0)


def inside(layout: Layout, rays: Sequence[Floats], depth: Floats, wall: Floats, grain: Floats, rng: Rng) -> tuple[Floats, Floats]:
    """Back, sides and boards of the cells; without a panel the goods of the next aisle show through."""
    x, y = rays[0] + depth * rays[2], rays[1] + depth * rays[3]
    panel, board = rng.uniform(0.15, 0.6) * rng.normal(1.0, 0.05, 3), np.array([0.45, 0.38, 0.3]) * rng.uniform(0.5, 1.4) * rng.normal(1.0, 0.08, 3)
    albedo = np.stack([panel, panel * 0.9, board])[wall]
    albedo *= (1.0 + 0.08 * grain[(x * 60).astype(int) % 64, ((y + depth) * 60).astype(int) % 64])[..., None]
    facing = np.array([0.75, 0.62, 1.0], np.float32)[wall]
    facing[(wall == 2) & (rays[3] > 0)] = 0.45
    if not layout.closed:
        open_to = wall == 0
        far = layout.depth + rng.uniform(0.3, 1.2)
        albedo[open_to] = beyond(rays[0][open_to] + far * rays[2][open_to], rays[1][open_to] + far * rays[3][open_to], rng)
    return albedo, facing


def beyond(x: Floats, y: Floats, rng: Rng) -> Floats:
    """The back of the next aisle: blocks of goods in rows, with gaps."""
    table = np.stack([cardboard(rng) if rng.random() < 0.5 else np.full(3, 0.05) for _ in range(96)]).reshape(8, 12, 3)
    pitch = rng.uniform(0.3, 0.7, 2)
    colours = table[np.floor(y / pitch[1]).astype(int) % 8, np.floor(x / pitch[0]).astype(int) % 12] * rng.uniform(0.3, 0.9)
    colours[(x / pitch[0]) % 1.0 < 0.06] = 0.03
    colours[(y / pitch[1]) % 1.0 < 0.12] = 0.12
    return colours


def frame_colours(rng: Rng) -> tuple[Floats, Floats]:
    """Uprights blue, green or grey; beams orange, yellow, blue or grey."""
    posts = [(0.05, 0.12, 0.35), (0.06, 0.22, 0.12), (0.35, 0.36, 0.37)]
    beams = [(0.7, 0.22, 0.03), (0.65, 0.5, 0.05), (0.06, 0.15, 0.4), (0.4, 0.4, 0.4)]
    return np.array(posts[rng.integers(3)]) * rng.uniform(0.7, 1.3), np.array(beams[rng.integers(4)]) * rng.uniform(0.7, 1.3)


def stickers(albedo: Floats, beam: Floats, place: Floats, up: Floats, level: Floats, rng: Rng) -> None:
    """A location label with a barcode below most slots, where the beam is; `place` counts slots, `up` is 0–1 on the beam."""
    for slot in np.ndindex(6, 5):
        if rng.random() < 0.3:
            continue
        start, size = slot[0] + rng.uniform(0.2, 0.5), rng.uniform(0.12, 0.35)
        on = beam & (level == slot[1]) & (place > start) & (place < start + size) & (up > 0.15) & (up < 0.85)
        albedo[on] = np.where(np.sin(place[on] * rng.uniform(150, 400)) > 0.3, 0.1, 0.85)[:, None]


def around(layout: Layout, rays: Sequence[Floats], where: Floats, grain: Floats, rng: Rng) -> Floats:
    """Floor and wall beside, above and below the shelf."""
    x, y, slope_x, slope_y = (a[where] for a in rays)
    far = layout.depth + 1.0
    floor = (-FOOT - y) / np.where(slope_y < 0, slope_y, -1e-6)
    down = (slope_y < 0) & (floor < far) & (floor > -5.0)
    at = np.where(down, floor, far)
    rough = grain[((x + at * slope_x) * 30).astype(int) % 64, ((y + at) * 30).astype(int) % 64]
    concrete, wall = rng.uniform(0.15, 0.5) * rng.normal(1.0, 0.03, 3), rng.uniform(0.1, 0.7) * rng.normal(1.0, 0.05, 3)
    return np.where(down[:, None], concrete, wall) * (1.0 + 0.025 * rough)[:, None]
