"""MCP servers as devices: real processes, well-behaved or not, over stdio and HTTP."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from device_agent.drivers.mcp import McpDriver, offers
from device_agent.drivers.tools import Accepted
from runtime.clock import SystemClock
from runtime.mcp import Access
from runtime.mcp_http import listen, serve
from runtime.mcp_session import McpSession, Target
from schemas.errors import DeviceError
from schemas.skills import Binding, Call, Catalogue, Returns, StateRead
from tests.contract.strange_server import server
from tests.contract.test_processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
CLOCK = SystemClock()
TOKEN = "0123456789abcdef-of-this-adder"


def stdio(manner: str, *marks: str) -> Target:
    return Target((sys.executable, "-m", "tests.contract.strange_server", manner, *marks), ROOT)


@asynccontextmanager
async def opened(
    target: Target, policy: dict[str, Any] | None = None, own: Catalogue | None = None, known: Accepted | None = None
) -> AsyncIterator[McpDriver]:
    """A driver of it whose tools have just been taken over, or were before."""
    session = McpSession(target, CLOCK)
    accepted = known or Accepted(server="adder", tools=await offers(session))
    driver = McpDriver(session, accepted, CLOCK, "adder", policy or {}, own)
    try:
        yield driver
    finally:
        await driver.close()


@asynccontextmanager
async def over_http(manner: str, **settings: Any) -> AsyncIterator[McpDriver]:
    listening = listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve(server(manner, None), listening, [TOKEN]))
    try:
        target = Target(url=f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", access=Access(settings.pop("token", TOKEN)))
        async with opened(target, **settings) as driver:
            yield driver
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


WAYS: dict[str, Callable[..., Any]] = {"stdio": lambda manner, **more: opened(stdio(manner), **more), "http": over_http}


@pytest.fixture(params=sorted(WAYS))
def way(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return WAYS[request.param]


async def call(driver: McpDriver, tool: str, **arguments: Any) -> Any:
    return await driver.call(Call(function=tool, arguments=arguments), key="k")


async def test_tools_are_functions_and_answers_are_observations(way: Callable[..., Any]) -> None:
    async with way("plain", policy={"add": "read", "note": "reversible"}) as driver:
        await driver.start()
        assert {f.name: f.safety for f in driver.catalogue.functions}["add"] == "read"
        assert driver.catalogue.function("fail").safety == "irreversible"  # the site's policy does not name it
        result = await call(driver, "add", first=2, second=40)
        assert {(o.property, o.value) for o in result.observations} == {("total", 42), ("exact", True)}
        noted = await call(driver, "note", text="hello")
        assert [(o.property, o.value, o.evidence) for o in noted.observations] == [("result", "kept: hello", "reported")]
        assert await driver.state() == {}
        await driver.stop()


async def test_a_tool_that_fails_says_why_in_its_own_words(way: Callable[..., Any]) -> None:
    async with way("plain") as driver:
        with pytest.raises(DeviceError, match="the belt is torn") as told:
            await call(driver, "fail")
        assert not told.value.uncertain
        with pytest.raises(DeviceError, match="longer than 200000"):
            await call(driver, "tell")
        assert (await call(driver, "add", first=1, second=1)).observations


async def test_the_sites_own_catalogue_adds_state_and_a_way_to_stop() -> None:
    read = StateRead(binding=Binding(tool="add", body={"first": 40, "second": 2}), attributes=(Returns(property="level", path="total"),))
    own = Catalogue(kind="adder", functions=(), state=(read,), stop=Binding(tool="fail"))
    async with opened(stdio("plain"), own=own) as driver:
        assert await driver.state() == {"level": 42}
        with pytest.raises(DeviceError, match="the belt is torn"):
            await driver.stop()


async def test_what_changed_is_not_offered_until_it_is_accepted() -> None:
    async with opened(stdio("plain")) as driver:
        known = Accepted(server="adder", tools=await offers(driver._session))  # pyright: ignore[reportPrivateUsage]
    async with opened(stdio("grown"), known=known) as driver:
        await driver.start()
        assert driver.catalogue.function("wipe") is None
        assert await driver.state() == {"tools to accept": "wipe (new)"}
    async with opened(stdio("orders"), known=known) as driver:
        await driver.start()
        assert driver.catalogue.function("add") is None and driver.catalogue.function("note") is not None
        assert await driver.state() == {"tools to accept": "add (changed)"}
        with pytest.raises(DeviceError, match="nobody has accepted it"):
            await call(driver, "add", first=1, second=2)


async def test_a_server_that_left_is_started_again_and_the_call_is_uncertain() -> None:
    async with opened(stdio("plain")) as driver:
        with pytest.raises(DeviceError, match="connection to the server was lost") as told:
            await call(driver, "leave")
        assert told.value.uncertain
        with pytest.raises(DeviceError, match="failed a moment ago"):
            await call(driver, "add", first=1, second=2)
        await asyncio.sleep(1.1)
        assert (await call(driver, "add", first=1, second=2)).observations


async def test_a_call_that_is_cut_off_is_cancelled_at_the_server_and_told_at_the_next_stop(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with opened(stdio("plain", str(mark))) as driver:
        running = asyncio.create_task(call(driver, "wait", seconds=1.0))
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for _ in range(2):
            with pytest.raises(DeviceError, match="cannot be seen to stop"):
                await driver.stop()
        await call(driver, "add", first=1, second=1)
        await driver.stop()
        await asyncio.sleep(1.0)
        assert not mark.exists()


@pytest.mark.parametrize(
    ("manner", "why", "within"),
    [
        ("broken", "no such belt", 15.0),
        ("endless", "lines of more than 4194304 bytes", 15.0),
        ("flood", "more than 1000 messages a second", 15.0),
    ],
)
async def test_a_hostile_server_ends_with_a_reason_and_soon(manner: str, why: str, within: float) -> None:
    began = time.monotonic()
    session = McpSession(stdio(manner), CLOCK)
    with pytest.raises(DeviceError, match=why):
        await offers(session)
    assert time.monotonic() - began < within
    await session.close()


async def test_a_deaf_server_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.mcp_session.CONNECT", 1.0)
    session = McpSession(stdio("deaf"), CLOCK)
    with pytest.raises(DeviceError, match="did not answer within 1 s"):
        await offers(session)
    await session.close()


async def test_lines_that_are_no_messages_are_passed_over() -> None:
    async with opened(stdio("noisy")) as driver:
        assert (await call(driver, "add", first=1, second=2)).observations


async def test_an_answer_of_ten_megabytes_is_cut_off(way: Callable[..., Any]) -> None:
    async with way("huge") as driver:
        with pytest.raises(DeviceError, match="more than 4194304 bytes") as told:
            await call(driver, "tell")
        assert told.value.uncertain


async def test_a_wrong_token_and_nobody_there_are_told() -> None:
    with pytest.raises(DeviceError, match=r"cannot be reached .*401, a token that it knows is needed"):
        async with over_http("plain", token="another-token-altogether"):
            pass
    session = McpSession(Target(url="http://127.0.0.1:9/mcp"), CLOCK)
    with pytest.raises(DeviceError, match="cannot be reached"):
        await offers(session)
    with pytest.raises(DeviceError, match="cannot be started"):
        await offers(McpSession(Target(("no-such-program-here",)), CLOCK))
