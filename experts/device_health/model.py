"""What the expert for device health computes around its network."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experts.device_health.electrical import electrical, sag_1c
from experts.device_health.mechanical import cruising, excess, mechanical
from experts.device_health.readings import median, quantiles, readings
from experts.device_health.thermal import thermal
from experts.expert import Floats, Model
from experts.signals.telemetry import FAULTS
from experts.window import Window
from schemas.experts import Measured


def features(window: Window) -> Floats:
    """[1, 65], dimensionless or logarithms relative to a typical device; 0 also stands for what a missing signal would tell. Raises Unreadable."""
    r = readings(window)
    row = np.array([[*electrical(r), *mechanical(r), *thermal(r)]])
    return np.clip(row, -20.0, 20.0).astype(np.float32)


def evidence(window: Window) -> Mapping[str, Measured]:
    r, told = readings(window), dict[str, Measured]()
    steady = cruising(r)
    if r.has("voltage", "current"):
        told["resistance"] = Measured(value=round(1000 * sag_1c(r) * r.nominal_v / r.capacity_ah, 1), unit="mΩ")
    if steady.any() and r.has("current"):
        told["pull at steady speed"] = Measured(value=round(100 * median(excess(r)[steady]), 2), unit="% of weight")
    if steady.any() and r.has("speed"):
        short = 1.0 - median(r["speed"][steady] / r["commanded_speed"][steady])
        told["speed short of command"] = Measured(value=round(100 * short, 1), unit="%")
    if r.has("vibration"):
        told["vibration, 90th percentile"] = Measured(value=round(quantiles(r["vibration"], 0.9)[0], 2), unit="mm/s")
    if r.has("motor_temperature"):
        told["motor temperature, highest"] = Measured(value=round(float(r["motor_temperature"].max()), 1), unit="°C")
    return told


MODEL = Model(window="telemetry", labels=FAULTS, features=features, evidence=evidence)
