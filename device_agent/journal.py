"""What was done, so that nothing is done twice: intent before the driver is called, result after it, and the one outcome of every subtask.

A subtask's entry moves `accepted → intent → result → ended`; each step is durable before the next is taken (runtime.store).
"""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from device_agent.queue import Waiting
from runtime.store import Store
from schemas.base import Condition, Frozen, Value
from schemas.outcomes import Done, Expired, Failed, Outcome, Proof
from schemas.skills import Call, Safety

TABLE, META = "journal", "meta"


class Intent(Frozen):
    """One driver call about to be made. `main` is the call the subtask asked for; the others prepare it."""

    call: Call
    main: bool
    before: dict[str, Value] = {}
    achieves: tuple[Condition, ...] = ()
    safety: Safety = "reversible"
    idempotent: bool = False


class Entry(Frozen):
    work: Waiting
    phase: Literal["accepted", "intent", "result", "ended"] = "accepted"
    intent: Intent | None = None
    result: JsonValue = None
    outcome: Outcome | None = None
    started_at: float | None = None
    ended_at: float | None = None
    safety: Safety | None = None
    idempotent: bool | None = None

    @property
    def in_flight(self) -> bool:
        """A call that may change something was made, and how it went is not known."""
        return self.phase == "intent" and self.intent is not None and self.intent.safety != "read"

    @property
    def begun(self) -> bool:
        """Something may have happened on its account."""
        return self.phase in ("intent", "result") or (self.started_at is not None and self.safety != "read")


class Early(Frozen):
    outcome: Outcome


class Journal:
    """One device's journal. Ids are subtask ids; `prefix` keeps several devices apart in one store."""

    def __init__(self, store: Store, device: str) -> None:
        self._store, self._table, self._meta = store, f"{TABLE}:{device}", f"{META}:{device}"
        entries = (Entry.model_validate_json(text) for _, text in store.items(self._table))
        self._open = {e.work.id: e for e in entries if e.phase != "ended"}

    def get(self, subtask: str) -> Entry | None:
        text = self._store.get(self._table, subtask)
        return Entry.model_validate_json(text) if text else None

    def put(self, entry: Entry) -> Entry:
        """Durable when it returns. Raises ValueError when the entry holds what is no JSON."""
        self._store.put(self._table, entry.work.id, entry.model_dump_json(by_alias=True))
        if entry.phase == "ended":
            self._open.pop(entry.work.id, None)
        else:
            self._open[entry.work.id] = entry
        return entry

    def open_entries(self) -> list[Entry]:
        """Those without an outcome, oldest first."""
        return list(self._open.values())

    def end_early(self, subtask: str, outcome: Outcome) -> None:
        """The outcome of a subtask that has not arrived (yet): cancelled before it came."""
        self._store.put(self._meta, f"early:{subtask}", Early(outcome=outcome).model_dump_json())

    def early_end(self, subtask: str) -> Outcome | None:
        text = self._store.get(self._meta, f"early:{subtask}")
        return Early.model_validate_json(text).outcome if text else None

    def order(self) -> tuple[int, int]:
        """The highest (epoch, seq) ever accepted; (0, -1) at first."""
        text = self._store.get(self._meta, "order")
        epoch, seq = text.split(",") if text else ("0", "-1")
        return int(epoch), int(seq)

    def set_order(self, epoch: int, seq: int) -> None:
        self._store.put(self._meta, "order", f"{epoch},{seq}")

    def stopped(self) -> bool:
        return self._store.get(self._meta, "stopped") == "1"

    def set_stopped(self, stopped: bool) -> None:
        self._store.put(self._meta, "stopped", "1" if stopped else "0")


Settled = Outcome | Literal["run_again"]


def settle(entry: Entry, proofs: tuple[Proof, ...] | None) -> Settled:
    """How an entry ends that a crash left open. `proofs`: the intent's post-conditions judged on the device now, None when the device is silent.

    Never repeated unless the function is declared idempotent; where it cannot be known whether the effect happened, that is said.
    """
    intent = entry.intent
    if entry.phase == "accepted" or intent is None:
        return "run_again"
    if intent.idempotent or intent.safety == "read":
        return "run_again"
    held = bool(proofs) and all(p.held for p in proofs or ())
    if intent.main and held:
        return Done(verified=True, text="Done; confirmed after a restart by looking at the device.", proof=proofs or ())
    if entry.phase == "result":
        return Failed(text="I was restarted before I could confirm the result.", uncertain=intent.main, proof=proofs or ())
    return Failed(text="I was restarted in the middle; I cannot tell whether it happened.", uncertain=True, proof=proofs or ())


def stranded(entry: Entry) -> Outcome:
    """How an open entry ends that nobody will take up again: its time to start has passed."""
    if entry.started_at is None and entry.phase == "accepted":
        return Expired(text="It was too late to start.")
    return Failed(text="It was interrupted by a restart.", uncertain=entry.begun)
