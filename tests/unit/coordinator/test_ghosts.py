"""Which messages of the fleet and of people speak of something that there is."""

from __future__ import annotations

from coordinator.registry import Registry
from coordinator.scripted import ScriptedPlanner
from schemas import messages as m
from schemas import topics
from schemas.plan import Plan, Step, Who
from tests.unit.coordinator.conftest import FakeAgent, World, looks, robot

ONLINE = m.Connection(status="online", boot="b1", devices=("r1",), heartbeat=5)


def _known() -> Registry:
    return Registry().on_profile(m.Profile(device="r1", device_kind="robot")).on_connection("a", ONLINE, 100.0)


def test_a_state_counts_only_from_a_start_of_an_agent_that_hosts_the_device() -> None:
    known = _known()
    assert known.on_state(m.State(device="r1", boot="never", busy=True), 101.0) is known
    assert known.on_state(m.State(device="r1", boot="b1", busy=True), 101.0).states["r1"].busy
    early = Registry().on_state(m.State(device="r1", boot="b1", busy=True), 101.0)
    assert early.states["r1"].busy, "what the broker kept may come before the agent's connection"


def test_a_device_that_moved_to_another_agent_lives_there() -> None:
    moved = _known().on_connection("a", m.Connection(status="offline", boot="b1", devices=("r1",)), 101.0)
    assert not moved.alive("r1", 102.0)
    moved = moved.on_connection("b", m.Connection(status="online", boot="b7", devices=("r1",)), 103.0)
    assert moved.alive("r1", 104.0) and [d.online for d in moved.devices(104.0)] == [True]
    assert moved.on_state(m.State(device="r1", boot="b7", busy=True), 104.0).states["r1"].busy


def test_an_agent_that_was_never_online_cannot_take_a_device_down() -> None:
    known = _known()
    for status in ("offline", "connectionbroken"):
        ghost = m.Connection.model_validate({"status": status, "boot": "x", "devices": ("r1",)})
        assert known.on_connection("ghost", ghost, 101.0) is known
    lapsed = known.on_connection("ghost", m.Connection(status="online", boot="x", devices=("r1",), heartbeat=0.1), 101.0)
    assert lapsed.alive("r1", 110.0) and lapsed.devices(110.0)[0].online


async def test_a_reply_to_another_instruction_does_not_answer_the_open_question() -> None:
    def planner(linked, summary):  # type: ignore[no-untyped-def]
        vague = any(x.letter == "k" for x in linked.mentions)
        who = Who(of="k1", n="the") if vague else Who(of="d1")
        return Plan(steps=(Step(who=who, do=("Move to {p1}.",)),))

    robots = (robot(1), robot(2), robot(3))
    async with World(ScriptedPlanner(planner), lambda hub, clock: [FakeAgent(hub, clock, robots, looks({}))]) as world:
        instruction = await world.person.say("Move the robot to shelf 4")
        await world.person.wait(m.Ask, instruction)
        await world.person.reply(world.clock.uuid7(), "robot 1")
        await world.clock.sleep(10)
        assert world.agents[0].received == [] and world.service.counters["unasked_replies"] == 1
        await world.person.door.send(topics.REPLY, "anna", m.Reply(text="robot 2"))
        await world.person.wait(m.Answer, instruction, count=2)
        assert world.agents[0].texts == [("robot-2", "Move to shelf 4.")], "without an id it is for the latest question"
