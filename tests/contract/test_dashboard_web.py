"""The dashboard in a browser: the same one, for this machine's own pages only."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from benchmarks.processes import broker, environment
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.mqtt_bus import MqttBus
from schemas import topics
from schemas.base import Frozen
from schemas.messages import Answer, Connection, Instruction, Profile, State, Stop
from tests.contract.browser import Browser

LIMIT, CONTROL = 60.0, 2
ATTEMPT = "new Promise(r => { const w = new WebSocket('URL'); w.onopen = () => r('open'); w.onerror = () => r('refused') })"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Fleet:
    """One device that obeys, and a coordinator that answers. `heard`: what people have said."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.heard: list[Frozen] = []

    async def introduce(self) -> None:
        await self.door.send(topics.PROFILE, "robot-1", Profile(device="robot-1", device_kind="robot", maker="norvik"))
        await self.door.send(topics.STATE, "robot-1", State(device="robot-1", boot="b"))
        await self.door.send(topics.AGENT_CONNECTION, "agent", Connection(status="online", boot="b", devices=("robot-1",), heartbeat=600))
        await self.door.send(topics.COORDINATOR_CONNECTION, "coordinator", Connection(status="online", boot="b", heartbeat=600))

    async def live(self, stream: Any) -> None:
        async for message in stream:
            arrived = self.door.receive(message)
            if arrived is None or arrived[1].source == "fleet":
                continue
            body = arrived[1].body
            self.heard.append(body)
            if isinstance(body, Stop):
                await self.door.send(topics.STATE, "robot-1", State(device="robot-1", boot="b", stopped=body.latched))
            elif isinstance(body, Instruction):
                answer = Answer(text="One robot is here.", intent="query", complete=True)
                await self.door.send(topics.ANSWER, "coordinator", answer, instruction=arrived[1].id)

    async def hears(self, kind: type[Frozen]) -> None:
        async with asyncio.timeout(LIMIT):
            while not any(isinstance(b, kind) for b in self.heard):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def fleet(address: str) -> AsyncIterator[Fleet]:
    async with MqttBus((address,), "fleet") as bus, bus.subscribe(topics.everything("site")) as stream:
        made = Fleet(Door(bus, "site", "fleet", SystemClock()))
        living = asyncio.create_task(made.live(stream), name="fleet")
        try:
            await made.introduce()
            yield made
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)


