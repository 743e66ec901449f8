"""What it is trained and judged on; `python -m experts.training device_health`."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

import numpy as np

from experts.device_health.model import MODEL
from experts.device_health.scenes import Ranges, drawn
from experts.recipe import Recipe, Sample

UNITS = {
    "mass_kg": "kg",
    "nominal_v": "V",
    "capacity_ah": "Ah per 100 kg",
    "sag_1c": "of nominal voltage",
    "top_speed": "m/s",
    "acceleration": "m/s²",
    "rolling": "of weight",
    "rated_n_per_kg": "N/kg",
    "motor_tau_s": "s",
    "motor_rise_k": "K",
    "controller_rise_k": "K",
    "vibration_mm_s": "mm/s",
    "ambient_c": "°C",
    "seconds": "s",
    "severity": "of plain",
}
SHIFTS = {
    "make": Ranges(
        mass_kg=(200, 500),
        nominal_v=(44, 52),
        sag_1c=(0.065, 0.085),
        rolling=(0.026, 0.032),
        motor_tau_s=(700, 1100),
        motor_rise_k=(55, 70),
        vibration_mm_s=(1.2, 1.6),
    ),
    "low severity": Ranges(severity=(0.08, 0.2)),
    "hot surroundings": Ranges(ambient_c=(32, 42)),
    "short windows": Ranges(seconds=(60, 118)),
}


def draw(rng: np.random.Generator, ranges: Ranges) -> Sample:
    window, label = drawn(rng, ranges)
    return Sample(window, (label,))


def trained_on() -> dict[str, str]:
    spans = {f.name: getattr(Ranges(), f.name) for f in fields(Ranges) if f.name in UNITS}
    return {name: f"{low:g}–{high:g} {UNITS[name]}" for name, (low, high) in spans.items()}


RECIPE = Recipe(
    name="device_health",
    train=16000,
    model=MODEL,
    draw=partial(draw, ranges=Ranges()),
    shifts={name: partial(draw, ranges=ranges) for name, ranges in SHIFTS.items()},
    told={
        "version": "1.0.0",
        "title": "Device health from telemetry",
        "description": "Says from one to ten minutes of a mobile device's telemetry (voltage, current, charge, temperatures, speed, vibration, position error) "
        "whether it is healthy or which part fails: a worn bearing, an aged battery, a dragging wheel, an overheating motor, a loose connector, a bad encoder.",
        "data": "experts/signals/telemetry, a physical model; no recorded data. Labels are equally likely; severity is uniform.",
        "command": "python -m experts.training device_health",
        "trained_on": trained_on(),
        "means": {
            "healthy": "it is healthy",
            "bearing": "a bearing is worn",
            "battery": "the battery has aged",
            "drag": "a wheel drags",
            "overheating": "the motor overheats",
            "connector": "a connector is loose",
            "encoder": "the encoder is faulty",
        },
        "limits": "One fault at a time, and healthy means that none is visible. At the severity of 0.2 from which it was trained a bearing adds 0.8 mm/s at top speed, "
        "the battery has 1.5 times its resistance and 93 % of its capacity, a wheel drags with 10 % of the rated force, the motor has 1.7 times its thermal resistance, "
        "and a connector drops 1.6 % of the voltage; weaker faults are mostly missed or left open. Overheating needs minutes of driving, and a make with other "
        "friction, resistance or heating can look ill. Without vibration or temperature of the air it tells less. Trained on generated telemetry only: confirm on the device.",
    },
)
