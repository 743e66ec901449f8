"""Case lines to prediction lines, with a scripted reader."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from cli.map_cases import LONGEST, CaseMapper
from device_agent.hypothesis import Interpretation
from device_agent.retrieval import Catalogue
from runtime.vectors import Index
from schemas.skills import Function

OPEN = [{"name": "open", "description": "Opens."}]


class Scripted:
    """Answers `answer`; keeps the last `kept` catalogues."""

    def __init__(self, answer: Interpretation | Exception, kept: int = 8) -> None:
        self.answer, self.kept = answer, kept
        self.heard: list[tuple[str, str]] = []
        self.made: dict[str, Catalogue] = {}

    def catalogue(self, functions: Sequence[Function]) -> Catalogue:
        key = str(functions)
        if key not in self.made:
            self.made[key] = Catalogue(tuple(functions), (), (), (), Index.build(np.zeros((0, 4), np.float32)))
        while len(self.made) > self.kept:
            del self.made[next(iter(self.made))]
        return self.made[key]

    def interpret(self, sentence: str, catalogue: Catalogue, context: str = "") -> Interpretation:
        self.heard.append((sentence, context))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ACT = Interpretation(name="open", arguments={"n": 3}, decision="act", confidence=0.9, ms=1.5)


def test_a_prediction_carries_the_hypothesis_and_the_id_unchanged() -> None:
    out = CaseMapper(Scripted(ACT)).case({"id": {"a": [1, None]}, "instruction": "Open 3.", "functions": OPEN, "unknown": 1})
    assert out.pop("catalogue_ms") > 0
    assert out == {"id": {"a": [1, None]}, "name": "open", "arguments": {"n": 3}, "decision": "act", "confidence": 0.9, "ms": 1.5}


def test_a_catalogue_costs_only_the_first_time() -> None:
    mapper = CaseMapper(Scripted(ACT))
    cost = [mapper.case({"instruction": "Open.", "functions": f})["catalogue_ms"] for f in (OPEN, OPEN, [{"name": "shut"}], OPEN)]
    assert [c > 0 for c in cost] == [True, False, True, False]


def test_a_catalogue_that_the_interpreter_dropped_costs_again() -> None:
    mapper = CaseMapper(Scripted(ACT, kept=1))
    cost = [mapper.case({"instruction": "Open.", "functions": f})["catalogue_ms"] for f in (OPEN, [{"name": "shut"}], OPEN)]
    assert all(c > 0 for c in cost)


def test_reason_is_said_only_when_there_is_one() -> None:
    refused = Interpretation(name=None, decision="refuse", confidence=0.7, reason="none_fits")
    assert CaseMapper(Scripted(refused)).case({"instruction": "Fly.", "functions": OPEN})["reason"] == "none_fits"
    assert "reason" not in CaseMapper(Scripted(ACT)).case({"instruction": "Open.", "functions": OPEN})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json", "bad JSON line"),
        (b"\n", "bad JSON line"),
        (b"[1]", "not a JSON object"),
        (b'"\xff"', "not UTF-8"),
        (b'{"x": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "bad JSON line"),
        (b'{"functions": []}', "instruction is missing"),
        (b'{"instruction": 7, "functions": []}', "instruction must be text"),
        (b'{"instruction": "a"}', "functions is missing"),
        (b'{"instruction": "a", "functions": [1]}', "functions[0]"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_reason(line: bytes, says: str) -> None:
    out = CaseMapper(Scripted(ACT)).line(line)
    assert says in out["error"]
    assert (out["name"], out["arguments"], out["decision"], out["confidence"]) == (None, {}, "refuse", 0.0)


def test_a_failing_reader_costs_one_answer_and_not_the_run() -> None:
    reader = Scripted(ZeroDivisionError("oops"))
    out = CaseMapper(reader).case({"id": 4, "instruction": "a", "functions": OPEN})
    assert (out["id"], out["decision"]) == (4, "refuse")
    assert "ZeroDivisionError" in out["error"]


def test_a_long_text_is_cut_and_reported() -> None:
    reader = Scripted(ACT)
    out = CaseMapper(reader).case({"instruction": "a" * 2001, "context": "b" * 5000, "functions": OPEN})
    assert [len(text) for text in reader.heard[0]] == [LONGEST, LONGEST]
    assert out["name"] == "open"
    assert out["error"] == "instruction cut to 2000 characters; context cut to 2000 characters"


def test_a_text_of_exactly_the_limit_is_no_error() -> None:
    assert "error" not in CaseMapper(Scripted(ACT)).case({"instruction": "a" * LONGEST, "functions": OPEN})


def test_null_context_is_absent_and_an_odd_one_is_ignored_and_reported() -> None:
    reader = Scripted(ACT)
    mapper = CaseMapper(reader)
    plain = mapper.case({"instruction": "a", "context": None, "functions": OPEN})
    odd: dict[str, Any] = mapper.case({"instruction": "a", "context": [1], "functions": OPEN})
    assert reader.heard == [("a", ""), ("a", "")]
    assert "error" not in plain
    assert "context" in odd["error"]


def test_a_value_that_json_cannot_hold_becomes_an_error_line() -> None:
    reader = Scripted(Interpretation.model_construct(name="open", arguments={"n": float("inf")}, decision="act", confidence=1.0))
    (line,) = CaseMapper(reader).lines([b'{"id": 1, "instruction": "a", "functions": [{"name": "open"}]}'])
    assert json.loads(line)["name"] is None
    assert "finite" in json.loads(line)["error"]
