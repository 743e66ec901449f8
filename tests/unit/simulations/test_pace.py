"""Simulated time against the clock."""

from __future__ import annotations

import asyncio

import pytest

from runtime.clock import LoopClock
from simulations.drivers import driver_for
from simulations.pace import PacedWorld
from simulations.world import World


def loop_time() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("speed", [1.0, 10.0])
async def test_scaled_time_runs_at_its_multiple_of_the_clock(speed: float) -> None:
    world = World(robots=1, shelves=4)
    async with PacedWorld(world, speed, LoopClock()) as paced:
        assert isinstance(paced, PacedWorld)
        before = loop_time()
        status, _ = await paced.ask("robot-1", "POST", "/api/wait", {}, {"seconds": 20})
        assert status == 200
        assert loop_time() - before == pytest.approx(20 / speed, abs=0.01)


async def test_at_the_fastest_pace_a_long_wait_takes_no_time_and_others_are_served_meanwhile() -> None:
    world = World(robots=2, shelves=4)
    async with PacedWorld(world, None, LoopClock()) as paced:
        assert isinstance(paced, PacedWorld)
        before = loop_time()
        await asyncio.gather(*(paced.ask(r, "POST", "/api/move", {}, {"shelf": 4}) for r in world.robots))
        assert loop_time() == pytest.approx(before, abs=0.01)
    assert {world.truth()["robots"][r]["at"] for r in world.robots} == {"shelf-4"}


@pytest.mark.parametrize("speed", [None, 1.0])
async def test_a_world_in_which_nothing_happens_does_not_wake_its_pump(speed: float | None) -> None:
    world = World(robots=1, shelves=4)
    steps = 0
    async with PacedWorld(world, speed, LoopClock()):
        await asyncio.sleep(1)
        next_time = world.kernel.next_time

        def counted() -> float | None:
            nonlocal steps
            steps += 1
            return next_time()

        world.kernel.next_time = counted  # type: ignore[method-assign]
        await asyncio.sleep(1000)
    assert steps == 0


async def test_an_idle_battery_drains_with_the_clock() -> None:
    world = World(robots=1, shelves=4, batteries=(50,))
    async with PacedWorld(world, 1.0, LoopClock()) as paced:
        assert isinstance(paced, PacedWorld)
        driver = driver_for(paced, "robot-1", LoopClock())
        await driver.state()
        await asyncio.sleep(1000)
        assert (await driver.state())["battery"] == pytest.approx(48, abs=0.1)
