"""Marking of predictions, and one small run with the shipped model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.map_eval import SET, STAGES, Answer, Case, Expected, accuracy, evaluate, read_cases, same
from benchmarks.report import as_text
from runtime.settings import MODELS
from schemas.errors import ConfigError


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1e6, 1e6 + 0.5, True),
        (1.0, 1.00001, False),
        (True, 1, False),
        (True, True, True),
        ("A", "a", False),
        ("5", 5, False),
        (None, None, True),
        ([1, {"x": 2}], [1.0, {"x": 2}], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
    ],
)
def test_numbers_are_close_and_all_else_is_exact(left: Any, right: Any, equal: bool) -> None:
    assert same(left, right) is equal
    assert same(right, left) is equal


def answer(expect: Expected, name: str | None, decision: Any, reason: str | None = None, best: str | None = None, **arguments: Any) -> Answer:
    case = Case(instruction="x", functions=(), expect=expect)
    return Answer(case=case, name=name, arguments=arguments, decision=decision, reason=reason, best=best or name)


GO, NONE, LACK = Expected(name="go", arguments={"n": 1}), Expected(reason="none_fits"), Expected(reason="missing_argument")


def test_each_share_counts_its_own_cases() -> None:
    found = accuracy(
        [
            answer(GO, "go", "act", n=1),
            answer(GO, "go", "ask", n=1),
            answer(GO, "go", "act", n=2),
            answer(GO, None, "refuse", "none_fits", best="go"),
            answer(NONE, None, "refuse", "none_fits"),
            answer(NONE, "go", "act"),
            answer(NONE, "go", "ask"),
            answer(LACK, None, "ask", "missing_argument"),
            answer(LACK, None, "refuse", "none_fits"),
        ]
    )
    counted = {name: (s.hits, s.of) for name, s in found.items()}
    assert counted == {
        "choice": (4, 4),
        "call_exact": (2, 4),
        "acted_exact": (1, 4),
        "false_refusals": (1, 4),
        "none_fits_refused": (1, 3),
        "missing_asked": (1, 2),
        "out_of_range_refused": (0, 0),
        "wrong_actions": (2, 9),
    }


@pytest.mark.parametrize("line", ["{", "3", "{}", '{"instruction": "a", "functions": [], "expect": {"nam": 1}}'])
def test_a_broken_set_is_refused_naming_file_and_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"instruction": "a", "functions": [], "expect": {}}) + "\n" + line + "\n")
    with pytest.raises(ConfigError, match=r"set\.jsonl:2"):
        read_cases(path)


def test_an_absent_or_empty_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    for name in ("empty.jsonl", "absent.jsonl"):
        with pytest.raises(ConfigError, match=name):
            read_cases(tmp_path / name)


def test_a_run_times_every_stage_and_each_catalogue_once() -> None:
    report = evaluate(read_cases(SET)[:4], MODELS / "parley-reader-2.gguf")
    assert tuple(report.times) == STAGES
    assert [t.n for t in report.times.values()] == [t.n for t in report.cpu.values()] == [1, 4, 4, 4, 4]
    assert report.times["whole"].p50 > report.times["read"].p50 > 0
    assert "call_exact" in as_text(report, mistakes=True)
