"""How long things take, as far as messages tell: on the way, from sentence to outcome; and how sentences end. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from schemas import messages as m
from schemas.envelope import Envelope

KEPT, PENDING = 300, 2000
"""Samples that are remembered; sentences that are waited for."""
ODD = 600.0
"""s; who is farther off than that has another clock, and tells nothing of the way."""


@dataclass(frozen=True)
class Timing:
    """Seconds, the newest last. `way`: from a message's sending, by its sender's clock, to here. `rounds`: from a sentence to its outcome."""

    way: tuple[float, ...] = ()
    rounds: tuple[float, ...] = ()
    pending: Mapping[str, float] = field(default_factory=dict[str, float])
    """Subtask → when its sentence came by."""
    ends: Mapping[str, int] = field(default_factory=dict[str, int])
    """How sentences ended, counted."""


def timed(timing: Timing, envelope: Envelope, at: float, *, retained: bool) -> Timing:
    if retained:
        return timing
    way = at - envelope.sent_at
    if abs(way) < ODD:
        timing = replace(timing, way=(*timing.way, way)[-KEPT:])
    match envelope.body:
        case m.Subtask() if envelope.subtask and envelope.subtask not in timing.pending:
            return replace(timing, pending={**dict(list(timing.pending.items())[-PENDING:]), envelope.subtask: at})
        case m.OutcomeReport():
            return _ended(timing, envelope.body, at)
        case _:
            return timing


def _ended(timing: Timing, body: m.OutcomeReport, at: float) -> Timing:
    """What is told again for safety counts once."""
    if body.subtask not in timing.pending:
        return timing
    begun, end = timing.pending[body.subtask], body.outcome.end
    left = {k: v for k, v in timing.pending.items() if k != body.subtask}
    return replace(timing, pending=left, rounds=(*timing.rounds, at - begun)[-KEPT:], ends={**timing.ends, end: timing.ends.get(end, 0) + 1})


def percentile(samples: Sequence[float], share: float) -> float:
    """The least sample that so many of all are not above."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
