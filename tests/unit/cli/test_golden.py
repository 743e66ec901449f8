"""The golden examples of `tell --json` and `demo --json` fit their schemas, are what the program writes, and what it prints fits too."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.demo import verdict
from cli.tell import as_json
from schemas.messages import Answer, WorkOutcome
from schemas.observations import Observation
from schemas.outcomes import Done, Proof, Refused
from simulations.judge import disagreements
from tests.golden import validator

GOLDEN = Path(__file__).parents[2] / "golden"


def load(name: str) -> dict[str, Any]:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def answer_of(printed: dict[str, Any]) -> Answer:
    return Answer.model_validate(
        {
            "text": printed["answer"],
            "intent": printed["kind"],
            "complete": printed["complete"],
            "facts": printed["facts"],
            "outcomes": printed["outcomes"],
        }
    )


@pytest.mark.parametrize("name", ["tell-out", "demo-out"])
def test_an_example_fits_its_schema(name: str) -> None:
    validator(name).validate(load(name))


@pytest.mark.parametrize("name", ["tell-out", "demo-out"])
def test_an_example_is_what_the_program_writes_for_that_answer(name: str) -> None:
    example = load(name)
    expected = {key: value for key, value in example.items() if key not in ("truth", "agrees")}
    assert as_json(answer_of(example)) == expected


def test_the_demos_example_was_judged_rightly() -> None:
    example = load("demo-out")
    assert example["agrees"] is True
    assert disagreements(answer_of(example), example["truth"]) == []
    free = [shelf for shelf, truth in example["truth"]["shelves"].items() if truth["free_slots"]]
    assert all(shelf.replace("-", " ") in example["answer"] for shelf in free)


def _no_truth(printed: dict[str, Any]) -> None:
    del printed["truth"]


def _extra(printed: dict[str, Any]) -> None:
    printed["log"] = "x"


def _odd_fact(printed: dict[str, Any]) -> None:
    printed["facts"][0]["evidence"] = "guessed"


def _odd_end(printed: dict[str, Any]) -> None:
    printed["outcomes"][0]["outcome"]["end"] = "finished"


@pytest.mark.parametrize("spoil", [_no_truth, _extra, _odd_fact, _odd_end])
def test_what_differs_from_the_interface_does_not_fit(spoil: Callable[[dict[str, Any]], None]) -> None:
    printed = copy.deepcopy(load("demo-out"))
    spoil(printed)
    with pytest.raises(jsonschema.ValidationError):
        validator("demo-out").validate(printed)


def test_every_kind_of_value_and_end_fits() -> None:
    facts = tuple(Observation(subject="s", property="p", value=v, evidence="state") for v in (True, 3, 2.5, "x", ("a", 1), None))
    ends = (Done(verified=True, proof=(Proof(condition="at is x", held=True, seen="x"),), observations=facts), Refused(reason="unsafe"), None)
    outcomes = tuple(WorkOutcome(device="d", text="t", outcome=end) for end in ends)
    printed = as_json(Answer(text="a", intent="plan", complete=False, facts=facts, outcomes=outcomes))
    validator("tell-out").validate(json.loads(json.dumps(printed)))


def test_the_verdict_speaks_of_claims_only_where_there_are_some() -> None:
    fact = Observation(subject="shelf-1", property="free_slots", value=2)
    silent = Answer(text="Which shelf?", intent="question", complete=False)
    claims = Answer(text="2", intent="query", complete=True, facts=(fact,))
    assert verdict(silent, []) == ["Nothing was claimed."]
    assert verdict(claims, []) == ["The world agrees with every claim."]
    assert verdict(claims, ["a", "b"]) == ["The world disagrees: a", "The world disagrees: b"]
