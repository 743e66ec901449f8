"""`python -m experts.shelf_vacancy.training`: writes the expert's model, card and tree; some six minutes on one core."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from experts.shelf_vacancy.model import MODEL
from experts.shelf_vacancy.splits import SHIFTS, TRAINED, draw
from experts.signals.camera import Ranges
from experts.training.make import Recipe, Sample, make

EMBEDDING = 24


def separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A depthwise 3×3 convolution and a pointwise one."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Eye(nn.Module):
    """Patches [n, 3, 24, 24] → logits [n, labels] and embedding [n, 24]. 3×3 places are kept, as where something lies tells goods from clutter."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 32, 3, 2, 1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            separable(32, 48, 1),
            separable(48, 64, 2),
            separable(64, 96, 1),
            separable(96, 96, 1),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(96 * 9, EMBEDDING),
        ).to(memory_format=torch.channels_last)
        self.head = nn.Linear(EMBEDDING, labels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.body(varied(x) if self.training else x)
        return self.head(embedding.relu()), embedding


def varied(x: Tensor) -> Tensor:
    """Shifted a little, mirrored or not, with colours paler or stronger, and with noise; in the layout in memory that is fastest to learn in."""
    count = len(x)
    x = x.roll([int(s) for s in torch.randint(-1, 2, (2,))], (2, 3))
    x = torch.where(torch.rand(count, 1, 1, 1) < 0.5, x, x.flip(3))
    x = x * torch.cat([torch.ones(count, 1, 1, 1), torch.rand(count, 1, 1, 1).expand(-1, 2, -1, -1) + 0.4], 1)
    return (x + torch.randn_like(x) * torch.rand(count, 1, 1, 1) ** 2 * 0.6).contiguous(memory_format=torch.channels_last)


def sample(ranges: Ranges, rng: np.random.Generator) -> Sample:
    return Sample(*draw(ranges, rng))


RECIPE = Recipe(
    name="shelf_vacancy",
    model=MODEL,
    draw=partial(sample, TRAINED),
    shifts={name: partial(sample, ranges) for name, ranges in SHIFTS.items()},
    body=Eye,
    train=5000,
    test=250,
    epochs=27,
    rate=3e-3,
    told={
        "version": "1.0.0",
        "title": "Shelf vacancy",
        "description": "Looks at a camera frame of a warehouse shelf and tells for each slot whether it is free or occupied by goods. "
        "Slips, wrap and small forgotten things do not occupy a slot.",
        "data": "rendered frames of shelves (experts/signals/camera)",
        "command": "python -m experts.shelf_vacancy.training",
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

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parent.parent)
