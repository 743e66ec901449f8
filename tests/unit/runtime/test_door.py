"""What cannot be said is counted, and nobody is harmed by the attempt."""

from __future__ import annotations

import pytest

from runtime.clock import LoopClock
from runtime.door import Door
from runtime.memory_bus import MemoryBroker
from schemas import topics
from schemas.messages import State, Stop


@pytest.mark.parametrize(
    ("ident", "body", "subtask"),
    [
        ("d", State(device="d", boot="b", attributes={"at": "\ud800"}), None),
        ("d", State(device="d", boot="x" * 300_000), None),
        ("A b", Stop(device="d"), None),
        ("d", Stop(device="d"), "no id"),
    ],
    ids=["surrogate", "too large", "bad topic", "bad subtask"],
)
async def test_what_cannot_be_written_is_counted_and_not_sent(ident: str, body: State | Stop, subtask: str | None) -> None:
    async with MemoryBroker().client() as bus:
        door = Door(bus, "site", "a", LoopClock(1))
        assert not await door.send(topics.STOP, ident, body, subtask=subtask)
        assert door.counters["unsendable"] == 1


async def test_a_lost_link_is_counted() -> None:
    broker = MemoryBroker()
    async with broker.client() as bus:
        door = Door(bus, "site", "a", LoopClock(1))
        broker.up = False
        assert not await door.send(topics.STOP, "d", Stop(device="d"))
        broker.up = True
        assert await door.send(topics.STOP, "d", Stop(device="d"))
        assert door.counters["unsent"] == 1
