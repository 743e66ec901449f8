"""What the expert is trained on and what is held out, as ranges of the camera's settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experts.signals.camera import Ranges, render
from experts.window import Window

TRAINED = Ranges()
SHIFTS = {
    "light": replace(TRAINED, brightness=(0.045, 0.08), photons=(700.0, 1500.0), gradient=(1.5, 2.5)),
    "layout": replace(TRAINED, grids=((4, 3), (4, 4), (4, 5), (4, 6), (2, 6), (3, 6)), yaw=(26.0, 34.0)),
    "clutter": replace(TRAINED, clutter=(1.5, 3.0), occlusion=(1.5, 2.5)),
    "goods": replace(TRAINED, goods=("roll",)),
}


def draw(ranges: Ranges, rng: np.random.Generator) -> tuple[Window, tuple[int, ...]]:
    """A frame and the truth about its slots: 0 free, 1 occupied."""
    layout, conditions = ranges.layout(rng), ranges.conditions(rng)
    occupied = rng.random(layout.levels * layout.slots) < rng.uniform(0.1, 0.9)
    return render([bool(o) for o in occupied], layout, conditions, rng), tuple(int(o) for o in occupied)
