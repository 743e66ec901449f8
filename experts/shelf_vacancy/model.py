"""From a frame to one small patch for each slot, freed of exposure and colour cast; the network looks at the patches.

Exposure and cast are gains, so in the logarithm they are offsets, and taking means away removes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.expert import Model
from experts.window import Unreadable, Window
from schemas.experts import Measured

Floats = NDArray[Any]

HEIGHT, WIDTH = 120, 160
PATCH = 32
MARGIN = 0.3
"""Of a slot's size on each side: calibration errs by pixels, and beams and neighbours help to tell."""
MOST_SLOTS, SMALLEST = 24, 3.0
FLAT = 2.0
"""Standard deviation, of 255, below which a frame shows nothing."""
ALIKE = 0.4
"""Correlation of pixels side by side below which a frame is nothing but noise."""
LOGARITHM = np.log(np.arange(256) + 6.0).astype(np.float32)
"""Of a pixel's value; the offset keeps the noise of the darkest ones small."""
FLOOR = 0.1
"""Added to a patch's contrast, in the logarithm: an even patch stays even."""


def features(window: Window) -> NDArray[np.float32]:
    """[n, 3, 32, 32]: log luminance with zero mean and even contrast, then log red/green and log blue/green against the frame's mean."""
    logs = LOGARITHM[frame_of(window)]
    red, green, blue = logs[..., 0], logs[..., 1], logs[..., 2]
    planes = np.stack([(red + green + blue) / 3, red - green, blue - green])
    cut = patches(planes - planes.mean(axis=(1, 2), keepdims=True), slots_of(window))
    light = cut[:, 0] - cut[:, 0].mean(axis=(1, 2), keepdims=True)
    cut[:, 0] = light / (light.std(axis=(1, 2), keepdims=True) + FLOOR)
    return cut.astype(np.float32)


def frame_of(window: Window) -> NDArray[np.intp]:
    """[120, 160, 3] of 0–255. Raises Unreadable."""
    frame = window.array("frame", (HEIGHT, WIDTH, 3))
    if frame.min() < 0 or frame.max() > 255:
        raise Unreadable(f"frame holds values from {frame.min():g} to {frame.max():g}; expected 0 to 255")
    if frame.std() < FLAT:
        raise Unreadable("the frame shows nothing: all of it looks the same")
    light = frame.mean(axis=2, dtype=np.float32)
    light = light - light.mean()
    if (light[:, 1:] * light[:, :-1]).mean() < ALIKE * light.var():
        raise Unreadable("the frame shows nothing but noise: pixels side by side have nothing in common")
    return frame.astype(np.intp)


def slots_of(window: Window) -> Floats:
    """[n, 4] pixels, each box with its middle in the frame. Raises Unreadable."""
    slots = window.array("slots", (None, 4)).astype(np.float32)
    levels = window.setting("levels", 1, 4)
    if len(slots) > MOST_SLOTS or len(slots) % levels:
        raise Unreadable(f"{len(slots)} slots on {levels:g} levels; expected the same number on each, {MOST_SLOTS} at most in all")
    size, middle = slots[:, 2:] - slots[:, :2], (slots[:, 2:] + slots[:, :2]) / 2
    if size.min() < SMALLEST or (size > (WIDTH, HEIGHT)).any():
        raise Unreadable(f"a slot's box is {size.min():.0f} to {size.max():.0f} pixels; expected {SMALLEST:g} to the size of the frame")
    if middle.min() < 0 or (middle > (WIDTH, HEIGHT)).any():
        raise Unreadable("a slot's box lies outside of the frame")
    return slots


def patches(planes: Floats, slots: Floats) -> Floats:
    """Planes [3, 120, 160] → [n, 3, 32, 32], each value the mean of its area, by a summed-area table; beyond the border the last pixels go on."""
    table = np.pad(np.cumsum(np.cumsum(planes, axis=1), axis=2), ((0, 0), (1, 0), (1, 0)))
    low, size = slots[:, :2], slots[:, 2:] - slots[:, :2]
    steps = np.linspace(-MARGIN, 1.0 + MARGIN, PATCH + 1, dtype=np.float32)
    x, y = (low[:, [axis]] + size[:, [axis]] * steps for axis in (0, 1))
    column, row = np.clip(x, 0, WIDTH - 1).astype(np.int32)[:, None, :], np.clip(y, 0, HEIGHT - 1).astype(np.int32)[:, :, None]
    right, down = x[:, None, :] - column, y[:, :, None] - row
    above = table[:, row, column] * (1 - right) + table[:, row, column + 1] * right
    below = table[:, row + 1, column] * (1 - right) + table[:, row + 1, column + 1] * right
    sums = np.diff(np.diff(above * (1 - down) + below * down, axis=2), axis=3)
    area = size.prod(axis=1) * (steps[1] - steps[0]) ** 2
    return (sums / area[:, None, None]).swapaxes(0, 1)


def evidence(window: Window) -> Mapping[str, Measured]:
    frame, slots = frame_of(window), slots_of(window)
    return {
        "brightness": Measured(value=round(float(frame.mean()) / 2.55, 1), unit="%"),
        "overexposed": Measured(value=round(float(np.logical_and.reduce([frame[..., c] >= 250 for c in range(3)]).mean()) * 100, 1), unit="%"),
        "narrowest slot": Measured(value=round(float((slots[:, 2] - slots[:, 0]).min()), 1), unit="px"),
    }


def names(window: Window) -> Sequence[str]:
    """From left to right, from the bottom level up."""
    levels = int(window.setting("levels", 1, 4))
    across = len(slots_of(window)) // levels
    return [f"level {level + 1} slot {place + 1}" for level in range(levels) for place in range(across)]


def summary(labels: Sequence[str]) -> str:
    """ "empty", "full" or "3 of 8 free"."""
    free = labels.count("free")
    if free in (0, len(labels)):
        return "empty" if free else "full"
    return f"{free} of {len(labels)} free"


MODEL = Model(window="frame", labels=("free", "occupied"), features=features, evidence=evidence, parts=names, summary=summary)
