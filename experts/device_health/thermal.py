"""Features of heat: how warm the motor is for what it does, and how well it cools."""

from __future__ import annotations

import numpy as np

from experts.device_health.mechanical import excess
from experts.device_health.readings import Floats, Readings, log

COUNT = 12


def loss(r: Readings) -> Floats:
    """[T]: square of the force relative to the rated one, the copper loss."""
    rated = r.rated_w / r.weight_w
    return np.where(r.goal > 0.02, np.clip(excess(r) / rated, -1.0, 4.0) ** 2, 0.0)


def balance(heat: Floats, temperature: Floats, rise: float) -> tuple[float, float]:
    """Heating per loss and cooling rate, both per minute, by the integral method: T(t) − T(0) = a ∫ heat − b ∫ (T − T(0) + rise) + noise.

    `rise` (K) is the guess of how far T(0) is above its surroundings; ridge towards 5 K and 0.12 per minute keeps short windows sane.
    """
    y = temperature - temperature[:8].mean()
    x = np.stack([np.cumsum(heat), -np.cumsum(y + rise)]) / 60
    prior = np.array([1.0, 400.0]) * 0.3
    a, b = np.linalg.solve(x @ x.T / len(y) + np.diag(prior) * 0.1, x @ y / len(y) + 0.1 * prior * np.array([5.0, 0.12]))
    return float(a), float(b)


def slopes(temperature: Floats) -> tuple[float, float]:
    """K per minute in the first and in the second half."""
    half = len(temperature) // 2
    t = np.arange(half) - (half - 1) / 2
    scale = 60 / float(t @ t)
    return float(t @ temperature[:half]) * scale, float(t @ temperature[-half:]) * scale


def thermal(r: Readings) -> list[float]:
    """[12]; zeros without the motor's temperature. The air around counts as 15 K below the motor, or 20 °C, where it is not known."""
    if not r.has("motor_temperature"):
        return [0.0] * COUNT
    motor, heat = r["motor_temperature"], loss(r)
    beside, outside = r.has("controller_temperature"), r.has("ambient_temperature")
    around = float(r["ambient_temperature"].mean()) if outside else 20.0
    other = r["controller_temperature"] if beside else np.full(len(motor), around + 8.0)
    above = float(motor.mean()) - around
    first, last = slopes(motor)
    heating, cooling = balance(heat, motor, max(float(motor[:8].mean()) - around, 2.0))
    return [
        above / 10,
        (float(other.mean()) - around) / 5,
        (float(np.mean(motor - other))) / 10,
        (around - 20) / 8 if outside else 0.0,
        log(heat.mean() + 0.01, 0.3, 0.05),
        log(max(above, 1.0), 30.0 * float(heat.mean() + 0.05), 0.02),
        log(max(float(motor[-8:].mean()) - around, 1.0), max(float(motor[:8].mean()) - around, 1.0), 0.05),
        first,
        last,
        slopes(other)[1] if beside else 0.0,
        heating / 5,
        10 * cooling,
    ]
