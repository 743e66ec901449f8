"""`parley demo`: whom it waits for."""

from __future__ import annotations

import pytest

from cli.demo import _present
from runtime.clock import LoopClock
from runtime.memory_bus import MemoryBroker
from runtime.operator import Fleet, Operator
from schemas.errors import LinkError
from schemas.messages import Connection, State

ROBOTS = {"robot-1", "robot-2"}


def operator(*, coordinator: bool = True, robots: tuple[str, ...] = ("robot-1", "robot-2")) -> Operator:
    made = Operator(MemoryBroker().client(), "site", "operator-1", LoopClock(1))
    fleet: Fleet = made.fleet
    if coordinator:
        fleet.coordinators["c"] = Connection(status="online", boot="b")
    for robot in robots:
        fleet.agents[f"agent-{robot}"] = Connection(status="online", boot="b", devices=(robot,))
        fleet.states[robot] = State(device=robot, boot="b", attributes={"battery": 50.0})
    return made


async def test_it_begins_as_soon_as_everybody_is_there() -> None:
    assert await _present(operator(), ROBOTS, patience=5.0, quiet=5.0) == ROBOTS


async def test_a_robot_that_never_comes_is_left_behind_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert await _present(operator(robots=("robot-1",)), ROBOTS, patience=5.0, quiet=0.1) == {"robot-1"}
    assert "robot-2: nothing heard; going on with the others." in capsys.readouterr().err


@pytest.mark.parametrize(("coordinator", "robots"), [(False, ("robot-1", "robot-2")), (True, ())])
async def test_without_a_coordinator_or_any_robot_it_does_not_begin(coordinator: bool, robots: tuple[str, ...]) -> None:
    with pytest.raises(LinkError, match="did not come up within"):
        await _present(operator(coordinator=coordinator, robots=robots), ROBOTS, patience=0.3, quiet=0.1)
