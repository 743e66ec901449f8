"""A tiny robot with two functions, and one agent around it on an in-memory bus."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import JsonValue

from device_agent.agent import AgentOptions
from device_agent.driver import CallResult
from device_agent.journal import Journal
from device_agent.mapper import ScriptedMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.bus import Message
from runtime.clock import LoopClock
from runtime.memory_bus import MemoryBroker
from runtime.store import MemoryStore
from schemas import topics
from schemas.base import Condition, Frozen, Value
from schemas.envelope import Envelope, open_message, seal_message
from schemas.errors import DeviceError
from schemas.messages import Cancel, OutcomeReport, Poll, Profile, State, Stop, Subtask
from schemas.observations import Observation
from schemas.skills import Call, Catalogue, Function, Returns

SHELF = {"type": "object", "properties": {"shelf": {"type": "integer", "minimum": 1, "maximum": 8}}, "required": ["shelf"]}
AT = Condition(attribute="at", value="shelf-{shelf}")
CATALOGUE = Catalogue(
    kind="robot",
    functions=(
        Function(name="go", description="Moves to a shelf.", parameters=SHELF, achieves=(AT,)),
        Function(name="count", parameters=SHELF, safety="read", requires=(AT,), returns=(Returns(property="free_slots", subject="shelf-{shelf}"),)),
        Function(name="wipe", safety="irreversible"),
        Function(name="beep"),
    ),
)


@dataclass
class FakeRobot:
    """`effects` is the judge; `pause` makes a call take time; `lies` reports success without moving; `dead`: nothing reaches it."""

    pause: float = 0.0
    lies: bool = False
    silent: bool = False
    dead: bool = False
    at: str = "dock-1"
    stops: int = 0
    effects: list[tuple[str, str]] = field(default_factory=list)
    catalogue: Catalogue = CATALOGUE

    async def start(self) -> None:
        await self.state()

    async def state(self) -> dict[str, Value]:
        if self.silent or self.dead:
            raise DeviceError("the robot does not answer")
        return {"at": self.at, "battery": 80}

    async def call(self, call: Call, *, key: str) -> CallResult:
        if self.dead:
            raise DeviceError("the robot does not answer")
        self.effects.append((key, call.function))
        await asyncio.sleep(self.pause)
        if call.function == "go" and not self.lies:
            self.at = f"shelf-{call.arguments['shelf']}"
        if call.function == "count":
            return CallResult(3, (Observation(subject=f"shelf-{call.arguments['shelf']}", property="free_slots", value=3),))
        return CallResult({"ok": True})

    async def stop(self) -> None:
        self.stops += not self.dead

    async def window(self, what: str) -> dict[str, JsonValue]:
        if what != "csi":
            raise DeviceError("this device has no such data; it has csi")
        await asyncio.sleep(self.pause)
        return {"kind": "csi", "arrays": {}}

    async def close(self) -> None:
        return None


SCRIPT = {
    "Go to shelf 4.": Call(function="go", arguments={"shelf": 4}),
    "Go to shelf 5.": Call(function="go", arguments={"shelf": 5}),
    "Go to shelf 99.": Call(function="go", arguments={"shelf": 99}),
    "Count shelf 4.": Call(function="count", arguments={"shelf": 4}),
    "Wipe.": Call(function="wipe"),
    "Beep.": Call(function="beep"),
}


class Bench:
    """The agent, and a coordinator's end of the bus: `send` a sentence, await its `outcome`."""

    def __init__(self, robot: FakeRobot, *, privacy: str = "closed") -> None:
        self.robot, self.broker, self.store = robot, MemoryBroker(), MemoryStore()
        self.clock = LoopClock(1)
        self.options = AgentOptions(privacy=privacy)
        self.seq = 0
        self.boots = 0
        self.reports: dict[str, list[Any]] = {}

    async def __aenter__(self) -> Bench:
        self.bus = await self.broker.client().__aenter__()
        self._subscription = self.bus.subscribe(topics.everything("site"))
        self.stream = await self._subscription.__aenter__()
        await self.boot()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.service.stop()
        await self.agent_bus.__aexit__()
        await self._subscription.__aexit__(None, None, None)
        await self.bus.__aexit__()

    async def boot(self, *, clock_known: bool = True) -> None:
        """A new process; returns when it has told its first state."""
        self.boots += 1
        self.agent_bus = await self.broker.client().__aenter__()
        identity = AgentIdentity(site="site", agent="a", boot=f"boot-{self.boots}")
        profile = Profile(device="r1", device_kind="robot")
        self.service = AgentService(identity, self.agent_bus, [(profile, self.robot)], ScriptedMapper(SCRIPT), self.store, self.clock, self.options)
        await self.service.start()
        await self.until(State)
        if clock_known:
            await self.poll()

    async def crash(self) -> None:
        """The process dies: no goodbye, nothing more is written or reaches the device, which keeps what it did."""
        self.agent_bus.kill()
        self.robot.dead, kept = True, copy.deepcopy(self.store)
        await self.service.stop()
        self.robot.dead, self.store = False, kept

    async def poll(self, *subtasks: str) -> State:
        await self._put(topics.POLL, "c", Poll(poll="p", open={"r1": subtasks}), epoch=Journal(self.store, "r1").order()[0])
        while True:
            state = await self.until(State)
            if state.poll == "p":
                return state

    async def send(self, text: str, *, epoch: int = 1, seq: int | None = None, sid: str | None = None, late: float = 60.0, **body: Any) -> str:
        self.seq = self.seq + 1 if seq is None else seq
        subtask = sid or self.clock.uuid7()
        now = self.clock.now()
        message = Subtask(device="r1", text=text, start_by=now + late, deadline=body.pop("deadline", now + 600), **body)
        await self._put(topics.SUBTASK, "r1", message, subtask=subtask, epoch=epoch, seq=self.seq)
        return subtask

    async def cancel(self, subtask: str) -> None:
        await self._put(topics.CANCEL, "r1", Cancel(device="r1", subtask=subtask))

    async def stop(self, latched: bool = True) -> None:
        await self._put(topics.STOP, "r1", Stop(device="r1", latched=latched))

    async def _put(self, topic: topics.Topic, ident: str, body: Frozen, **fields: Any) -> None:
        envelope = Envelope.model_validate({"id": self.clock.uuid7(), "source": "c", "sent_at": self.clock.now(), "body": body, **fields})
        await self.bus.publish(topic.build("site", ident), seal_message(envelope))

    async def raw(self, topic: str, payload: bytes, retain: bool = False) -> None:
        await self.bus.publish(topic, payload, retain=retain)

    async def until(self, kind: type[Any]) -> Any:
        while True:
            message: Message = await asyncio.wait_for(anext(self.stream), 900)
            if not message.payload:
                continue
            try:
                body = open_message(message.payload)[0].body
            except Exception:
                continue
            if isinstance(body, kind):
                return body

    async def outcome(self, subtask: str) -> Any:
        """The next report of this subtask; reports of others are kept for whoever asks."""
        while not self.reports.get(subtask):
            report = await self.until(OutcomeReport)
            self.reports.setdefault(report.subtask, []).append(report.outcome)
        return self.reports[subtask].pop(0)


@pytest.fixture
def event_loop_policy() -> Any:
    import async_solipsism

    class Policy(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return async_solipsism.EventLoop()

    return Policy()
