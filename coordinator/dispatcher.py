"""Carries subtasks to devices: the async shell around the ledger. Sends, sends again, cancels, and tells what ended or fell silent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import structlog

from coordinator.ledger import Entry, Ledger
from runtime.door import Door
from schemas import topics
from schemas.envelope import seal_message
from schemas.errors import ContractError, LinkError
from schemas.messages import Cancel, OutcomeReport, State, Subtask

log = structlog.get_logger()

TICK = 0.5
"""Seconds between looks at what is due."""


@dataclass
class Pause:
    """What shall not be dispatched."""

    everything: bool = False
    instructions: set[str] = field(default_factory=set[str])
    devices: set[str] = field(default_factory=set[str])

    def holds(self, entry: Entry) -> bool:
        return self.everything or entry.instruction in self.instructions or entry.device in self.devices


class Dispatcher:
    """`alive` says whether a device is reachable; `on_change` hears of every entry that ended, fell silent or was withdrawn."""

    def __init__(self, door: Door, ledger: Ledger, alive: Callable[[str], bool], on_change: Callable[[Entry], Awaitable[None]]) -> None:
        self.ledger = ledger
        self.pause = Pause()
        self._door, self._alive, self._on_change = door, alive, on_change
        self._clock = door.clock

    async def pump(self) -> None:
        """Send whatever may go now."""
        for entry in self.ledger.sendable(self.pause.holds):
            await self._send_first(entry)

    async def _send_first(self, entry: Entry) -> None:
        now, seq, timing = self._clock.now(), self.ledger.next_seq(entry.device), self.ledger.timing
        body = Subtask(
            device=entry.device, text=entry.text, start_by=now + timing.start, deadline=now + timing.deadline,
            context=entry.context, purpose=entry.purpose, seeks=entry.seeks, approval=entry.approval,
            signature=entry.signature,
        )  # fmt: skip
        envelope = self._door.wrap(body, epoch=self.ledger.epoch, seq=seq, instruction=entry.instruction, subtask=entry.subtask)
        try:
            payload = seal_message(envelope)
        except ContractError as error:
            log.warning("subtask_too_large", task_id=entry.subtask, reason=str(error))
            await self._on_change(self.ledger.withdraw(entry))
            return
        self.ledger.sending(entry, payload.decode(), seq, now)
        log.info("subtask_issued", device_id=entry.device, task_id=entry.subtask, instruction=entry.instruction)
        await self._bytes(entry.device, payload)

    async def _bytes(self, device: str, payload: bytes) -> None:
        """A lost link is no loss: the same bytes go again."""
        try:
            await self._door.send_bytes(topics.SUBTASK, device, payload)
        except LinkError as error:
            log.warning("subtask_not_sent", device_id=device, reason=str(error))

    async def forever(self) -> None:
        while True:
            await self.tick()
            await self._clock.sleep(TICK)

    async def tick(self) -> None:
        """Everything that time alone brings about."""
        now = self._clock.now()
        for entry in self.ledger.silent(now, self._alive):
            log.warning("device_silent", device_id=entry.device, task_id=entry.subtask)
            await self._on_change(entry)
        for entry in self.ledger.overdue(now):
            await self._say_cancel(entry)
        for entry in self.ledger.resends(now):
            await (self._say_cancel(entry) if entry.cancelling else self._bytes(entry.device, (entry.payload or "").encode()))
        await self.pump()

    async def on_outcome(self, report: OutcomeReport) -> None:
        await self._ended(self.ledger.on_outcome(report.subtask, report.outcome, report.idempotent))

    async def on_state(self, state: State) -> None:
        """A report, or a state that speaks of subtasks in hand."""
        for status in state.subtasks:
            if (entry := self.ledger.entries.get(status.subtask)) is not None and entry.device == state.device:
                await self._ended(self.ledger.on_status(status, self._clock.now()))

    async def _ended(self, entry: Entry | None) -> None:
        if entry is not None:
            await self._on_change(entry)
            await self.pump()

    async def cancel(self, entries: Iterable[Entry]) -> None:
        """Withdraw what waits; ask the devices to give up what they have. Booked before the first `await`, so that nothing slips out in between."""
        now = self._clock.now()
        live = [e for e in entries if e.subtask in self.ledger.entries and not e.cancelling]
        withdrawn = [self.ledger.withdraw(e) for e in live if e.phase == "queued"]
        called_off = [self.ledger.cancelling(e, now) for e in live if e.open]
        for entry in called_off:
            await self._say_cancel(entry)
        for entry in withdrawn:
            await self._on_change(entry)

    async def _say_cancel(self, entry: Entry) -> None:
        body = Cancel(device=entry.device, subtask=entry.subtask)
        await self._door.send(topics.CANCEL, entry.device, body, instruction=entry.instruction, subtask=entry.subtask)
