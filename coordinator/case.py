"""One instruction from its arrival to its answer, as it stands in the store."""

from __future__ import annotations

from typing import Literal

from coordinator.mentions import Linked
from coordinator.run import Piece, Run
from coordinator.scene import Meanings
from runtime.store import Store
from schemas.approval import Signature
from schemas.base import Frozen
from schemas.messages import Answer
from schemas.outcomes import NeedsAnswer
from schemas.plan import Question

TABLE, PIECES = "cases", "pieces"


class Case(Frozen):
    """`id` is the instruction envelope's id, `operator` who gave it. `question`: asked and not
    answered; `asked`: what was asked before. `turn` counts plans made."""

    id: str
    operator: str
    text: str
    dry_run: bool = False
    status: Literal["planning", "asking", "running", "closed"] = "planning"
    turn: int = 0
    linked: Linked = Linked(text="")
    meanings: Meanings = Meanings()
    run: Run | None = None
    question: Question | None = None
    asked: tuple[str, ...] = ()
    answer: Answer | None = None
    """What was said last; said again when the instruction arrives again."""
    approvals: dict[int, str] = {}
    """Piece index → digest of the call that a person allowed."""
    signatures: dict[int, Signature] = {}
    """… and this person's signature, where the device asked for one."""
    pieces: int = 0
    """How many pieces the run has; they are stored each by itself."""


class Cases:
    """All that are open, and the latest closed ones for outcomes that arrive late. Written through: a case without its pieces, and each piece
    that changed."""

    KEPT = 200

    def __init__(self, store: Store) -> None:
        self._store = store
        heads = (Case.model_validate_json(value) for _, value in store.items(TABLE))
        self._cases = {c.id: self._with_pieces(c) for c in heads if c.status != "closed"}

    def _with_pieces(self, case: Case) -> Case:
        if case.run is None:
            return case
        found = (self._store.get(PIECES, f"{case.id}/{index}") for index in range(case.pieces))
        pieces = tuple(Piece.model_validate_json(text) for text in found if text is not None)
        return case.model_copy(update={"run": case.run.model_copy(update={"pieces": pieces})})

    def put(self, case: Case) -> Case:
        before = self._cases.get(case.id)
        self._cases[case.id] = case
        old = before.run.pieces if before is not None and before.run is not None else ()
        for index, piece in enumerate(case.run.pieces if case.run is not None else ()):
            if index >= len(old) or old[index] != piece:
                self._store.put(PIECES, f"{case.id}/{index}", piece.model_dump_json(by_alias=True))
        head = _head(case)
        if before is None or _head(before) != head:
            self._store.put(TABLE, case.id, head.model_dump_json(by_alias=True))
        self._forget()
        return case

    def _forget(self) -> None:
        closed = [c.id for c in self._cases.values() if c.status == "closed"]
        for ident in closed[: max(0, len(closed) - self.KEPT)]:
            del self._cases[ident]

    def get(self, ident: str | None) -> Case | None:
        """Any case of any time: an instruction that arrives again must not begin again."""
        if ident is None or ident in self._cases:
            return self._cases.get(ident or "")
        text = self._store.get(TABLE, ident)
        return None if text is None else self._with_pieces(Case.model_validate_json(text))

    def open(self) -> tuple[Case, ...]:
        return tuple(c for c in self._cases.values() if c.status != "closed")

    def waiting_for(self, operator: str) -> Case | None:
        """The operator's latest instruction with an unanswered question."""
        return next((c for c in reversed(self.open()) if c.operator == operator and is_asking(c)), None)

    def awaiting_approval(self, device: str, digest: str) -> tuple[Case, Run, int] | None:
        """The piece of which this device asks whether it shall really do the call of this digest."""
        for case in reversed(list(self._cases.values())):
            for index, piece in enumerate(case.run.pieces if case.run else ()):
                asks = piece.outcome if piece.status == "asking" and isinstance(piece.outcome, NeedsAnswer) else None
                if case.run is not None and piece.work.device == device and asks is not None and asks.approval and asks.guess == digest:
                    return case, case.run, index
        return None


def _head(case: Case) -> Case:
    """Without the pieces, and with how many belong to it: an earlier turn may have had more."""
    if case.run is None:
        return case
    return case.model_copy(update={"run": case.run.model_copy(update={"pieces": ()}), "pieces": len(case.run.pieces)})


def is_asking(case: Case) -> bool:
    return case.question is not None or any(p.status == "asking" for p in (case.run.pieces if case.run else ()))
