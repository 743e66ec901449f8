"""The expert for device health on fresh windows, on garbage, and against its card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import experts.device_health
from experts.device_health.model import MODEL
from experts.device_health.scenes import Ranges, drawn
from experts.expert import Expert
from experts.signals.telemetry import FAULTS, SIGNALS, Duty, Fault, Make, Sensing, nameplate, telemetry
from experts.window import Window
from schemas.experts import Verdict

FLOOR = 0.90
HEALTHY = Fault()
FRESH = 7701
"""Training draws its windows with other seeds."""


@pytest.fixture(scope="module")
def expert() -> Expert:
    return Expert(Path(experts.device_health.__file__).parent, MODEL)


@pytest.fixture(scope="module")
def judged(expert: Expert) -> list[tuple[str, Verdict]]:
    found = (drawn(np.random.default_rng([FRESH, number])) for number in range(420))
    return [(FAULTS[label], expert.judge(window)) for window, label in found]


def window(fault: Fault = HEALTHY, about: dict[str, float] | None = None, **changed: Any) -> Window:
    rows = telemetry(np.random.default_rng(3), Make(), Duty(seconds=300), fault, Sensing())
    for name, values in changed.items():
        rows[:, list(SIGNALS).index(name)] = values
    return Window("telemetry", {"telemetry": rows}, nameplate(Make()) | (about or {}))


def shares(judged: list[tuple[str, Verdict]]) -> tuple[float, float, float]:
    """Balanced accuracy, coverage, right of the answered."""
    recalls = [np.mean([v.likeliest == label for true, v in judged if true == label]) for label in FAULTS]
    answers = [v.label == true for true, v in judged if v.label is not None]
    return float(np.mean(recalls)), len(answers) / len(judged), float(np.mean(answers))


def test_it_reaches_its_floor_on_windows_that_training_has_not_seen(judged: list[tuple[str, Verdict]], expert: Expert):
    """Within two standard errors of a draw of 420 windows."""
    assert expert.card.figures["iid"]["balanced_accuracy"] >= FLOOR
    assert shares(judged)[0] >= FLOOR - 0.03


def test_the_figures_of_its_card_come_out_again(judged: list[tuple[str, Verdict]], expert: Expert):
    told = expert.card.figures["iid"]
    assert shares(judged) == pytest.approx((told["balanced_accuracy"], told["coverage"], told["answered_right"]), abs=0.05)


def test_it_does_clearly_better_than_a_small_tree_on_the_same_features(expert: Expert):
    for split, row in expert.card.figures.items():
        if "low severity" not in split:
            assert row["balanced_accuracy"] > row["tree"] + 0.2, split


@pytest.fixture(scope="module")
def weak(expert: Expert) -> list[tuple[str, Verdict]]:
    ranges = Ranges(severity=(0.08, 0.2))
    found = (drawn(np.random.default_rng([FRESH + 1, number]), ranges) for number in range(150))
    return [(FAULTS[label], expert.judge(window)) for window, label in found]


def test_weak_faults_make_it_abstain_more_often(judged: list[tuple[str, Verdict]], weak: list[tuple[str, Verdict]]):
    assert shares(weak)[1] < shares(judged)[1] - 0.1


def test_weak_faults_are_missed_but_seldom_taken_for_others(weak: list[tuple[str, Verdict]]):
    assert np.mean([v.label not in (None, true, "healthy") for true, v in weak]) < 0.06


@pytest.mark.parametrize("kind", FAULTS)
def test_it_names_a_plain_fault(expert: Expert, kind: str):
    verdict = expert.judge(window(Fault(kind, 0.9 if kind != "healthy" else 0.0)))
    assert verdict.label == kind
    assert verdict.evidence["resistance"].unit == "mΩ"


def test_it_does_not_look_at_other_kinds_of_windows(expert: Expert):
    verdict = expert.judge(Window("energy", {"telemetry": np.zeros((60, 10))}))
    assert verdict.abstained == "unreadable"
    assert "telemetry" in verdict.reason


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (Window("telemetry", {}, nameplate(Make())), "'telemetry'"),
        (Window("telemetry", {"telemetry": np.ones((300, 4))}, nameplate(Make())), "shape"),
        (Window("telemetry", {"telemetry": np.ones((20, 10))}, nameplate(Make())), "20 samples"),
        (window(vibration=np.nan), "finite"),
        (window(motor_temperature=900.0), "motor_temperature"),
        (window(about={"nominal_v": -1.0}), "nominal_v"),
        (window(about={"rate_hz": 50.0}), "rate_hz"),
    ],
)
def test_it_abstains_on_what_cannot_be_read_and_says_why(expert: Expert, broken: Window, reason: str):
    verdict = expert.judge(broken)
    assert (verdict.label, verdict.abstained) == (None, "unreadable")
    assert reason in verdict.reason


@pytest.mark.parametrize(
    "strange", [window(vibration=np.tile([1.0, 400.0], 150)), window(motor_temperature=np.linspace(0, 240, 300)), window(about={"mass_kg": 4000.0})]
)
def test_it_abstains_far_outside_of_what_it_was_trained_on(expert: Expert, strange: Window):
    verdict = expert.judge(strange)
    assert (verdict.label, verdict.abstained, verdict.in_domain) == (None, "outside", False)


def test_features_are_finite_for_any_window_that_passes_the_checks():
    rng = np.random.default_rng(0)
    for number in range(40):
        rows = rng.uniform(0, [30, 50, 100, 90, 90, 40, 2, 2, 20, 3], (int(rng.integers(60, 600)), 10)) * (rng.random(10) > 0.3)
        rows[rng.integers(0, 60) :] *= number % 2
        assert np.isfinite(MODEL.features(Window("telemetry", {"telemetry": rows}, nameplate(Make())))).all()


def test_features_hardly_depend_on_the_length_of_the_window():
    short, long = (
        np.mean([MODEL.features(drawn(np.random.default_rng([FRESH + 2, n]), Ranges(seconds=(s, s)))[0]) for n in range(60)], axis=0)
        for s in (200, 500)
    )
    assert np.median(np.abs(short - long)) < 0.1


def test_repeating_samples_changes_little():
    plain = window()
    rows = plain.arrays["telemetry"]
    doubled = Window("telemetry", {"telemetry": np.repeat(rows, np.where(np.arange(300) % 50 == 7, 2, 1), axis=0)}, plain.about)
    assert np.median(np.abs(MODEL.features(plain) - MODEL.features(doubled))) < 0.02


def test_a_missing_signal_leaves_the_features_of_the_others_alone():
    plain, without = MODEL.features(window()), MODEL.features(window(vibration=0.0))
    assert np.flatnonzero(plain != without).size <= 8
    assert not without[plain != without].any()


def test_constant_offsets_of_voltage_do_not_change_what_it_says(expert: Expert):
    plain = window(Fault("battery", 0.8))
    rows = plain.arrays["telemetry"] + np.array([0.15, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    assert expert.judge(Window("telemetry", {"telemetry": rows}, plain.about)).label == expert.judge(plain).label == "battery"


def test_missing_a_sensor_it_still_names_what_the_others_show(expert: Expert):
    assert expert.judge(window(Fault("connector", 0.9), vibration=0.0)).label == "connector"
