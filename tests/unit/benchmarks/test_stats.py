"""Intervals and percentiles."""

from __future__ import annotations

import pytest

from benchmarks.stats import percentile, share, wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)]
)
def test_wilsons_interval_matches_published_values(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-4)


def test_nothing_is_known_from_nothing() -> None:
    nothing = share([])
    assert (nothing.value, nothing.low, nothing.high) == (0.0, 0.0, 1.0)


def test_percentiles_lie_between_the_nearest_ranks() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([], 0.5) == 0.0
