"""Risk and coverage of the shipped reader on kinds of devices that no training saw: below these shares a change does not land."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from benchmarks.map_eval import Answer, Case, Stopwatch, answer
from benchmarks.map_stage import at_coverage, curve, stages
from device_agent.interpreter import Reader
from device_agent.reader_mapper import open_reader
from device_agent.training.cases import cases_of, letters_cases
from device_agent.training.data import load_kinds, split_of

pytestmark = pytest.mark.timeout(900)

MODEL = Path(__file__).parents[2] / "models" / "parley-reader-2.gguf"
EVERY = 4
"""Of the test kinds' sentences one in so many is read here (991); docs/models.md has the figures of all. Bounds lie some two standard errors beyond
what the shipped reader reaches on these."""


@cache
def reader() -> Reader:
    return open_reader(MODEL)


def read(cases: list[Case]) -> list[Answer]:
    watch = Stopwatch()
    return [answer(case, reader(), watch) for case in cases]


@cache
def answers() -> list[Answer]:
    raw = [case for kind in load_kinds() if split_of(kind) == "test" for case in cases_of(kind)]
    return read([Case.model_validate(case) for case in raw[::EVERY]])


def test_what_it_is_sure_of_is_right() -> None:
    points = curve(answers())
    half, quarter = at_coverage(points, 0.5), at_coverage(points, 0.25)
    assert half is not None
    assert quarter is not None
    assert half.right >= 0.89
    assert quarter.right >= 0.95


def test_it_acts_often_and_seldom_wrongly() -> None:
    found = stages(answers())
    assert found["wrong_actions"].value <= 0.04
    assert found["acted_on"].value >= 0.32


def test_it_finds_the_function_and_reads_the_call() -> None:
    found = stages(answers())
    assert found["recall@4"].value >= 0.95
    assert found["choice"].value >= 0.88
    assert found["call_exact"].value >= 0.645


def test_it_refuses_what_nothing_fits_and_little_else() -> None:
    found = stages(answers())
    assert found["none_fits_refused"].value >= 0.8
    assert found["false_refusals"].value <= 0.07


def test_lists_are_read_and_seldom_acted_on_wrongly() -> None:
    """Sentences of an examiner, of whose faults some were mended (benchmarks/sets/usage.md)."""
    lists = Path(__file__).parents[2] / "benchmarks" / "sets" / "lists-160.jsonl"
    found = stages(read([Case.model_validate_json(line) for line in lists.read_text(encoding="utf-8").splitlines()]))
    assert found["call_exact"].value >= 0.73
    assert found["wrong_actions"].value <= 0.08


def test_the_papers_random_letters_are_read() -> None:
    found = stages(read([Case.model_validate(case) for case in letters_cases(120)]))
    assert found["call_exact"].value >= 0.97
