"""A whole fleet in virtual time on a network that loses, doubles, delays and reorders, with agents and coordinator restarted between messages.

The robots' effect logs and the two books judge: nothing that is not idempotent happens twice, and every subtask ends in exactly one outcome.
"""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from random import Random
from typing import Any

import pytest

from coordinator.ledger import Timing
from coordinator.mentions import Linked, Summary
from coordinator.scripted import ScriptedPlanner
from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService
from device_agent.journal import Journal
from device_agent.mapper import ScriptedMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.clock import LoopClock
from runtime.llm.scripted import ScriptedEmbedder
from runtime.memory_bus import Faults, MemoryBroker
from runtime.store import MemoryStore
from schemas import topics
from schemas.envelope import Envelope, open_message, seal_message
from schemas.messages import Answer, Instruction, Profile, Property
from schemas.plan import Intent, Plan, Step, Tell, Who
from schemas.site import Place, Site
from schemas.skills import Call, Catalogue
from tests.unit.device_agent.conftest import FakeRobot, event_loop_policy  # noqa: F401

pytestmark = pytest.mark.usefixtures("event_loop_policy")

SHELVES = 6
SITE = Site(id="site", places=tuple(Place(id=f"shelf-{n}", kind="shelf", name=f"shelf {n}") for n in range(1, SHELVES + 1)))
BAD = Faults(lose=0.15, duplicate=0.15, delay=1.5)
TEXT = "Check all shelves for free slots."


def _plan(linked: Linked, summary: Summary) -> Intent:
    shelves = next(m.ref for m in linked.mentions if m.letter == "s")
    return Plan(steps=(Step(who=Who(of="any"), each=shelves, do=("Check {} for free slots.", "Beep.")),), tell=Tell(what="free slots", as_="list"))


def _map(sentence: str, catalogue: Catalogue) -> Call | None:
    words = sentence.rstrip(".").split()
    if "Beep" in sentence:
        return Call(function="beep")
    return Call(function="count", arguments={"shelf": int(words[2])}) if words[:2] == ["Check", "shelf"] else None


class Fleet:
    """Three robots with an agent each, one coordinator, and what survives them: stores and robots."""

    def __init__(self, seed: int, faults: Faults | None = BAD) -> None:
        self.rng = Random(seed)
        self.broker = MemoryBroker(faults, Random(seed + 1))
        self.clock = LoopClock(seed)
        self.robots = {f"r{n}": FakeRobot(pause=self.rng.uniform(0.1, 4.0)) for n in range(1, 4)}
        self.stores = {name: MemoryStore() for name in (*self.robots, "coordinator")}
        self.running: dict[str, tuple[Any, Any]] = {}
        self.boots = 0
        self.asked = ""

    async def start(self, name: str) -> None:
        self.boots += 1
        bus = await self.broker.client().__aenter__()
        if name == "coordinator":
            identity = CoordinatorIdentity(site="site", coordinator="coordinator", boot=f"b{self.boots}")
            options = CoordinatorOptions(timing=Timing(start=60, deadline=120, grace=5))
            planner, embedder = ScriptedPlanner(_plan), ScriptedEmbedder()
            service: Any = CoordinatorService(identity, bus, SITE, self.stores[name], self.clock, planner, embedder, options)
        else:
            ident = AgentIdentity(site="site", agent=f"agent-{name}", boot=f"b{self.boots}")
            profile = Profile(
                device=name, device_kind="robot", name=f"robot {name[1:]}", abilities=("checks a shelf for free slots", "beeps"),
                properties=(Property(name="free_slots"),),
            )  # fmt: skip
            service = AgentService(ident, bus, [(profile, self.robots[name])], ScriptedMapper(_map), self.stores[name], self.clock)
        await service.start()
        self.running[name] = (service, bus)

    async def crash(self, name: str) -> None:
        """The process dies: what it would still say, write or do is lost."""
        service, bus = self.running.pop(name)
        bus.kill()
        kept, robot = copy.deepcopy(self.stores[name]), self.robots.get(name, FakeRobot())
        robot.dead = True
        await service.stop()
        robot.dead, self.stores[name] = False, kept

    async def chaos(self) -> None:
        """Six restarts at random moments, a pause of random length each; then peace."""
        for _ in range(6):
            await asyncio.sleep(self.rng.uniform(0.5, 6.0))
            name = self.rng.choice(list(self.stores))
            await self.crash(name)
            await asyncio.sleep(self.rng.uniform(0.1, 8.0))
            await self.start(name)

    async def tell(self) -> Answer:
        """Ask, and ask again with the same id, until an answer that is final arrives."""
        async with self.broker.client() as bus, bus.subscribe(topics.ANSWER.filter("site")) as stream:
            ident = self.asked = self.clock.uuid7()
            envelope = Envelope.model_validate(
                {"id": ident, "source": "op", "sent_at": self.clock.now(), "instruction": ident, "body": Instruction(text=TEXT)}
            )
            while True:
                await bus.publish(topics.INSTRUCTION.build("site", "op"), seal_message(envelope))
                try:
                    body = open_message((await asyncio.wait_for(anext(stream), 10)).payload)[0].body
                except TimeoutError:
                    continue
                assert isinstance(body, Answer)
                return body


async def _run(seed: int) -> tuple[Fleet, Answer]:
    fleet = Fleet(seed)
    for name in fleet.stores:
        await fleet.start(name)
    chaos = asyncio.create_task(fleet.chaos())
    async with asyncio.timeout(7200):
        answer = await fleet.tell()
        await chaos
    await asyncio.sleep(400)
    for name in list(fleet.running):
        await fleet.crash(name)
    return fleet, answer


@pytest.mark.parametrize("seed", range(100))
async def test_nothing_happens_twice_and_every_subtask_ends_once(seed: int) -> None:
    fleet, _ = await _run(seed)
    for name, robot in fleet.robots.items():
        beeps = Counter(key.split("/")[0] for key, function in robot.effects if function == "beep")
        assert max(beeps.values(), default=0) <= 1, (name, beeps)
        journal = Journal(fleet.stores[name], name)
        assert journal.open_entries() == []
        for subtask, _ in fleet.stores[name].items(f"journal:{name}"):
            ends = [entry for entry in fleet.stores[name].history(f"journal:{name}", subtask) if '"phase":"ended"' in entry]
            assert len(ends) == 1, (subtask, ends)