@asynccontextmanager
async def started(address: str, *options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The server in a session of its own, and its address; nothing of it is left behind."""
    command = (sys.executable, "-c", "from cli.main import run; run()", "dashboard", "--web", "0", "--broker", address, *options)
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, env=environment(), start_new_session=True)
    assert process.stderr is not None
    try:
        told = (await asyncio.wait_for(process.stderr.readline(), LIMIT)).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", told)
        assert found, told
        yield process, found[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@asynccontextmanager
async def served(address: str, *options: str) -> AsyncIterator[str]:
    """Its address; it ends when it is asked to."""
    async with started(address, *options) as (process, url):
        yield url
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), LIMIT) == 130
        await _left(process.pid, 0)


def origin(url: str) -> str:
    return url[: url.index("/", 8)]


async def refused(client: aiohttp.ClientSession, url: str, **headers: str) -> int:
    """The status with which a websocket is turned away; 101 when it is not."""
    try:
        async with client.ws_connect(f"{url}ws", headers=headers):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def test_only_its_own_page_gets_in() -> None:
    async with broker() as (address, _), served(address) as url, aiohttp.ClientSession() as client:
        own = origin(url)
        assert await refused(client, url) == 403, "no page at all"
        for other in ("http://evil.example", "null", own.replace("127.0.0.1", "localhost"), f"{own}0", own.replace("http:", "https:")):
            assert await refused(client, url, Origin=other) == 403, other
        assert await refused(client, url, Origin=own, Host="evil.example") == 421
        assert await refused(client, f"{own}/guessed/", Origin=own) == 404
        assert await refused(client, url, Origin=own) == 101
        for path, headers, status in ((url, {}, 200), (own, {}, 404), (url, {"Host": "rebound.example"}, 421), (url, {"Origin": "http://evil"}, 403)):
            async with client.get(path, headers=headers) as answer:
                assert answer.status == status, (path, headers)
        async with client.get(url) as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
            assert not re.search(r"(src|href)=\"(https?:)?//", page) and "sandbox" in policy and "default-src 'none'" in policy


async def test_without_steer_a_page_only_watches() -> None:
    async with broker() as (address, _), fleet(address) as site, served(address) as url, aiohttp.ClientSession() as client:
        async with client.ws_connect(f"{url}ws?width=110&height=30", headers={"Origin": origin(url)}) as page:
            await _drawn(page, b"read only")
            await _drawn(page, b"robot-1")
            await page.send_json(["stdin", "S5"])
            await _drawn(page, b"Traffic")
        assert not [b for b in site.heard if isinstance(b, Stop)]


async def test_a_page_that_is_closed_ends_its_own_dashboard_and_no_other() -> None:
    async with broker() as (address, _), started(address) as (process, url), aiohttp.ClientSession() as client:
        pages = [await client.ws_connect(f"{url}ws?width=110&height=30", headers={"Origin": origin(url)}) for _ in range(2)]
        for page in pages:
            await _drawn(page, b"read only")
        await pages[0].close()
        await _left(process.pid, 1)
        await pages[1].send_json(["stdin", "5"])
        await _drawn(pages[1], b"Traffic")


async def test_no_dashboard_outlives_its_server_however_that_ends() -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        async with broker() as (address, _), started(address) as (process, url), aiohttp.ClientSession() as client:
            page = await client.ws_connect(f"{url}ws?width=110&height=30", headers={"Origin": origin(url)})
            await _drawn(page, b"read only")
            await _left(process.pid, 1)
            process.send_signal(number)
            await asyncio.wait_for(process.wait(), LIMIT)
            await _left(process.pid, 0)


async def _left(session: int, count: int) -> None:
    """Until just so many processes of the server's session are there beside it."""
    async with asyncio.timeout(LIMIT):
        while len(_members(session)) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _members(session: int) -> list[str]:
    found: list[str] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, theirs = stat.read_text().rpartition(")")[2].split()[:4]
            found += [stat.parent.name] if int(theirs) == session and state != "Z" and stat.parent.name != str(session) else []
    return found


async def _drawn(page: aiohttp.ClientWebSocketResponse, part: bytes) -> None:
    drawn = b""
    async with asyncio.timeout(LIMIT):
        while part not in drawn:
            message = await page.receive()
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), message
            drawn += message.data if isinstance(message.data, bytes) else b""


async def test_a_page_without_a_broker_says_so() -> None:
    async with broker() as (address, _):
        serving = served(address)
        url = await serving.__aenter__()
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status == 503 and "no MQTT broker answers" in await answer.text()
    await serving.__aexit__(None, None, None)


@pytest.mark.chromium
async def test_a_session_in_a_browser_from_its_start_to_a_stop(tmp_path: Path) -> None:
    async with broker() as (address, _), fleet(address) as site, served(address, "--steer") as url, Browser(tmp_path / "profile") as browser:
        await browser.open(url)
        await browser.sees("1/1 online")
        await browser.focus()
        await browser.type("5")
        await browser.sees("Traffic")
        await browser.type("iHow many robots are here?\r")
        await site.hears(Instruction)
        assert Instruction(text="How many robots are here?") in site.heard
        await browser.sees("One robot is here.")
        await browser.picture()
        await browser.press("F10", 121)
        await site.hears(Stop)
        await browser.sees("Stopped, confirmed by: robot-1")
        assert {a[: len(origin(url))] for a in browser.asked if not a.startswith(("data:", "ws:"))} == {origin(url)}, "nothing comes from elsewhere"
        assert await browser.run("window.open('http://evil.example') === null"), "an address in a text opens nothing"
        await browser.press("q", 81, modifiers=CONTROL)
        await asyncio.wait_for(browser.closed.wait(), LIMIT)
        assert await browser.run("getComputedStyle(document.querySelector('.ended')).display") == "flex"
        await browser.open("about:blank")
        assert await browser.run(ATTEMPT.replace("URL", f"{url.replace('http', 'ws')}ws")) == "refused", "another page does not get in"
