"""Raw data for experts: by handle, one request at a time, and a reason where there is none."""

from __future__ import annotations

import pytest

from schemas import topics
from schemas.messages import WindowReply, WindowRequest
from tests.unit.device_agent.conftest import Bench, FakeRobot

pytestmark = pytest.mark.usefixtures("event_loop_policy")


async def ask(bench: Bench, handle: str, what: str) -> None:
    await bench._put(topics.WINDOW_REQUEST, "r1", WindowRequest(device="r1", handle=handle, what=what))


async def test_a_window_comes_back_under_the_handle_that_asked_for_it() -> None:
    async with Bench(FakeRobot()) as bench:
        await ask(bench, "csi/1", "csi")
        reply = await bench.until(WindowReply)
        assert (reply.device, reply.handle, reply.data["kind"]) == ("r1", "csi/1", "csi")


async def test_a_device_that_has_no_such_data_says_what_it_has() -> None:
    async with Bench(FakeRobot()) as bench:
        await ask(bench, "smell/1", "smell")
        reply = await bench.until(WindowReply)
        assert reply.data == {"problem": "this device has no such data; it has csi"}


async def test_a_second_request_meanwhile_is_told_to_wait_and_work_goes_on() -> None:
    async with Bench(FakeRobot(pause=5)) as bench:
        await ask(bench, "csi/1", "csi")
        await ask(bench, "csi/2", "csi")
        sid = await bench.send("Go to shelf 4.")
        first = await bench.until(WindowReply)
        assert first.handle == "csi/2" and "another window" in first.data["problem"]
        second = await bench.until(WindowReply)
        assert second.handle == "csi/1" and "problem" not in second.data
        assert (await bench.outcome(sid)).end == "done"
