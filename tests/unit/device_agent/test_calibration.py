"""Confidence as the chance of being right: fitted, applied, and no better than what it was fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from device_agent.calibration import ENDS, by_lines, calibrated, end_of, evidence, identity
from device_agent.clauses import Seams
from device_agent.extraction import Argument
from device_agent.heads import FEATURES, Calibration, Heads, Reading
from device_agent.hypothesis import Hypothesis, Interpretation, decided
from device_agent.reader import Sentence
from device_agent.training.fitting import fit, lowest
from runtime.settings import MODELS
from schemas.skills import Function, Parameter

CALL = Interpretation(name="go", decision="ask", confidence=0.8, argument_confidence={"n": 0.9, "speed": 0.5})
MISSING = Interpretation(name=None, decision="ask", confidence=0.6, reason="missing_argument")
REFUSAL = Interpretation(name=None, decision="refuse", confidence=0.9, reason="none_fits")


SET = (
    Parameter(path=("level",), type="integer", required=True),
    Parameter(path=("mode",), type="string", choices=("fast", "slow")),
    Parameter(path=("by",), type="string"),
)
READING = Reading(
    1.0, np.array([0.99, 0.5, 0.2], np.float32), np.zeros((3, 5), np.float32), np.zeros((3, 5), np.float32),
    (np.array([1.0], np.float32), np.array([0.7, 0.3], np.float32), np.array([], np.float32)),
)  # fmt: skip
SENTENCE = Sentence("level 3 and be fast", (1, 2, 3, 4, 5), ((0, 5), (6, 7), (8, 11), (12, 14), (15, 19)))


def best(**found: Argument) -> Hypothesis:
    function = Function(name="go", description="", parameters={"type": "object", "properties": {}})
    named = {p.name: n for n, p in enumerate(SET)}
    return Hypothesis(function, SET, 0.7, 1.0, {named[name]: a for name, a in found.items()}, ())


BEST = best(level=Argument(3, 0.9), mode=Argument("fast", 0.5))


def seen(read: Interpretation) -> tuple[float, ...]:
    return evidence(read, BEST, READING, (0.2, 0.7), SENTENCE, -1, 0.125, Seams(apart=0.25, across=0.5))


def test_each_sort_of_end_has_its_own_weights() -> None:
    assert [end_of(r) for r in (CALL, MISSING, REFUSAL)] == list(ENDS)
    lines = np.zeros((3, len(FEATURES)), np.float32)
    lines[:, 0] = (2.0, 0.0, -2.0)
    assert [round(calibrated(seen(r), end_of(r), by_lines(lines)), 2) for r in (CALL, MISSING, REFUSAL)] == [0.88, 0.5, 0.12]


def test_trees_ask_three_questions_and_count_half() -> None:
    """Of two trees one asks how many parameters there are, then left "agreed" and right the spare numbers; the other knows one answer."""
    asked = np.zeros((3, 2, 7), np.intp)
    asked[0, 0, :3] = [FEATURES.index(name) for name in ("parameters", "agreed", "spare numbers")]
    cuts = np.full((3, 2, 7), np.inf, np.float32)
    cuts[0, 0, :3] = (2.5, 0.0, -1.5)
    leaves = np.zeros((3, 2, 8), np.float32)
    leaves[0, 0], leaves[0, 1] = range(8), 0.25  # parameters 3 > 2.5 goes right, spare numbers -1 > -1.5 right again, then left: leaf 6
    fitted = Calibration(np.zeros((3, len(FEATURES)), np.float32), asked, cuts, leaves, np.array([-0.5, 0, 0], np.float32))
    told = evidence(CALL, BEST, READING, (0.2, 0.7), SENTENCE, -1, 0.125, Seams(apart=0.25, across=0.5))
    assert calibrated(told, "call", fitted) == pytest.approx((0.5 + 1 / (1 + np.exp(-(6 + 0.25 - 0.5)))) / 2)
    assert calibrated(told, "refusal", fitted) == pytest.approx(0.5)


def test_evidence_says_how_clear_the_case_was() -> None:
    found = dict(zip(FEATURES, seen(CALL), strict=True))
    logs = {
        "confidence": np.log(4.0),
        "weakest argument": np.log(0.5),
        "least said": np.log(0.5),
        "most unsaid": -np.log(4.0),
        "least number": np.log(0.9),
    }
    plain = {"one": 1, "margin": 0.5, "candidates": 2, "option lead": 0.4, "numbers": 1, "options": 1, "parameters": 3, "pieces": 5, "rest": 4}
    logs |= {"least text": 0.0, "least option": np.log(0.5), "unsaid": np.log(0.8), "second argument": np.log(0.9)}
    plain |= {
        "texts": 0,
        "switches": 0,
        "lists": 0,
        "homeless": 0,
        "match": 1.0,
        "spare numbers": -1,
        "left out": 1,
        "runner-up": 0.2,
        "option apart": 0.0,
        "seam": 0.25,
        "seam across": 0.5,
    }
    plain |= {"read twice": 1, "agreed": -1, "similarity": 0.7, "nearest lead": 0.125, "required said": 1, "optional said": 1, "runs on": 0}
    assert found == pytest.approx({name: float(value) for name, value in {**logs, **plain}.items()}, rel=1e-5)


def test_evidence_of_a_sentence_that_sets_nothing_is_finite() -> None:
    bare = evidence(REFUSAL, best(), READING, (0.1,), SENTENCE, 0, 0.25, Seams())
    assert np.isfinite(bare).all()
    assert dict(zip(FEATURES, bare, strict=True))["margin"] == pytest.approx(0.1)


def test_without_a_fit_a_confidence_stays_as_it_is() -> None:
    for read in (CALL, MISSING, REFUSAL):
        assert calibrated(seen(read), end_of(read), identity()) == pytest.approx(read.confidence)


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


def test_acting_begins_where_few_enough_are_wrong() -> None:
    sure = [(0.5, False), (0.6, False), (0.6, True), (0.7, False), (0.8, True), (0.9, False)]
    assert lowest(sure, ["press"] * 6, {"press": 100}) == pytest.approx(0.51)  # three wrong of a hundred
    assert lowest(sure, ["press"] * 6, {"press": 34}) == pytest.approx(0.71)
    assert lowest([(0.5, True)], ["press"], {"press": 1}) == 0.0


def test_kinds_that_are_unlike_make_acting_begin_later() -> None:
    sure = [(n / 100, False) for n in range(50, 56)]
    alike, unlike = [str(n % 4) for n in range(6)], ["0"] * 6
    each = {str(n): 50 for n in range(4)}
    assert lowest(sure, alike, each) < lowest(sure, unlike, each)


def test_the_shipped_heads_are_calibrated() -> None:
    fitted = Heads.load(MODELS / "parley-reader-2-heads.npz").calibration
    assert not np.allclose(fitted.lines, identity().lines)
    assert fitted.lines[0, 1] > 0.0
    assert fitted.leaves.shape[1] > 0
    assert fitted.features.max() < len(FEATURES)


def test_how_far_an_option_lies_before_the_others_is_evidence() -> None:
    none = np.zeros(0, np.float32)
    near = READING.beside([none, np.array([0.5, 0.25], np.float32), none], 1.0)
    away = READING.beside([none, np.array([0.25, 0.5], np.float32), none], 1.0)
    at = FEATURES.index("option apart")
    told = [evidence(CALL, BEST, reading, (0.2, 0.7), SENTENCE, 0, 0.1, Seams())[at] for reading in (READING, near, away)]
    assert told == [0.0, 0.25, -0.25]
