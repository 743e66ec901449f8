"""Where the energy comes from and goes to: the battery with its wiring, and the heat of motor and controller."""

from __future__ import annotations

import numpy as np

from experts.signals.telemetry.motion import Ride
from experts.signals.telemetry.parameters import Duty, Fault, Floats, Make
from experts.signals.telemetry.steps import lagged, patches


def open_circuit(charge: Floats) -> Floats:
    """V per cell of lithium iron phosphate at a state of charge 0–1 [...]: Tremblay & Dessaint 2009 (WEVJ 3), table 2, cell of 3.3 V and 2.3 Ah."""
    used = 2.3 * (1.0 - np.clip(charge, 0.02, 1.0))
    return 3.366 - 0.0076 * used / np.clip(charge, 0.02, 1.0) + 0.26422 * np.exp(-26.5487 * used)


def dropped(rng: np.random.Generator, fault: Fault, seconds: int) -> Floats:
    """[T]: share of the voltage that a loose connector loses for one or two seconds, at random times; once at least when it is loose."""
    level, out = fault.level("connector", seconds), np.zeros(seconds)
    if level.any():
        first = max(0, int(fault.onset_s))
        times = rng.integers(first, seconds, 1 + rng.poisson((0.3 + 3.0 * fault.severity) * (seconds - first) / 60))
        for at in times.tolist():
            out[at : at + int(rng.integers(1, 3))] = (0.004 + 0.06 * fault.severity) * rng.uniform(0.5, 1.3)
    return out


def inrush(rng: np.random.Generator, command: Floats) -> Floats:
    """[T]: share of the voltage that a healthy device loses for a moment when its motors start, where a sample happens to meet it."""
    started = np.diff(command, prepend=command[:1]) > 0
    return started * (rng.random(len(command)) < 0.4) * rng.uniform(0.0, 0.015, len(command))


def drained(source: Floats, current: Floats, ohms: float, make: Make) -> Floats:
    """V at the load [T]: 65 % of the resistance acts at once, the rest within 40 s."""
    slow = lagged(current, 40.0, float(current.mean()))
    return np.maximum(source - ohms * (0.65 * current + 0.35 * slow), 0.5 * make.nominal_v)


def demanded(rng: np.random.Generator, make: Make, duty: Duty, moved: Ride) -> Floats:
    """[T] W: electronics, lift, copper loss and traction; braking gives 30 % back."""
    mechanical = moved.force * moved.speed
    copper = 0.3 * make.rated_w * (moved.force / make.rated_n) ** 2 * (moved.speed > 0.02)
    lift = duty.lift_w * np.abs(patches(rng, duty.seconds, 60, 4)) * (moved.command == 0)
    return make.idle_w + lift + copper + np.where(mechanical > 0, mechanical / make.efficiency, 0.3 * mechanical)


def electrical(rng: np.random.Generator, make: Make, duty: Duty, fault: Fault, moved: Ride) -> tuple[Floats, Floats, Floats]:
    """Voltage at the load (V), current (A) and state of charge (0–1), each [T]. Resistance falls by 2 % per K."""
    power, aged = demanded(rng, make, duty, moved), fault.level("battery", duty.seconds)[0]
    ohms = make.sag_1c * make.nominal_v / make.capacity_ah * float(np.exp(0.02 * (25.0 - duty.ambient_c))) * (1.0 + 2.5 * aged)
    lost = (dropped(rng, fault, duty.seconds) + inrush(rng, moved.command)) * make.nominal_v
    charge = duty.charge - np.cumsum(power / make.nominal_v) / 3600 / (make.capacity_ah * (1.0 - 0.35 * aged))
    source = open_circuit(charge) * make.nominal_v / 3.3 - lost
    voltage = drained(source, power / make.nominal_v, ohms, make)
    voltage = drained(source, power / voltage, ohms, make)
    return voltage, power / voltage, np.clip(charge, 0.0, 1.0)


def heated(heat: Floats, gain: Floats, tau: float, rise: float, duty: Duty) -> Floats:
    """[T] °C: `heat` [T] is relative to the rated loss; cooling that is `gain` [T] times worse raises the final temperature and the time constant."""
    ambient, out = duty.ambient_c, list[float]()
    t = ambient + duty.warm * rise * float(heat.mean() * gain[0])
    for h, g in zip(heat.tolist(), gain.tolist(), strict=True):
        t += (rise * h - (t - ambient) / g) / tau
        out.append(t)
    return np.array(out)
