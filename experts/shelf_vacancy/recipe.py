"""What it is trained and judged on; `python -m experts.training shelf_vacancy`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from experts.recipe import Recipe, Sample
from experts.shelf_vacancy.model import MODEL
from experts.shelf_vacancy.splits import SHIFTS, TRAINED, draw
from experts.signals.camera import Ranges


def eye(labels: int) -> Any:
    """The body of the network, which only training needs."""
    from experts.shelf_vacancy.eye import Eye

    return Eye(labels)


def sample(ranges: Ranges, rng: np.random.Generator) -> Sample:
    return Sample(*draw(ranges, rng))


RECIPE = Recipe(
    name="shelf_vacancy",
    model=MODEL,
    draw=partial(sample, TRAINED),
    shifts={name: partial(sample, ranges) for name, ranges in SHIFTS.items()},
    body=eye,
    train=56000,
    test=600,
    epochs=7,
    rate=3e-3,
    average=0.999,
    right=0.99,
    file="slots.onnx",
    told={
        "version": "1.4.0",
        "title": "Shelf vacancy",
        "description": "Looks at a camera frame of a warehouse shelf and tells for each slot whether it is free or occupied by goods. "
        "Slips, wrap and small forgotten things do not occupy a slot.",
        "data": "rendered frames of shelves (experts/signals/camera)",
        "command": "python -m experts.training shelf_vacancy",
        "limits": "Goods lower than two fifths of the slot, slots seen at more than 24° from the front, slots hidden for more than two fifths, and boxes that are "
        "off by more than a few pixels were not trained on. Whether goods fit beside others is not judged. All frames were rendered.",
        "trained_on": {
            "grid": "1 to 3 levels of 2 to 5 slots, with and without a panel at the back",
            "angle": "up to 24° from the side, 14° from above or below",
            "distance": "the shelf fills 77 to 100 % of the frame's width or height",
            "light": "mean linear exposure 0.09 to 0.45, gradient up to 1.2 stops, 1000 to 8000 electrons at full scale",
            "clutter": "up to 0.8 things a slot on average",
            "occlusion": "up to 1 post, strap or arm a frame on average",
            "goods": "cartons, totes, bags",
            "calibration": "0.3 to 1.5 pixels",
        },
    },
)
