"""What an expert is trained and judged on: windows with the truth, drawn by the generator's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.expert import Model
from experts.window import Window

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """A window with the truth: the index of its label, one for each part."""

    window: Window
    labels: tuple[int, ...]


Draw = Callable[[np.random.Generator], Sample]


@dataclass(frozen=True)
class Recipe:
    """Everything that training and judging need to know. `draw`: a window of the training ranges; `shifts`: windows outside of them, by name.

    `body`: features [n, ...] → logits and an embedding [n, d] whose spread says what is like the training windows.
    `tree`: features as a tree sees them.
    """

    name: str
    model: Model
    draw: Draw
    shifts: Mapping[str, Draw]
    told: Mapping[str, Any]
    """The card's title, description, data, trained_on, limits, version, command."""
    body: Callable[[int], Any] | None = None
    train: int = 9000
    test: int = 2000
    epochs: int = 40
    rate: float = 2e-3
    average: float = 0.0
    """Share of the running average of the weights that a step keeps; the average is what is exported. 0: the last weights are."""
    right: float = 0.985
    """Share of answers on calibration windows that must be right: sets the confidence to abstain below."""
    seed: int = 5
    file: str = "model.onnx"
    tree: Callable[[Floats], Floats] = field(default=lambda x: x.reshape(len(x), -1))
