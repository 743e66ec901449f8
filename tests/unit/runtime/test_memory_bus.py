"""Crashes and broken links of the in-memory bus."""

from __future__ import annotations

import asyncio

import pytest

from runtime.bus import Message, Will
from runtime.memory_bus import Faults, MemoryBroker


@pytest.mark.parametrize("faults", [Faults(), Faults(delay=0.01)], ids=["at once", "delayed"])
async def test_a_killed_client_receives_nothing_more_and_its_will_is_sent(faults: Faults) -> None:
    broker = MemoryBroker(faults)
    async with broker.client() as other, other.subscribe("w") as wills:
        mortal = await broker.client(Will("w", b"dead")).__aenter__()
        async with mortal.subscribe("x") as stream:
            await other.publish("x", b"before")
            mortal.kill()
            await other.publish("x", b"after")
            assert (await asyncio.wait_for(anext(wills), 5)).payload == b"dead"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(stream), 0.05)


async def test_a_broker_that_comes_back_connects_its_clients_again() -> None:
    broker = MemoryBroker()
    async with broker.client() as a, broker.client() as gone, a.connections() as numbers, a.subscribe("early") as early:
        gone.kill()
        assert await asyncio.wait_for(anext(numbers), 5) == 1
        await a.publish("kept", b"1", retain=True)
        broker.up = False
        async with a.subscribe("kept") as late:
            broker.up = True
            assert await asyncio.wait_for(anext(numbers), 5) == 2
            assert await asyncio.wait_for(anext(late), 5) == Message("kept", b"1", retained=True)
        await a.publish("early", b"2")
        assert (await asyncio.wait_for(anext(early), 5)).payload == b"2"
        assert not gone.connected
