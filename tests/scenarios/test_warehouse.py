"""The simulated warehouse under the whole system in virtual time: agents that speak their makers' APIs, a coordinator, a scripted planner.

The world is the judge.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from coordinator.mentions import Linked, Summary
from coordinator.scripted import ScriptedPlanner
from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService
from device_agent.mapper import ScriptedMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.clock import LoopClock
from runtime.llm.scripted import ScriptedEmbedder
from runtime.memory_bus import MemoryBroker
from runtime.store import MemoryStore
from schemas import topics
from schemas.envelope import Envelope, open_message, seal_message
from schemas.messages import Answer, Instruction
from schemas.outcomes import Done
from schemas.plan import Intent, Plan, Step, Tell, Who
from schemas.skills import Call, Catalogue
from simulations.drivers import driver_for
from simulations.judge import disagreements
from simulations.pace import PacedWorld
from simulations.scenario import Scenario, build_world, load_scenario
from simulations.site import profiles_of, site_of
from simulations.world import World
from tests.unit.device_agent.conftest import event_loop_policy  # noqa: F401

pytestmark = pytest.mark.usefixtures("event_loop_policy")

TEXT = "Check all shelves for free slots."


def _plan(linked: Linked, summary: Summary) -> Intent:
    shelves = next(m.ref for m in linked.mentions if m.letter == "s")
    return Plan(steps=(Step(who=Who(of="any"), each=shelves, do=("Check {} for free slots.",)),), tell=Tell(what="free slots", as_="list"))


def _map(sentence: str, catalogue: Catalogue) -> Call | None:
    """ "Check shelf 4 for free slots." → this maker's way of looking, with this maker's word for shelf 4."""
    function = next(f for f in catalogue.functions if any(r.property == "free_slots" for r in f.returns))
    name, place = next(iter(function.places.items()))
    return Call(function=function.name, arguments={name: place.to_maker(f"shelf-{sentence.split()[2]}")})


@asynccontextmanager
async def fleet(world: World) -> AsyncIterator[MemoryBroker]:
    """One agent per robot, and a coordinator that has met them all."""
    broker, clock = MemoryBroker(), LoopClock(1)
    async with AsyncExitStack() as stack:
        paced = PacedWorld(world, 1.0, clock)
        await stack.enter_async_context(paced)
        for profile in profiles_of(world):
            identity = AgentIdentity(site="site", agent=f"agent-{profile.device}", boot="b")
            bus = await stack.enter_async_context(broker.client())
            devices = [(profile, driver_for(paced, profile.device, clock))]
            await stack.enter_async_context(AgentService(identity, bus, devices, ScriptedMapper(_map), MemoryStore(), clock))
        bus = await stack.enter_async_context(broker.client())
        identity = CoordinatorIdentity(site="site", coordinator="coordinator", boot="b")
        planner, options = ScriptedPlanner(_plan), CoordinatorOptions()
        await stack.enter_async_context(CoordinatorService(identity, bus, site_of(world), MemoryStore(), clock, planner, ScriptedEmbedder(), options))
        await asyncio.sleep(10)
        yield broker


async def tell(broker: MemoryBroker, text: str) -> Answer:
    clock = LoopClock(2)
    async with broker.client() as bus, bus.subscribe(topics.ANSWER.filter("site")) as stream, asyncio.timeout(3600):
        ident = clock.uuid7()
        fields: dict[str, Any] = {"id": ident, "source": "op", "sent_at": clock.now(), "instruction": ident, "body": Instruction(text=text)}
        await bus.publish(topics.INSTRUCTION.build("site", "op"), seal_message(Envelope.model_validate(fields)))
        body = open_message((await anext(stream)).payload)[0].body
        assert isinstance(body, Answer)
        return body


async def check(scenario: Scenario) -> tuple[World, Answer]:
    world = build_world(scenario)
    async with fleet(world) as broker:
        return world, await tell(broker, TEXT)


async def test_robots_of_four_makers_check_every_shelf_and_the_answer_is_the_truth() -> None:
    world, answer = await check(load_scenario("warehouse", robots=4))
    assert {f.subject: f.value for f in answer.facts if f.property == "free_slots"} == {f"shelf-{n}": s.free for n, s in world.shelves.items()}
    assert disagreements(answer, world.truth()) == []
    assert all(isinstance(o.outcome, Done) and o.outcome.verified for o in answer.outcomes)
    assert world.effects.repeated() == []


async def test_a_robot_that_only_says_it_moved_is_found_out_and_others_do_its_work() -> None:
    world, answer = await check(load_scenario("liar"))
    assert world.effects.of("robot-2"), "the liar was asked"
    assert world.truth()["robots"]["robot-2"]["at"] == "dock-2"
    assert [o for o in answer.outcomes if o.device == "robot-2" and isinstance(o.outcome, Done)] == []
    assert {f.subject: f.value for f in answer.facts if f.property == "free_slots"} == {f"shelf-{n}": s.free for n, s in world.shelves.items()}
    assert disagreements(answer, world.truth()) == []


@pytest.mark.parametrize("seed", range(3))
async def test_the_same_seed_gives_the_same_answer_and_the_same_effects(seed: int) -> None:
    async def run() -> tuple[Any, Any]:
        world, answer = await check(load_scenario("warehouse", robots=2, shelves=4, seed=seed))
        return answer.model_dump(exclude={"instruction"}), world.effects.effects

    first, second = await run(), await run()
    assert [(e.robot, e.function, e.arguments) for e in first[1]] == [(e.robot, e.function, e.arguments) for e in second[1]]
    assert first[0]["text"] == second[0]["text"]
