"""The way that is reserved for a device, from its maker's JSON to its state."""

from __future__ import annotations

from typing import Any

import pytest

from device_agent.drivers.mapping import reading
from device_agent.way import way_of
from schemas.base import Value
from schemas.messages import LONGEST_WAY, State
from schemas.skills import Returns
from tests.unit.device_agent.conftest import Bench, FakeRobot, event_loop_policy  # noqa: F401

WAY = Returns(property="way", path="ahead", reduce="points", unit="m", scale=0.01)


@pytest.mark.parametrize(
    ("raw", "way"),
    [
        ([[100, 250], [700, 250]], ((1.0, 2.5), (7.0, 2.5))), ([{"x": 100, "y": -250}], ((1.0, -2.5),)), ([], ()), (None, ()), ("100 250", ()),
        ([[100]], ()), ([[1, 2, 3]], ()), ([["a", "b"]], ()), ([[True, False]], ()), ({"x": 1, "y": 2}, ()), ([[1, 2], 3], ()),
    ],
)  # fmt: skip
def test_makers_shapes_become_corners(raw: Any, way: tuple[tuple[float, float], ...]) -> None:
    value = reading(WAY, {"ahead": raw})
    assert way_of({"way": value} if value is not None and not isinstance(value, tuple) else {}) == way


@pytest.mark.parametrize("told", ["", "1", "1,2,3", "a,b", "nan,1", "1e999,2", 7, True])
def test_what_is_no_way_is_none(told: Value) -> None:
    assert way_of({"way": told}) == () and way_of({}) == ()


def test_a_way_is_no_longer_than_a_state_can_carry() -> None:
    value = reading(WAY, {"ahead": [[n, n] for n in range(1000)]})
    assert isinstance(value, str) and len(way_of({"way": value})) == LONGEST_WAY


class Driving(FakeRobot):
    async def state(self) -> dict[str, Value]:
        return {**await super().state(), "way": "1.0,2.0 7.0,2.0"}


async def test_it_is_told_beside_the_attributes_and_not_as_one() -> None:
    async with Bench(Driving()) as bench:
        state = await bench.until(State)
        assert state.way == ((1.0, 2.0), (7.0, 2.0)) and "way" not in state.attributes and state.attributes["battery"] == 80
