"""Intervals and percentiles."""

from __future__ import annotations

import pytest

from benchmarks.stats import calibration_error, mcnemar, mean, percentile, share, wilson


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


def test_mcnemar_is_the_sign_test_of_the_questions_that_differ() -> None:
    assert mcnemar([True] * 5, [False] * 5) == pytest.approx(2 / 32)
    assert mcnemar([True, False], [False, True]) == 1.0
    assert mcnemar([True] * 9, [True] * 9) == 1.0
    assert mcnemar([True] * 900, [False] * 900) < 1e-100


def test_calibration_is_the_distance_between_confidence_and_right() -> None:
    assert calibration_error([(1.0, True)] * 3 + [(1.0, False)]) == pytest.approx(0.25)
    assert calibration_error([(1.0, True), (0.0, False)]) == pytest.approx(0.0)
    assert calibration_error([(0.55, True), (0.58, False)]) == pytest.approx(0.065)
    assert calibration_error([]) == 0.0


def test_the_mean_of_nothing_is_nothing() -> None:
    assert mean([]) == 0.0
    assert mean([True, False]) == 0.5
