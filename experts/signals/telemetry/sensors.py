"""The signals of a window, and what the sensors make of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experts.signals.telemetry.parameters import Floats

SIGNALS = {
    "voltage": "V",
    "current": "A",
    "state_of_charge": "%",
    "motor_temperature": "°C",
    "controller_temperature": "°C",
    "ambient_temperature": "°C",
    "speed": "m/s",
    "commanded_speed": "m/s",
    "vibration": "mm/s",
    "position_error": "m",
}
"""Columns of `telemetry` [T, 10], with units. Vibration: RMS velocity, 10–1000 Hz (ISO 20816-1). Position error: odometry against the localiser.

A signal that a device does not have is a column of zeros.
"""
SENSORS = {
    "voltage": (0.02, 0.01, 0.1),
    "current": (0.15, 0.05, 0.2),
    "state_of_charge": (0.0, 0.1, 1.0),
    "motor_temperature": (0.15, 0.1, 1.5),
    "controller_temperature": (0.15, 0.1, 1.5),
    "ambient_temperature": (0.3, 0.1, 1.5),
    "speed": (0.008, 0.005, 0.0),
    "commanded_speed": (0.0, 0.01, 0.0),
    "vibration": (0.04, 0.01, 0.04),
    "position_error": (0.008, 0.005, 0.02),
}
"""Standard deviation of the noise, quantum, and standard deviation of the constant offset of each signal, in its unit."""
NEVER_NEGATIVE = [name in ("current", "state_of_charge", "speed", "commanded_speed", "vibration", "position_error") for name in SIGNALS]


@dataclass(frozen=True)
class Sensing:
    """`noise` and `offset` scale SENSORS; `skew_s`: by how much the voltage is read later than the current."""

    noise: float = 1.0
    offset: float = 1.0
    repeated: float = 0.01
    """Share of the samples that were lost, so that the one before stands again."""
    skew_s: float = 0.1
    absent: tuple[str, ...] = ()


def sensed(rng: np.random.Generator, true: Floats, sensing: Sensing) -> Floats:
    """[T, 10] as it is logged."""
    noise, quantum, offset = np.array([SENSORS[name] for name in SIGNALS]).T
    read = true + sensing.noise * noise * rng.normal(size=true.shape) + sensing.offset * offset * rng.normal(size=true.shape[1])
    read = np.where(NEVER_NEGATIVE, np.maximum(read, 0.0), read)
    fresh = np.where(rng.random(len(true)) < sensing.repeated, 0, np.arange(len(true)))
    read = (np.round(read / quantum) * quantum)[np.maximum.accumulate(fresh)]
    read[:, [name in sensing.absent for name in SIGNALS]] = 0.0
    return read
