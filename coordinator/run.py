"""A plan on its way, as an immutable value that survives restarts: its pieces of work, what became of each, and which steps are still to come."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen
from schemas.observations import Observation
from schemas.outcomes import Done, Outcome
from schemas.plan import Plan, Work

Status = Literal["waiting", "sent", "asking", "unknown", "ended", "not_sent"]
"""waiting: not given to the ledger; asking: its device wants an answer; unknown: its device is silent; not_sent: never tried, `why` says why."""

SETTLED: tuple[Status, ...] = ("unknown", "ended", "not_sent")


class Try(Frozen):
    """A device that had this piece before it moved to another."""

    device: str
    subtask: str | None
    outcome: Outcome | None = None


class Piece(Frozen):
    """One sentence for one device. `first` is the index of the first piece of its group: those that one device does in order about one item.
    `replies`: how often a person has answered its device."""

    work: Work
    first: int
    status: Status = "waiting"
    outcome: Outcome | None = None
    why: str = ""
    subtask: str | None = None
    idempotent: bool | None = None
    tried: tuple[Try, ...] = ()
    replies: int = 0

    @property
    def done(self) -> bool:
        return isinstance(self.outcome, Done)


class StepRun(Frozen):
    """`skipped`: it will not run, `why` says the reason; `moot` when that is no failure (a condition did not hold)."""

    status: Literal["waiting", "open", "closed", "skipped"] = "waiting"
    why: str = ""
    moot: bool = False
    pool: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class Run(Frozen):
    """`notes` are sentences for the person that no outcome tells."""

    plan: Plan
    steps: tuple[StepRun, ...]
    pieces: tuple[Piece, ...] = ()
    notes: tuple[str, ...] = ()
    cancelled: bool = False

    @property
    def finished(self) -> bool:
        """Nothing is left to send or to wait for."""
        return all(s.status in ("closed", "skipped") for s in self.steps) and all(p.status in SETTLED for p in self.pieces)

    @property
    def only_asks(self) -> bool:
        """Nothing goes on until a person answers a device."""
        states = {p.status for p in self.pieces}
        return "asking" in states and "sent" not in states and "waiting" not in {p.status for i, p in enumerate(self.pieces) if p.first == i}

    @property
    def works(self) -> tuple[Work, ...]:
        return tuple(p.work for p in self.pieces)

    def of_step(self, step: int) -> tuple[Piece, ...]:
        return tuple(p for p in self.pieces if p.work.step == step)

    def raw_facts(self, step: int | None = None) -> tuple[tuple[Observation, Work], ...]:
        """Observations with the work they came from, of earlier tries too."""
        found: list[tuple[Observation, Work]] = []
        for piece in self.pieces:
            if step is None or piece.work.step == step:
                outcomes = [*(t.outcome for t in piece.tried), piece.outcome]
                found += [(o, piece.work) for outcome in outcomes if outcome for o in outcome.observations]
        return tuple(found)


def begin(plan: Plan) -> Run:
    return Run(plan=plan, steps=tuple(StepRun() for _ in plan.steps))
