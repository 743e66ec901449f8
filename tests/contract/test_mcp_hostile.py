"""Hostile MCP servers over HTTP as devices: real processes. Whatever they send ends with a reason and in time, and other devices work."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from device_agent.drivers.mcp import McpDriver, offers
from device_agent.drivers.tools import Accepted
from runtime.clock import SystemClock
from runtime.mcp import McpServer
from runtime.mcp_session import McpSession, Target
from schemas.errors import DeviceError, LinkError, ModelError
from schemas.skills import Call, Catalogue, Function
from tests.contract.test_processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CLOCK = SystemClock()
TOO_FAST = "more than 1000 messages a second"
SAY = Call(function="say", arguments={})


@asynccontextmanager
async def hostile(manner: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.contract.hostile_http", manner, cwd=ROOT, stdout=PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}/mcp"
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def driven(manner: str, longest: float = 20.0) -> AsyncIterator[McpDriver]:
    """A driver whose tools have just been taken over."""
    own = Catalogue(kind="speaker", functions=(Function(name="say", longest=longest),))
    async with hostile(manner) as url:
        session = McpSession(Target(url=url), CLOCK)
        driver = McpDriver(session, Accepted(tools=await offers(session)), CLOCK, "speaker", {}, own)
        try:
            yield driver
        finally:
            began = time.monotonic()
            await driver.close()
        assert time.monotonic() - began < 12.0


@pytest.mark.parametrize("manner", ["flood", "comments"])
async def test_a_server_that_never_ends_its_answer_is_left_with_a_reason(manner: str) -> None:
    async with hostile(manner) as url:
        session = McpSession(Target(url=url), CLOCK)
        began = time.monotonic()
        with pytest.raises(DeviceError, match=TOO_FAST):
            await offers(session)
        assert time.monotonic() - began < 15.0
        with pytest.raises(DeviceError, match="failed a moment ago"):
            await offers(session)
        await session.close()
        with pytest.raises(LinkError, match=TOO_FAST):
            await McpServer(url, deadline=15.0).call("say", {})


async def test_a_call_that_is_answered_by_endless_messages_is_uncertain_and_others_work_meanwhile() -> None:
    async with driven("chatty") as noisy, driven("plain") as calm:
        failing = asyncio.create_task(noisy.call(SAY, key="k"))
        for _ in range(3):
            assert (await asyncio.wait_for(calm.call(SAY, key="k"), 5)).observations
        with pytest.raises(DeviceError, match=TOO_FAST) as told:
            await asyncio.wait_for(failing, 60)
        assert told.value.uncertain


async def test_a_flood_on_the_stream_of_no_request_ends_the_session() -> None:
    async with driven("stream") as driver:

        async def until_it_is_told() -> None:
            while True:
                await driver.call(SAY, key="k")

        with pytest.raises(DeviceError, match=TOO_FAST):
            await asyncio.wait_for(until_it_is_told(), 60)


async def test_a_stream_that_is_to_be_opened_again_at_once_is_opened_once_a_second() -> None:
    async with driven("again") as driver:
        await asyncio.sleep(2.5)
        (streams,) = [value for value in [(await driver.call(SAY, key="k")).raw["streams"]] if isinstance(value, int)]
        assert 1 <= streams <= 4


async def test_a_call_to_a_server_gone_mute_ends_at_its_deadline_and_so_does_leaving_it() -> None:
    async with driven("mute", longest=1.0) as driver:
        began = time.monotonic()
        with pytest.raises(DeviceError, match="did not answer within 1 s"):
            await driver.call(SAY, key="k")
        assert time.monotonic() - began < 6.0


async def test_the_patterns_of_a_servers_own_schema_are_not_run_on_its_answer() -> None:
    async with driven("plain") as driver:
        assert (await asyncio.wait_for(driver.call(SAY, key="k"), 5)).observations


@pytest.mark.parametrize(("manner", "where"), [("list", "tools"), ("name", "tools.0.name"), ("schema", "tools.0.inputSchema")])
async def test_a_list_of_tools_of_the_wrong_form_is_told_and_soon(manner: str, where: str) -> None:
    async with hostile(manner) as url:
        session = McpSession(Target(url=url), CLOCK)
        began = time.monotonic()
        with pytest.raises(DeviceError, match=rf"wrong form \({where}: "):
            await offers(session)
        assert time.monotonic() - began < 10.0
        await session.close()


@pytest.mark.parametrize(("manner", "where"), [("content", "content"), ("structure", "structuredContent"), ("nothing", "content")])
async def test_an_answer_of_the_wrong_form_is_told_and_what_came_of_the_call_is_open(manner: str, where: str) -> None:
    async with driven(manner) as driver:
        for _ in range(2):  # and the connection is no worse for it
            with pytest.raises(DeviceError, match=rf"wrong form \({where}: ") as told:
                await driver.call(SAY, key="k")
            assert told.value.uncertain
        with pytest.raises(DeviceError, match="cannot be seen to stop"):
            await driver.stop()
    async with hostile(manner) as url:
        with pytest.raises(ModelError, match=rf"wrong form \({where}: "):
            await McpServer(url, deadline=15.0).call("say", {})


async def test_numbers_that_are_none_are_no_observations() -> None:
    async with driven("nan") as driver:
        assert (await driver.call(SAY, key="k")).observations == ()
