"""Services, mailboxes, clocks and the faults of the in-memory bus."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from runtime.clock import LoopClock, SystemClock
from runtime.mailbox import Mailbox
from runtime.memory_bus import Faults, MemoryBroker
from runtime.service import Service


class _Counting(Service):
    def __init__(self, fail: bool = False) -> None:
        super().__init__("counting")
        self.fail, self.ended = fail, 0

    async def _child(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1

    async def _run(self) -> None:
        self.spawn(self._child(), "child")
        if self.fail:
            raise RuntimeError("broken")
        await self._child()


async def test_a_service_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with (service := _Counting()):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert service.ended == 2 and asyncio.all_tasks() == before


async def test_a_failure_is_raised_to_whoever_waits() -> None:
    async with (service := _Counting(fail=True)):
        with pytest.raises(RuntimeError, match="broken"):
            await asyncio.wait_for(service.wait(), 5)


async def test_a_full_mailbox_drops_the_oldest_and_counts() -> None:
    mailbox: Mailbox[int] = Mailbox(limit=2)
    for number in range(4):
        mailbox.put(number)
    assert (await mailbox.get(), await mailbox.get(), mailbox.dropped) == (2, 3, 2)


async def test_ids_of_one_clock_increase() -> None:
    for clock in (SystemClock(), LoopClock(3)):
        ids = [clock.uuid7() for _ in range(500)]
        assert ids == sorted(set(ids))


async def _run_faulty(seed: int) -> list[bytes]:
    broker = MemoryBroker(Faults(lose=0.2, duplicate=0.2, delay=0.01), Random(seed))
    got: list[bytes] = []
    async with broker.client() as a, broker.client() as b, b.subscribe("x") as stream:
        for number in range(40):
            await a.publish("x", bytes([number]))
        try:
            while True:
                got.append((await asyncio.wait_for(anext(stream), 0.1)).payload)
        except TimeoutError:
            return got


async def test_faults_lose_duplicate_and_reorder() -> None:
    got = await _run_faulty(1)
    assert len(set(got)) < 40 and len(got) > len(set(got)) and got != sorted(got)
