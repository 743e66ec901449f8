"""Admission, purely: may this subtask be taken, does it replace another, or what is the answer? One runs, one may wait (LLMind 2.0)."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen
from schemas.messages import Subtask
from schemas.outcomes import Expired, Outcome, Refused

MAX_EPOCH_JUMP = 1000
"""A higher jump is a forgery or a broken disk; `parley epoch reset` is the way out."""


class Waiting(Frozen):
    """A subtask with its place in the coordinator's order."""

    id: str
    epoch: int
    seq: int
    instruction: str | None = None
    body: Subtask


class QueueState(Frozen):
    """`epoch` is the highest accepted; `offset` what to add to our clock to get coordinator time (None = unknown)."""

    running: Waiting | None = None
    slot: Waiting | None = None
    epoch: int = 0
    seq: int = -1
    stopped: bool = False
    offset: float | None = None


class Admission(Frozen):
    """`take`: into the free slot; `replace`: into the slot, the old one ends superseded; `answer`: an outcome at once."""

    verdict: Literal["take", "replace", "answer"]
    outcome: Outcome | None = None


def _no(outcome: Outcome) -> Admission:
    return Admission(verdict="answer", outcome=outcome)


def admit(state: QueueState, new: Waiting, now: float) -> Admission:
    """Rules in their order. `now` is our own clock, s. Duplicates (an id that is running, waiting or in the journal) never reach this function."""
    if new.epoch < state.epoch or (new.epoch == state.epoch and new.seq <= state.seq):
        return _no(Refused(reason="stale_epoch", text="This order is older than one I already have."))
    if state.epoch and new.epoch > state.epoch + MAX_EPOCH_JUMP:
        return _no(Refused(reason="stale_epoch", text="This order's epoch is implausibly high."))
    if state.stopped:
        return _no(Refused(reason="stopped", text="I am stopped until I am told to resume."))
    if state.offset is None:
        return _no(Refused(reason="clock_unknown", text="I do not know the coordinator's time yet."))
    if now + state.offset > new.body.start_by:
        return _no(Expired(text="It was too late to start."))
    return _admit_slot(state, new)


def _admit_slot(state: QueueState, new: Waiting) -> Admission:
    if state.slot is None:
        return Admission(verdict="take")
    if new.body.supersedes == state.slot.id:
        return Admission(verdict="replace")
    return _no(Refused(reason="busy", text="Another order is already waiting."))
