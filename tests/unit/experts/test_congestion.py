"""The shipped congestion expert on windows that its training has not drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import experts.congestion
from experts.congestion.model import MODEL, features
from experts.expert import Expert
from experts.signals.packets import COLUMNS, LABELS, statistics
from experts.window import Window
from tests.unit.experts.promises import Promises

WINDOWS = 300
PLAIN = statistics(np.random.default_rng(1), "healthy").arrays["packets"]


@pytest.fixture(scope="module")
def expert() -> Expert:
    return Expert(Path(experts.congestion.__file__).parent, MODEL)


@pytest.fixture(scope="module")
def verdicts(expert: Expert) -> list:
    return [(LABELS[n % 4], expert.judge(statistics(np.random.default_rng([2104, n]), LABELS[n % 4]))) for n in range(WINDOWS)]


def with_column(name: str, value: float) -> Window:
    table = PLAIN.copy()
    table[:, COLUMNS.index(name)] = value
    return Window("packets", {"packets": table})


class TestPromises(Promises):
    floor = 0.90


def test_evidence_has_figures_a_person_understands(expert: Expert) -> None:
    found = expert.judge(statistics(np.random.default_rng(2), "hidden_node")).evidence
    assert 0 <= found["retries"].value <= 100
    assert 0 <= found["channel_busy"].value <= 100
    assert (found["signal"].unit, found["access_delay"].unit, found["throughput"].unit) == ("dBm", "ms", "Mb/s")


def test_seconds_may_come_in_any_order() -> None:
    shuffled = np.random.default_rng(3).permutation(PLAIN)
    first, other = (features(Window("packets", {"packets": table})) for table in (PLAIN, shuffled))
    np.testing.assert_allclose(first, other, atol=1e-3)


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (Window("energy", {"energy": np.zeros(2000)}), "kind packets, not energy"),
        (Window("packets", {}), "has an array 'packets'"),
        (Window("packets", {"packets": PLAIN[:, :4]}), "expected ['any', 10]"),
        (Window("packets", {"packets": PLAIN[:5]}), "has 5 seconds"),
        (with_column("rssi", np.nan), "not finite"),
        (with_column("rssi", 50.0), "rssi lies between 50 and 50"),
        (with_column("busy", 40.0), "busy lies between"),
        (with_column("attempts", 0.0), "sent in 0 seconds only"),
    ],
)
def test_it_abstains_on_what_are_no_statistics_and_says_why(expert: Expert, window: Window, reason: str) -> None:
    verdict = expert.judge(window)
    assert (verdict.label, verdict.abstained) == (None, "unreadable")
    assert reason in verdict.reason


@pytest.mark.parametrize(("name", "value"), [("rssi", -5.0), ("delay", 9000.0), ("queue", 1e5)])
def test_it_abstains_on_statistics_unlike_all_others(expert: Expert, name: str, value: float) -> None:
    verdict = expert.judge(with_column(name, value))
    assert verdict.abstained == "outside"
    assert verdict.reason


def test_features_are_finite_for_any_statistics_that_can_be_read() -> None:
    odd = [
        with_column("retries", 2e4),
        with_column("retries", 0.0),
        with_column("delay", 0.0),
        with_column("attempts", 1.0),
        with_column("mcs", 0.0),
    ]
    for window in [*odd, Window("packets", {"packets": np.repeat(PLAIN[:1], 12, axis=0)})]:
        assert np.isfinite(features(window)).all()


def test_features_cost_2_ms_at_most() -> None:
    """CPU time, and the best of several, so that a busy machine does not fail it."""
    window, costs = replace(with_column("queue", 3.0)), list[float]()
    for _ in range(20):
        start = time.process_time()
        features(window)
        costs.append(time.process_time() - start)
    assert min(costs) <= 2e-3
