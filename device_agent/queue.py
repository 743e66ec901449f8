"""Admission, purely: may this subtask be taken, does it replace another, or what is the answer? One runs, one may wait (LLMind 2.0)."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen
from schemas.messages import EPOCH_LIMIT, Subtask
from schemas.outcomes import Expired, Outcome, Refused

MAX_EPOCH_JUMP = 1000
"""A higher jump is a forgery or a broken disk; `parley epoch reset` is the way out."""
REPAIR = "`parley epoch reset` repairs that"


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


def not_in_force(state: QueueState, epoch: int) -> str:
    """Why nothing of this epoch is obeyed; "" when it is."""
    if epoch < state.epoch:
        return f"I already have an order of a later coordinator; if this one is right, {REPAIR}."
    if state.epoch and epoch > state.epoch + MAX_EPOCH_JUMP:
        return f"This order's epoch is implausibly high; if it is right, {REPAIR}."
    return ""


def reset(state: QueueState, epoch: int) -> QueueState:
    """After a person's word that `epoch` is right. Never back: what was out of date stays so, unless our epoch is none that there can be."""
    if state.epoch < epoch or state.epoch >= EPOCH_LIMIT:
        return state.model_copy(update={"epoch": epoch, "seq": -1})
    return state


def admit(state: QueueState, new: Waiting, now: float) -> Admission:
    """Rules in their order. `now` is our own clock, s. Duplicates (an id that is running, waiting or in the journal) never reach this function."""
    if not_in_force(state, new.epoch):
        return _no(Refused(reason="stale_epoch", text=not_in_force(state, new.epoch)))
    if new.epoch == state.epoch and new.seq <= state.seq:
        return _no(Refused(reason="stale_epoch", text="This order is older than one I already have."))
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
