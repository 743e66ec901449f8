"""The shipped interference expert on windows that its training has not drawn."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import experts.interference
from experts.expert import Expert
from experts.interference.model import MODEL, features
from experts.signals.energy import LABELS, TRAINED, trace
from experts.window import Window
from tests.unit.experts.promises import Promises

WINDOWS = 300


@pytest.fixture(scope="module")
def expert() -> Expert:
    return Expert(Path(experts.interference.__file__).parent, MODEL)


@pytest.fixture(scope="module")
def verdicts(expert: Expert) -> list:
    return [(LABELS[n % 5], expert.judge(trace(np.random.default_rng([2103, n]), LABELS[n % 5]))) for n in range(WINDOWS)]


def flat(value: float, samples: int = 2000) -> Window:
    return Window("energy", {"energy": np.full(samples, value, np.float32)}, {"rate": 2e4, "centre": 2437.0})


class TestPromises(Promises):
    floor = 0.93


def test_evidence_has_figures_a_person_understands(expert: Expert) -> None:
    window = trace(np.random.default_rng(3), "zigbee", replace(TRAINED, level=(-60.0, -60.0)))
    found = expert.judge(window).evidence
    assert 0 < found["busy"].value < 100
    assert found["noise_floor"].unit == "dBm"
    assert 0.1 < found["median_burst"].value < 5


def test_an_oven_has_the_rhythm_of_the_mains(expert: Expert) -> None:
    strong = replace(TRAINED, level=(-55.0, -50.0))
    rhythms = [expert.judge(trace(np.random.default_rng([8, n]), "microwave", strong)).evidence["mains_rhythm"].value for n in range(5)]
    assert np.median(rhythms) > 0.5


@pytest.mark.parametrize("shift", [-6.0, 4.0])
def test_the_detectors_offset_changes_nothing(shift: float) -> None:
    window = trace(np.random.default_rng(4), "wifi")
    moved = replace(window, arrays={"energy": window.arrays["energy"] + np.float32(shift)})
    np.testing.assert_allclose(features(window), features(moved), atol=1e-3)


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        (Window("packets", {"packets": np.zeros((10, 10))}), "kind energy, not packets"),
        (Window("energy", {}, {"rate": 2e4, "centre": 2437.0}), "has an array 'energy'"),
        (Window("energy", {"energy": np.zeros((3, 3))}, {"rate": 2e4, "centre": 2437.0}), "has the shape [3, 3]"),
        (Window("energy", {"energy": np.full(2000, -90.0)}, {"rate": 2e4, "centre": 5180.0}), "centre is 5180"),
        (Window("energy", {"energy": np.full(2000, -90.0)}, {"centre": 2437.0}), "rate is None"),
        (flat(np.nan), "not finite"),
        (flat(400.0), "expected -130 to 10"),
        (flat(-90.0, 100), "spans 5 ms"),
    ],
)
def test_it_abstains_on_what_is_no_trace_and_says_why(expert: Expert, window: Window, reason: str) -> None:
    verdict = expert.judge(window)
    assert (verdict.label, verdict.abstained) == (None, "unreadable")
    assert reason in verdict.reason


def test_it_abstains_on_a_trace_unlike_all_others(expert: Expert) -> None:
    stuck = flat(-60.0)
    ramp = replace(stuck, arrays={"energy": np.linspace(-100, -20, 2000)})
    for window in (stuck, ramp):
        assert expert.judge(window).abstained == "outside"


def test_features_are_finite_for_any_trace_that_can_be_read() -> None:
    rng = np.random.default_rng(5)
    odd = [np.full(800, -95.0), rng.uniform(-130, 10, 4000), np.where(np.arange(2000) == 7, 0.0, -95.0), np.where(np.arange(2000) % 2, -40.0, -95.0)]
    for energy in odd:
        assert np.isfinite(features(Window("energy", {"energy": energy}, {"rate": 1e4, "centre": 2412.0}))).all()


def test_features_cost_2_ms_at_most() -> None:
    """CPU time, and the best of several, so that a busy machine does not fail it."""
    window, costs = trace(np.random.default_rng(6), "wifi"), list[float]()
    for _ in range(20):
        start = time.process_time()
        features(window)
        costs.append(time.process_time() - start)
    assert min(costs) <= 2e-3
