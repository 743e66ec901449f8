"""The machines' conversation as readable text: one line per thing said, device text shown and never interpreted."""

from __future__ import annotations

import unicodedata

from schemas.envelope import Envelope
from schemas.messages import Ask, Connection, Instruction, OutcomeReport, PlanShown, Profile, Progress, Stop, Subtask, Trace
from schemas.outcomes import Done, Failed, Outcome, Refused
from schemas.topics import Address


def clean(text: str, limit: int = 400) -> str:
    """Control and format characters out, one line, cut: what a device says may not steer a terminal."""
    shown = "".join(" " if c in "\n\r\t" else c for c in text if c in "\n\r\t" or unicodedata.category(c)[0] != "C")
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def paragraphs(text: str) -> str:
    """A longer text for a terminal: its lines kept, each cleaned and none cut short of 2000 characters."""
    return "\n".join(clean(part, 2000) for part in text.split("\n"))


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
    body = envelope.body
    match body:
        case Instruction():
            return _row("you", "coordinator", body.text)
        case PlanShown():
            return _row("coordinator", "plan", f"{len(body.work)} subtask(s)" if body.work else body.text)
        case Progress() | Ask():
            return _row("coordinator", "you", body.text)
        case Subtask():
            return _row("coordinator", body.device, body.text)
        case Trace() if body.function:
            arguments = ", ".join(f"{k}={v!r}" for k, v in body.arguments.items())
            return _row(body.device, "its API", f"{body.function}({arguments})  [{body.confidence:.0%}]")
        case OutcomeReport():
            return _row(body.device, "coordinator", outcome_text(body.outcome))
        case Stop():
            return _row("coordinator", body.device, "Stop." if body.latched else "Resume.")
        case Profile():
            return _row(body.device, "all", f"online: {body.device_kind} by {body.maker}")
        case Connection() if body.status == "connectionbroken":
            return _row(address.ident, "all", "connection broken")
        case _:
            return None


def _row(who: str, whom: str, text: str) -> str:
    return f"{clean(who, 14):>14} → {clean(whom, 14):<14} {clean(text)}"


def outcome_text(outcome: Outcome) -> str:
    """`done, verified: shelf-4 free_slots = 2`, `failed: …`."""
    facts = "; ".join(f"{o.subject} {o.property} = {_value(o.value)}{' ' + o.unit if o.unit else ''}" for o in outcome.observations[:6])
    match outcome:
        case Done():
            word = "done, verified" if outcome.verified else "done, unverified"
        case Refused():
            word = f"refused ({outcome.reason})"
        case Failed():
            word = "failed, uncertain" if outcome.uncertain else "failed"
        case _:
            word = outcome.end.replace("_", " ")
    said = facts or outcome.text
    return f"{word}: {said}" if said else word


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(v) for v in value[:8]) + (", …]" if len(value) > 8 else "]")
    return f"{value:g}" if isinstance(value, float) else str(value)
