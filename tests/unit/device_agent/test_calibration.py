"""Confidence as the chance of being right: fitted, applied, and no better than what it was fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from device_agent.calibration import ENDS, FEATURES, SHAPE, calibrated, end_of, features, identity
from device_agent.heads import Heads
from device_agent.hypothesis import Considered, Interpretation, decided
from device_agent.training.calibrate import fit
from runtime.settings import MODELS

NEAR = (Considered(name="go", similarity=0.7, match=0.9), Considered(name="stay", similarity=0.5))
CALL = Interpretation(name="go", decision="ask", confidence=0.8, argument_confidence={"n": 0.9, "speed": 0.5})
MISSING = Interpretation(name=None, decision="ask", confidence=0.6, reason="missing_argument")
REFUSAL = Interpretation(name=None, decision="refuse", confidence=0.9, reason="none_fits")


def test_each_sort_of_end_has_its_own_weights() -> None:
    assert [end_of(r) for r in (CALL, MISSING, REFUSAL)] == list(ENDS)
    weights = np.zeros(SHAPE, np.float32)
    weights[:, 0] = (2.0, 0.0, -2.0)
    assert [round(calibrated(r, NEAR, weights), 2) for r in (CALL, MISSING, REFUSAL)] == [0.88, 0.5, 0.12]


def test_features_say_how_clear_the_case_was() -> None:
    found = dict(zip(FEATURES, features(CALL, NEAR).tolist(), strict=True))
    assert found["one"] == 1.0
    assert found["confidence"] == pytest.approx(np.log(4.0))
    assert found["weakest argument"] == pytest.approx(np.log(0.5))
    assert (found["similarity"], found["arguments"]) == (pytest.approx(0.7), 2)
    assert found["lead"] == pytest.approx(0.2)
    assert features(REFUSAL, ())[2:].tolist() == pytest.approx([0.0, 0.0, 0.4, 0.0])


def test_without_a_fit_a_confidence_stays_as_it_is() -> None:
    for read in (CALL, MISSING, REFUSAL):
        assert calibrated(read, NEAR, identity()) == pytest.approx(read.confidence)


def test_a_call_is_made_from_the_threshold_on_and_nothing_else_ever() -> None:
    assert decided(CALL, 0.7, 0.6).decision == "act"
    assert decided(CALL, 0.5, 0.6).decision == "ask"
    assert (decided(MISSING, 0.99, 0.6).decision, decided(REFUSAL, 0.99, 0.6).decision) == ("ask", "refuse")
    assert decided(CALL, 0.5, 0.6).confidence == 0.5


def test_a_fit_finds_the_chance_behind_the_rows() -> None:
    rng = np.random.default_rng(3)
    rows = np.column_stack([np.ones(4000), rng.normal(size=(4000, 5)) * [2.0, 1.0, 0.2, 0.1, 1.0] + [0, -1, 0.6, 0.2, 1]]).astype(np.float32)
    true = np.array([0.5, 0.8, 0.3, 0.0, 2.0, -0.4])
    chance = 1.0 / (1.0 + np.exp(-(rows @ true)))
    right = rng.random(4000) < chance
    found = 1.0 / (1.0 + np.exp(-(rows @ fit(rows, right))))
    assert np.abs(found - chance).mean() < 0.02


def test_the_shipped_heads_are_calibrated() -> None:
    weights = Heads.load(MODELS / "parley-encoder-heads.npz").calibration
    assert weights.shape == SHAPE
    assert not np.allclose(weights, identity())
    assert weights[0, 1] > 0.0
