"""Windows of device telemetry drawn from ranges of the generator's parameters: what training, tests and held-out splits share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experts.signals.telemetry import FAULTS, Duty, Fault, Make, Sensing, nameplate, telemetry
from experts.window import Window

Range = tuple[float, float]


@dataclass(frozen=True)
class Ranges:
    """Low and high of what varies; the defaults are those of training. Forces and powers go with the mass, as they do in a catalogue."""

    mass_kg: Range = (60, 160)
    nominal_v: Range = (22, 38)
    capacity_ah: Range = (20, 45)
    sag_1c: Range = (0.035, 0.065)
    top_speed: Range = (1.0, 2.0)
    acceleration: Range = (0.35, 0.7)
    rolling: Range = (0.014, 0.026)
    rated_n_per_kg: Range = (0.4, 0.65)
    motor_tau_s: Range = (300, 700)
    motor_rise_k: Range = (32, 55)
    controller_rise_k: Range = (12, 25)
    vibration_mm_s: Range = (0.4, 1.2)
    ambient_c: Range = (10, 30)
    seconds: Range = (120, 600)
    severity: Range = (0.2, 1.0)
    absent: float = 0.08
    """Share of the windows that lack one signal."""


TRAINING = Ranges()
OPTIONAL = ("state_of_charge", "controller_temperature", "ambient_temperature", "vibration", "position_error")


def drawn_make(rng: np.random.Generator, ranges: Ranges) -> Make:
    mass, rated = rng.uniform(*ranges.mass_kg), rng.uniform(*ranges.rated_n_per_kg)
    return Make(
        mass_kg=mass,
        nominal_v=rng.uniform(*ranges.nominal_v),
        capacity_ah=rng.uniform(*ranges.capacity_ah) * mass / 100,
        sag_1c=rng.uniform(*ranges.sag_1c),
        top_speed=rng.uniform(*ranges.top_speed),
        acceleration=rng.uniform(*ranges.acceleration),
        rolling=rng.uniform(*ranges.rolling),
        efficiency=rng.uniform(0.68, 0.82),
        idle_w=rng.uniform(20, 60),
        rated_n=rated * mass,
        motor_tau_s=rng.uniform(*ranges.motor_tau_s),
        motor_rise_k=rng.uniform(*ranges.motor_rise_k),
        controller_tau_s=rng.uniform(150, 350),
        controller_rise_k=rng.uniform(*ranges.controller_rise_k),
        vibration_mm_s=rng.uniform(*ranges.vibration_mm_s),
        droop=rng.uniform(0.02, 0.07),
    )


def drawn_duty(rng: np.random.Generator, ranges: Ranges) -> Duty:
    return Duty(
        seconds=round(float(np.exp(rng.uniform(*np.log(ranges.seconds))))),
        moving=rng.uniform(0.4, 0.95),
        payload=rng.uniform(0.0, 0.6),
        slope=rng.uniform(0.0, 0.04),
        rough=rng.uniform(0.0, 1.5),
        wet=rng.uniform(0.0, 0.08),
        lift_w=rng.uniform(40, 200),
        ambient_c=rng.uniform(*ranges.ambient_c),
        warm=rng.uniform(0.4, 1.0),
        charge=rng.uniform(0.2, 0.95),
    )


def drawn_fault(rng: np.random.Generator, ranges: Ranges, kind: str, seconds: int) -> Fault:
    """Half of the faults were there before the window; the others begin in its first half."""
    onset = -60.0 if rng.random() < 0.5 else rng.uniform(0.0, 0.5) * seconds
    return Fault(kind, rng.uniform(*ranges.severity) if kind != "healthy" else 0.0, onset)


def drawn(rng: np.random.Generator, ranges: Ranges = TRAINING) -> tuple[Window, int]:
    """A window of kind "telemetry" and the index of its label in FAULTS."""
    label = int(rng.integers(len(FAULTS)))
    make, duty = drawn_make(rng, ranges), drawn_duty(rng, ranges)
    fault = drawn_fault(rng, ranges, FAULTS[label], duty.seconds)
    absent = (str(rng.choice(OPTIONAL)),) if rng.random() < ranges.absent else ()
    sensing = Sensing(rng.uniform(0.6, 1.6), rng.uniform(0.5, 1.5), rng.uniform(0.0, 0.03), rng.uniform(0.0, 0.4), absent)
    return Window("telemetry", {"telemetry": telemetry(rng, make, duty, fault, sensing)}, nameplate(make)), label
