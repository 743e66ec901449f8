"""MCP over MQTT on real Mosquitto: found by wildcard, shared among instances, gone when killed, and undisturbed by nonsense."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_agent.drivers.mcp import McpDriver, offers
from device_agent.drivers.tools import Accepted
from runtime.broker import free_port
from runtime.clock import SystemClock
from runtime.mcp import Access, McpServer
from runtime.mcp_mqtt import discover, over_mqtt
from runtime.mcp_mqtt_served import MqttServed
from runtime.mcp_session import McpSession, Target
from runtime.settings import BrokerSection
from schemas.errors import DeviceError, LinkError, ModelError
from schemas.skills import Call
from tests.conftest import MOSQUITTO
from tests.contract.strange_server import NAME, server
from tests.contract.test_processes import ROOT, until

pytestmark = [pytest.mark.slow, pytest.mark.mosquitto, pytest.mark.timeout(180)]
URL = f"mqtt:{NAME}"


class Site:
    """A broker and the servers that were started on it."""

    def __init__(self, address: str) -> None:
        self.address, self.broker = address, BrokerSection(addresses=(address,))
        self.processes: list[Process] = []

    async def start(self, *command: str) -> Process:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL)
        self.processes.append(process)
        return process

    async def adder(self, *more: str) -> Process:
        process = await self.start(sys.executable, "-m", "tests.contract.strange_server", "mqtt", self.address, *more)
        await self.until(lambda there: f"adder-{process.pid}" in there)
        return process

    async def until(self, holds: Callable[[frozenset[str]], bool]) -> None:
        async def looked() -> bool:
            return holds((await discover(self.broker, "parley/#")).get(NAME, frozenset()))

        await until(looked)

    def ask(self, tool: str, **arguments: Any) -> Awaitable[dict[str, Any]]:
        return McpServer(URL, Access(broker=self.broker), deadline=20).call(tool, arguments)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    assert MOSQUITTO is not None
    port = free_port()
    made = Site(f"127.0.0.1:{port}")
    await made.start(MOSQUITTO, "-p", str(port))
    async with asyncio.timeout(10):
        while True:
            with suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            await asyncio.sleep(0.05)
    yield made
    for process in made.processes:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_hundred_sessions_are_shared_by_two_instances(site: Site) -> None:
    pids = {(await site.adder()).pid, (await site.adder()).pid}
    assert (await discover(site.broker))[NAME] == {f"adder-{pid}" for pid in pids}
    served = Counter[int]()
    for _ in range(20):
        for told in await asyncio.gather(*(site.ask("who") for _ in range(5))):
            served[told["total"]] += 1
    assert set(served) == pids
    assert all(30 <= count <= 70 for count in served.values()), served


async def test_presence_is_cleared_when_an_instance_is_killed_and_when_it_leaves(site: Site) -> None:
    killed, left = await site.adder(), await site.adder()
    os.kill(killed.pid, signal.SIGKILL)
    await site.until(lambda there: there == {f"adder-{left.pid}"})
    assert (await site.ask("add", first=20, second=22))["total"] == 42
    left.send_signal(signal.SIGINT)
    await site.until(lambda there: not there)
    with pytest.raises(LinkError, match="no MCP server"):
        await site.ask("who")


async def test_one_that_is_lost_in_mid_call_is_told_or_made_up_for_by_another(site: Site) -> None:
    only = await site.adder()
    waiting = asyncio.create_task(site.ask("wait", seconds=15.0))
    await asyncio.sleep(1.0)
    only.kill()
    with pytest.raises(LinkError):
        await waiting
    first, second = await site.adder(), await site.adder()
    waiting = asyncio.create_task(site.ask("wait", seconds=2.0))
    await asyncio.sleep(1.0)
    first.kill()  # whichever of the two it was that had the call
    assert (await waiting)["result"] == "waited"
    assert (await site.ask("who"))["total"] == second.pid


@asynccontextmanager
async def driven(site: Site) -> AsyncIterator[McpDriver]:
    """The server as a device, whose tools have just been taken over."""
    session = McpSession(Target(url=URL, access=Access(broker=site.broker)), SystemClock())
    driver = McpDriver(session, Accepted(tools=await offers(session)), SystemClock(), "adder", {"who": "read"})
    try:
        yield driver
    finally:
        await driver.close()


async def call(driver: McpDriver, tool: str, **arguments: Any) -> Any:
    return (await driver.call(Call(function=tool, arguments=arguments), key="k")).raw


async def test_a_device_that_is_killed_in_mid_call_is_told_and_the_call_is_not_repeated(site: Site, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    both = {process.pid: process for process in (await site.adder(str(mark)), await site.adder(str(mark)))}
    async with driven(site) as driver:
        first = (await call(driver, "who"))["total"]
        waiting = asyncio.create_task(call(driver, "wait", seconds=1.0))
        await asyncio.sleep(0.5)
        both[first].kill()
        with pytest.raises(DeviceError, match="it has left the MQTT broker") as told:
            await waiting
        assert told.value.uncertain
        with pytest.raises(DeviceError, match="failed a moment ago"):
            await call(driver, "who")
        await site.until(lambda there: len(there) == 1)
        await asyncio.sleep(1.1)
        assert {(await call(driver, "who"))["total"]} == both.keys() - {first}
        assert not mark.exists()


async def test_a_device_on_the_broker_whose_tools_change_waits_to_be_accepted(site: Site) -> None:
    before = await site.adder()
    async with driven(site) as driver:
        assert await driver.state() == {}
        assert (await call(driver, "add", first=40, second=2))["total"] == 42
        with pytest.raises(DeviceError, match="the belt is torn"):
            await call(driver, "fail")
        before.kill()
        await site.until(lambda there: not there)
        with pytest.raises(DeviceError):
            await offers(driver._session)  # pyright: ignore[reportPrivateUsage]
        await site.adder(os.devnull, "grown")
        await asyncio.sleep(2.1)
        await driver.start()
        assert await driver.state() == {"tools to accept": "wipe (new)"}
        with pytest.raises(DeviceError, match="nobody has accepted it"):
            await call(driver, "wipe")


async def test_a_server_that_floods_its_session_is_left_with_a_reason(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.mcp_wire.MOST", 100)  # a busy machine with a broker may not get through a thousand in a second
    ident = f"adder-{(await site.adder()).pid}"
    async with driven(site) as driver:
        waiting = asyncio.create_task(call(driver, "wait", seconds=60.0))
        await call(driver, "add", first=1, second=2)  # so the other one is there, too
        host, _, port = site.address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")  # CONNECT, MQTT 3.1.1
        await reader.readexactly(4)
        while not waiting.done():
            writer.write(2000 * publish(f"$mcp-server/capability/{ident}/{NAME}", b'{"jsonrpc":"2.0","method":"notifications/message"}'))
            await writer.drain()
            await asyncio.sleep(0.1)
        writer.close()
        with pytest.raises(DeviceError, match="more than 1000 messages a second") as told:
            await waiting
        assert told.value.uncertain


def publish(topic: str, payload: bytes) -> bytes:
    """A PUBLISH packet, QoS 0: many of them in one write."""
    rest = len(topic).to_bytes(2, "big") + topic.encode() + payload
    length = [len(rest)] if len(rest) < 128 else [len(rest) % 128 + 128, len(rest) // 128]
    return b"\x30" + bytes(length) + rest


async def test_an_answer_of_ten_megabytes_is_cut_off_and_says_so(site: Site) -> None:
    await site.adder(os.devnull, "huge")
    async with driven(site) as driver:
        with pytest.raises(DeviceError, match="it sends more than 4194304 bytes at once") as told:
            await call(driver, "tell")
        assert told.value.uncertain


async def test_an_answer_that_the_broker_does_not_take_ends_the_session(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    served = MqttServed(server("plain", None), site.broker, "adder-here", NAME, "adds")
    serving = asyncio.create_task(served.serve())
    try:
        await site.until(lambda there: "adder-here" in there)
        async with Client(over_mqtt(site.broker, NAME, deque()), mode="legacy") as client:
            assert await added(client) == 3
            say = served._say  # pyright: ignore[reportPrivateUsage]

            async def fails_once(*message: Any) -> None:
                monkeypatch.setattr(served, "_say", say)
                raise aiomqtt.MqttError("Operation timed out")

            monkeypatch.setattr(served, "_say", fails_once)
            with pytest.raises(MCPError, match="closed"):
                async with asyncio.timeout(10.0):
                    await added(client)
        async with Client(over_mqtt(site.broker, NAME, deque()), mode="legacy") as client:
            assert await added(client) == 3
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_a_device_that_nobody_serves_is_told(site: Site) -> None:
    with pytest.raises(DeviceError, match=f"no MCP server {NAME} is on the broker"):
        await offers(McpSession(Target(url=URL, access=Access(broker=site.broker)), SystemClock()))


async def test_errors_of_tools_arrive_in_their_own_words(site: Site) -> None:
    await site.adder()
    with pytest.raises(ModelError, match="the belt is torn"):
        await site.ask("fail")


async def test_nonsense_disturbs_no_session(site: Site) -> None:
    pid = (await site.adder()).pid
    control = f"$mcp-server/adder-{pid}/{NAME}"
    begin = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    async with Client(over_mqtt(site.broker, NAME, deque()), mode="legacy") as calm:
        host, _, port = site.address.partition(":")
        async with aiomqtt.Client(host, int(port), identifier="hostile", protocol=aiomqtt.ProtocolVersion.V5) as hostile:
            for payload in (b"", b"\xff\xfe", b"[" * 9000, b"{}", begin, b"x" * 3_000_000):
                await hostile.publish(control, payload, qos=1)
                await hostile.publish(f"$mcp-rpc/hostile/adder-{pid}/{NAME}", payload, qos=1)
            for name in ("a/b", "+", "x" * 500, "\u202e"):
                await hostile.publish(control, begin, qos=1, properties=_of(name))
        assert (await calm.call_tool("add", {"first": 1, "second": 2})).structured_content == {"total": 3, "exact": True}
    assert (await site.ask("who"))["total"] == pid


def _of(ident: str) -> Properties:
    """What says whose message it is."""
    made = Properties(PacketTypes.PUBLISH)
    made.UserProperty = [("MCP-MQTT-CLIENT-ID", ident)]
    return made


async def test_the_session_that_was_silent_longest_makes_room(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.mcp_mqtt_served.SESSIONS", 3)
    served = MqttServed(server("plain", None), site.broker, "adder-here", NAME, "adds")
    serving = asyncio.create_task(served.serve())
    try:
        await site.until(lambda there: "adder-here" in there)
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(Client(over_mqtt(site.broker, NAME, deque()), mode="legacy")) for _ in range(3)]
            assert await added(clients[0]) == 3  # now the second one is silent longest
            late = await stack.enter_async_context(Client(over_mqtt(site.broker, NAME, deque()), mode="legacy"))
            assert [await added(client) for client in (clients[0], clients[2], late)] == [3, 3, 3]
            with pytest.raises(MCPError, match="closed"):
                async with asyncio.timeout(10.0):  # it has been told, and waits for nothing
                    await added(clients[1])
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def added(client: Client) -> int:
    told = (await client.call_tool("add", {"first": 1, "second": 2})).structured_content
    assert told is not None
    return told["total"]


async def test_a_broker_without_mqtt_5_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.mcp_mqtt_link.TIMEOUT", 0.5)
    deaf = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = deaf.sockets[0].getsockname()[1]
    with pytest.raises(LinkError, match="needs one that speaks MQTT 5"):
        await discover(BrokerSection(addresses=(f"127.0.0.1:{port}",)))
    deaf.close()
