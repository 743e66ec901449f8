"""What cannot be undone, from the person to the device over a real broker: only a yes to exactly this call, in time and unused, moves anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from coordinator.scripted import ScriptedPlanner
from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService
from dashboard.feed import Feed
from dashboard.steering import Steering
from dashboard.view import Question
from device_agent.agent import AgentOptions
from device_agent.guard import call_digest
from device_agent.mapper import ScriptedMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.broker import EmbeddedBroker, free_port
from runtime.clock import SystemClock
from runtime.keys import Approver
from runtime.llm.scripted import ScriptedEmbedder
from runtime.mqtt_bus import MqttBus
from runtime.operator import Operator, Sign, connect
from runtime.store import MemoryStore
from schemas import topics
from schemas.approval import Signature
from schemas.messages import Approval, Profile, Reply, Subtask
from schemas.plan import Plan, Step, Who
from schemas.site import Site
from schemas.skills import Call, Catalogue, Function
from tests.unit.device_agent.conftest import FakeRobot

LIMIT = 30.0
SLOT = {"type": "object", "properties": {"slot": {"type": "integer"}}, "required": ["slot"]}
CATALOGUE = Catalogue(kind="robot", functions=(Function(name="wipe", description="Wipes a slot.", parameters=SLOT, safety="irreversible"),))
WIPE = {f"Wipe slot {n}.": Call(function="wipe", arguments={"slot": n}) for n in (1, 2)}
THIS, OTHER = (call_digest("r1", call) for call in WIPE.values())
SAID = "robot 1 wipes slot 1"


@dataclass
class Site1:
    """A person at the dashboard, and the robot whose effects judge."""

    robot: FakeRobot
    operator: Operator
    feed: Feed
    steering: Steering
    notices: list[str]

    async def asked(self) -> tuple[str, Question]:
        """The instruction is given, and its device asks."""
        before = len(self.questions)
        ident = await self.steering.instruct(SAID)
        assert ident is not None
        await self.until(lambda: len(self.questions) > before)
        return ident, self.questions[-1]

    @property
    def questions(self) -> list[Question]:
        return [q for t in self.feed.view.instructions() for q in t.questions]

    @property
    def ends(self) -> list[str]:
        """How the device's work ended, the oldest first."""
        return [e.state for e in reversed(self.feed.view.fleet["r1"].ended)]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def settled(self) -> None:
        """All that was said before has come about: an order that was given after it has been worked off."""
        before = self.feed.view.health.kinds.get("answer", 0)
        assert await self.steering.instruct(SAID, dry_run=True)
        await self.until(lambda: self.feed.view.health.kinds.get("answer", 0) > before)

    async def approve(
        self, device: str = "r1", digest: str = THIS, late: float = 60.0, allow: bool = True, signature: Signature | None = None
    ) -> None:
        body = Approval(device=device, digest=digest, allow=allow, expires=self.operator.clock.now() + late, signature=signature)
        await self.operator.send(topics.APPROVAL, body)

    async def order(self, approval: str | None, seq: int, text: str = "Wipe slot 1.", signature: Signature | None = None) -> None:
        """As a coordinator would give it, and whoever speaks in its name."""
        door, now = self.operator.door, self.operator.clock.now()
        body = Subtask(device="r1", text=text, start_by=now + 60, deadline=now + 60, approval=approval, signature=signature)
        before = len(self.ends)
        assert await door.send(topics.SUBTASK, "r1", body, subtask=self.operator.clock.uuid7(), epoch=1, seq=seq)
        await self.until(lambda: len(self.ends) > before)


