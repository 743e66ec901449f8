"""Steps in time that motion, battery and heat share."""

from __future__ import annotations

import numpy as np

from experts.signals.telemetry.parameters import Floats


def lagged(x: Floats, tau: float, start: float) -> Floats:
    """First-order low-pass [T] with a time constant of `tau` samples."""
    state, out, gain = start, list[float](), 1.0 - float(np.exp(-1.0 / tau))
    for value in x.tolist():
        state += gain * (value - state)
        out.append(state)
    return np.array(out)


def patches(rng: np.random.Generator, seconds: int, every_s: float, length_s: float) -> Floats:
    """[T]: 0 outside of patches, one value of U(−1, 1) in each."""
    out = np.zeros(seconds)
    for _ in range(rng.poisson(seconds / every_s)):
        at = int(rng.integers(seconds))
        out[at : at + 2 + int(rng.exponential(length_s))] = rng.uniform(-1, 1)
    return out
