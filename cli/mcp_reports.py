"""What MCP clients are told of the fleet: closed types, and the pure functions that fill them. What devices say is cleaned and cut here."""

from __future__ import annotations

from typing import Any, cast

from pydantic import JsonValue

from runtime.operator import Fleet, Told
from runtime.plain import clean, paragraphs
from schemas.base import Frozen
from schemas.messages import Answer, PlanShown


class DeviceRow(Frozen):
    device: str
    name: str
    kind: str
    maker: str
    online: bool
    doing: str
    """stopped, busy or idle."""
    problem: str
    abilities: tuple[str, ...]
    state: dict[str, JsonValue]


class Devices(Frozen):
    devices: tuple[DeviceRow, ...]


class Reported(Frozen):
    """`kind`: plan, query, goal, control, question or refusal; for a question call answer_question with `instruction`. `complete`: all is proved.

    `approval`: a person has to say yes to what cannot be undone, to an elicitation or elsewhere; answer_question does not take it.
    """

    instruction: str
    answer: str
    kind: str
    complete: bool
    approval: bool = False
    plan: str = ""
    subtasks: tuple[str, ...] = ()
    facts: tuple[dict[str, JsonValue], ...] = ()


class Halted(Frozen):
    """Device → confirmed (by its own state), silent, not_sent or unknown."""

    devices: dict[str, str]


class Spoken(Frozen):
    lines: tuple[str, ...]


def row_of(fleet: Fleet, ident: str) -> DeviceRow | None:
    """None for a device that is not known."""
    profile, state = fleet.profiles.get(ident), fleet.states.get(ident)
    if profile is None:
        return None
    return DeviceRow(
        device=ident,
        name=clean(profile.name),
        kind=clean(profile.device_kind),
        maker=clean(profile.maker),
        online=fleet.online(ident),
        doing="stopped" if state and state.stopped else "busy" if state and state.busy else "idle",
        problem=clean(state.problem) if state else "",
        abilities=tuple(clean(ability) for ability in profile.abilities),
        state={name: cleaned(value) for name, value in state.attributes.items()} if state else {},
    )


def report_of(told: Told, plan: PlanShown | None) -> Reported:
    answer = told.answer
    return Reported(
        instruction=told.instruction,
        answer=paragraphs(answer.text),
        kind=answer.intent,
        complete=answer.complete,
        approval=told.asked is not None and told.asked.approval,
        plan=clean(plan.text) if plan else "",
        subtasks=tuple(f"{clean(work.device)}: {clean(work.text)}" for work in plan.work) if plan else (),
        facts=_facts(answer),
    )


def _facts(answer: Answer) -> tuple[dict[str, JsonValue], ...]:
    dumped = answer.model_dump(mode="json", exclude_none=True)["facts"]
    return tuple({key: cleaned(value) for key, value in fact.items()} for fact in dumped)


def cleaned(value: Any) -> JsonValue:
    """A fact's value, or a list of them."""
    if isinstance(value, list):
        return [cleaned(each) for each in cast("list[Any]", value)]
    return clean(value) if isinstance(value, str) else value
