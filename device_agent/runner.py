"""One subtask through the five states: the shell that does what the table in `device_agent.machine` says."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import JsonValue

from device_agent.approvals import Approvals
from device_agent.conditions import bind, found, holds, needed
from device_agent.driver import Driver
from device_agent.guard import call_digest
from device_agent.journal import Entry, Intent, Journal
from device_agent.machine import Effect, Event, step
from device_agent.mapper import Hint, Mapped, Mapper, permitted
from device_agent.prepare import prepare
from device_agent.program import program
from device_agent.sight import look_at, why
from device_agent.stops import halt
from device_agent.verify import judge, post_conditions
from device_agent.witness import Witness
from runtime.clock import Clock
from schemas.approval import Rejection
from schemas.base import Value
from schemas.errors import DeviceError
from schemas.messages import Subtask
from schemas.observations import Observation
from schemas.outcomes import Done, Failed, NeedsAnswer, Outcome, RunState
from schemas.skills import Call, Catalogue, Function

log = structlog.get_logger()

RELEASE_LIMIT = 5.0
"""Seconds that releasing a device may take."""
OUR_FAULT = "Something inside me went wrong; this order was given up."


@dataclass
class Session:
    """What one run knows."""

    entry: Entry
    calls: tuple[Call, ...]
    catalogue: Catalogue
    """As it was when the call was found: a driver's may change meanwhile."""
    run: RunState = "start"
    observations: tuple[Observation, ...] = ()
    failure: Failed | None = None
    outcome: Outcome | None = None
    released: bool = False


@dataclass(frozen=True)
class Watch:
    """Whom to tell: every change of run state, and the mapped call for the trace. Whom to ask: is the device stopped?"""

    run: Callable[[Entry, RunState], Awaitable[None]]
    mapped: Callable[[Entry, Mapped, str], Awaitable[None]]
    stopped: Callable[[], bool]


