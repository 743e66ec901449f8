"""How a robot moves: commanded speeds, forces, vibration, and what encoder and odometry make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experts.signals.telemetry.parameters import GRAVITY, Duty, Fault, Floats, Make
from experts.signals.telemetry.steps import patches


def commanded(rng: np.random.Generator, make: Make, duty: Duty) -> Floats:
    """[T] m/s: drives of about 25 s at 35–100 % of the top speed, with stops between most of them."""
    out, rest = list[float](), 35.0 * (1.0 - duty.moving) / duty.moving
    skipped = int(rng.integers(40))
    while len(out) < duty.seconds + skipped:
        out += [make.top_speed * rng.uniform(0.35, 1.0)] * (5 + int(rng.exponential(20)))
        if rng.random() < 0.75:
            out += [0.0] * (2 + int(rng.exponential(rest)))
    return np.array(out[skipped : skipped + duty.seconds])


def followed(target: Floats, acceleration: float) -> Floats:
    """[T] m/s: the speed that chases the target [T] with a lag of 1.2 s and limited acceleration."""
    v, out = float(target[0]), list[float]()
    for wanted in target.tolist():
        v += min(max((wanted - v) / 1.2, -acceleration), acceleration)
        out.append(v)
    return np.array(out)


@dataclass(frozen=True)
class Ride:
    """Arrays [T]: commanded and true speed (m/s), force (N), roughness of the floor and wheel slip (shares), all that follows from them."""

    command: Floats
    speed: Floats
    force: Floats
    rough: Floats
    slip: Floats


def ride(rng: np.random.Generator, make: Make, duty: Duty, fault: Fault) -> Ride:
    n = duty.seconds
    command = commanded(rng, make, duty)
    starts = np.cumsum(np.diff(command, prepend=command[:1]) != 0)
    mass = make.mass_kg * (1.0 + duty.payload * rng.random(starts[-1] + 1)[starts])
    rough = duty.rough * np.abs(patches(rng, n, 45, 10))
    slope = duty.slope * patches(rng, n, 40, 8)
    drag, worn = fault.level("drag", n), fault.level("bearing", n)
    rubbing = 0.5 * make.rated_n * drag * rng.gamma(8, 1 / 8, n)
    friction = make.rolling * (1.0 + 0.3 * rough + 0.9 * worn * command / make.top_speed)
    against = mass * GRAVITY * (friction + slope) + rubbing
    lost = make.droop * against / make.rated_n + 0.1 * drag
    speed = followed(command * np.clip(1.0 - lost, 0.0, 1.2), make.acceleration)
    change = np.diff(speed, prepend=speed[:1])
    force = np.where(speed > 0.02, against, 0.0) + mass * change
    wet = duty.wet * np.abs(patches(rng, n, 90, 6))
    return Ride(command, speed, force, rough, 0.004 + wet + 0.05 * drag)


def shaken(rng: np.random.Generator, make: Make, fault: Fault, moved: Ride) -> Floats:
    """[T] mm/s RMS: floor and wheels grow with speed; a worn bearing adds up to 4 mm/s at top speed, unsteadily."""
    pace = np.clip(moved.speed / make.top_speed, 0.0, None)
    floor = make.vibration_mm_s * (0.1 + pace**1.2) * (1.0 + 1.5 * moved.rough) * np.exp(rng.normal(0, 0.12, len(pace)))
    worn = 4.0 * fault.level("bearing", len(pace)) * pace * np.exp(rng.normal(0, 0.25, len(pace)))
    return np.sqrt(floor**2 + worn**2)


def encoded(rng: np.random.Generator, fault: Fault, moved: Ride, top: float) -> Floats:
    """[T] m/s: what the encoder tells of the wheel. A faulty one sticks, jumps or loses pulses for some seconds at a time; once at least."""
    wheel, n = moved.speed * (1.0 + moved.slip), len(moved.speed)
    if not fault.level("encoder", n).any():
        return wheel
    out, first = wheel.copy(), max(0, int(fault.onset_s))
    for at in rng.integers(first, n, 1 + rng.poisson((0.5 + 3.0 * fault.severity) * (n - first) / 60)).tolist():
        end, how = at + 2 + int(rng.exponential(1 + 5 * fault.severity)), rng.integers(3)
        if how == 0:
            out[at:end] = out[at]
        elif how == 1:
            out[at : at + 1] += rng.choice([-1, 1]) * top * fault.severity * rng.uniform(0.2, 0.6)
        else:
            out[at:end] *= 1.0 - rng.uniform(0.2, 0.8) * fault.severity
    return np.maximum(out, 0.0)


def strayed(rng: np.random.Generator, moved: Ride, read: Floats) -> Floats:
    """[T] m: slip and wrong readings add up until the localiser corrects most of it, every 12 s or so."""
    added = (moved.speed * moved.slip + np.abs(read - moved.speed * (1.0 + moved.slip))).tolist()
    corrected, error, out = (rng.random(len(added)) < 1 / 12).tolist(), 0.05, list[float]()
    for more, now in zip(added, corrected, strict=True):
        error = 0.2 * error if now else error + more
        out.append(error)
    return np.array(out)
