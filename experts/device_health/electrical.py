"""Features of battery and supply: what the voltage does when the current moves, and when it does not."""

from __future__ import annotations

import numpy as np

from experts.device_health.readings import Floats, Readings, correlation, log, regressed, spread, tail
from experts.signals.telemetry import lagged, open_circuit

COUNT = 13


def sag(r: Readings) -> tuple[Floats, Floats]:
    """Regression of the relative voltage on C-rate, its 40 s average and time: coefficients and residual [T]."""
    rate = r["current"] / r.capacity_ah
    slow = lagged(rate, 40.0, float(rate.mean()))
    return regressed(r["voltage"] / r.nominal_v, rate, slow, np.linspace(-1, 1, len(rate)))


def sag_1c(r: Readings) -> float:
    """Voltage lost at once at a current of 1 C, as a share of the nominal one; by differences, so that slow changes do not matter."""
    steps, volts = np.diff(r["current"] / r.capacity_ah), np.diff(r["voltage"] / r.nominal_v)
    swings = np.abs(steps) > 0.02
    return float(np.clip(-(volts[swings] @ steps[swings]) / (steps[swings] @ steps[swings] + 1e-6), 0.0, 2.0))


def capacity(r: Readings) -> float:
    """Share of the nominal capacity that the state of charge says is there; 1 where little charge was used (shrunk by a quantum of 0.1 %)."""
    used, charge = np.cumsum(r["current"]) / 3600 / r.capacity_ah, r["state_of_charge"] / 100
    x, y = used - used.mean(), charge - charge.mean()
    prior = 0.002**2 * len(x) / 4
    return float(1.0 / np.clip((-(x @ y) + prior) / (x @ x + prior), 0.3, 5.0))


def electrical(r: Readings) -> list[float]:
    """[13]; zeros without voltage or current."""
    if not r.has("voltage", "current"):
        return [0.0] * COUNT
    (_, fast, slow, _), residual = sag(r)
    steps = np.abs(np.diff(r["current"] / r.capacity_ah, prepend=r["current"][:1] / r.capacity_ah))
    deep = np.minimum(residual, 0.0)
    known = r.has("state_of_charge")
    charge = r["state_of_charge"] / 100 if known else np.full(1, 0.6)
    rested = float(np.mean(r["voltage"] / r.nominal_v)) - float(open_circuit(charge).mean()) / 3.3
    return [
        log(-fast, 0.05, 0.05),
        log(-fast - slow, 0.05, 0.05),
        log(sag_1c(r), 0.05, 0.05),
        log(spread(residual), 1e-3, 0.05),
        *tail(residual, 3e-4),
        float(np.log1p(-deep.min() * 200)),
        correlation(deep, steps),
        log(capacity(r), 1.0, 0.1) if known else 0.0,
        float(np.log1p(np.ptp(charge) * 100)) if known else 0.0,
        100 * rested / 3,
        log(np.mean(r["current"]) / r.capacity_ah, 0.1, 0.05),
    ]
