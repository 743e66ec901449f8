"""What the camera of a small robot sees in front of a warehouse shelf: windows of kind `frame`.

`frame` [120, 160, 3] uint8: sRGB (IEC 61966-2-1). `slots` [n, 4] float32: the box (x0, y0, x1, y1; pixels, y downwards) of the opening of
each slot as the device's geometry has it, from left to right and from the bottom level to the top one. `about["levels"]`: how many levels
the slots are on.

The shelf lies in x (right), y (up) and z (into the shelf, front at 0), in metres. Every ray is followed as a function of z, so a depth is
a z. A shelf is a row of cells between uprights and boards that each ray enters through the front and leaves through a wall; goods are
convex solids inside of the cells. A slot is occupied by goods; what is lower than a fifth of its opening is clutter and leaves it free.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experts.signals.camera.goods import GOODS, Opening, clutter
from experts.signals.camera.obstacles import hide
from experts.signals.camera.optics import expose, lit
from experts.signals.camera.settings import Conditions, Layout, Light, Ranges
from experts.signals.camera.shelf import shelf
from experts.signals.camera.view import boxes, stand
from experts.window import Window

__all__ = ["Conditions", "Layout", "Light", "Ranges", "render"]


def render(occupied: Sequence[bool], layout: Layout, conditions: Conditions, rng: np.random.Generator) -> Window:
    """One frame of this true state, slots from left to right and from the bottom up. Raises ValueError when they are not as many as the layout's."""
    if len(occupied) != layout.levels * layout.slots:
        raise ValueError(f"{len(occupied)} states for {layout.levels} × {layout.slots} slots")
    view = stand(layout, conditions)
    slots = boxes(layout, view, conditions.calibration, rng)
    scene = shelf(layout, view, rng)
    for number, full in enumerate(occupied):
        level, place = divmod(number, layout.slots)
        opening = Opening(place * layout.width, level * layout.height, layout)
        for solid in clutter(opening, int(rng.poisson(conditions.clutter)), rng):
            scene.put(solid, rng)
        for solid in GOODS[conditions.goods[rng.integers(len(conditions.goods))]](opening, rng) if full else ():
            scene.put(solid, rng)
    radiance = lit(scene, layout, conditions.light)
    for _ in range(rng.poisson(conditions.occlusion)):
        hide(radiance, slots[rng.integers(len(slots))], rng)
    return Window("frame", {"frame": expose(radiance, conditions.light, rng), "slots": slots}, {"levels": float(layout.levels)})
