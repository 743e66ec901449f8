"""One device's agent: what arrives is admitted, run once, and answered with exactly one outcome. Async shell around queue, journal and runner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from pydantic import JsonValue

from device_agent.approvals import Approvals
from device_agent.conditions import prove
from device_agent.driver import Driver
from device_agent.execution import Execution
from device_agent.journal import Entry, Journal, settle, stranded
from device_agent.mapper import Mapped, Mapper
from device_agent.queue import QueueState, Waiting, admit, not_in_force, reset
from device_agent.report import early_status, fit, outcome_report, status, trace
from device_agent.runner import Runner, Watch, being_cancelled
from device_agent.sight import look_at, why
from device_agent.stops import Stops
from device_agent.way import way_of, without_way
from device_agent.witness import Witness
from runtime.clock import Clock
from runtime.keys import Approver
from runtime.mcp import Access
from schemas import topics
from schemas.base import Frozen, Value
from schemas.envelope import Envelope
from schemas.errors import DeviceError
from schemas.messages import Cancel, EpochReset, Profile, State, Stop, Subtask, SubtaskStatus
from schemas.outcomes import Cancelled, Expired, Outcome, Proof, Refused, RunState, SubtaskState, Superseded

log = structlog.get_logger()

Publish = Callable[[topics.Topic, str, Frozen, str | None, str | None], Awaitable[None]]
"""(topic, device id, body, subtask id, instruction id); never raises on a lost link: whoever waits for it asks again."""

RETRYABLE = ("busy", "clock_unknown", "stale_epoch")
"""Refusals that end nothing: the coordinator keeps the work, so the journal does not keep them."""


class AgentOptions(Frozen):
    """`privacy`: at `closed` no trace leaves the device. `allow`: irreversible functions allowed by policy. `refresh`: s between looks.

    `experts`: what goes along to the experts' MCP servers. `approvers`: whose signed yes sets going what cannot be undone; nobody named: anybody's.
    """

    privacy: str = "closed"
    allow: tuple[str, ...] = ()
    refresh: float = 1.0
    experts: Access = Access()
    approvers: tuple[Approver, ...] = ()


@dataclass
class DeviceAgent:
    """`profile.device` is the device's id on `site`. Call the `on_*` methods with checked envelopes; run `stops.run()`, then after `start()` and
    `recover()` also `work()` and `look()`, as tasks.
    """

    site: str
    profile: Profile
    driver: Driver
    mapper: Mapper
    journal: Journal
    clock: Clock
    publish: Publish
    ghost: Callable[[str], None]
    """Counts what speaks of nothing that there is."""
    boot: str
    witness: Witness
    options: AgentOptions = field(default_factory=AgentOptions)

    def __post_init__(self) -> None:
        self.device = self.profile.device
        epoch, seq = self.journal.order()
        self.queue = QueueState(epoch=epoch, seq=seq)
        self._showing = False
        self.stops = Stops(self.device, self.driver, self.journal, self._after_stop)
        self._run: RunState | None = None
        self._mapped = False
        self._wake = asyncio.Event()
        self._recovered = asyncio.Event()
        self._cancelled_meanwhile: list[str] = []
        self._swept: list[Waiting] = []
        self._attributes: dict[str, Value] = {}
        self._problem = ""
        watch = Watch(self._on_run, self._on_mapped, lambda: self.stops.latched)
        approvals = Approvals(self.site, self.device, self.clock, self._now, self.options.approvers)
        runner = Runner(self.device, self.driver, self.mapper, self.journal, self.clock, watch, self.witness, approvals, self.options.allow)
        self._execution = Execution(runner, self.journal)

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
        elif self._in_hand(sid):
            await self.announce()
        elif early is not None:
            await self._end(Entry(work=waiting), early)
        elif known is None:
            await self._admit(waiting)
        elif self._recovered.is_set() and known.phase == "accepted":
            await self._take_again(known)
        else:
            await self.announce(asked=(sid,))

    async def _admit(self, new: Waiting) -> None:
        admission = admit(self._queue_now(), new, self.clock.now())
        if admission.outcome is not None:
            if isinstance(admission.outcome, Refused) and admission.outcome.reason == "stale_epoch":
                self.ghost("order of another epoch, or older than one that came")
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
        probe = self._queue_now().model_copy(update={"epoch": 0, "seq": -1})
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
        await self._cancel(body.subtask)

    async def _cancel(self, sid: str) -> None:
        entry = self.journal.get(sid)
        if entry is None:
            self.ghost("cancel of a subtask that has not come")
            self.journal.end_early(sid, Cancelled(text="Cancelled before it arrived."))
        elif entry.outcome is not None:
            await self._report(entry)
        elif self.queue.running is not None and self.queue.running.id == sid:
            self._execution.interrupt(Cancelled(text="Cancelled while it was running"))
        elif entry.phase != "accepted":
            await self._cancel_begun(entry)
        else:
            self._clear_slot(sid)
            await self._end(entry, Cancelled(text="Cancelled before it started."))

    async def _cancel_begun(self, entry: Entry) -> None:
        """Begun before a restart: how it stands is found out first."""
        if self._recovered.is_set():
            await self._end(entry, stranded(entry))
        elif entry.work.id not in self._cancelled_meanwhile:
            self._cancelled_meanwhile.append(entry.work.id)

    def _clear_slot(self, sid: str) -> None:
        if self.queue.slot is not None and self.queue.slot.id == sid:
            self.queue = self.queue.model_copy(update={"slot": None})

    def on_stop(self, envelope: Envelope) -> None:
        """Straight to the driver: no queue, no model, no epoch, no clock. The latch holds when this returns; `stops.run` does the rest."""
        body = envelope.body
        assert isinstance(body, Stop)
        self.stops.order(body.latched)
        if not body.latched:
            return
        self._execution.interrupt(Cancelled(text="Stopped"))
        if self.queue.slot is not None:
            self._swept.append(self.queue.slot)
            self.queue = self.queue.model_copy(update={"slot": None})

    async def _after_stop(self) -> None:
        while self._swept:
            await self._end(self._entry(self._swept[0]), Cancelled(text="Stopped before it started."))
            self._swept.pop(0)
        await self.announce()

    async def on_epoch_reset(self, envelope: Envelope) -> None:
        """Take the epoch over, and show which one holds."""
        body = envelope.body
        assert isinstance(body, EpochReset)
        after = reset(self.queue, body.epoch)
        if after is not self.queue:
            self.journal.set_order(after.epoch, after.seq)
            self.queue = after
            log.warning("epoch_reset", device_id=self.device, epoch=after.epoch)
        elif body.epoch < self.queue.epoch:
            self.ghost("reset to an epoch that is out of date")
        await self.announce()

    async def on_poll(self, envelope: Envelope, poll: str, subtasks: tuple[str, ...]) -> None:
        """Answer with a snapshot and the fate of each subtask named; take the coordinator's time from it, if its epoch is in force."""
        if not_in_force(self.queue, envelope.epoch):
            self.ghost("poll of another epoch")
        else:
            self.queue = self.queue.model_copy(update={"offset": envelope.sent_at - self.clock.now()})
            if self._recovered.is_set():
                await self._end_stranded()
        await self.announce(poll, subtasks)

    async def _end_stranded(self) -> None:
        """What a restart left open and nobody sent again in time."""
        for entry in self.journal.open_entries():
            if not self._in_hand(entry.work.id) and self._now() > entry.work.body.start_by:
                await self._end(entry, stranded(entry))

    # Work

    async def start(self) -> None:
        """Connect to the device. Raises DeviceError; a silent device is shown as a problem."""
        try:
            await self.driver.start()
        except Exception as error:
            await self._show(self._attributes, why(error))
            raise

    async def window(self, what: str) -> dict[str, JsonValue]:
        """Raw data for an expert, one request at a time. Raises DeviceError."""
        if self._showing:
            raise DeviceError("another window of this device is being taken")
        self._showing = True
        try:
            return await self.driver.window(what)
        finally:
            self._showing = False

    async def recover(self) -> None:
        """Settle what a crash left open by looking at the device; before it has returned, nothing begun is taken up or ended. May be tried again."""
        for entry in self.journal.open_entries():
            if entry.phase != "accepted":
                await self._settle(entry)
        self._recovered.set()
        while self._cancelled_meanwhile:
            await self._cancel(self._cancelled_meanwhile.pop(0))

    async def _settle(self, entry: Entry) -> None:
        settled = settle(entry, await self._seen(entry))
        if settled == "run_again":
            self.journal.put(entry.model_copy(update={"phase": "accepted", "intent": None}))
        else:
            await self._end(entry, settled)

    async def _seen(self, entry: Entry) -> tuple[Proof, ...] | None:
        if entry.intent is None:
            return None
        try:
            return prove(entry.intent.achieves, await look_at(self.driver))
        except DeviceError:
            return None

    async def work(self) -> None:
        """Take from the slot and run, one at a time, for ever."""
        while True:
            if self.queue.slot is None:
                await self._wake.wait()
            self._wake.clear()
            if self.queue.slot is not None:
                await self._run_slot(self.queue.slot)

    async def _run_slot(self, slot: Waiting) -> None:
        self.queue = self.queue.model_copy(update={"slot": None, "running": slot})
        try:
            entry = self._entry(slot)
            outcome = entry.outcome or await self._perform(entry)
        finally:
            self.queue = self.queue.model_copy(update={"running": None})
            self._run, self._mapped = None, False
        await self._end(self._entry(slot), outcome)
        if being_cancelled():  # the run knew its outcome when the agent was told to end
            raise asyncio.CancelledError
        await self.refresh()

    async def _perform(self, entry: Entry) -> Outcome:
        if self.stops.latched:
            return Cancelled(text="Stopped before it started.")
        if self._now() > entry.work.body.start_by:
            return Expired(text="It was too late to start.")
        return await self._execution.run(entry, entry.work.body.deadline - self._now())

    async def look(self) -> None:
        """Watch the device and publish what changes, for ever. A silent device is a problem that is told, not an end."""
        while True:
            await self.refresh()
            await self.clock.sleep(self.options.refresh)

    async def refresh(self) -> None:
        try:
            attributes, problem = await look_at(self.driver), ""
        except DeviceError as error:
            attributes, problem = self._attributes, why(error)
        await self._show(attributes, problem)

    async def _show(self, attributes: dict[str, Value], problem: str) -> None:
        if (attributes, problem) != (self._attributes, self._problem):
            self._attributes, self._problem = attributes, problem
            await self.announce()

    # Telling

    async def announce(self, poll: str | None = None, asked: tuple[str, ...] = ()) -> None:
        """The device's state, retained. Subtasks: those asked for, else the ones in hand. Never raises: no work fails because it cannot be shown."""
        try:
            await self.publish(topics.STATE, self.device, self._state(poll, asked), None, None)
        except Exception as error:
            log.error("state_not_told", device_id=self.device, error=f"{type(error).__name__}: {error}")

    def _state(self, poll: str | None, asked: tuple[str, ...]) -> State:
        in_hand = tuple(w.id for w in (self.queue.running, self.queue.slot) if w is not None)
        problem = " ".join(filter(None, (self.stops.problem, self._problem)))
        return State(
            device=self.device,
            boot=self.boot,
            attributes=without_way(self._attributes),
            way=way_of(self._attributes),
            busy=self.queue.running is not None,
            stopped=self.stops.latched and not self.stops.problem,
            normal=not problem,
            problem=problem[:1000],
            stop_problem=self.stops.problem,
            subtasks=tuple(self._status(sid) for sid in asked or in_hand),
            poll=poll,
            catalogue=self.driver.catalogue.digest(),
            epoch=self.queue.epoch,
        )

    def _status(self, sid: str) -> SubtaskStatus:
        entry = self.journal.get(sid)
        if entry is None:
            return early_status(sid, self.journal.early_end(sid))
        state: SubtaskState = "accepted"
        if self.queue.running is not None and self.queue.running.id == sid:
            state = "running" if self._run else "mapped" if self._mapped else "accepted"
        elif not self._in_hand(sid) and self._recovered.is_set() and not entry.begun:
            state = "never_seen"
        return status(entry, state, self._run)

    def _in_hand(self, sid: str) -> bool:
        return any(w is not None and w.id == sid for w in (self.queue.running, self.queue.slot))

    def _queue_now(self) -> QueueState:
        return self.queue.model_copy(update={"stopped": self.stops.latched})

    def _now(self) -> float:
        """The coordinator's time, s; our own while that is unknown."""
        return self.clock.now() + (self.queue.offset or 0.0)

    def _entry(self, waiting: Waiting) -> Entry:
        return self.journal.get(waiting.id) or Entry(work=waiting)

    async def _answer(self, entry: Entry, outcome: Outcome) -> None:
        """End it, unless the refusal only means: not now."""
        if isinstance(outcome, Refused) and outcome.reason in RETRYABLE:
            await self._report(entry.model_copy(update={"outcome": outcome, "ended_at": self.clock.now()}))
        else:
            await self._end(entry, outcome)

    async def _end(self, entry: Entry, outcome: Outcome) -> None:
        """Once: what has an outcome keeps it, and is only reported again."""
        kept = self._entry(entry.work)
        if kept.outcome is None:
            kept = self.journal.put(kept.model_copy(update={"phase": "ended", "outcome": fit(outcome), "ended_at": self.clock.now()}))
            log.info("subtask_ended", device_id=self.device, task_id=entry.work.id, end=outcome.end)
        await self._report(kept)
        await self.announce()

    async def _report(self, entry: Entry) -> None:
        report = outcome_report(self.device, entry, self.queue.offset or 0.0, self.clock.now())
        await self.publish(topics.OUTCOME, self.device, report, entry.work.id, entry.work.instruction)

    async def _on_run(self, entry: Entry, run: RunState) -> None:
        self._run = run
        await self.announce()

    async def _on_mapped(self, entry: Entry, mapped: Mapped, program: str) -> None:
        self._mapped = True
        if self.options.privacy != "closed":
            body = trace(self.device, entry, mapped, program, self._run)
            await self.publish(topics.TRACE, self.device, body, entry.work.id, entry.work.instruction)
