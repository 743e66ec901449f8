"""A robot's API over real sockets, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from device_agent.drivers.http import HttpDriver, HttpxTransport
from schemas.errors import ConfigError, DeviceError
from schemas.skills import Call
from simulations.faults import Fault
from simulations.makers import MAKERS, catalogue_of
from simulations.pace import PacedWorld
from simulations.server import RobotServer
from simulations.world import World


@pytest.fixture
def event_loop_policy() -> Any:
    return asyncio.DefaultEventLoopPolicy()


@asynccontextmanager
async def served(speed: float | None = None, *faults: Fault, maker: str = "norvik") -> AsyncIterator[tuple[PacedWorld, RobotServer, HttpDriver]]:
    paced = PacedWorld(World(robots=1, shelves=4, seed=2, makers=(maker,), faults=faults), speed)
    server = RobotServer(paced, "robot-1")
    async with paced, server:
        driver = HttpDriver(catalogue_of(maker), HttpxTransport(server.url), device="robot-1")
        yield paced, server, driver
        await driver.close()


MOVES = {
    "norvik": ("move_to_shelf", {"shelf": 3}),
    "ostara": ("goto_rack", {"rack": "S03"}),
    "kestrel": ("nav_rack", {"idx": 2}),
    "palisade": ("visit_shelf", {"target": "shelf 3"}),
}


@pytest.mark.parametrize("maker", MAKERS)
async def test_a_robot_is_driven_over_http(maker: str) -> None:
    async with served(maker=maker) as (paced, _, driver), asyncio.timeout(5):
        await driver.start()
        function, arguments = MOVES[maker]
        await driver.call(Call.model_validate({"function": function, "arguments": arguments}), key="s/1")
        assert (await driver.state())["at"] == "shelf-3"
        assert [(e.function, e.key) for e in paced.world.effects.effects] == [(function, "s/1")]


async def test_stop_passes_a_call_that_is_still_waiting() -> None:
    async with served(1.0) as (paced, _, driver), asyncio.timeout(5):
        pending = asyncio.create_task(driver.call(Call(function="move_to_shelf", arguments={"shelf": 4}), key="s/1"))
        while not paced.world.robots["robot-1"].busy:
            await driver.state()
        await driver.stop()
        with pytest.raises(DeviceError, match="stopped"):
            await pending


async def test_a_caller_that_gives_up_on_a_silent_robot_leaves_nothing_behind() -> None:
    async with served(None, Fault(robot="robot-1", kind="silent")) as (_, server, driver), asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await driver.state()
        hanging = asyncio.create_task(driver.state())
        await asyncio.sleep(0)
        await server.stop()
        with pytest.raises(DeviceError):
            await hanging


async def test_no_server_a_taken_port_and_a_bad_body_each_give_one_clear_line() -> None:
    async with served() as (paced, server, _), asyncio.timeout(5):
        port = int(server.url.rsplit(":", 1)[1])
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}: cannot listen"):
            await RobotServer(paced, "robot-1", port).start()
        url = server.url
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/move HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{x}")
        assert b" 400 " in await reader.readline()
        writer.close()
    with pytest.raises(DeviceError, match="cannot be reached"):
        await HttpxTransport(url).request("GET", "/api/status", {}, None, {})


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope", "not JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{", "connection to the device was lost"),
    ],
)
async def test_garbage_on_the_wire_is_a_device_error(reply: bytes, text: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, asyncio.timeout(5):
        transport = HttpxTransport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(DeviceError, match=text) as caught:
            await transport.request("GET", "/", {}, None, {})
        await transport.close()
    assert caught.value.uncertain