@asynccontextmanager
async def site(patience: float = 300.0, approvers: tuple[Approver, ...] = (), sign: Sign | None = None) -> AsyncIterator[Site1]:
    robot, clock = FakeRobot(catalogue=CATALOGUE), SystemClock()
    profile = Profile(device="r1", device_kind="robot", name="robot 1", abilities=("wipes a slot",))
    planner = ScriptedPlanner(lambda linked, _: Plan(steps=(Step(who=Who(of="d1"), do=("Wipe slot 1.",)),)))
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(EmbeddedBroker(port=free_port()))
        bus = await stack.enter_async_context(MqttBus((broker.address,), "agent"))
        identity = AgentIdentity(site="site", agent="agent", boot="b")
        mapper, options = ScriptedMapper(WIPE), AgentOptions(approvers=approvers)
        await stack.enter_async_context(AgentService(identity, bus, [(profile, robot)], mapper, MemoryStore(), clock, options))
        bus = await stack.enter_async_context(MqttBus((broker.address,), "coordinator"))
        named = CoordinatorIdentity(site="site", coordinator="coordinator", boot="b")
        options = CoordinatorOptions(settle=0.2, patience=patience)
        service = CoordinatorService(named, bus, Site(), MemoryStore(), clock, planner, ScriptedEmbedder(), options)
        await stack.enter_async_context(service)
        await service.ready()
        operator = await stack.enter_async_context(connect((broker.address,), "site", role="dashboard", sign=sign))
        feed = Feed(operator)
        notices: list[str] = []
        made = Site1(robot, operator, feed, Steering(operator, lambda text, severity: notices.append(text)), notices)
        await made.until(lambda: operator.fleet.coordinator_online and operator.fleet.online("r1") and "r1" in operator.fleet.states)
        yield made


async def test_a_yes_to_exactly_this_call_moves_it_once() -> None:
    async with site() as here:
        ident, question = await here.asked()
        assert question.approval and question.digest == THIS and "wipe" in question.text and "slot" in question.text and not here.robot.effects
        for _ in range(3):
            await here.steering.reply(ident, question, "yes")
        await here.until(lambda: here.robot.effects)
        await here.approve()
        await here.settled()
        assert [function for _, function in here.robot.effects] == ["wipe"] and not here.questions


async def test_a_forged_an_altered_and_an_expired_one_move_nothing_and_the_question_stays() -> None:
    async with site() as here:
        ident, question = await here.asked()
        await here.steering.reply(ident, replace(question, digest=OTHER), "yes")
        await here.steering.reply(ident, replace(question, digest=""), "yes")
        await here.operator.send(topics.REPLY, Reply(text="yes", about=THIS), here.operator.clock.uuid7())
        await here.approve(digest=OTHER)
        await here.approve(device="r2")
        await here.approve(late=-1)
        await here.settled()
        assert not here.robot.effects and [q.digest for q in here.questions] == [THIS]
        await here.approve()
        await here.until(lambda: here.robot.effects and not here.questions)
        assert len(here.robot.effects) == 1


async def test_a_yes_that_comes_when_nobody_waits_for_it_any_more_moves_nothing() -> None:
    async with site(patience=0.5) as here:
        ident, question = await here.asked()
        await here.until(lambda: not here.questions)
        await here.steering.reply(ident, question, "yes")
        await here.approve()
        await here.settled()
        assert not here.robot.effects


async def test_a_no_ends_it() -> None:
    async with site() as here:
        ident, question = await here.asked()
        await here.steering.reply(ident, question, "no")
        await here.until(lambda: not here.questions)
        await here.steering.reply(ident, question, "yes")
        await here.settled()
        assert not here.robot.effects


async def test_the_device_itself_takes_each_yes_once_and_only_where_it_asked() -> None:
    """Past the coordinator: what is sent in its name with a yes that nobody was asked for, or that was used, is asked about."""
    async with site() as here:
        await here.order(THIS, 101)
        assert here.ends == ["asking"], "the digest of a call can be reckoned by anybody; it is good only where it was asked for"
        await here.order(OTHER, 102)
        assert here.ends == ["asking"] * 2 and not here.robot.effects
        await here.order(THIS, 103)
        await here.until(lambda: here.robot.effects)
        await here.order(THIS, 104)
        assert len(here.robot.effects) == 1 and here.ends[-1] == "asking", "it was used"
        await here.order(THIS, 105, "Wipe slot 2.")
        assert len(here.robot.effects) == 1 and here.ends[-1] == "asking", "it was for another slot"


@pytest.mark.parametrize("after", [0.0, 1000.0])
def test_a_yes_is_good_for_a_while(after: float) -> None:
    from device_agent.asked import ASKED, Asked

    class Hands(SystemClock):
        seconds = 0.0

        def monotonic(self) -> float:
            return self.seconds

    asked = Asked(clock := Hands())
    asked.ask(THIS)
    clock.seconds = after
    assert asked.take(THIS) == (after == 0.0) and not asked.take(THIS) and not asked.take(None)
    for number in range(ASKED + 1):
        asked.ask(str(number))
    assert not asked.take("0") and asked.take("1")
