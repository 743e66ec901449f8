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


def calibration_error(told: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error (Guo et al., ICML 2017) of confidences with what came of them: mean distance to the share that is right, in equal
    bins of confidence."""
    total = 0.0
    for low in range(bins):
        inside = [(c, r) for c, r in told if min(int(c * bins), bins - 1) == low]
        total += abs(sum(c for c, _ in inside) - sum(r for _, r in inside))
    return total / max(len(told), 1)


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Exact two-sided p that both are right equally often, by the questions on which they differ."""
    ahead = sum(a and not b for a, b in zip(first, second, strict=True))
    differ = ahead + sum(b and not a for a, b in zip(first, second, strict=True))
    ways, tail = 1, 0
    for k in range(min(ahead, differ - ahead) + 1):
        tail += ways
        ways = ways * (differ - k) // (k + 1)
    return min(1.0, 2 * tail / 2**differ)


def mean(values: Sequence[float | bool]) -> float:
    """0 of nothing."""
    return sum(values) / len(values) if values else 0.0
