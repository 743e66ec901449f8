"""Telemetry of a battery-driven mobile robot at 1 Hz, healthy or with one fault, from a small physical model.

Motion: a robot follows commanded speeds with limited acceleration and some droop under load. Force = mass × acceleration + rolling + slope + what a
fault adds. Battery: open-circuit curve, series resistance and one polarisation of 40 s; the load draws constant power, so that a lower voltage means
more current. Motor and controller: first-order heating by copper loss, which goes with the square of the force. The motor drive has its own loop, so
that a bad encoder misleads the odometry and the telemetry, not the motor. Sensors add noise, a constant offset, quantisation and repeated samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from experts.signals.telemetry.energy import electrical, heated, open_circuit
from experts.signals.telemetry.motion import commanded, encoded, ride, shaken, strayed
from experts.signals.telemetry.parameters import FAULTS, GRAVITY, Duty, Fault, Floats, Make
from experts.signals.telemetry.sensors import SENSORS, SIGNALS, Sensing, sensed
from experts.signals.telemetry.steps import lagged

__all__ = [
    "FAULTS",
    "GRAVITY",
    "SENSORS",
    "SIGNALS",
    "Duty",
    "Fault",
    "Floats",
    "Make",
    "Sensing",
    "commanded",
    "heated",
    "lagged",
    "nameplate",
    "open_circuit",
    "telemetry",
]
RATE_HZ = 1.0


def telemetry(rng: np.random.Generator, make: Make, duty: Duty, fault: Fault, sensing: Sensing) -> Floats:
    """[T, 10] float64 at 1 Hz, columns and units as in SIGNALS."""
    n, moved = duty.seconds, ride(rng, make, duty, fault)
    voltage, current, charge = electrical(rng, make, duty, fault, moved)
    later = np.append(voltage[1:], voltage[-1:])
    loss = (moved.force / make.rated_n) ** 2 * (moved.speed > 0.02) + 0.1 * moved.speed / make.top_speed
    blocked = fault.level("overheating", n)
    motor = heated(loss, 1.0 + 3.5 * blocked, make.motor_tau_s, make.motor_rise_k, duty)
    controller = heated(0.3 + loss, 1.0 + 0.6 * blocked, make.controller_tau_s, make.controller_rise_k, duty)
    read = encoded(rng, fault, moved, make.top_speed)
    vibration, error = shaken(rng, make, fault, moved), strayed(rng, moved, read)
    seen, ambient = voltage + sensing.skew_s * (later - voltage), np.full(n, duty.ambient_c)
    columns = [seen, current, 100 * charge, motor, controller, ambient, read, moved.command, vibration, error]
    return sensed(rng, np.stack(columns, axis=1), sensing)


def nameplate(make: Make) -> dict[str, Any]:
    """`about` of a window: what is printed on the device, and the rate in Hz."""
    return {
        "rate_hz": RATE_HZ,
        "nominal_v": make.nominal_v,
        "capacity_ah": make.capacity_ah,
        "mass_kg": make.mass_kg,
        "rated_w": make.rated_w,
        "top_speed": make.top_speed,
    }