@dataclass
class Runner:
    """`allow` names the irreversible functions that the site's policy allows."""

    device: str
    driver: Driver
    mapper: Mapper
    journal: Journal
    clock: Clock
    watch: Watch
    witness: Witness
    approvals: Approvals
    allow: tuple[str, ...] = ()
    aftermath: str = field(init=False, default="")
    """Whether the device was stopped in the last run: "the device was stopped", "the device could not be stopped (why)", or "" when nobody tried."""
    _effects: dict[Effect, Callable[[Session], Awaitable[Event | None]]] = field(init=False)

    def __post_init__(self) -> None:
        self._effects = {
            "initialise": self._initialise,
            "call": self._call,
            "verify": self._verify,
            "release": self._release,
            "stop_device": self._stop_device,
            "keep_failure": self._keep_failure,
            "finish": self._finish,
        }

    async def run(self, entry: Entry) -> Outcome:
        """The one outcome of this entry. Cancellation stops the device first, then propagates, unless the outcome was known already."""
        self.aftermath = ""
        body = entry.work.body
        mapped = await self.mapper.map(body.text, self.driver.catalogue, body.context, Hint(purpose=body.purpose, seeks=body.seeks))
        ready = await self._ready(entry, mapped)
        if not isinstance(ready, Session):
            await self.watch.mapped(entry, mapped, "")
            return ready
        await self.watch.mapped(ready.entry, mapped, program(self.driver.catalogue, ready.calls))
        return await self._drive(ready)

    async def _ready(self, entry: Entry, mapped: Mapped) -> Session | Outcome:
        """Everything that must be right before the device is touched."""
        may = self._permitted(mapped, entry.work.body)
        if not isinstance(may, tuple):
            return may
        call, function = may
        try:
            chain = prepare(self.driver.catalogue, call, await look_at(self.driver))
        except DeviceError as error:
            return Failed(text=why(error))
        if isinstance(chain, Failed):
            return chain
        marked = entry.model_copy(update={"safety": function.safety, "idempotent": function.idempotent, "started_at": self.clock.now()})
        return Session(self.journal.put(marked), chain, self.driver.catalogue)

    def _permitted(self, mapped: Mapped, order: Subtask) -> tuple[Call, Function] | Outcome:
        """What cannot be undone takes a yes that this device has asked for and nobody has used; else it asks (again)."""
        reason: Rejection | None = None
        may = permitted(mapped, self.device, self.driver.catalogue, self.allow, order.approval)
        if isinstance(may, tuple) and may[1].safety == "irreversible" and may[1].name not in self.allow:
            reason = self.approvals.take(order.approval or "", order.signature)
            if reason is not None:
                may = permitted(mapped, self.device, self.driver.catalogue, self.allow)
        return self.approvals.ask(may, order, reason) if isinstance(may, NeedsAnswer) and may.approval else may

    async def _drive(self, session: Session) -> Outcome:
        event: Event = "begin"
        try:
            while session.run != "end":
                event = await self._advance(session, event)
        except asyncio.CancelledError:
            await _to_its_end(self._abort(session))
            if session.outcome is None:
                raise
        except Exception as error:
            session.failure = self._failure(session, error)
            await _to_its_end(self._abort(session))
            if session.outcome is None:
                await self._keep_failure(session)
        assert session.outcome is not None
        return session.outcome

    async def _advance(self, session: Session, event: Event) -> Event:
        session.run, effects = step(session.run, event)
        await self.watch.run(session.entry, session.run)
        for effect in effects:
            event = await self._effects[effect](session) or event
        return event

    async def _abort(self, session: Session) -> None:
        """The way out from wherever the run was cut short. Where the outcome is known only the release is missing."""
        if session.run in ("start", "end"):
            return
        effects: tuple[Effect, ...] = ("release",)
        if session.outcome is None:
            session.run, effects = step(session.run, "cancel")
        for effect in effects:
            await self._effects[effect](session)

    def _failure(self, session: Session, error: Exception) -> Failed:
        """Uncertain when a call that changes something was under way, unless the device says that it was not carried out."""
        uncertain = session.entry.in_flight and getattr(error, "uncertain", True)
        if isinstance(error, DeviceError):
            return Failed(text=why(error), uncertain=uncertain)
        log.error("subtask_crashed", device_id=self.device, task_id=session.entry.work.id, error=f"{type(error).__name__}: {error}")
        return Failed(text=OUR_FAULT, uncertain=uncertain)

    # Effects, each returning the event it causes.

    async def _initialise(self, session: Session) -> Event | None:
        try:
            if self.driver.catalogue.initialise:
                await self._do(session, Call(function=self.driver.catalogue.initialise), main=False)
            for call in session.calls[:-1]:
                await self._do(session, call, main=False)
            missing = await self._still_missing(session)
        except Exception as error:
            session.failure = self._failure(session, error)
            return "unsure" if session.failure.uncertain else "prepare_failed"
        session.failure = missing
        return "prepare_failed" if missing else "prepared"

    async def _still_missing(self, session: Session) -> Failed | None:
        """After preparing, look: a device that says it moved may not have."""
        call = session.calls[-1]
        function = _function(session, call)
        if not function.requires:
            return None
        state = await look_at(self.driver)
        for condition in function.requires:
            bound = bind(condition, function, call.arguments)
            if bound is not None and not holds(bound, state):
                return Failed(text=f"For that {needed(bound)}, but after preparing {found(bound, state)}.")
        return None

    async def _call(self, session: Session) -> Event | None:
        try:
            await self._do(session, session.calls[-1], main=True)
        except Exception as error:
            session.failure = self._failure(session, error)
            return "unsure" if session.failure.uncertain else "call_failed"
        return "returned"

    async def _do(self, session: Session, call: Call, *, main: bool) -> None:
        """Intent before, result after: both durable. Equal calls of one subtask have one key, so that a device may recognise a repetition."""
        function = _function(session, call)
        before = await look_at(self.driver)
        if self.watch.stopped() or being_cancelled():  # a driver may have swallowed the cancellation
            raise asyncio.CancelledError
        intent = self._intent(function, call, main=main, before=before)
        session.entry = self.journal.put(session.entry.model_copy(update={"phase": "intent", "intent": intent}))
        result = await self.driver.call(call, key=f"{session.entry.work.id}/{call_digest(self.device, call)[:12]}")
        session.entry = self.journal.put(session.entry.model_copy(update={"phase": "result", "result": _storable(result.raw)}))
        if main:
            session.observations = tuple(o.model_copy(update={"device": self.device}) for o in result.observations)

    def _intent(self, function: Function, call: Call, *, main: bool, before: dict[str, Value]) -> Intent:
        return Intent(
            call=call, main=main, before=before, achieves=post_conditions(function, call), safety=function.safety, idempotent=function.idempotent
        )  # fmt: skip

    async def _verify(self, session: Session) -> Event | None:
        try:
            state = await look_at(self.driver)
        except DeviceError:
            state = None
        outcome = judge(session.catalogue, session.calls, state, session.observations)
        if isinstance(outcome, Done):
            outcome = await self.witness.confirm(self.device, _function(session, session.calls[-1]), outcome)
        session.outcome = outcome
        return None

    async def _release(self, session: Session) -> Event | None:
        release = self.driver.catalogue.release
        if release and not session.released:
            await self._let_go(session, Call(function=release))
        session.released = True
        return "released"

    async def _let_go(self, session: Session, call: Call) -> None:
        task = session.entry.work.id
        if self.watch.stopped():
            log.warning("release_left_out", device_id=self.device, task_id=task, reason="the device is stopped")
            return
        try:
            async with asyncio.timeout(RELEASE_LIMIT):
                await self.driver.call(call, key=f"{task}/release")
        except Exception as error:
            log.warning("release_failed", device_id=self.device, task_id=task, error=why(error))

    async def _stop_device(self, session: Session) -> Event | None:
        problem = await halt(self.driver)
        self.aftermath = f"the device could not be stopped ({problem})" if problem else "the device was stopped"
        if problem:
            log.error("stop_failed", device_id=self.device, task_id=session.entry.work.id, error=problem)
        return None

    async def _keep_failure(self, session: Session) -> Event | None:
        failure = session.failure or Failed(text=OUR_FAULT)
        session.outcome = failure.model_copy(update={"text": "; ".join(filter(None, (failure.text.rstrip("."), self.aftermath))) + "."})
        return None

    async def _finish(self, session: Session) -> Event | None:
        return None


def being_cancelled() -> bool:
    """Whether somebody has asked the current task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` in a task of its own that no cancellation of ours can cut short; it must be bounded in time."""
    task = asyncio.get_running_loop().create_task(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task])


def _storable(raw: JsonValue) -> JsonValue:
    """A maker's reply, or None where it holds what is no JSON."""
    try:
        json.dumps(raw, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return raw


def _function(session: Session, call: Call) -> Function:
    function = session.catalogue.function(call.function)
    if function is None:
        raise DeviceError("the device's catalogue names a function that it does not have")
    return function
