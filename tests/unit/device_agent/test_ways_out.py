"""However a run ends, the device is released, stopped where it must be, and the truth is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from device_agent.driver import CallResult
from schemas.base import Value
from schemas.errors import DeviceError
from schemas.observations import Observation
from schemas.skills import Call
from tests.unit.device_agent.conftest import CATALOGUE, Bench, FakeRobot

pytestmark = pytest.mark.usefixtures("event_loop_policy")
RELEASING = CATALOGUE.model_copy(update={"release": "beep"})


@dataclass
class Failing(FakeRobot):
    """Every call of `on` raises `error`."""

    error: Exception | None = None
    on: str = "go"

    async def call(self, call: Call, *, key: str) -> CallResult:
        result = await super().call(call, key=key)
        if self.error is not None and call.function == self.on:
            raise self.error
        return result


@pytest.mark.parametrize(
    ("error", "on", "uncertain"),
    [
        (DeviceError("no answer", uncertain=True), "go", True),
        (DeviceError("refused"), "go", False),
        (KeyError("odd"), "go", True),
        (DeviceError("no answer", uncertain=True), "count", False),
    ],
)
async def test_a_failed_call_that_may_yet_take_effect_stops_the_device(error: Exception, on: str, uncertain: bool) -> None:
    async with Bench(robot := Failing(error=error, on=on, catalogue=RELEASING)) as bench:
        outcome = await bench.outcome(await bench.send("Count shelf 4."))
        assert (outcome.end, outcome.uncertain, robot.stops) == ("failed", uncertain, int(uncertain))
        assert robot.effects[-1][1] == "beep", "released"
        assert ("stopped" in outcome.text) is uncertain


async def test_a_cancel_says_when_the_device_could_not_be_stopped() -> None:
    @dataclass
    class Runaway(FakeRobot):
        async def stop(self) -> None:
            raise DeviceError("cannot be reached")

    async with Bench(Runaway(pause=100)) as bench:
        sid = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.cancel(sid)
        outcome = await bench.outcome(sid)
        assert outcome.end == "cancelled" and "could not be stopped (cannot be reached)" in outcome.text


async def test_a_cancel_after_the_deed_does_not_deny_it_and_the_device_is_released() -> None:
    @dataclass
    class SlowRelease(FakeRobot):
        released: int = 0

        async def call(self, call: Call, *, key: str) -> CallResult:
            result = await super().call(call, key=key)
            if call.function == "beep":
                await asyncio.sleep(3)
                self.released += 1
            return result

    async with Bench(robot := SlowRelease(catalogue=RELEASING)) as bench:
        sid = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.cancel(sid)
        outcome = await bench.outcome(sid)
        assert outcome.end == "done" and robot.released == 1 and robot.stops == 0


async def test_a_release_that_hangs_does_not_hold_the_outcome() -> None:
    @dataclass
    class Hangs(FakeRobot):
        async def call(self, call: Call, *, key: str) -> CallResult:
            if call.function == "beep":
                await asyncio.Event().wait()
            return await super().call(call, key=key)

    async with Bench(Hangs(catalogue=RELEASING)) as bench:
        before = bench.clock.now()
        assert (await bench.outcome(await bench.send("Go to shelf 4."))).end == "done"
        assert bench.clock.now() - before < 6


@pytest.mark.parametrize(("sentence", "uncertain"), [("Go to shelf 4.", True), ("Count shelf 4.", False)])
async def test_work_stopped_at_its_deadline_is_uncertain_only_if_something_may_have_changed(sentence: str, uncertain: bool) -> None:
    robot = FakeRobot(pause=100, at="shelf-4" if "Count" in sentence else "dock-1")
    async with Bench(robot) as bench:
        outcome = await bench.outcome(await bench.send(sentence, deadline=bench.clock.now() + 20))
        assert (outcome.end, outcome.uncertain) == ("failed", uncertain) and "the device was stopped" in outcome.text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", 10**5000, None], ids=["nan", "inf", "surrogate", "huge", "none"])
async def test_a_value_that_no_message_can_carry_harms_nothing(value: Any) -> None:
    @dataclass
    class Odd(FakeRobot):
        async def state(self) -> dict[str, Value]:
            return {**await super().state(), "load": value}

    async with Bench(Odd()) as bench:
        state = await bench.poll()
        assert state.attributes["battery"] == 80 and state.attributes.get("load") in (None, "?")
        assert (await bench.outcome(await bench.send("Go to shelf 4."))).end == "done"


async def test_a_look_that_fails_oddly_is_a_problem_and_passes() -> None:
    @dataclass
    class Odd(FakeRobot):
        bad: bool = False

        async def state(self) -> dict[str, Value]:
            if self.bad:
                raise ValueError("Exceeds the limit (4300 digits) for integer string conversion")
            return await super().state()

    async with Bench(robot := Odd()) as bench:
        robot.bad = True
        assert (await bench.outcome(await bench.send("Beep."))).end == "failed"
        await asyncio.sleep(3)
        assert "cannot be read" in (await bench.poll()).problem
        robot.bad = False
        await asyncio.sleep(3)
        assert (await bench.poll()).normal
        assert (await bench.outcome(await bench.send("Beep."))).end == "done"


@pytest.mark.parametrize("raw", ["\ud800", float("nan"), {"a": {1, 2}}], ids=["surrogate", "nan", "set"])
async def test_a_reply_that_is_no_json_does_not_undo_the_deed(raw: Any) -> None:
    @dataclass
    class Odd(FakeRobot):
        async def call(self, call: Call, *, key: str) -> CallResult:
            await super().call(call, key=key)
            return CallResult(raw)

    async with Bench(Odd()) as bench:
        assert (await bench.outcome(await bench.send("Go to shelf 4."))).end == "done"


@pytest.mark.parametrize("seen", [tuple(range(60_000)), "\ud800"], ids=["large", "surrogate"])
async def test_an_outcome_that_cannot_be_sent_loses_what_was_seen_and_says_so(seen: Any) -> None:
    @dataclass
    class Sees(FakeRobot):
        async def call(self, call: Call, *, key: str) -> CallResult:
            result = await super().call(call, key=key)
            found = (Observation(subject="shelf-4", property="free_slots", value=seen),)
            return CallResult(None, found) if call.function == "count" else result

    async with Bench(Sees()) as bench:
        sid = await bench.send("Count shelf 4.")
        outcome = await bench.outcome(sid)
        assert outcome.end == "done" and not outcome.observations and "told" in outcome.text
        assert (await bench.poll(sid)).subtasks[0].outcome == outcome
