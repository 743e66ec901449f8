"""One device's agent: what arrives is admitted, run once, and answered with exactly one outcome. Async shell around queue, journal and runner."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from device_agent.conditions import prove
from device_agent.driver import Driver
from device_agent.journal import Entry, Journal, settle
from device_agent.mapper import Mapped, Mapper
from device_agent.queue import QueueState, Waiting, admit
from device_agent.runner import Runner, Watch
from runtime.clock import Clock
from schemas import topics
from schemas.base import Frozen, Value
from schemas.envelope import Envelope
from schemas.errors import DeviceError
from schemas.messages import Cancel, OutcomeReport, Profile, State, Stop, Subtask, SubtaskStatus, Trace
from schemas.outcomes import Cancelled, Expired, Failed, Outcome, Proof, Refused, RunState, SubtaskState, Superseded

log = structlog.get_logger()

Publish = Callable[[topics.Topic, str, Frozen, str | None, str | None], Awaitable[None]]
"""(topic, device id, body, subtask id, instruction id); never raises on a lost link: whoever waits for it asks again."""

RETRYABLE = ("busy", "clock_unknown", "stale_epoch")
"""Refusals that end nothing: the coordinator keeps the work, so the journal does not keep them."""


class AgentOptions(Frozen):
    """`privacy`: at `closed` no trace leaves the device. `allow`: irreversible functions allowed by policy. `refresh`: s between looks."""

    privacy: str = "closed"
    allow: tuple[str, ...] = ()
    refresh: float = 1.0


@dataclass
class DeviceAgent:
    """`profile.device` is the device's id. Call the `on_*` methods with checked envelopes; run `work()` and `look()` as tasks."""

    profile: Profile
    driver: Driver
    mapper: Mapper
    journal: Journal
    clock: Clock
    publish: Publish
    boot: str
    options: AgentOptions = field(default_factory=AgentOptions)

    def __post_init__(self) -> None:
        self.device = self.profile.device
        epoch, seq = self.journal.order()
        self.queue = QueueState(epoch=epoch, seq=seq, stopped=self.journal.stopped())
        self._run: RunState | None = None
        self._mapped = False
        self._task: asyncio.Task[Outcome] | None = None
        self._ending: Outcome | None = None
        self._wake = asyncio.Event()
        self._attributes: dict[str, Value] = {}
        self._problem = ""
        watch = Watch(self._on_run, self._on_mapped)
        self._runner = Runner(self.device, self.driver, self.mapper, self.journal, self.clock, watch, self.options.allow)

    # Messages

    async def on_subtask(self, envelope: Envelope) -> None:
        """Admit, refuse, or answer again what was answered before."""
        body, sid = envelope.body, envelope.subtask
        assert isinstance(body, Subtask) and sid is not None
        known = self.journal.get(sid)
        early = self.journal.early_end(sid)
        waiting = Waiting(id=sid, epoch=envelope.epoch, seq=envelope.seq, instruction=envelope.instruction, body=body)
        if known is not None and known.outcome is not None:
            await self._report(known)
        elif any(w is not None and w.id == sid for w in (self.queue.running, self.queue.slot)):
            await self.announce()
        elif early is not None:
            await self._end(Entry(work=waiting), early)
        elif known is not None:
            await self._take_again(known)
        else:
            await self._admit(waiting)

    async def _admit(self, new: Waiting) -> None:
        admission = admit(self.queue, new, self.clock.now())
        if admission.outcome is not None:
            await self._answer(Entry(work=new), admission.outcome)
            return
        replaced = self.queue.slot
        self.journal.put(Entry(work=new))
        self.journal.set_order(new.epoch, new.seq)
        self.queue = self.queue.model_copy(update={"slot": new, "epoch": new.epoch, "seq": new.seq})
        if replaced is not None:
            await self._end(self._entry(replaced), Superseded(by=new.id, text="A newer order replaced this one before it started."))
        self._wake.set()
        await self.announce()

    async def _take_again(self, entry: Entry) -> None:
        """Accepted before a restart and never begun, or idempotent: the coordinator sent it again, so it may run."""
        probe = self.queue.model_copy(update={"epoch": 0, "seq": -1})
        admission = admit(probe, entry.work, self.clock.now())
        if admission.outcome is not None:
            await self._answer(entry, admission.outcome)
            return
        self.queue = self.queue.model_copy(update={"slot": entry.work})
        self._wake.set()
        await self.announce()

    async def on_cancel(self, envelope: Envelope) -> None:
        body = envelope.body
        assert isinstance(body, Cancel)
        entry = self.journal.get(body.subtask)
        if entry is None:
            self.journal.end_early(body.subtask, Cancelled(text="Cancelled before it arrived."))
        elif entry.outcome is not None:
            await self._report(entry)
        elif self.queue.running is not None and self.queue.running.id == body.subtask:
            self._interrupt(Cancelled(text="Cancelled while it was running; the device was stopped."))
        else:
            self.queue = self.queue.model_copy(update={"slot": None})
            await self._end(entry, Cancelled(text="Cancelled before it started."))

    async def on_stop(self, envelope: Envelope) -> None:
        """Straight to the driver: no queue, no model, no epoch, no clock."""
        body = envelope.body
        assert isinstance(body, Stop)
        self.journal.set_stopped(body.latched)
        waiting = self.queue.slot
        if not body.latched:
            self.queue = self.queue.model_copy(update={"stopped": False})
            await self.announce()
            return
        self.queue = self.queue.model_copy(update={"stopped": True, "slot": None})
        with contextlib.suppress(DeviceError):
            await self.driver.stop()
        self._interrupt(Cancelled(text="Stopped."))
        if waiting is not None:
            await self._end(self._entry(waiting), Cancelled(text="Stopped before it started."))
        await self.announce()

    async def on_poll(self, sent_at: float, poll: str, subtasks: tuple[str, ...]) -> None:
        """Answer with a snapshot and the fate of each subtask named; take the coordinator's time from it."""
        self.queue = self.queue.model_copy(update={"offset": sent_at - self.clock.now()})
        await self.announce(poll, subtasks)

    def _interrupt(self, ending: Outcome) -> None:
        if self._task is not None and not self._task.done():
            self._ending = ending
            self._task.cancel()

    # Work

    async def recover(self) -> None:
        """Settle what a crash left open by looking at the device; runs once, before anything new is taken."""
        for entry in self.journal.open_entries():
            settled = settle(entry, await self._look_at(entry))
            if settled == "run_again":
                self.journal.put(entry.model_copy(update={"phase": "accepted", "intent": None}))
            else:
                await self._end(entry, settled)

    async def _look_at(self, entry: Entry) -> tuple[Proof, ...] | None:
        if entry.intent is None:
            return None
        try:
            return prove(entry.intent.achieves, await self.driver.state())
        except DeviceError:
            return None

    async def work(self) -> None:
        """Take from the slot and run, one at a time, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            slot = self.queue.slot
            if slot is None or self.queue.running is not None:
                continue
            self.queue = self.queue.model_copy(update={"slot": None, "running": slot})
            entry = self._entry(slot)
            try:
                outcome = await self._perform(entry)
            finally:
                self.queue = self.queue.model_copy(update={"running": None})
                self._run, self._task, self._mapped = None, None, False
            await self._end(self._entry(slot), outcome)
            await self.refresh()
            if self.queue.slot is not None:
                self._wake.set()

    async def _perform(self, entry: Entry) -> Outcome:
        deadline = entry.work.body.deadline - (self.clock.now() + (self.queue.offset or 0.0))
        if self.clock.now() + (self.queue.offset or 0.0) > entry.work.body.start_by:
            return Expired(text="It was too late to start.")
        self._ending = None
        self._task = asyncio.get_running_loop().create_task(self._runner.run(entry), name=f"subtask.{self.device}")
        try:
            async with asyncio.timeout(max(0.0, deadline)):
                return await self._task
        except TimeoutError:
            return Failed(text="It took longer than allowed; the device was stopped.")
        except asyncio.CancelledError:
            if self._ending is None:
                raise
            return self._ending
        except DeviceError as error:
            return Failed(text=str(error), uncertain=error.uncertain)
        except Exception as error:  # one bad device must not take the agent down
            log.error("subtask_crashed", device_id=self.device, task_id=entry.work.id, error=f"{type(error).__name__}: {error}")
            return Failed(text="Something inside me went wrong; this order was given up.", uncertain=True)

    async def look(self) -> None:
        """Watch the device and publish what changes, for ever. A silent device is a problem that is told, not an end."""
        while True:
            await self.refresh()
            await self.clock.sleep(self.options.refresh)

    async def refresh(self) -> None:
        try:
            attributes, problem = await self.driver.state(), ""
        except DeviceError as error:
            attributes, problem = self._attributes, str(error)
        if (attributes, problem) != (self._attributes, self._problem):
            self._attributes, self._problem = attributes, problem
            await self.announce()

    # Telling

    async def announce(self, poll: str | None = None, asked: tuple[str, ...] = ()) -> None:
        """The device's state, retained. Subtasks: those asked for, else the ones in hand."""
        in_hand = tuple(w.id for w in (self.queue.running, self.queue.slot) if w is not None)
        state = State(
            device=self.device,
            boot=self.boot,
            attributes=self._attributes,
            busy=self.queue.running is not None,
            stopped=self.queue.stopped,
            normal=not self._problem,
            problem=self._problem[:500],
            subtasks=tuple(self._status(sid) for sid in asked or in_hand),
            poll=poll,
            catalogue=self.driver.catalogue.digest(),
        )
        await self.publish(topics.STATE, self.device, state, None, None)

    def _status(self, sid: str) -> SubtaskStatus:
        entry = self.journal.get(sid)
        early = self.journal.early_end(sid)
        if entry is None:
            return SubtaskStatus(subtask=sid, state="ended" if early else "never_seen", outcome=early)
        if entry.outcome is not None:
            state: SubtaskState = "ended"
        elif self.queue.running is not None and self.queue.running.id == sid:
            state = "running" if self._run else "mapped" if self._mapped else "accepted"
        else:
            state = "accepted" if self.queue.slot is not None and self.queue.slot.id == sid else "never_seen"
        return SubtaskStatus(
            subtask=sid, state=state, run=self._run if state == "running" else None, outcome=entry.outcome, safety=entry.safety,
            idempotent=entry.idempotent,
        )  # fmt: skip

    def _entry(self, waiting: Waiting) -> Entry:
        return self.journal.get(waiting.id) or Entry(work=waiting)

    async def _answer(self, entry: Entry, outcome: Outcome) -> None:
        """End it, unless the refusal only means: not now."""
        if isinstance(outcome, Refused) and outcome.reason in RETRYABLE:
            await self._report(entry.model_copy(update={"outcome": outcome, "ended_at": self.clock.now()}))
        else:
            await self._end(entry, outcome)

    async def _end(self, entry: Entry, outcome: Outcome) -> None:
        ended = entry.model_copy(update={"phase": "ended", "outcome": outcome, "ended_at": self.clock.now()})
        self.journal.put(ended)
        log.info("subtask_ended", device_id=self.device, task_id=entry.work.id, end=outcome.end)
        await self._report(ended)
        await self.announce()

    async def _report(self, entry: Entry) -> None:
        assert entry.outcome is not None
        offset = self.queue.offset or 0.0
        report = OutcomeReport(
            device=self.device,
            subtask=entry.work.id,
            outcome=entry.outcome,
            started_at=None if entry.started_at is None else entry.started_at + offset,
            ended_at=(entry.ended_at or self.clock.now()) + offset,
            safety=entry.safety,
            idempotent=entry.idempotent,
        )
        await self.publish(topics.OUTCOME, self.device, report, entry.work.id, entry.work.instruction)

    async def _on_run(self, entry: Entry, run: RunState) -> None:
        self._run = run
        await self.announce()

    async def _on_mapped(self, entry: Entry, mapped: Mapped, program: str) -> None:
        self._mapped = True
        if self.options.privacy == "closed":
            return
        call = mapped.call
        hidden = {k: ("***" if "password" in k.lower() else v) for k, v in (call.arguments if call else {}).items()}
        trace = Trace(
            device=self.device,
            subtask=entry.work.id,
            sentence=entry.work.body.text,
            candidates=mapped.candidates,
            function=call.function if call else None,
            arguments=hidden,
            confidence=mapped.confidence,
            program=program,
            run=self._run,
        )
        await self.publish(topics.TRACE, self.device, trace, entry.work.id, entry.work.instruction)
