"""Coordinator and devices that no longer agree on whose orders count, and `parley epoch reset`, on a whole fleet in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from coordinator.ledger import META, Ledger
from device_agent.journal import Journal
from runtime.door import Door
from runtime.operator import Operator
from runtime.store import MemoryStore
from schemas import topics
from schemas.messages import EPOCH_LIMIT, Answer, Epoch
from tests.scenarios.test_faulty_bus import SHELVES, Fleet, event_loop_policy  # noqa: F401

pytestmark = pytest.mark.usefixtures("event_loop_policy")


@asynccontextmanager
async def _operator(fleet: Fleet) -> AsyncIterator[Operator]:
    async with fleet.broker.client() as bus, bus.subscribe(topics.everything("site")) as stream:
        operator = Operator(bus, "site", "anna", fleet.clock)
        reading = asyncio.create_task(operator.read(stream))
        try:
            await operator.coordinators()
            yield operator
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _start(fleet: Fleet) -> None:
    for name in fleet.stores:
        await fleet.start(name)
    await asyncio.sleep(10)


async def _end(fleet: Fleet) -> None:
    for name in list(fleet.running):
        await fleet.crash(name)


def _orders(fleet: Fleet) -> dict[str, tuple[int, int]]:
    return {name: Journal(fleet.stores[name], name).order() for name in fleet.robots}


async def _forged(fleet: Fleet) -> None:
    """Somebody left a retained epoch that the coordinator believes and the devices do not."""
    _aged(fleet, 5)
    async with fleet.broker.client() as bus:
        await Door(bus, "site", "forger", fleet.clock).send(topics.EPOCH, "forger", Epoch(epoch=10**9))


def _all_done(answer: Answer) -> bool:
    """Every shelf counted, every beep made; nothing can verify a beep."""
    return {f.subject for f in answer.facts} == {f"shelf-{n}" for n in range(1, SHELVES + 1)} and all(
        o.outcome is not None and o.outcome.end == "done" for o in answer.outcomes
    )


def _aged(fleet: Fleet, epoch: int, *robots: str) -> None:
    for name in robots or tuple(fleet.robots):
        Journal(fleet.stores[name], name).set_order(epoch, 3)


async def _forgotten(fleet: Fleet) -> None:
    """The coordinator's ledger is lost, and what the broker kept too."""
    _aged(fleet, 50)


async def _one_astray(fleet: Fleet) -> None:
    """One device took a high epoch over when it was new; the others know better."""
    _aged(fleet, 5)
    _aged(fleet, 70_000, "r2")


async def _impossible(fleet: Fleet) -> None:
    """Both books hold what no counting can have reached."""
    _aged(fleet, 2**53)
    fleet.stores["coordinator"].put(META, "epoch", str(2**60))


@pytest.mark.parametrize("breaking", [_forged, _forgotten, _one_astray, _impossible])
async def test_after_a_reset_work_goes_on_whatever_epoch_was_wrong(breaking: Callable[[Fleet], Awaitable[None]]) -> None:
    fleet = Fleet(1, faults=None)
    await breaking(fleet)
    await _start(fleet)
    try:
        broken = await fleet.tell()
        assert any(getattr(o.outcome, "reason", "") == "stale_epoch" for o in broken.outcomes), broken
        async with _operator(fleet) as operator:
            answer = await operator.reset_epoch("coordinator")
        assert answer.complete and "3 devices took it over." in answer.text, answer.text
        assert _all_done(await fleet.tell())
        epoch = Ledger(fleet.stores["coordinator"]).epoch
        assert {e for e, _ in _orders(fleet).values()} == {epoch} and epoch < EPOCH_LIMIT
    finally:
        await _end(fleet)


async def test_a_reset_survives_the_next_start_of_everybody() -> None:
    fleet = Fleet(2, faults=None)
    await _forged(fleet)
    await _start(fleet)
    async with _operator(fleet) as operator:
        await operator.reset_epoch("coordinator")
    await _end(fleet)
    await _start(fleet)
    try:
        assert _all_done(await fleet.tell())
    finally:
        await _end(fleet)


async def test_no_device_goes_back_to_an_epoch_that_it_had_left() -> None:
    """A reset lifts; orders of coordinators that were out of date before stay so."""
    fleet = Fleet(3, faults=None)
    await _forgotten(fleet)
    await _start(fleet)
    async with _operator(fleet) as operator:
        await operator.reset_epoch("coordinator")
    orders = _orders(fleet)
    await _end(fleet)
    assert all(epoch > 50 for epoch, _ in orders.values()), orders


async def test_a_device_that_is_away_is_named_and_is_repaired_by_a_second_reset() -> None:
    fleet = Fleet(4, faults=None)
    await _forged(fleet)
    await _start(fleet)
    await fleet.crash("r3")
    try:
        async with _operator(fleet) as operator:
            first = await operator.reset_epoch("coordinator")
            assert not first.complete and "2 devices" in first.text and "r3" in first.text, first.text
            await fleet.start("r3")
            await asyncio.sleep(10)
            second: Answer = await operator.reset_epoch("coordinator")
        assert second.complete, second.text
        assert _all_done(await fleet.tell())
    finally:
        await _end(fleet)


async def test_another_coordinator_is_not_reset() -> None:
    fleet = Fleet(5, faults=None)
    await _start(fleet)
    before = Ledger(fleet.stores["coordinator"]).epoch
    async with _operator(fleet) as operator:
        with pytest.raises(Exception, match="no answer"):
            await operator.reset_epoch("other", timeout=5)
    await _end(fleet)
    assert Ledger(fleet.stores["coordinator"]).epoch == before


def test_a_ledger_believes_no_epoch_that_counting_cannot_have_reached() -> None:
    assert Ledger(MemoryStore()).take_epoch(7, EPOCH_LIMIT, 9, 2**70, -4) == 10
    assert Ledger(MemoryStore()).take_epoch(EPOCH_LIMIT - 1) == 1
