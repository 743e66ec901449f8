"""A whole fleet in one process: warehouse, an agent for each robot and a coordinator on an in-memory bus. `parley demo` uses processes instead."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinator.gist import open_kinds
from coordinator.planner import LanguagePlanner
from coordinator.scripted import Planner
from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService
from device_agent.agent import AgentOptions
from device_agent.heads import Heads
from device_agent.interpreter import Interpreter
from device_agent.mapper import Mapper
from device_agent.reader_mapper import ReaderMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.bus import Bus, Message
from runtime.clock import Clock, SystemClock
from runtime.door import Door
from runtime.llm.embedder import LocalEmbedder
from runtime.llm.llama_cpp.encoder import Encoder
from runtime.llm.llama_cpp.generator import LlamaEngine
from runtime.llm.protocol import Embedder
from runtime.llm.worker import Worker
from runtime.memory_bus import MemoryBroker
from runtime.settings import MODELS
from runtime.store import MemoryStore
from schemas import topics
from schemas.envelope import Envelope
from schemas.errors import LinkError
from schemas.messages import Answer, Ask, Instruction, Trace
from simulations.drivers import driver_for
from simulations.pace import PacedWorld
from simulations.scenario import Scenario, build_world
from simulations.site import profile_of, site_of

SITE = "site"


@dataclass
class Models:
    """One encoder and one planner serve every agent of the process; doubles fit as well."""

    mapper: Mapper
    planner: Planner
    embedder: Embedder

    @classmethod
    def shipped(cls, folder: Path = MODELS, threads: int = 1) -> Models:
        """The weights of this repository. Raises ConfigError."""
        encoder, worker = Encoder(folder / "parley-reader-2.gguf", threads), Worker("encoder")
        heads = Heads.load(folder / "parley-reader-2-heads.npz")
        embedder = LocalEmbedder(encoder, worker)
        kinds = open_kinds(folder / "parley-reader-2.gguf", embedder)
        planner = LanguagePlanner(LlamaEngine(folder / "parley-lm.gguf", threads=threads), kinds)
        return cls(ReaderMapper(Interpreter(encoder, heads), worker), planner, embedder)


class LocalFleet:
    """`async with LocalFleet(scenario, models) as fleet: await fleet.tell("…")`. The world runs at the scenario's pace (0 = as fast as possible)."""

    def __init__(self, scenario: Scenario, models: Models, clock: Clock | None = None) -> None:
        self.scenario, self.models = scenario, models
        self.clock: Clock = clock or SystemClock()
        self.world = build_world(scenario)
        self.traces: list[Trace] = []
        self._broker = MemoryBroker()
        self._stack = AsyncExitStack()
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    async def __aenter__(self) -> LocalFleet:
        await self._stack.__aenter__()
        paced = PacedWorld(self.world, self.scenario.speed, self.clock)
        await self._stack.enter_async_context(paced)
        bus = await self._stack.enter_async_context(self._broker.client())
        self._door = Door(bus, SITE, "operator", self.clock)
        stream = await self._stack.enter_async_context(bus.subscribe(*(t.filter(SITE) for t in (topics.ANSWER, topics.ASK, topics.TRACE))))
        self._reader = asyncio.get_running_loop().create_task(self._read(stream), name="fleet.reader")
        self._stack.push_async_callback(self._end_reader)
        for robot in self.world.robots.values():
            await self._start_agent(paced, robot.id)
        await self._start_coordinator()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self._stack.aclose()

    def client(self) -> AbstractAsyncContextManager[Bus]:
        """The link of one more participant."""
        return self._broker.client()

    async def _end_reader(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _start_agent(self, paced: PacedWorld, robot: str) -> None:
        bus = await self._stack.enter_async_context(self._broker.client())
        device = (profile_of(self.world.robots[robot]), driver_for(paced, robot, self.clock))
        identity = AgentIdentity(site=SITE, agent=f"agent-{robot}", boot=self.clock.uuid7())
        options = AgentOptions(privacy="operator", refresh=0.05)
        await self._stack.enter_async_context(AgentService(identity, bus, [device], self.models.mapper, MemoryStore(), self.clock, options))

    async def _start_coordinator(self) -> None:
        bus = await self._stack.enter_async_context(self._broker.client())
        identity = CoordinatorIdentity(site=SITE, coordinator="coordinator", boot=self.clock.uuid7())
        options = CoordinatorOptions(settle=0.2)
        service = CoordinatorService(
            identity, bus, site_of(self.world, SITE), MemoryStore(), self.clock, self.models.planner, self.models.embedder, options
        )  # fmt: skip
        await self._stack.enter_async_context(service)
        await service.ready()

    async def _read(self, stream: Any) -> None:
        message: Message
        async for message in stream:
            arrived = self._door.receive(message)
            if arrived is not None:
                self._take(arrived[1])

    def _take(self, envelope: Envelope) -> None:
        body, waiting = envelope.body, self._answers.get(envelope.instruction or "")
        if isinstance(body, Trace):
            self.traces.append(body)
        if waiting is None or waiting.done():
            return
        if isinstance(body, Answer):
            waiting.set_result(body)
        elif isinstance(body, Ask):
            waiting.set_result(Answer(text=body.text, intent="question", complete=False))

    async def tell(self, text: str, timeout: float = 120.0) -> Answer:
        """One instruction and its answer; a question that comes back is the answer. LinkError when none comes."""
        ident = self.clock.uuid7()
        self._answers[ident] = asyncio.get_running_loop().create_future()
        await self._door.send(topics.INSTRUCTION, "operator", Instruction(text=text), message_id=ident, instruction=ident)
        try:
            return await asyncio.wait_for(self._answers[ident], timeout)
        except TimeoutError:
            raise LinkError(f"no answer within {timeout:g} s") from None

    @property
    def truth(self) -> dict[str, Any]:
        return self.world.truth()
