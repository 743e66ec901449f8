"""The book of subtasks: written before anything is sent, read again after a restart. It decides what to send, what to send again, and who is silent.

At most one subtask per device is with the device; the rest waits here in order. The bytes of a subtask are made once and sent again with back-off
until an outcome or its `start_by`. Only an agent ends a subtask; a device that says nothing is `unknown` here, until it speaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from runtime.store import Store
from schemas.approval import Signature
from schemas.base import Frozen
from schemas.messages import EPOCH_LIMIT, SubtaskStatus
from schemas.outcomes import Expired, Outcome, Refused
from schemas.plan import Purpose, Work

TABLE, META = "ledger", "ledger_meta"
_TRY_AGAIN = ("busy", "clock_unknown")
_OVER = ("withdrawn", "ended")


class Timing(Frozen):
    """Seconds. `start`, `deadline`: from the first sending. `grace`: how long after its deadline, or its agent's loss, a device is silent."""

    start: float = 60.0
    deadline: float = 600.0
    grace: float = 5.0
    first_resend: float = 1.0
    longest_resend: float = 20.0


class Entry(Frozen):
    """One subtask. `payload` is the sealed message, made when it was first sent. `index`: its piece in the run. `state`: as last reported."""

    subtask: str
    instruction: str
    index: int
    device: str
    text: str
    purpose: Purpose | None = None
    seeks: str | None = None
    context: str = ""
    approval: str | None = None
    signature: Signature | None = None
    phase: Literal["queued", "sent", "unknown", "withdrawn", "ended"] = "queued"
    payload: str | None = None
    epoch: int = 0
    seq: int = 0
    start_by: float = 0.0
    deadline: float = 0.0
    next_send: float = 0.0
    gap: float = 0.0
    state: str = ""
    refusal: Outcome | None = None
    """The last "not now" of the device."""
    outcome: Outcome | None = None
    idempotent: bool | None = None
    cancelling: bool = False

    @property
    def open(self) -> bool:
        """With the device, as far as is known."""
        return self.phase in ("sent", "unknown")


