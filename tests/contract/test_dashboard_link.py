"""The dashboard on a real broker that goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from dashboard.app import Dashboard
from dashboard.feed import Feed
from runtime.broker import free_port
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.mqtt_bus import MqttBus
from runtime.operator import connect
from schemas import topics
from schemas.messages import Connection, Profile, State
from tests.conftest import MOSQUITTO
from tests.dashboard.stage import drawn

LIMIT = 30.0
"""s; back-off, and a busy machine."""


@asynccontextmanager
async def mosquitto(port: int) -> AsyncIterator[None]:
    assert MOSQUITTO is not None
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(MOSQUITTO, "-p", str(port), stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def introduce(port: int, *devices: str) -> None:
    """A fleet that shows itself, and leaves its retained words."""
    async with MqttBus((f"127.0.0.1:{port}",), "fleet") as bus:
        door = Door(bus, "site", "fleet", SystemClock())
        for device in devices:
            await door.send(topics.PROFILE, device, Profile(device=device, device_kind="robot"))
            await door.send(topics.STATE, device, State(device=device, boot="b"))
        await door.send(topics.AGENT_CONNECTION, "agent", Connection(status="online", boot="b", devices=devices))


@pytest.mark.mosquitto
async def test_a_broker_that_is_gone_is_said_and_what_was_known_stays_until_all_is_caught_up_with() -> None:
    port = free_port()
    async with mosquitto(port):
        link = connect((f"127.0.0.1:{port}",), "site", patient=True)
        operator = await link.__aenter__()
        app = Dashboard(Feed(operator), read_only=True)
        screen = app.run_test(size=(110, 30))
        await screen.__aenter__()
        await introduce(port, "r1")
        await until(lambda: "1/1 online" in drawn(app) and "● connected" in drawn(app))
    try:
        await until(lambda: "the broker is gone" in drawn(app))
        assert "r1" in drawn(app), "what was known stays in sight"
        async with mosquitto(port):
            await introduce(port, "r1", "r2")
            await until(lambda: "2/2 online" in drawn(app) and "the broker is gone" not in drawn(app))
    finally:
        await screen.__aexit__(None, None, None)
        await link.__aexit__(None, None, None)
