"""From second-by-second packet statistics to what the network sees: loss, use of the channel, and how loss goes with length and signal."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from experts.expert import Model
from experts.signals.packets import COLUMNS, LABELS, NEEDED, RATES, air
from experts.window import Unreadable, Window
from schemas.experts import Measured

Floats = NDArray[np.float64]
LIMITS = {
    "attempts": (0, 2e4),
    "retries": (0, 2e4),
    "failures": (0, 2e4),
    "busy": (0, 1),
    "mcs": (0, 8),
    "rssi": (-120, 0),
    "delay": (0, 1e4),
    "throughput": (0, 100),
    "queue": (0, 1e5),
    "frame": (20, 2400),
}
LEAST, LONGEST = 10, 120
"""s."""
SENSITIVITY = -101.0 + 7.0
"""dBm: thermal noise in 20 MHz and a usual noise figure."""


def read(window: Window) -> dict[str, Floats]:
    """The columns [T] by name, of the seconds in which anything was sent. Raises Unreadable."""
    packets = window.array("packets", (None, len(COLUMNS))).astype(float)
    if not LEAST <= len(packets) <= LONGEST:
        raise Unreadable(f"packets has {len(packets)} seconds; expected {LEAST} to {LONGEST}")
    for name, column in zip(COLUMNS, packets.T, strict=True):
        low, high = LIMITS[name]
        if column.min() < low or column.max() > high:
            raise Unreadable(f"{name} lies between {column.min():g} and {column.max():g}; expected {low:g} to {high:g}")
    active = packets[packets[:, 0] > 0]
    if len(active) < LEAST / 2:
        raise Unreadable(f"packets were sent in {len(active)} seconds only; expected {LEAST // 2} at least")
    return dict(zip(COLUMNS, active.T, strict=True))


def slope(x: Floats, y: Floats, weight: Floats) -> float:
    """Of y over x by least squares with a little ridge, so that a constant x gives 0."""
    x, y = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    return float((weight * x * y).sum() / ((weight * x * x).sum() + 1e-2 * weight.sum()))


def of_loss(of: dict[str, Floats], own: Floats) -> list[float]:
    """[11]: how many attempts are lost, and how that goes with time on air, signal, use of the channel and rate."""
    attempts, ratio = of["attempts"], of["retries"] / of["attempts"]
    lost = of["retries"].sum() / attempts.sum()
    given_up = np.log10(of["failures"].sum() / attempts.sum() + 1e-4)
    causes = (1e3 * own, of["rssi"] / 10, of["busy"] * 2, of["mcs"])
    slopes = [slope(cause, ratio, attempts) for cause in causes]
    return [lost, np.sqrt(lost), given_up, np.log10(attempts.mean()), ratio.std(), ratio.min(), ratio.max(), *slopes]


def series(of: dict[str, Floats], own: Floats) -> Floats:
    """[9, T]: signal, rate, margin of the signal over what the rate needs, use of the channel by others and by this sender, delay and queue."""
    mine = np.minimum(of["attempts"] * own, 1.0)
    margin = of["rssi"] - SENSITIVITY - np.interp(of["mcs"], np.arange(len(RATES)), NEEDED)
    alone = 1e3 * own * of["attempts"] / np.maximum(of["attempts"] - of["retries"], 1.0)
    excess = np.log10(np.maximum(of["delay"], 1e-3) / alone)
    delay, queue = np.log10(of["delay"] + 1e-2), np.log10(of["queue"] + 1)
    return np.stack([of["rssi"], of["mcs"], margin, of["busy"], of["busy"] - mine, mine, excess, delay, queue])


def features(window: Window) -> NDArray[np.float32]:
    """[1, 29]; no figure depends on the window's length, save for its noise."""
    of = read(window)
    of["retries"] = np.minimum(of["retries"], of["attempts"])
    own = air(of["frame"], np.interp(of["mcs"], np.arange(len(RATES)), RATES))
    course = series(of, own)
    return np.concatenate([of_loss(of, own), course.mean(axis=1), course.std(axis=1)]).astype(np.float32)[None]


def evidence(window: Window) -> Mapping[str, Measured]:
    of = read(window)
    return {
        "retries": Measured(value=round(100 * float(of["retries"].sum() / of["attempts"].sum()), 1), unit="%"),
        "channel_busy": Measured(value=round(100 * float(of["busy"].mean()), 1), unit="%"),
        "signal": Measured(value=round(float(of["rssi"].mean()), 1), unit="dBm"),
        "mcs": Measured(value=round(float(of["mcs"].mean()), 1)),
        "access_delay": Measured(value=round(float(of["delay"].mean()), 2), unit="ms"),
        "throughput": Measured(value=round(float(of["throughput"].mean()), 2), unit="Mb/s"),
    }


MODEL = Model(window="packets", labels=LABELS, features=features, evidence=evidence)
