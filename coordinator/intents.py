"""The planner's compact JSON -> an intent, checked for sense as far as that needs neither fleet nor site."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from schemas.errors import ContractError
from schemas.plan import Control, Goal, Intent, Plan, Query, Question, Refusal, Step


def parse_intent(text: str) -> Intent:
    """The planner's compact JSON as an Intent. Raises ContractError when it is none, or refers to a step or item that is not there."""
    try:
        written: Any = json.loads(text)
        intent = _intent(written)
    except (ValueError, ValidationError, TypeError, KeyError) as error:
        raise ContractError(f"the planner wrote no plan ({type(error).__name__}): {text[:80]!r}") from None
    if isinstance(intent, Plan):
        for index, step in enumerate(intent.steps):
            _check_step(index, step)
    return intent


def _intent(written: Any) -> Intent:
    shape = next(iter(written), "")
    match shape:
        case "plan":
            return Plan.model_validate({"steps": written["plan"], "tell": written.get("tell")})
        case "query":
            return Query.model_validate(written["query"])
        case "goal":
            spare = {"spare": [written["goal"]["spare"]]} if "spare" in written["goal"] else {}
            return Goal.model_validate({**written["goal"], **spare})
        case "control":
            return Control.model_validate({"action": written["control"], "who": written.get("who", {})})
        case "ask":
            return Question.model_validate({"about": written["ask"]})
        case "refuse":
            return Refusal.model_validate({"reason": written["refuse"]})
        case _:
            raise ValueError(shape)


def _check_step(index: int, step: Step) -> None:
    earlier = [*step.after, *([step.when.step] if step.when else []), *([step.pick.from_] if step.pick else [])]
    if any(not 0 <= other < index for other in earlier):
        raise ContractError(f"step {index} waits for a step that is not before it")
    text = " ".join(step.do)
    if step.who.at is not None and f"{{{step.who.at}}}" in text:
        raise ContractError(f"step {index} sends those that are at a place to that place")
    if any(a == b for a, b in pairwise(step.do)):
        raise ContractError(f"step {index} says the same twice")
    if isinstance(step.each, tuple) and len(set(step.each)) != len(step.each):
        raise ContractError(f"step {index} names an item twice")
    if "{}" in text and step.each is None:
        raise ContractError(f"step {index} speaks of an item but has none")
    if "{pick}" in text and step.pick is None:
        raise ContractError(f"step {index} speaks of a pick but has none")
