"""Does what was claimed hold in the world? Facts, verified outcomes and lists against the simulation's truth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.messages import Answer, WorkOutcome
from schemas.observations import Observation
from schemas.outcomes import Done

TOLERANCE = {"battery": 6.0, "x": 0.6, "y": 0.6, "speed": 0.05}
"""What may change, or be rounded, between an observation and the end of a run: a battery drains, a maker reports centimetres."""


def disagreements(answer: Answer, truth: Mapping[str, Any]) -> list[str]:
    """Every claim of the answer that the world contradicts, in words; empty when all hold. `truth` as World.truth() gives it."""
    found = [_against(fact, truth) for fact in _latest(answer.facts)]
    found += [_unproved(outcome, truth) for outcome in _last_of_each_device(answer.outcomes)]
    return [text for text in found if text] + _missing(answer)


def _latest(facts: Sequence[Observation]) -> list[Observation]:
    """The last of each subject and property: what was true earlier may have changed by the fleet's own doing."""
    return list({(f.subject, f.property): f for f in sorted(facts, key=lambda f: f.time)}.values())


def _real(fact: Observation, truth: Mapping[str, Any]) -> Any:
    subject = fact.device if fact.subject == "self" else fact.subject
    thing = truth["shelves"].get(subject) or truth["robots"].get(subject) or {}
    if fact.property == "occupied_slots" and "slots" in thing:
        return thing["slots"] - thing["free_slots"]
    return thing.get(fact.property)


def _against(fact: Observation, truth: Mapping[str, Any]) -> str:
    real = _real(fact, truth)
    if real is None or _same(fact.property, fact.value, real):
        return ""
    return f"{fact.subject} {fact.property} was claimed to be {fact.value!r} and is {real!r}"


def _same(name: str, claimed: Any, real: Any) -> bool:
    if isinstance(real, list | tuple):
        return isinstance(claimed, list | tuple) and sorted(map(str, claimed)) == sorted(map(str, real))
    if isinstance(real, bool) or isinstance(claimed, bool):
        return bool(claimed) == bool(real)
    if isinstance(real, int | float) and isinstance(claimed, int | float):
        return abs(claimed - real) <= TOLERANCE.get(name, 1e-6)
    return str(claimed) == str(real)


def _last_of_each_device(outcomes: Sequence[WorkOutcome]) -> list[WorkOutcome]:
    """In the order of the subtasks' ids (UUIDv7, so of time); the answer's own order is by item, which differs once work has moved."""
    ended = sorted((o for o in outcomes if o.outcome is not None and not isinstance(o.outcome, str)), key=lambda o: o.subtask or "")
    return list({o.device: o for o in ended}.values())


def _unproved(work: WorkOutcome, truth: Mapping[str, Any]) -> str:
    """A device's last verified outcome must still hold: `at is shelf-4` of a robot that is elsewhere is a false claim."""
    outcome, robot = work.outcome, truth["robots"].get(work.device)
    if not isinstance(outcome, Done) or not outcome.verified or robot is None:
        return ""
    for proof in outcome.proof:
        name, _, value = proof.condition.partition(" is ")
        if value and name in robot and not _same(name, _typed(value), robot[name]):
            return f"{work.device}: {proof.condition} was proved, but it is {robot[name]!r}"
    return ""


def _typed(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text


def _missing(answer: Answer) -> list[str]:
    """A complete answer has a fact for every item that a device told something about."""
    if not answer.complete:
        return []
    ended = ((o.item, o.outcome) for o in answer.outcomes if isinstance(o.outcome, Done))
    asked = {item for item, outcome in ended if item and any(seen.subject == item for seen in outcome.observations)}
    known = {f.subject for f in answer.facts}
    return [f"{item} was asked about and is not in the facts" for item in sorted(asked - known)] if answer.facts else []
