"""The warehouse: nobody meets, everybody arrives, and a shelf is seen only from beside it."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations.faults import Fault
from simulations.floor import lay_out
from simulations.jobs import Job
from simulations.travel import PATIENCE
from simulations.world import Refusal, World

SEEDS = st.integers(0, 2**32)


def watch(world: World, limit: float) -> list[tuple[float, dict[str, Any]]]:
    """Run to rest, checking every 0.2 s that no cell is held twice, and that batteries fall unless they are charged."""
    history: list[tuple[float, dict[str, Any]]] = []
    while world.kernel.next_time() is not None and world.now <= limit:
        world.kernel.advance(0.2)
        history.append((world.now, world.truth()["robots"]))
        held = [cell for robot in world.robots.values() for cell in world.cells(robot)]
        assert len(held) == len(set(held)), f"two robots in one cell at {world.now}"
        assert all(world.floor.drivable(cell) for cell in held)
    for (_, before), (_, after) in pairwise(history):
        assert all(after[r]["battery"] <= before[r]["battery"] + 1e-9 or before[r]["charging"] for r in before)
    assert world.kernel.next_time() is None, "still moving"
    return history


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, robots=st.integers(2, 8))
def test_orders_to_places_all_arrive_and_no_two_robots_ever_meet(seed: int, robots: int) -> None:
    rng = random.Random(seed)
    world = World(robots=robots, shelves=8, seed=seed)
    for robot in world.robots.values():
        robot.speed = rng.choice((0.3, 0.8, 1.5))
    for _ in range(3):
        targets = rng.sample([f"shelf-{n}" for n in range(1, 9)], robots)
        jobs = {r: world.travel_to(world.robots[r], t) for r, t in zip(world.robots, targets, strict=True)}
        watch(world, world.now + 1200)
        assert {r: j.state for r, j in jobs.items()} == dict.fromkeys(jobs, "done")
        assert [spot.id for r in world.robots.values() if (spot := world.at(r))] == targets


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, robots=st.integers(2, 6))
def test_points_halts_and_shared_targets_never_make_two_robots_meet_or_hang(seed: int, robots: int) -> None:
    rng = random.Random(seed)
    world = World(robots=robots, shelves=8, seed=seed)
    lanes, jobs = sorted(world.floor.lanes), list[Job]()

    def order(name: str) -> None:
        robot = world.robots[name]
        if rng.random() < 0.3:
            world.halt(robot)
        if robot.busy:
            return
        cell = rng.choice(lanes)
        jobs.append(
            world.travel_xy(robot, cell[0] + 0.3, cell[1] + 0.6) if rng.random() < 0.5 else world.travel_to(robot, f"shelf-{rng.randint(1, 3)}")
        )

    for name in world.robots:
        for _ in range(6):
            world.kernel.at(rng.uniform(0, 90), lambda name=name: order(name))
    watch(world, 2000)
    assert jobs
    assert all(not job.running for job in jobs)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_the_same_seed_and_orders_give_the_same_history(seed: int) -> None:
    def run() -> list[Any]:
        world = World(robots=4, shelves=8, seed=seed)
        for n, robot in enumerate(world.robots.values(), 1):
            world.travel_to(robot, f"shelf-{n}")
        return [world.truth(), *watch(world, 1000), world.truth()]

    assert run() == run()


@given(shelves=st.integers(1, 60), robots=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_every_floor_has_its_shelves_and_docks_and_bays_that_touch_a_lane(shelves: int, robots: int) -> None:
    floor = lay_out(shelves, robots)
    assert (len(floor.of_kind("shelf")), len(floor.of_kind("dock")), len(floor.of_kind("station"))) == (shelves, robots, 1)
    assert len(floor.bays) == sum(len(s.bays) for s in floor.spots), "a cell belongs to two places"
    for x, y in floor.bays:
        assert (x, y) not in floor.lanes
        assert {(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)} & floor.lanes


def test_a_third_robot_waits_for_a_shelf_with_two_bays_and_then_gives_up() -> None:
    world = World(robots=3, shelves=2)
    jobs = [world.travel_to(r, "shelf-1") for r in world.robots.values()]
    watch(world, 1000)
    assert [j.state for j in jobs] == ["done", "done", "failed"]
    assert world.now >= PATIENCE


def test_a_waiting_robot_goes_when_the_bay_becomes_free() -> None:
    world = World(robots=3, shelves=2)
    first, second, third = world.robots.values()
    world.travel_to(first, "shelf-1")
    world.travel_to(second, "shelf-1")
    world.kernel.advance(30)
    waiting = world.travel_to(third, "shelf-1")
    world.kernel.advance(10)
    world.travel_to(first, "shelf-2")
    watch(world, 1000)
    assert waiting.state == "done"


def test_a_shelf_is_seen_only_from_beside_it() -> None:
    world = World(robots=1, shelves=4, seed=3)
    robot = world.robots["robot-1"]
    with pytest.raises(Refusal, match="beside"):
        world.look(robot, 2)
    world.travel_to(robot, "shelf-2")
    with pytest.raises(Refusal, match="another order"):
        world.travel_to(robot, "shelf-1")
    world.kernel.drain(300)
    job = world.look(robot, 2)
    world.kernel.drain(300)
    assert job.result == world.shelves[2]
    with pytest.raises(Refusal, match="no shelf 9"):
        world.look(robot, 9)


def test_charging_fills_the_battery_at_the_dock_and_leaving_ends_it() -> None:
    world = World(robots=1, shelves=2, batteries=(40,))
    robot = world.robots["robot-1"]
    world.travel_to(robot, "shelf-1")
    world.kernel.drain(300)
    world.charge(robot)
    world.kernel.drain(600)
    low = world.battery(robot)
    assert low < 40
    assert world.truth()["robots"]["robot-1"] | {"battery": 0} == {
        "at": "dock-1", "x": 0.5, "y": 0.5, "battery": 0, "busy": False, "charging": True, "locked": False, "speed": 0.8,
    }  # fmt: skip
    world.kernel.advance(100)
    assert world.battery(robot) == pytest.approx(low + 25)
    world.travel_to(robot, "shelf-1")
    assert not robot.charging


def test_a_halt_ends_the_order_and_the_robot_stands_within_a_metre() -> None:
    world = World(robots=1, shelves=4)
    robot = world.robots["robot-1"]
    job = world.travel_to(robot, "shelf-4")
    world.kernel.advance(7.1)
    x, y = world.position(robot)
    world.halt(robot)
    assert job.state == "cancelled"
    world.kernel.advance(60)
    ax, ay = world.position(robot)
    assert 0 <= abs(ax - x) + abs(ay - y) <= 1.0
    assert not world.busy(robot)


def test_a_locked_robot_refuses_to_move_until_it_is_released() -> None:
    world = World(robots=1, shelves=4)
    robot = world.robots["robot-1"]
    world.lock(robot, True)
    with pytest.raises(Refusal, match="emergency stop"):
        world.travel_to(robot, "shelf-1")
    world.lock(robot, False)
    world.travel_to(robot, "shelf-1")


def test_an_empty_battery_ends_the_journey() -> None:
    world = World(robots=1, shelves=8, batteries=(1.05,))
    job = world.travel_to(world.robots["robot-1"], "shelf-8")
    watch(world, 300)
    assert (job.state, job.reason) == ("failed", "battery empty")
    with pytest.raises(Refusal, match="too low"):
        world.travel_to(world.robots["robot-1"], "shelf-8")


def faulty(kind: Any, after: float = 0.0) -> World:
    return World(robots=2, shelves=4, seed=5, faults=(Fault(robot="robot-1", kind=kind, after=after),))


def test_a_liar_reports_arrival_and_tells_truthfully_that_it_never_moved() -> None:
    world = faulty("lies_about_moving")
    robot = world.robots["robot-1"]
    job = world.travel_to(robot, "shelf-3")
    watch(world, 300)
    assert (job.state, world.truth()["robots"]["robot-1"]["at"]) == ("done", "dock-1")


@pytest.mark.parametrize(("kind", "after", "state"), [("stuck", 0.0, "failed"), ("dies", 6.0, "cancelled")])
def test_a_robot_that_breaks_down_on_the_way_does_not_hold_up_the_other(kind: str, after: float, state: str) -> None:
    world = faulty(kind, after)
    broken, other = world.robots.values()
    first, second = world.travel_to(broken, "shelf-4"), world.travel_to(other, "shelf-3")
    watch(world, 300)
    assert (first.state, second.state) == (state, "done")
    assert world.at(broken) is None


def test_a_bad_sensor_sees_the_first_slot_the_wrong_way_round() -> None:
    world = faulty("sensor_wrong")
    robot = world.robots["robot-1"]
    world.travel_to(robot, "shelf-1")
    world.kernel.drain(300)
    job = world.look(robot, 1)
    world.kernel.drain(300)
    assert abs(job.result.free - world.shelves[1].free) == 1


def test_a_slow_robot_takes_three_times_as_long() -> None:
    times: list[float] = []
    for world in (World(robots=1, shelves=4), World(robots=1, shelves=4, faults=(Fault(robot="robot-1", kind="slow"),))):
        world.travel_to(world.robots["robot-1"], "shelf-4")
        world.kernel.drain(300)
        times.append(world.now)
    assert times[1] == pytest.approx(3 * times[0])
