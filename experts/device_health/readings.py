"""A window of telemetry as named, checked columns, and the small statistics that its features are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.telemetry import GRAVITY, SIGNALS
from experts.window import Unreadable, Window

Floats = NDArray[np.float64]
PLAUSIBLE = {
    "voltage": (0, 1000),
    "current": (-500, 500),
    "state_of_charge": (-5, 105),
    "motor_temperature": (-50, 250),
    "controller_temperature": (-50, 250),
    "ambient_temperature": (-50, 100),
    "speed": (-20, 20),
    "commanded_speed": (-20, 20),
    "vibration": (0, 500),
    "position_error": (0, 1000),
}
"""Values that a working sensor of the signal can show, in its unit."""


@dataclass(frozen=True)
class Readings:
    """Columns [T] without repeated samples. Quantities are relative to the nameplate where they can be, so that makes compare."""

    columns: dict[str, Floats]
    nominal_v: float
    capacity_ah: float
    mass_kg: float
    rated_w: float
    top_speed: float

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def has(self, *names: str) -> bool:
        """A column that never changes tells nothing, and counts as a signal that the device does not have."""
        return self.varying.issuperset(names)

    @cached_property
    def varying(self) -> frozenset[str]:
        return frozenset(name for name, c in self.columns.items() if c.max() > c.min())

    @cached_property
    def pace(self) -> Floats:
        """Speed relative to the top one."""
        return self["speed"] / self.top_speed

    @cached_property
    def goal(self) -> Floats:
        return self["commanded_speed"] / self.top_speed

    @cached_property
    def power(self) -> Floats:
        """W; at nominal voltage where the voltage is not known."""
        return self["current"] * (self["voltage"] if self.has("voltage") else self.nominal_v)

    @property
    def weight_w(self) -> float:
        """Power that would lift the device at top speed, W: turns power over pace into force over weight."""
        return self.mass_kg * GRAVITY * self.top_speed


def readings(window: Window) -> Readings:
    """Raises Unreadable."""
    rows = window.array("telemetry", (None, len(SIGNALS))).astype(np.float64)
    if not 60 <= len(rows) <= 600:
        raise Unreadable(f"telemetry has {len(rows)} samples; expected 60 to 600")
    window.setting("rate_hz", 0.99, 1.01)
    for name, column in zip(SIGNALS, rows.T, strict=True):
        low, high = PLAUSIBLE[name]
        if column.min() < low or column.max() > high:
            raise Unreadable(f"{name} reaches from {column.min():g} to {column.max():g} {SIGNALS[name]}; expected {low} to {high}")
    fresh = np.append(True, (np.diff(rows, axis=0) != 0).any(axis=1))
    kept = rows[fresh] if fresh.sum() >= 30 else rows
    plate = [window.setting("nominal_v", 5, 800), window.setting("capacity_ah", 0.5, 1000), window.setting("mass_kg", 1, 5000)]
    plate += [window.setting("rated_w", 1, 1e5), window.setting("top_speed", 0.1, 20)]
    return Readings({name: np.ascontiguousarray(c) for name, c in zip(SIGNALS, kept.T, strict=True)}, *plate)


def quantiles(x: Floats, *shares: float) -> list[float]:
    """Order statistics nearest to these shares; several times faster than numpy's on short arrays."""
    ordered = np.sort(x)
    return [float(ordered[round(share * (len(x) - 1))]) for share in shares]


def median(x: Floats) -> float:
    return quantiles(x, 0.5)[0]


def regressed(y: Floats, *columns: Floats) -> tuple[Floats, Floats]:
    """Coefficients (the constant first) and residual [T] of y on the columns, with a trace of ridge that keeps what is not excited finite."""
    x = np.array([np.ones_like(y), *columns])
    products = x @ x.T / len(y)
    scale = np.sqrt(products.diagonal()) + 1e-9
    ridge = 1e-5 * np.diag(scale * scale)
    found = np.asarray(np.linalg.solve(products + ridge, x @ y / len(y)), np.float64)
    return found, y - found @ x


def spread(x: Floats) -> float:
    """Robust standard deviation: 1.4826 times the median distance from the median."""
    return 1.4826 * median(np.abs(x - median(x)))


def log(x: Any, typical: float, least: float = 1e-3) -> float:
    """Logarithm of x relative to what is typical; anything below `least` of it counts as that."""
    return float(np.log(max(float(x) / typical, least)))


def tail(x: Floats, floor: float) -> tuple[float, float, float]:
    """Outliers of a residual: how heavy its tails are (log), the share beyond six robust deviations (log), the largest (log). All about 0 without."""
    width = max(spread(x), floor)
    away = np.abs(x) / width
    return log(x.std() / width, 1.0, 0.1), float(np.log1p(100 * (away > 6).mean())), float(np.log1p(away.max() / 4))


def persistence(x: Floats) -> float:
    """Correlation of neighbours, −1 to 1."""
    y = x - x.mean()
    return float(y[1:] @ y[:-1] / (y @ y + 1e-12))


def correlation(x: Floats, y: Floats) -> float:
    a, b = x - x.mean(), y - y.mean()
    return float(a @ b / np.sqrt((a @ a) * (b @ b) + 1e-18))


def runs(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lengths of the stretches in which the flags stay true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return edges[1::2] - edges[::2]


def late(x: Floats, among: NDArray[np.bool_]) -> tuple[float, float]:
    """Medians of x, where `among` holds, in the first and in the last two fifths of the window; both that of the whole when one is empty."""
    at, n = np.flatnonzero(among), len(x)
    first, last = x[at[at < 0.4 * n]], x[at[at >= 0.6 * n]]
    if len(first) < 4 or len(last) < 4:
        whole = median(x[at]) if len(at) else 0.0
        return whole, whole
    return median(first), median(last)
