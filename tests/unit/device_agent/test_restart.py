"""What a restart may not do: run twice, answer twice, lose an order, or hang."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from device_agent.journal import Journal
from schemas.base import Value
from schemas.errors import DeviceError
from schemas.messages import OutcomeReport
from schemas.skills import Call
from tests.unit.device_agent.conftest import Bench, FakeRobot

pytestmark = pytest.mark.usefixtures("event_loop_policy")


@dataclass
class SlowToLook(FakeRobot):
    """Takes `looking` s to answer a look."""

    looking: float = 0.0

    async def state(self) -> dict[str, Value]:
        await asyncio.sleep(self.looking)
        return await super().state()


async def _ends(bench: Bench, seconds: float) -> list[tuple[str, str]]:
    """(last digits of the subtask, end) of every report within `seconds`."""
    found: list[tuple[str, str]] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                report: OutcomeReport = await bench.until(OutcomeReport)
                found.append((report.subtask, report.outcome.end))
    except TimeoutError:
        return found


async def _reboot(bench: Bench) -> None:
    """Without waiting for the device."""
    await bench.boot(clock_known=False)


async def test_an_order_sent_again_while_the_agent_recovers_is_not_run_again() -> None:
    async with Bench(robot := FakeRobot(pause=30)) as bench:
        sid = await bench.send("Beep.")
        await asyncio.sleep(1)
        await bench.crash()
        robot.silent = True
        await _reboot(bench)
        state = await bench.poll(sid)
        assert state.subtasks[0].state == "accepted"
        await bench.send("Beep.", sid=sid, seq=bench.seq)
        await asyncio.sleep(1)
        robot.silent = False
        assert await _ends(bench, 60) == [(sid, "failed")]
        assert len(robot.effects) == 1


async def test_a_cancel_during_recovery_waits_for_the_truth() -> None:
    async with Bench(robot := SlowToLook(pause=30)) as bench:
        sid = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.crash()
        robot.looking, robot.at = 3.0, "shelf-4"
        await _reboot(bench)
        await asyncio.sleep(4)
        await bench.cancel(sid)
        assert set(await _ends(bench, 20)) == {(sid, "done")}


async def test_a_cancel_of_one_order_leaves_the_other_that_waits() -> None:
    async with Bench(FakeRobot(pause=20)) as bench:
        await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        old = await bench.send("Go to shelf 5.")
        await asyncio.sleep(1)
        await bench.crash()
        await bench.boot()
        first = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        second = await bench.send("Beep.")
        await asyncio.sleep(1)
        await bench.cancel(old)
        assert (await bench.outcome(old)).end == "cancelled"
        assert (await bench.outcome(first)).end == "done" and (await bench.outcome(second)).end == "done"


async def test_what_a_restart_left_open_and_nobody_sent_again_ends_after_its_start_by() -> None:
    async with Bench(FakeRobot(pause=40)) as bench:
        begun = await bench.send("Count shelf 4.")
        await asyncio.sleep(41)  # there, and the read is in flight
        never = await bench.send("Beep.", late=30)
        await asyncio.sleep(1)
        await bench.crash()
        await bench.boot()
        assert [s.state for s in (await bench.poll(begun, never)).subtasks] == ["never_seen", "never_seen"]
        await asyncio.sleep(31)
        left = (await bench.poll(begun, never)).subtasks
        assert [s.outcome.end for s in left if s.outcome] == ["failed", "expired"] and "restart" in left[0].outcome.text  # type: ignore[union-attr]
        assert Journal(bench.store, "r1").open_entries() == []


async def test_equal_calls_of_one_subtask_have_one_key_before_and_after_a_restart() -> None:
    async with Bench(robot := FakeRobot(pause=5)) as bench:
        sid = await bench.send("Count shelf 4.")
        await asyncio.sleep(7)
        await bench.crash()
        await bench.boot()
        await bench.send("Count shelf 4.", sid=sid, seq=bench.seq)
        await bench.outcome(sid)
        keys = [(function, key) for key, function in robot.effects]
        assert [f for f, _ in keys] == ["go", "count", "count"] and len(set(keys)) == 2
        assert all(key.startswith(f"{sid}/") for _, key in keys)


async def test_an_agent_told_to_end_in_the_middle_of_a_cancel_ends() -> None:
    @dataclass
    class SlowToStop(FakeRobot):
        async def stop(self) -> None:
            await asyncio.sleep(3)
            await super().stop()

    async with Bench(robot := SlowToStop(pause=100)) as bench:
        sid = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.cancel(sid)
        await asyncio.sleep(0.5)
        async with asyncio.timeout(60):
            await bench.service.stop()
        assert robot.stops == 1
        kept = Journal(bench.store, "r1").get(sid)
        assert kept is not None and kept.outcome is not None and kept.outcome.end == "cancelled"
        await bench.boot()


async def test_a_second_cancel_does_not_cut_the_stopping_short() -> None:
    order: list[str] = []

    @dataclass
    class SlowToStop(FakeRobot):
        async def stop(self) -> None:
            order.append("stop begins")
            await asyncio.sleep(4)
            order.append("stop ends")

        async def call(self, call: Call, *, key: str) -> Any:
            order.append(str(call.arguments["shelf"]))
            return await super().call(call, key=key)

    async with Bench(SlowToStop(pause=50)) as bench:
        running = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.send("Go to shelf 5.")
        for _ in range(2):
            await bench.cancel(running)
            await asyncio.sleep(1)
        await bench.outcome(running)
        await asyncio.sleep(1)
        assert order == ["4", "stop begins", "stop ends", "5"]


async def test_offline_is_the_last_word() -> None:
    async with Bench(FakeRobot()) as bench:
        said: list[bytes] = []
        publish = bench.agent_bus.publish

        async def late(topic: str, payload: bytes, **options: Any) -> None:
            said.append(payload)
            await publish(topic, payload, **options)
            await asyncio.sleep(6)

        bench.agent_bus.publish = late  # type: ignore[method-assign]
        await bench.service.stop()
        await asyncio.sleep(30)
        assert b'"offline"' in said[-1]
        bench.agent_bus.publish = publish  # type: ignore[method-assign]
        await bench.boot()


async def test_a_device_silent_at_the_start_is_shown_as_a_problem() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        await bench.crash()
        robot.silent = True
        await _reboot(bench)
        await asyncio.sleep(3)
        assert not (await bench.poll()).normal
        robot.silent = False
        await asyncio.sleep(5)
        assert (await bench.poll()).normal


async def test_a_device_whose_start_fails_oddly_is_tried_again() -> None:
    @dataclass
    class Odd(FakeRobot):
        starts: int = 0

        async def start(self) -> None:
            self.starts += 1
            if self.starts < 3:
                raise (ValueError("odd") if self.starts == 1 else DeviceError("not yet"))

    async with Bench(Odd()) as bench:
        assert (await bench.outcome(await bench.send("Beep."))).end == "done"
