"""Whose orders a device obeys, and what a reset may change about it."""

from __future__ import annotations

import pytest

from device_agent.queue import MAX_EPOCH_JUMP, QueueState, not_in_force, reset
from runtime.door import Door
from schemas import topics
from schemas.messages import EPOCH_LIMIT, EpochReset, State
from tests.unit.device_agent.conftest import Bench, FakeRobot


@pytest.mark.parametrize(
    ("own", "epoch", "obeyed"),
    [(0, 1, True), (0, 10**9, True), (5, 5, True), (5, 4, False), (5, 5 + MAX_EPOCH_JUMP, True), (5, 6 + MAX_EPOCH_JUMP, False)],
)
def test_lower_epochs_and_absurd_jumps_are_not_in_force(own: int, epoch: int, obeyed: bool) -> None:
    assert (not_in_force(QueueState(epoch=own), epoch) == "") is obeyed


@pytest.mark.parametrize(
    ("own", "epoch", "after"),
    [(5, 10**9, (10**9, -1)), (5, 5, (5, 7)), (5, 4, (5, 7)), (2**53, 4, (4, -1)), (EPOCH_LIMIT, 1, (1, -1))],
)
def test_a_reset_lifts_the_epoch_and_lowers_only_an_impossible_one(own: int, epoch: int, after: tuple[int, int]) -> None:
    state = reset(QueueState(epoch=own, seq=7), epoch)
    assert (state.epoch, state.seq) == after


async def test_a_reset_is_kept_over_a_restart_and_a_late_copy_of_an_older_one_changes_nothing(event_loop_policy: object) -> None:
    async with Bench(FakeRobot()) as bench:
        await bench.outcome(await bench.send("Beep.", epoch=5, seq=1))
        door = Door(bench.bus, "site", "c", bench.clock)
        for epoch in (90_000, 80_000, 90_000):
            await door.send(topics.EPOCH_RESET, "r1", EpochReset(device="r1", epoch=epoch))
        while (await bench.until(State)).epoch != 90_000:
            pass
        await bench.crash()
        await bench.boot()
        assert (await bench.poll()).epoch == 90_000
        refused = await bench.outcome(await bench.send("Beep.", epoch=80_000, seq=1))
        assert refused.reason == "stale_epoch" and "parley epoch reset" in refused.text
        assert (await bench.outcome(await bench.send("Beep.", epoch=90_000, seq=1))).end == "done"
