"""Every function of every maker is answered by its façade, maps to facts and keeps its promises. In virtual time."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from device_agent.conditions import holds
from device_agent.prepare import prepare
from device_agent.verify import post_conditions
from device_agent.way import way_of
from runtime.clock import LoopClock
from schemas.errors import DeviceError
from schemas.skills import Call, Function, parameters_of
from simulations.drivers import driver_for
from simulations.faults import Fault
from simulations.makers import MAKERS, catalogue_of
from simulations.pace import PacedWorld
from simulations.world import World

POINT = {"m": (0.5, 1.5), "cm": (50, 150), "mm": (500, 1500)}
AXES = {"x": 0, "y": 1, "east": 0, "north": 1, "x_cm": 0, "y_cm": 1, "px": 0, "py": 1}
FUNCTIONS = [(maker, function.name) for maker in MAKERS for function in catalogue_of(maker).functions]


def warehouse(maker: str, *faults: Fault) -> World:
    return World(robots=2, shelves=6, seed=4, makers=(maker,), batteries=(77,), faults=faults)


def paced(world: World) -> PacedWorld:
    return PacedWorld(world, 1.0, LoopClock())


def example(function: Function) -> Call:
    """Arguments that fit: shelf 2, a point in a lane, the middle of a range."""
    return Call(function=function.name, arguments={p.name: _value(function, p) for p in parameters_of(function)})


def _value(function: Function, parameter: Any) -> Any:
    if parameter.name in function.places:
        return function.places[parameter.name].to_maker("shelf-2")
    if parameter.name in AXES:
        return POINT[parameter.unit][AXES[parameter.name]]
    if parameter.type in ("integer", "number"):
        return type(parameter.minimum)(parameter.minimum + 1) if parameter.type == "number" else int(parameter.minimum) + 1
    if parameter.type == "boolean":
        return True
    return parameter.choices[-1] if parameter.choices else "lab network"


async def carry_out(driver: Any, call: Call) -> Any:
    """As an agent does: what must be done first, then the call itself."""
    chain = prepare(driver.catalogue, call, await driver.state())
    assert isinstance(chain, tuple), chain
    results = [await driver.call(c, key=f"k{i}") for i, c in enumerate(chain)]
    return results[-1]


@pytest.mark.parametrize(("maker", "name"), FUNCTIONS)
async def test_a_function_is_answered_and_its_promises_hold(maker: str, name: str) -> None:
    async with paced(warehouse(maker)) as world:
        driver = driver_for(world, "robot-1")
        function = driver.catalogue.function(name)
        call = example(function)
        result = await carry_out(driver, call)
        state = await driver.state()
        assert {o.property for o in result.observations} == {r.property for r in function.returns}
        assert all(o.subject == ("shelf-2" if function.requires else "robot-1") for o in result.observations)
        assert [c for c in post_conditions(function, call) if not holds(c, state)] == []


@pytest.mark.parametrize("maker", MAKERS)
async def test_the_makers_different_answers_become_the_same_facts(maker: str) -> None:
    world = warehouse(maker)
    async with paced(world) as running:
        driver = driver_for(running, "robot-1")
        found: dict[str, Any] = {}
        for function in driver.catalogue.functions:
            if function.requires:
                found |= {o.property: o.value for o in (await carry_out(driver, example(function))).observations}
        truth = world.truth()["shelves"]["shelf-2"]
    assert found == {
        "free_slots": truth["free_slots"],
        "occupied_slots": truth["items"],
        "items": truth["items"],
        "item_names": tuple(truth["item_names"]),
    }


@pytest.mark.parametrize("maker", MAKERS)
async def test_the_state_is_standard_whoever_made_the_robot(maker: str) -> None:
    world = warehouse(maker)
    async with paced(world) as running:
        driver = driver_for(running, "robot-2")
        state = await driver.state()
        truth = world.truth()["robots"]["robot-2"]
    for name in ("at", "busy", "charging", "locked"):
        assert state[name] == truth[name]
    for name in ("battery", "x", "y", "speed"):
        assert state[name] == pytest.approx(truth[name], abs=0.05)


@pytest.mark.parametrize("maker", MAKERS)
async def test_the_way_that_is_reserved_is_told_by_all_makers_but_one(maker: str) -> None:
    world = warehouse(maker)
    robot = world.robots["robot-1"]
    assert world.way(robot) == ()
    async with paced(world) as running:
        driver = driver_for(running, "robot-1")
        assert way_of(await driver.state()) == ()
        world.travel_to(robot, "shelf-3")
        told, way = way_of(await driver.state()), world.way(robot)
    if maker == "kestrel":
        assert told == ()
    else:
        assert len(told) > 2 and all(point == pytest.approx(corner, abs=0.02) for point, corner in zip(told, way, strict=True))
    assert all((a[0] == b[0]) != (a[1] == b[1]) for a, b in pairwise(way)), "it turns at right angles, and only there"
    world.kernel.drain(300)
    assert world.way(robot) == () and world.at(robot)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("place", ["shelf-3", "dock-1", "station-1", "floor"])
async def test_every_place_is_called_by_the_sites_name(maker: str, place: str) -> None:
    world = warehouse(maker)
    robot = world.robots["robot-1"]
    if place == "floor":
        world.travel_xy(robot, 1.5, 1.5)
    else:
        world.travel_to(robot, place)
    world.kernel.drain(300)
    async with paced(world) as running:
        assert (await driver_for(running, "robot-1").state())["at"] == place


@pytest.mark.parametrize("maker", MAKERS)
async def test_looking_from_elsewhere_is_refused_in_one_line(maker: str) -> None:
    async with paced(warehouse(maker)) as running:
        driver = driver_for(running, "robot-1")
        look = next(f for f in driver.catalogue.functions if f.requires)
        with pytest.raises(DeviceError, match="only be seen from beside") as caught:
            await driver.call(example(look), key="k")
    assert not caught.value.uncertain
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("maker", MAKERS)
async def test_stop_works_while_a_call_is_pending(maker: str) -> None:
    async with paced(warehouse(maker)) as running:
        driver = driver_for(running, "robot-1")
        move = next(f for f in driver.catalogue.functions if f.places and f.achieves)
        pending = asyncio.create_task(driver.call(example(move), key="k"))
        await asyncio.sleep(3)
        assert (await driver.state())["busy"] is True
        await driver.stop()
        with pytest.raises(DeviceError, match="stopped"):
            await pending
        await asyncio.sleep(3)
        assert (await driver.state())["busy"] is False


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_refusing_robot_has_no_effect_and_a_silent_one_runs_into_the_time_out(maker: str) -> None:
    world = warehouse(maker, Fault(robot="robot-1", kind="refuses"), Fault(robot="robot-2", kind="silent", after=10))
    async with paced(world) as running:
        move = next(f for f in catalogue_of(maker).functions if f.places and f.achieves)
        with pytest.raises(DeviceError, match="declined"):
            await driver_for(running, "robot-1").call(example(move), key="k")
        silent = driver_for(running, "robot-2")
        await silent.start()
        await asyncio.sleep(10)
        with pytest.raises(DeviceError, match="did not answer") as caught:
            await silent.call(example(move), key="k")
        with pytest.raises(DeviceError, match="did not answer"):
            await silent.start()
    assert caught.value.uncertain
    assert world.effects.effects == []


@pytest.mark.parametrize("maker", MAKERS)
async def test_the_device_does_not_notice_a_repeated_order_but_the_log_does(maker: str) -> None:
    world = warehouse(maker)
    async with paced(world) as running:
        driver = driver_for(running, "robot-1")
        move = next(f for f in driver.catalogue.functions if f.places and f.achieves)
        for key in ("subtask/1", "subtask/2", "subtask/2"):
            await driver.call(example(move), key=key)
        await driver.state()
    assert [e.function for e in world.effects.of("robot-1")] == [move.name] * 3
    assert world.effects.repeated() == [("robot-1", "subtask/2")]


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_lost_reply_leaves_an_effect_and_an_uncertain_error(maker: str) -> None:
    world = warehouse(maker, Fault(robot="robot-1", kind="lost_reply"))
    async with paced(world) as running:
        driver = driver_for(running, "robot-1")
        move = next(f for f in driver.catalogue.functions if f.places and f.achieves)
        with pytest.raises(DeviceError) as caught:
            await driver.call(example(move), key="k")
        assert caught.value.uncertain
        assert (await driver.state())["at"] == "shelf-2"
    assert len(world.effects.effects) == 1


@pytest.mark.parametrize("maker", MAKERS)
def test_a_request_that_makes_no_sense_is_refused_and_never_raises(maker: str) -> None:
    running = PacedWorld(warehouse(maker), None)
    facade = running.facades["robot-1"]
    for function in catalogue_of(maker).functions:
        assert function.binding is not None
        path = function.binding.path.replace("{shelf}", "x")
        for body in (None, [1], {"op": function.name}, {"mission": function.name}, {"shelf": "no", "x": [], "speed": 1e9}):
            facade.handle(function.binding.method, path, {"idx": "-1"}, body)
    reply = facade.handle("GET", "/nowhere", {}, None)
    assert "no such request" in str(getattr(reply, "json", ""))


def test_passwords_do_not_reach_the_effect_log() -> None:
    running = PacedWorld(warehouse("palisade"), None)
    running.facades["robot-1"].handle("PATCH", "/v2/settings/radio", {}, {"name": "ap", "passphrase": "hunter2hunter2"})
    assert "hunter2" not in str(running.world.effects.effects)
    assert running.world.effects.effects[0].arguments == {"name": "ap", "passphrase": "***"}


def test_the_catalogues_are_really_different_and_each_has_something_dangerous() -> None:
    catalogues = [catalogue_of(m) for m in MAKERS]
    names = [{f.name for f in c.functions} for c in catalogues]
    assert sum(map(len, names)) == len(set[str]().union(*names)), "two makers share a function name"
    for catalogue in catalogues:
        assert 12 <= len(catalogue.functions) <= 16
        assert any(f.safety in ("irreversible", "forbidden") for f in catalogue.functions)
        assert catalogue.stop is not None
        assert all(f.binding for f in catalogue.functions)
        assert not [f.name for f in catalogue.functions if "_" in f.name and f.name in " ".join(catalogue.abilities)], "an ability names the API"
