"""Small statistics: intervals of shares, percentiles of times."""

from __future__ import annotations

import math
from collections.abc import Sequence

from schemas.base import Frozen

Z95 = 1.959964


class Share(Frozen):
    """`hits` of `of`; `low` and `high` bound the true share with 95 % confidence (Wilson's score interval)."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """0 of 0 is 0."""
        return self.hits / self.of if self.of else 0.0


class Times(Frozen):
    """Milliseconds."""

    n: int
    p50: float
    p95: float


def share(outcomes: Sequence[bool]) -> Share:
    hits, of = sum(outcomes), len(outcomes)
    low, high = wilson(hits, of)
    return Share(hits=hits, of=of, low=low, high=high)


def wilson(hits: int, of: int, z: float = Z95) -> tuple[float, float]:
    """Bounds of a share; nothing is known from nothing: (0, 1)."""
    if of == 0:
        return 0.0, 1.0
    p, spread = hits / of, z * z / of
    middle = (p + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(p * (1 - p) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def times(ms: Sequence[float]) -> Times:
    return Times(n=len(ms), p50=percentile(ms, 0.5), p95=percentile(ms, 0.95))


def percentile(values: Sequence[float], q: float) -> float:
    """Linear between the two nearest ranks; 0 of nothing."""
    if not values:
        return 0.0
    ordered, at = sorted(values), q * (len(values) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
