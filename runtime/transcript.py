"""The machines' conversation as readable text: one line per thing said."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.plain import clean
from schemas.base import Value
from schemas.envelope import Envelope
from schemas.messages import Ask, Connection, Instruction, OutcomeReport, PlanShown, Profile, Progress, Stop, Subtask, Trace
from schemas.outcomes import Done, Failed, Outcome, Refused
from schemas.topics import Address


@dataclass(frozen=True)
class Said:
    """Who said what to whom; not cleaned yet."""

    who: str
    whom: str
    text: str


class Transcript:
    """One conversation: what is sent again for safety is shown once, and how work goes step by step not at all."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str]] = set()

    def line(self, address: Address, envelope: Envelope) -> str | None:
        text = None if isinstance(envelope.body, Progress) else line(address, envelope)
        key = (envelope.subtask or envelope.id, text or "")
        if text is None or key in self._shown:
            return None
        self._shown.add(key)
        return text


def line(address: Address, envelope: Envelope) -> str | None:
    """`who → whom  text`, or None for what is no conversation."""
    told = said(address, envelope)
    return f"{clean(told.who, 14):>14} → {clean(told.whom, 14):<14} {clean(told.text)}" if told is not None else None


def said(address: Address, envelope: Envelope) -> Said | None:
    """What a message says to people, or None for what is no conversation."""
    body = envelope.body
    match body:
        case Instruction():
            return Said("you", "coordinator", body.text)
        case PlanShown():
            return Said("coordinator", "plan", f"{len(body.work)} subtask(s)" if body.work else body.text)
        case Progress() | Ask():
            return Said("coordinator", "you", body.words if isinstance(body, Ask) else body.text)
        case Subtask():
            return Said("coordinator", body.device, body.text)
        case Trace() if body.function:
            arguments = ", ".join(f"{k}={v!r}" for k, v in body.arguments.items())
            return Said(body.device, "its API", f"{body.function}({arguments})  [{body.confidence:.0%}]")
        case OutcomeReport():
            return Said(body.device, "coordinator", outcome_text(body.outcome))
        case Stop():
            return Said("coordinator", body.device, "Stop." if body.latched else "Resume.")
        case Profile():
            return Said(body.device, "all", f"online: {body.device_kind} by {body.maker}")
        case Connection() if body.status == "connectionbroken":
            return Said(address.ident, "all", "connection broken")
        case _:
            return None


def outcome_text(outcome: Outcome) -> str:
    """`done, verified: shelf-4 free_slots = 2`, `failed: …`."""
    facts = "; ".join(f"{o.subject} {o.property} = {value_text(o.value)}{' ' + o.unit if o.unit else ''}" for o in outcome.observations[:6])
    match outcome:
        case Done():
            word = "done, verified" if outcome.verified else "done, unverified"
        case Refused():
            word = f"refused ({outcome.reason})"
        case Failed():
            word = "failed, uncertain" if outcome.uncertain else "failed"
        case _:
            word = outcome.end.replace("_", " ")
    told = facts or outcome.text
    return f"{word}: {told}" if told else word


def value_text(value: Value | tuple[Value, ...] | None) -> str:
    """A fact's value in a few characters."""
    if isinstance(value, tuple):
        return "[" + ", ".join(str(v) for v in value[:8]) + (", …]" if len(value) > 8 else "]")
    return f"{value:g}" if isinstance(value, float) else str(value)
