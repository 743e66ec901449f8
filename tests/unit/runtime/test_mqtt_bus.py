"""The MQTT door's own thinking, over a client that misbehaves on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest

from runtime import mqtt_bus
from runtime.mqtt_bus import MqttBus


class FakeClient:
    """Counts what was asked for. `granting` holds up every subscription; `refusals` many of them time out; `breaks` ends the link."""

    granting = asyncio.Event()
    refusals = 0
    strange = 0
    made: list[FakeClient] = []

    def __init__(self, *_: Any, **__: Any) -> None:
        self.subscribed: list[str] = []
        FakeClient.made.append(self)

    async def __aenter__(self) -> FakeClient:
        if FakeClient.strange:
            FakeClient.strange -= 1
            raise KeyError("a broker that answers nonsense")
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def subscribe(self, filter_: str, qos: int = 0) -> None:
        await FakeClient.granting.wait()
        if FakeClient.refusals:
            FakeClient.refusals -= 1
            raise aiomqtt.MqttError("Operation timed out")
        self.subscribed.append(filter_)

    async def unsubscribe(self, filter_: str) -> None:
        self.subscribed.remove(filter_)

    @property
    async def messages(self) -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield None


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeClient.granting, FakeClient.refusals, FakeClient.strange, FakeClient.made = asyncio.Event(), 0, 0, []
    monkeypatch.setattr(mqtt_bus, "Line", FakeClient)
    monkeypatch.setattr(mqtt_bus, "RETRY", 0.01, raising=False)


async def test_a_filter_added_while_the_link_is_being_made_is_not_lost() -> None:
    bus = MqttBus(["127.0.0.1:1"], "a")
    async with bus.subscribe("first"):
        entering = asyncio.create_task(bus.__aenter__())
        await asyncio.sleep(0.01)
        async with bus.subscribe("second"):
            FakeClient.granting.set()
            await asyncio.wait_for(entering, 5)
            assert sorted(FakeClient.made[-1].subscribed) == ["first", "second"]
        await bus.__aexit__()


async def test_a_subscription_that_timed_out_is_asked_for_again() -> None:
    FakeClient.granting.set()
    async with MqttBus(["127.0.0.1:1"], "a") as bus:
        FakeClient.refusals = 2
        async with asyncio.timeout(5), bus.subscribe("x"):
            assert FakeClient.made[-1].subscribed == ["x"] and bus.connected


async def test_a_broker_that_answers_nonsense_does_not_end_the_trying() -> None:
    FakeClient.granting.set()
    FakeClient.strange = 1
    async with asyncio.timeout(5), MqttBus(["127.0.0.1:1"], "a") as bus:
        assert bus.connected and len(FakeClient.made) == 2