class Ledger:
    """Synchronous; `store.put` is durable when it returns."""

    def __init__(self, store: Store, timing: Timing | None = None) -> None:
        self._store = store
        self.timing = timing or Timing()
        read = (Entry.model_validate_json(value) for _, value in store.items(TABLE))
        self.entries = {e.subtask: e for e in read if e.phase not in _OVER}
        """Those that are not over, oldest first."""
        self._seqs: dict[str, int] = {}
        self.epoch = int(store.get(META, "epoch") or 0)
        self._lost_since: dict[str, float] = {}

    def take_epoch(self, *known: int) -> int:
        """1 + the highest of what this book and others remember; what no counting can have reached is not believed."""
        self.epoch = 1 + max((e for e in (self.epoch, *known) if 0 <= e < EPOCH_LIMIT - 1), default=0)
        self._seqs.clear()
        self._store.put(META, "epoch", str(self.epoch))
        return self.epoch

    def issue(self, subtask: str, instruction: str, index: int, work: Work, approval: str | None = None, signature: Signature | None = None) -> Entry:
        """Record a subtask that shall be sent when its device is free."""
        said = {"device": work.device, "text": work.text, "purpose": work.purpose, "seeks": work.seeks, "context": work.context}
        allowed = {"approval": approval, "signature": signature}
        return self._put(Entry.model_validate({"subtask": subtask, "instruction": instruction, "index": index, **allowed, **said}))

    def look_up(self, subtask: str) -> Entry | None:
        """Any subtask of any time, also one that is over."""
        value = self._store.get(TABLE, subtask)
        return None if value is None else Entry.model_validate_json(value)

    def gave(self, subtask: str, device: str) -> bool:
        """Whether this subtask of any time was this device's."""
        entry = self.entries.get(subtask) or self.look_up(subtask)
        return entry is not None and entry.device == device

    def open_of(self, device: str) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries.values() if e.device == device and e.open)

    def live(self) -> tuple[Entry, ...]:
        """Everything queued or with a device, oldest first."""
        return tuple(self.entries.values())

    def loads(self) -> dict[str, int]:
        """Device → pieces queued or open."""
        counts: dict[str, int] = {}
        for entry in self.live():
            counts[entry.device] = counts.get(entry.device, 0) + 1
        return counts

    # Sending

    def sendable(self, held: Callable[[Entry], bool]) -> tuple[Entry, ...]:
        """For each device that has nothing open: the oldest of its queue that is not `held`."""
        taken = {e.device for e in self.entries.values() if e.open}
        out: list[Entry] = []
        for entry in self.live():
            if entry.phase == "queued" and entry.device not in taken and not held(entry):
                taken.add(entry.device)
                out.append(entry)
        return tuple(out)

    def next_seq(self, device: str) -> int:
        """Begins anew with each epoch."""
        self._seqs[device] = self._seqs.get(device, 0) + 1
        return self._seqs[device]

    def sending(self, entry: Entry, payload: str, seq: int, now: float) -> Entry:
        """Record the bytes and times; call before the first sending."""
        timing = self.timing
        changes = {
            "phase": "sent", "payload": payload, "epoch": self.epoch, "seq": seq, "start_by": now + timing.start, "deadline": now + timing.deadline,
            "next_send": now + timing.first_resend, "gap": timing.first_resend,
        }  # fmt: skip
        return self._put(entry.model_copy(update=changes))

    def resends(self, now: float) -> tuple[Entry, ...]:
        """Whose bytes (or cancel, when `cancelling`) are to be sent again now; the next time is set further away."""
        due = [e for e in self.entries.values() if e.open and e.next_send <= now and (now <= e.start_by or e.cancelling)]
        return tuple(self._put(self._backed_off(e, now)) for e in due)

    def _backed_off(self, entry: Entry, now: float) -> Entry:
        gap = min(2 * entry.gap, self.timing.longest_resend)
        return entry.model_copy(update={"gap": gap, "next_send": now + gap})

    # Hearing

    def on_outcome(self, subtask: str, outcome: Outcome, idempotent: bool | None = None) -> Entry | None:
        """The entry, now ended; None for a stranger, a repetition, or a "not now" that is kept and tried again."""
        entry = self.entries.get(subtask)
        if entry is None or not entry.open:
            return None
        known = entry.idempotent if idempotent is None else idempotent
        if isinstance(outcome, Refused) and outcome.reason in _TRY_AGAIN and not entry.cancelling:
            self._put(entry.model_copy(update={"refusal": outcome, "idempotent": known}))
            return None
        return self._put(entry.model_copy(update={"phase": "ended", "outcome": outcome, "idempotent": known}))

    def on_status(self, status: SubtaskStatus, now: float) -> Entry | None:
        """A line of a report; as `on_outcome`. Never seen well after `start_by` (the report itself may be
        as old as `grace`) means that it never will be: expired by the agent's word."""
        entry = self.entries.get(status.subtask)
        if entry is None or not entry.open:
            return None
        if status.outcome is not None:
            return self.on_outcome(status.subtask, status.outcome, status.idempotent)
        if status.state == "never_seen":
            return self._never_seen(entry, now)
        known = entry.idempotent if status.idempotent is None else status.idempotent
        self._put(entry.model_copy(update={"phase": "sent", "state": status.run or status.state, "idempotent": known, "refusal": None}))
        return None

    def _never_seen(self, entry: Entry, now: float) -> Entry | None:
        if now <= entry.start_by + self.timing.grace:
            self._put(entry.model_copy(update={"phase": "sent", "next_send": now, "gap": self.timing.first_resend, "state": ""}))
            return None
        ending = entry.refusal or Expired(text="It did not arrive in time to be started.")
        return self._put(entry.model_copy(update={"phase": "ended", "outcome": ending}))

    # Silence

    def silent(self, now: float, alive: Callable[[str], bool]) -> tuple[Entry, ...]:
        """Entries that have just become unknown, or that can no longer be sent because their device is gone (`withdrawn`)."""
        lost = {e.device for e in self.live() if not alive(e.device)}
        self._lost_since = {device: self._lost_since.get(device, now) for device in lost}
        gone = {d for d, since in self._lost_since.items() if now - since >= self.timing.grace}
        changed = [
            e.model_copy(update={"phase": "withdrawn" if e.phase == "queued" else "unknown"})
            for e in self.live()
            if (e.phase == "sent" and (e.device in gone or now > e.deadline + self.timing.grace)) or (e.phase == "queued" and e.device in gone)
        ]
        return tuple(self._put(e) for e in changed)

    def overdue(self, now: float) -> tuple[Entry, ...]:
        """Past their deadline and not yet told to stop: a cancel makes the device say how it ended."""
        late = [e for e in self.entries.values() if e.phase == "sent" and now > e.deadline and not e.cancelling]
        return tuple(self.cancelling(e, now) for e in late)

    # Cancelling

    def withdraw(self, entry: Entry) -> Entry:
        """Queued and not sent: it will not be."""
        return self._put(entry.model_copy(update={"phase": "withdrawn"}))

    def cancelling(self, entry: Entry, now: float) -> Entry:
        """With a device: a cancel is sent, and sent again, until the device says how it ended."""
        gap = self.timing.first_resend
        return self._put(entry.model_copy(update={"cancelling": True, "gap": gap, "next_send": now + gap}))

    def _put(self, entry: Entry) -> Entry:
        if entry.phase in _OVER:
            self.entries.pop(entry.subtask, None)
        else:
            self.entries[entry.subtask] = entry
        self._store.put(TABLE, entry.subtask, entry.model_dump_json())
        return entry
