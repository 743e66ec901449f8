"""What an agent says of its device and its work, as messages. Pure."""

from __future__ import annotations

from device_agent.journal import Entry
from device_agent.mapper import Mapped
from device_agent.sight import text_of
from schemas.messages import OutcomeReport, SubtaskStatus, Trace
from schemas.outcomes import Outcome, RunState, SubtaskState

MAX_OUTCOME = 64 * 1024
"""Bytes of one outcome. A report carries several, and the envelope ends at 256 KiB."""
MAX_TEXT = 2000


def fit(outcome: Outcome) -> Outcome:
    """The outcome as the wire can carry it: one that is too large, or that holds what is no JSON, loses observations and proof, and says so."""
    plain = outcome.model_copy(update={"text": text_of(outcome.text, MAX_TEXT)})
    try:
        if len(plain.model_dump_json().encode()) <= MAX_OUTCOME:
            return plain
        reason = "What was seen is too large to be told."
    except ValueError:
        reason = "What was seen cannot be told."
    return plain.model_copy(update={"text": f"{plain.text} {reason}".strip(), "observations": (), "proof": ()})


def outcome_report(device: str, entry: Entry, offset: float, now: float) -> OutcomeReport:
    """The report of an entry that has ended. `now` is our clock; `offset` turns it into the coordinator's."""
    assert entry.outcome is not None
    return OutcomeReport(
        device=device,
        subtask=entry.work.id,
        outcome=entry.outcome,
        started_at=None if entry.started_at is None else entry.started_at + offset,
        ended_at=(entry.ended_at or now) + offset,
        safety=entry.safety,
        idempotent=entry.idempotent,
    )


def early_status(subtask: str, early: Outcome | None) -> SubtaskStatus:
    """The line on a subtask that never arrived; `early`: how it ended all the same."""
    return SubtaskStatus(subtask=subtask, state="ended" if early else "never_seen", outcome=early)


def status(entry: Entry, state: SubtaskState, run: RunState | None) -> SubtaskStatus:
    """The line on a subtask in the journal. `state`: where it stands if it has not ended."""
    shown: SubtaskState = "ended" if entry.outcome is not None else state
    return SubtaskStatus(
        subtask=entry.work.id,
        state=shown,
        run=run if shown == "running" else None,
        outcome=entry.outcome,
        safety=entry.safety,
        idempotent=entry.idempotent,
    )


def trace(device: str, entry: Entry, mapped: Mapped, program: str, run: RunState | None) -> Trace:
    """How the sentence was understood, for operators; passwords hidden."""
    call = mapped.call
    hidden = {k: ("***" if "password" in k.lower() else v) for k, v in (call.arguments if call else {}).items()}
    return Trace(
        device=device,
        subtask=entry.work.id,
        sentence=entry.work.body.text,
        candidates=mapped.candidates,
        function=call.function if call else None,
        arguments=hidden,
        confidence=mapped.confidence,
        program=program[:8192],
        run=run,
    )
