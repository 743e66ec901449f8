"""Experts at work, as far as messages tell: the windows that they look at, what they said, and of whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.clean import line, name
from schemas import messages as m
from schemas.envelope import Envelope
from schemas.experts import Consulted

LOOKS, OPINIONS = 50, 50


@dataclass(frozen=True)
class Look:
    """A window of data that `by`, a process of experts, asked a device for. `took` None: nothing has come back."""

    handle: str
    by: str
    device: str
    what: str
    at: float
    took: float | None = None
    problem: str = ""


@dataclass(frozen=True)
class Opinion:
    """`finding` empty: it cannot tell, or could not be asked; `why` says so. `sure` None: not told. `key` tells one that is sent again.

    `held`: a second look at what a device said; True where it saw the same.
    """

    expert: str
    device: str
    finding: str
    at: float
    key: str
    sure: float | None = None
    why: str = ""
    seconds: float | None = None
    held: bool | None = None


@dataclass(frozen=True)
class Consulting:
    """Both with the newest first."""

    looks: tuple[Look, ...] = ()
    opinions: tuple[Opinion, ...] = ()

    def of(self, expert: str) -> list[Opinion]:
        return [o for o in self.opinions if o.expert == expert]


def heard_of(known: Consulting, envelope: Envelope, at: float) -> Consulting:
    match envelope.body:
        case m.WindowRequest():
            body = envelope.body
            look = Look(line(body.handle), envelope.source, body.device, name(body.what), at)
            return replace(known, looks=(look, *known.looks)[:LOOKS])
        case m.WindowReply():
            return replace(known, looks=tuple(_back(look, envelope.body, at) for look in known.looks))
        case m.Answer():
            return _with(known, [_opinion(c, at, envelope.instruction or "") for c in envelope.body.consulted])
        case m.OutcomeReport():
            return _with(known, _witnessed(envelope.body, at))
        case _:
            return known


def _back(look: Look, body: m.WindowReply, at: float) -> Look:
    if (look.handle, look.device) != (line(body.handle), body.device) or look.took is not None:
        return look
    return replace(look, took=max(0.0, at - look.at), problem=line(str(body.data.get("problem", ""))))


def _opinion(told: Consulted, at: float, instruction: str) -> Opinion:
    key = f"{instruction} {name(told.expert)} {name(told.device)}"
    sure = told.confidence if told.finding is not None and told.confidence else None
    return Opinion(name(told.expert), name(told.device), line(told.finding or ""), at, key, sure, line(told.problem), told.seconds or None)


def _witnessed(body: m.OutcomeReport, at: float) -> list[Opinion]:
    return [
        Opinion(name(proof.expert), body.device, line(proof.seen or ""), at, f"{body.subtask} {name(proof.expert)}", held=proof.held)
        for proof in body.outcome.proof[:6]
        if proof.expert
    ]


def _with(known: Consulting, opinions: list[Opinion]) -> Consulting:
    there = {o.key for o in known.opinions}
    new = [o for o in opinions if o.key not in there]
    return replace(known, opinions=(*reversed(new), *known.opinions)[:OPINIONS]) if new else known
