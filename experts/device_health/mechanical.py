"""Features of motion: force from power and speed, the speed against its command, the encoder against the rest, vibration against speed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experts.device_health.readings import Floats, Readings, correlation, late, log, median, persistence, quantiles, regressed, runs, spread, tail
from experts.signals.telemetry import lagged

Flags = NDArray[np.bool_]


def cruising(r: Readings) -> Flags:
    """[T]: where the command has been the same for six samples, and is to drive."""
    goal = r["commanded_speed"]
    held = np.zeros(len(goal), bool)
    held[6:] = (goal[6:] == goal[:-6]) & (goal[6:] == goal[3:-3])
    return held & (goal > 0.1 * r.top_speed)


def pulling(r: Readings) -> tuple[Floats, Floats]:
    """Regression of power on pace, pace × acceleration and pace², all as force over weight: coefficients and residual [T]."""
    pace, change = r.pace, np.diff(r["speed"], prepend=r["speed"][:1])
    return regressed(r.power / r.weight_w, pace, pace * np.maximum(change, 0.0), pace**2, np.maximum(change, 0.0) ** 2)


def excess(r: Readings) -> Floats:
    """[T]: power above the standing one over pace, as force over weight; meaningful at speed."""
    standing = r.power[np.abs(r.goal) < 0.01]
    idle = median(standing) if len(standing) >= 5 else quantiles(r.power, 0.05)[0]
    return (r.power - idle) / r.weight_w / np.maximum(r.goal, 0.1)


def force(r: Readings) -> list[float]:
    """[11]"""
    if not r.has("current", "speed"):
        return [0.0] * 11
    (idle, rolling, inertia, bend, _), residual = pulling(r)
    steady, pull = cruising(r), excess(r)
    before, after = late(pull, steady)
    levels = quantiles(pull[steady], 0.2, 0.5, 0.8) if steady.sum() >= 8 else [0.03] * 3
    return [
        log(idle * r.weight_w / r.mass_kg, 0.4, 0.05),
        log(max(rolling + bend, 0.0), 0.03, 0.1),
        log(inertia, 0.15, 0.1),
        float(np.tanh(bend / 0.03)),
        log(residual.std(), 0.005, 0.1),
        persistence(residual),
        *(log(q, 0.03, 0.1) for q in levels),
        float(np.tanh((after - before) / 0.02)),
        correlation(pull[steady], r.goal[steady]) if steady.sum() >= 8 else 0.0,
    ]


def lag(r: Readings) -> list[float]:
    """[7]: the speed against its command in steady driving."""
    steady = cruising(r)
    if not r.has("speed", "commanded_speed") or steady.sum() < 8:
        return [0.0] * 7
    short = 1.0 - r["speed"] / np.maximum(r["commanded_speed"], 0.1 * r.top_speed)
    before, after = late(short, steady)
    return [
        *(10 * q for q in quantiles(short[steady], 0.1, 0.5, 0.9)),
        log(spread(short[steady]), 0.01, 0.1),
        10 * float(np.clip(after - before, -0.3, 0.3)),
        correlation(short[steady], excess(r)[steady]) if r.has("current") else 0.0,
        tail(short[steady], 0.005)[2],
    ]


def surprise(r: Readings) -> Floats:
    """[T − 1]: what the encoder reads beyond what its last reading and the commands foretell, relative to the top speed."""
    pace, goal = r.pace, r.goal
    return regressed(pace[1:], pace[:-1], goal[1:], goal[:-1])[1]


def explained(power: Floats, pace: Floats) -> float:
    """Share of the power's variance that pace and acceleration leave unexplained."""
    change = np.maximum(np.diff(pace, prepend=pace[:1]), 0.0)
    return float(regressed(power, pace, pace * change)[1].var() / (power.var() + 1e-9))


def encoder(r: Readings) -> list[float]:
    """[9]"""
    if not r.has("speed", "commanded_speed"):
        return [0.0] * 9
    odd, moving = surprise(r), r.pace > 0.05
    stuck = runs((np.diff(r["speed"]) == 0) & moving[1:])
    beyond = np.abs(np.diff(r["speed"]) - np.diff(lagged(r["commanded_speed"], 1.5, float(r["commanded_speed"][0]))))
    followed = lagged(r.goal, 1.5, float(r.goal[0]))
    power = r.power if r.has("current") else r.pace
    return [
        float(np.log1p(stuck.max(initial=0) / 2)),
        float(np.log1p(60 * (stuck >= 3).sum() / len(odd))),
        *tail(odd, 0.004),
        float(np.log1p(10 * beyond.max() / r.top_speed)),
        log(explained(power, r.pace), 0.2, 0.05),
        log(explained(power, followed) + 0.01, explained(power, r.pace) + 0.01, 0.05),
        float(np.log1p(60 * (odd[1:] * odd[:-1] < -0.0009).mean())),
    ]


def odometry(r: Readings) -> list[float]:
    """[5]: growth of the position error, and whether it grows when the encoder surprises."""
    if not r.has("position_error", "speed"):
        return [0.0] * 5
    grown = np.maximum(np.diff(r["position_error"]), 0.0)
    moving = r.pace[1:] > 0.1
    per_metre = grown[moving] / np.maximum(r["commanded_speed"][1:][moving], 0.1 * r.top_speed) if moving.sum() >= 5 else np.full(5, 0.01)
    return [
        log(r["position_error"].mean(), 0.05, 0.05),
        *(log(q, 0.02, 0.1) for q in quantiles(per_metre, 0.5, 0.8)),
        float(np.log1p(grown.max() * 5)),
        correlation(grown, np.abs(surprise(r))),
    ]


def vibration(r: Readings) -> list[float]:
    """[8]"""
    moving = r.goal > 0.15
    if not r.has("vibration") or moving.sum() < 8:
        return [0.0] * 8
    shaking = r["vibration"] / (0.1 + r.goal**1.2)
    level, pace = np.log(np.maximum(shaking[moving], 0.02)), r.goal[moving]
    before, after = late(shaking, moving)
    low, quarter, middle, high = quantiles(level, 0.1, 0.25, 0.5, 0.9)
    return [
        low,
        quarter,
        middle,
        high - quarter,
        log(after + 0.1, before + 0.1, 0.05),
        log(np.diff(level).std(), 0.2, 0.1),
        persistence(level),
        correlation(level, pace),
    ]


def mechanical(r: Readings) -> list[float]:
    """[40]"""
    return force(r) + lag(r) + encoder(r) + odometry(r) + vibration(r)
