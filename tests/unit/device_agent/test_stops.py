"""Stop is obeyed first, proved before it is claimed, and nothing can undermine it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from device_agent.driver import CallResult
from device_agent.mapper import ScriptedMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.clock import LoopClock
from runtime.memory_bus import MemoryBroker
from runtime.store import MemoryStore
from schemas import topics
from schemas.envelope import Envelope, seal_message
from schemas.errors import DeviceError
from schemas.messages import Profile, State, Stop
from schemas.skills import Call
from tests.unit.device_agent.conftest import CATALOGUE, SCRIPT, Bench, FakeRobot

pytestmark = pytest.mark.usefixtures("event_loop_policy")


@dataclass
class Stubborn(FakeRobot):
    """`errors` are raised by the stops to come, one each; a stop takes `stopping` s."""

    errors: list[Exception] = field(default_factory=list)
    stopping: float = 0.0
    tried: list[float] = field(default_factory=list)

    async def stop(self) -> None:
        self.tried.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.stopping)
        if self.errors:
            raise self.errors.pop(0)
        await super().stop()


async def test_stopped_is_said_only_once_the_device_has_obeyed() -> None:
    async with Bench(robot := Stubborn(pause=100, errors=[DeviceError("unreachable")] * 4)) as bench:
        sid = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.stop()
        outcome = await bench.outcome(sid)
        assert outcome.end == "cancelled" and "could not be stopped (unreachable)" in outcome.text
        state = await bench.poll()
        assert not state.stopped and not state.normal and "unreachable" in state.problem and "unreachable" in state.stop_problem
        assert (await bench.outcome(await bench.send("Beep."))).reason == "stopped"
        while not (state := await bench.until(State)).stopped:
            assert state.stop_problem
        assert state.normal and not state.stop_problem and robot.stops == 1


async def test_a_stop_that_fails_oddly_is_tried_again_and_later_stops_are_heard() -> None:
    async with Bench(robot := Stubborn(pause=100, errors=[ValueError("odd"), ValueError("odd")])) as bench:
        await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.stop()
        await asyncio.sleep(5)
        assert robot.stops >= 1
        await bench.stop(latched=False)
        assert (await bench.outcome(await bench.send("Beep."))) is not None


async def test_a_full_disk_does_not_keep_a_device_moving() -> None:
    async with Bench(robot := FakeRobot(pause=100)) as bench:
        await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        put = bench.store.put

        def full(*_: Any) -> None:
            raise RuntimeError("database or disk is full")

        bench.store.put = full  # type: ignore[method-assign]
        await bench.stop()
        await asyncio.sleep(1)
        assert robot.stops >= 1 and (await bench.poll()).stopped
        bench.store.put = put  # type: ignore[method-assign]


async def test_no_device_waits_for_the_stop_of_another() -> None:
    clock, broker = LoopClock(1), MemoryBroker()
    robots = [Stubborn(stopping=5, errors=[DeviceError("x")]) for _ in range(4)]
    async with broker.client() as bus, broker.client() as agents:
        devices = [(Profile(device=f"r{n}", device_kind="robot"), robot) for n, robot in enumerate(robots)]
        identity = AgentIdentity(site="site", agent="a", boot="b")
        async with AgentService(identity, agents, devices, ScriptedMapper(SCRIPT), MemoryStore(), clock):
            await asyncio.sleep(1)
            for n in range(4):
                envelope = Envelope.model_validate({"id": clock.uuid7(), "source": "c", "sent_at": clock.now(), "body": Stop(device=f"r{n}")})
                await bus.publish(topics.STOP.build("site", f"r{n}"), seal_message(envelope))
            begun = clock.monotonic()
            await asyncio.sleep(10)
            assert all(robot.tried[0] - begun < 1 for robot in robots)


async def test_a_resume_takes_effect_after_the_stop_before_it() -> None:
    async with Bench(robot := Stubborn(stopping=3)) as bench:
        await bench.stop()
        await bench.stop(latched=False)
        await asyncio.sleep(1)
        assert (await bench.poll()).stop_problem
        await asyncio.sleep(4)
        assert robot.stops == 1 and not (await bench.poll()).stopped
        assert (await bench.outcome(await bench.send("Beep."))).end == "done"


async def test_the_last_of_stop_resume_stop_counts() -> None:
    async with Bench(robot := Stubborn(stopping=3)) as bench:
        for latched in (True, False, True):
            await bench.stop(latched)
        await asyncio.sleep(10)
        assert robot.stops >= 1 and (await bench.poll()).stopped


async def test_a_latched_stop_is_carried_out_again_after_a_restart() -> None:
    async with Bench(robot := Stubborn()) as bench:
        await bench.stop()
        await asyncio.sleep(1)
        await bench.crash()
        before = robot.stops
        await bench.boot()
        await asyncio.sleep(1)
        assert robot.stops == before + 1 and (await bench.poll()).stopped


async def test_after_a_stop_nothing_more_is_called_even_by_a_driver_that_swallows_cancellation() -> None:
    called: list[str] = []

    @dataclass
    class Swallows(FakeRobot):
        async def call(self, call: Call, *, key: str) -> CallResult:
            called.append(call.function)
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.at = "shelf-4"
            return CallResult({})

    robot = Swallows(catalogue=CATALOGUE.model_copy(update={"release": "beep"}))
    async with Bench(robot) as bench:
        sid = await bench.send("Count shelf 4.")
        await asyncio.sleep(1)
        await bench.stop()
        assert (await bench.outcome(sid)).end == "cancelled"
        assert called == ["go"]
