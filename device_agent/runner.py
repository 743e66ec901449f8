"""One subtask through the five states: the shell that does what the table in `device_agent.machine` says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from device_agent.conditions import bind, holds, words
from device_agent.driver import Driver
from device_agent.guard import check_arguments, check_safety
from device_agent.journal import Entry, Intent, Journal
from device_agent.machine import Effect, Event, step
from device_agent.mapper import Mapped, Mapper, reply_to
from device_agent.prepare import prepare
from device_agent.program import program
from device_agent.verify import judge, post_conditions
from runtime.clock import Clock
from schemas.base import Value
from schemas.errors import DeviceError
from schemas.observations import Observation
from schemas.outcomes import Failed, Outcome, RunState
from schemas.skills import Call, Function

log = structlog.get_logger()


@dataclass
class Session:
    """What one run knows."""

    entry: Entry
    calls: tuple[Call, ...]
    run: RunState = "start"
    observations: tuple[Observation, ...] = ()
    failure: Failed | None = None
    outcome: Outcome | None = None
    intents: int = 0


@dataclass(frozen=True)
class Watch:
    """Whom to tell: every change of run state, and the mapped call for the trace."""

    run: Callable[[Entry, RunState], Awaitable[None]]
    mapped: Callable[[Entry, Mapped, str], Awaitable[None]]


@dataclass
class Runner:
    """`allow` names the irreversible functions that the site's policy allows."""

    device: str
    driver: Driver
    mapper: Mapper
    journal: Journal
    clock: Clock
    watch: Watch
    allow: tuple[str, ...] = ()
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
        """The one outcome of this entry. Cancellation stops the device first, then propagates."""
        body = entry.work.body
        mapped = await self.mapper.map(body.text, self.driver.catalogue, body.context)
        ready = await self._ready(entry, mapped)
        if not isinstance(ready, Session):
            await self.watch.mapped(entry, mapped, "")
            return ready
        await self.watch.mapped(ready.entry, mapped, program(self.driver.catalogue, ready.calls))
        return await self._drive(ready)

    async def _ready(self, entry: Entry, mapped: Mapped) -> Session | Outcome:
        """Everything that must be right before the device is touched."""
        answer = reply_to(mapped)
        call = mapped.call
        if answer is not None or call is None:
            return answer or Failed(text="No call was made of this.")
        function = self.driver.catalogue.function(call.function)
        if function is None:
            return Failed(text="The matched function does not exist.")
        refused = check_arguments(function, call.arguments) or check_safety(self.device, function, call, self.allow, entry.work.body.approval)
        if refused is not None:
            return refused
        try:
            chain = prepare(self.driver.catalogue, call, await self.driver.state())
        except DeviceError as error:
            return Failed(text=str(error))
        if isinstance(chain, Failed):
            return chain
        marked = entry.model_copy(update={"safety": function.safety, "idempotent": function.idempotent, "started_at": self.clock.now()})
        return Session(self.journal.put(marked), chain)

    async def _drive(self, session: Session) -> Outcome:
        event: Event = "begin"
        try:
            while session.run != "end":
                event = await self._advance(session, event)
        except asyncio.CancelledError:
            await asyncio.shield(self._abort(session))
            raise
        assert session.outcome is not None
        return session.outcome

    async def _advance(self, session: Session, event: Event) -> Event:
        session.run, effects = step(session.run, event)
        await self.watch.run(session.entry, session.run)
        for effect in effects:
            event = await self._effects[effect](session) or event
        return event

    async def _abort(self, session: Session) -> None:
        if session.run in ("start", "end"):
            return
        session.run, effects = step(session.run, "cancel")
        for effect in effects:
            await self._effects[effect](session)

    # Effects, each returning the event it causes.

    async def _initialise(self, session: Session) -> Event | None:
        try:
            if self.driver.catalogue.initialise:
                await self._do(session, Call(function=self.driver.catalogue.initialise), main=False)
            for call in session.calls[:-1]:
                await self._do(session, call, main=False)
            missing = await self._still_missing(session)
        except DeviceError as error:
            session.failure = Failed(text=str(error), uncertain=error.uncertain)
            return "prepare_failed"
        session.failure = missing
        return "prepare_failed" if missing else "prepared"

    async def _still_missing(self, session: Session) -> Failed | None:
        """After preparing, look: a device that says it moved may not have."""
        call = session.calls[-1]
        function = self._function(call)
        if not function.requires:
            return None
        state = await self.driver.state()
        for condition in function.requires:
            bound = bind(condition, function, call.arguments)
            if bound is not None and not holds(bound, state):
                seen = state.get(bound.attribute, "not known")
                return Failed(text=f"It needs {words(bound)}, but after preparing it is {seen}.")
        return None

    async def _call(self, session: Session) -> Event | None:
        try:
            await self._do(session, session.calls[-1], main=True)
        except DeviceError as error:
            session.failure = Failed(text=str(error), uncertain=error.uncertain)
            return "call_failed"
        return "returned"

    async def _do(self, session: Session, call: Call, *, main: bool) -> None:
        """Intent before, result after: both durable."""
        function = self._function(call)
        before = await self.driver.state()
        session.entry = self.journal.put(
            session.entry.model_copy(update={"phase": "intent", "intent": self._intent(function, call, main=main, before=before)})
        )
        session.intents += 1
        result = await self.driver.call(call, key=f"{session.entry.work.id}/{session.intents}")
        session.entry = self.journal.put(session.entry.model_copy(update={"phase": "result", "result": result.raw}))
        if main:
            session.observations = tuple(o.model_copy(update={"device": self.device}) for o in result.observations)

    def _intent(self, function: Function, call: Call, *, main: bool, before: dict[str, Value]) -> Intent:
        return Intent(
            call=call, main=main, before=before, achieves=post_conditions(function, call), safety=function.safety, idempotent=function.idempotent
        )  # fmt: skip

    def _function(self, call: Call) -> Function:
        function = self.driver.catalogue.function(call.function)
        if function is None:
            raise DeviceError("the device's catalogue names a function that it does not have")
        return function

    async def _verify(self, session: Session) -> Event | None:
        try:
            state = await self.driver.state()
        except DeviceError:
            state = None
        session.outcome = judge(self.driver.catalogue, session.calls, state, session.observations)
        return None

    async def _release(self, session: Session) -> Event | None:
        release = self.driver.catalogue.release
        if release:
            try:
                await self.driver.call(Call(function=release), key=f"{session.entry.work.id}/release")
            except DeviceError as error:
                log.warning("release_failed", device_id=self.device, task_id=session.entry.work.id, error=str(error))
        return "released"

    async def _stop_device(self, session: Session) -> Event | None:
        await self.driver.stop()
        return None

    async def _keep_failure(self, session: Session) -> Event | None:
        session.outcome = session.failure
        return None

    async def _finish(self, session: Session) -> Event | None:
        return None
