"""How soon a stop reaches a device: over a real broker, while the agent has nothing to do and while its model is computing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import JsonValue

from benchmarks.processes import broker
from benchmarks.stats import Times, times
from device_agent.driver import CallResult
from device_agent.mapper import NO_HINT, Hint, Mapped
from device_agent.service import AgentIdentity, AgentService
from runtime.bus import Message
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.llm.embedder import LocalEmbedder, open_embedder
from runtime.mqtt_bus import MqttBus
from runtime.store import MemoryStore
from schemas import topics
from schemas.base import Frozen, Value
from schemas.errors import DeviceError
from schemas.messages import Poll, Profile, State, Stop, Subtask
from schemas.skills import Call, Catalogue, Function

SITE, DEVICE, LIMIT_MS = "bench", "robot-1", 200.0
SENTENCES = tuple(f"Please drive to shelf {n} and look whether there is room for another box." for n in range(1, 9))
"""What the model computes, again and again."""
PATIENCE = 30.0


class Report(Frozen):
    """ms from the sending of a stop to the call of the device's own stop."""

    broker: str
    idle: Times
    computing: Times


def as_text(report: Report) -> str:
    judged = "good:" if report.computing.p95 <= LIMIT_MS else "MISSED:"
    rows = (("idle", report.idle, ""), ("computing", report.computing, f"  {judged} at most {LIMIT_MS:g} (p95)"))
    lines = [f"{name:<12}{t.p50:>9.1f}{t.p95:>9.1f}{t.n:>6}{note}" for name, t, note in rows]
    return "\n".join([f"ms from a stop's sending to the device, over {report.broker}", f"{'agent':<12}{'p50':>9}{'p95':>9}{'n':>6}", *lines])


class _Robot:
    """Notes that it was stopped."""

    def __init__(self) -> None:
        self.catalogue = Catalogue(kind="robot", functions=(Function(name="go"),))
        self.stopped = asyncio.Event()

    async def start(self) -> None: ...

    async def state(self) -> dict[str, Value]:
        return {"battery": 80}

    async def call(self, call: Call, *, key: str) -> CallResult:
        raise DeviceError("it does nothing here")

    async def stop(self) -> None:
        self.stopped.set()

    async def window(self, what: str) -> dict[str, JsonValue]:
        raise DeviceError("it has none")

    async def close(self) -> None: ...


class _Thinker:
    """A model that computes for as long as it is let; it never comes to a call."""

    def __init__(self, embedder: LocalEmbedder) -> None:
        self._embedder = embedder
        self.computing = asyncio.Event()

    async def map(self, sentence: str, catalogue: Catalogue, context: str = "", hint: Hint = NO_HINT) -> Mapped:
        while True:
            self.computing.set()
            await self._embedder.embed(SENTENCES)


class _Bench:
    """One agent, and a person's end of the bus."""

    def __init__(self, robot: _Robot, thinker: _Thinker, door: Door) -> None:
        self.robot, self.thinker, self.door = robot, thinker, door
        self.states: asyncio.Queue[State] = asyncio.Queue()
        self._seq = itertools.count(1)

    async def hear(self, stream: AsyncIterator[Message]) -> None:
        async for message in stream:
            arrived = self.door.receive(message)
            if arrived is not None and isinstance(arrived[1].body, State):
                self.states.put_nowait(arrived[1].body)

    async def stop_ms(self, *, computing: bool) -> float:
        clock = self.door.clock
        if computing:
            await self._give()
            await asyncio.wait_for(self.thinker.computing.wait(), PATIENCE)
        began = clock.monotonic()
        await self.door.send(topics.STOP, DEVICE, Stop(device=DEVICE))
        await asyncio.wait_for(self.robot.stopped.wait(), PATIENCE)
        took = 1000 * (clock.monotonic() - began)
        await self._until(True)
        await self.door.send(topics.STOP, DEVICE, Stop(device=DEVICE, latched=False))
        await self._until(False)
        self.robot.stopped.clear()
        self.thinker.computing.clear()
        return took

    async def ready(self) -> None:
        """Its state has come, and it knows the time."""
        await self._until(False)
        await self.door.send(topics.POLL, "coordinator", Poll(poll="p", open={DEVICE: ()}), epoch=1)
        async with asyncio.timeout(PATIENCE):
            while (await self.states.get()).poll != "p":
                pass

    async def _give(self) -> None:
        now = self.door.clock.now()
        body = Subtask(device=DEVICE, text=SENTENCES[0], start_by=now + 60, deadline=now + 600)
        await self.door.send(topics.SUBTASK, DEVICE, body, subtask=self.door.clock.uuid7(), epoch=1, seq=next(self._seq))

    async def _until(self, stopped: bool) -> None:
        async with asyncio.timeout(PATIENCE):
            while (await self.states.get()).stopped != stopped:
                pass


async def evaluate(rounds: int, model: Path) -> Report:
    async with broker() as (address, name), _bench(address, model) as bench:
        await bench.ready()
        idle = [await bench.stop_ms(computing=False) for _ in range(rounds)]
        return Report(broker=name, idle=times(idle), computing=times([await bench.stop_ms(computing=True) for _ in range(rounds)]))


@asynccontextmanager
async def _bench(address: str, model: Path) -> AsyncGenerator[_Bench]:
    clock, robot, embedder = SystemClock(), _Robot(), open_embedder(model)
    thinker, identity = _Thinker(embedder), AgentIdentity(site=SITE, agent="agent", boot="b")
    try:
        async with MqttBus((address,), "person") as person, MqttBus((address,), "agent") as bus, person.subscribe(topics.everything(SITE)) as stream:
            bench = _Bench(robot, thinker, Door(person, SITE, "person", clock))
            hearing = asyncio.create_task(bench.hear(stream), name="bench.hear")
            try:
                async with AgentService(identity, bus, [(Profile(device=DEVICE, device_kind="robot"), robot)], thinker, MemoryStore(), clock):
                    yield bench
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
    finally:
        await embedder.close()
