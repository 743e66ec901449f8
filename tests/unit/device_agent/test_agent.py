"""What an agent promises, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from schemas import topics
from schemas.envelope import Envelope, seal_message
from schemas.messages import Connection, State, Stop, Trace
from tests.unit.device_agent.conftest import Bench, FakeRobot

pytestmark = pytest.mark.usefixtures("event_loop_policy")


async def test_a_subtask_is_prepared_run_and_verified() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        outcome = await bench.outcome(await bench.send("Count shelf 4."))
        assert outcome.end == "done" and outcome.verified
        assert [f for _, f in robot.effects] == ["go", "count"]
        assert [(o.subject, o.property, o.value, o.device) for o in outcome.observations] == [("shelf-4", "free_slots", 3, "r1")]


async def test_a_device_that_says_it_moved_but_did_not_is_found_out() -> None:
    async with Bench(FakeRobot(lies=True)) as bench:
        moved = await bench.outcome(await bench.send("Go to shelf 4."))
        assert moved.end == "failed" and "dock-1" in moved.text
        counted = await bench.outcome(await bench.send("Count shelf 4."))
        assert counted.end == "failed" and not counted.observations


async def test_an_action_nothing_can_confirm_is_done_but_unverified() -> None:
    async with Bench(FakeRobot()) as bench:
        outcome = await bench.outcome(await bench.send("Beep."))
        assert outcome.end == "done" and not outcome.verified


async def test_the_same_subtask_twice_has_one_effect_and_the_same_outcome() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        first = await bench.outcome(sid := await bench.send("Go to shelf 4."))
        again = await bench.outcome(await bench.send("Go to shelf 4.", sid=sid, seq=bench.seq))
        assert first == again and len(robot.effects) == 1


@pytest.mark.parametrize(
    ("sentence", "end", "reason"),
    [
        ("Sing.", "refused", "none_fits"),
        ("Go to shelf 99.", "refused", "out_of_range"),
    ],
)
async def test_what_may_not_be_done_is_refused_with_its_reason(sentence: str, end: str, reason: str) -> None:
    async with Bench(robot := FakeRobot()) as bench:
        outcome = await bench.outcome(await bench.send(sentence))
        assert (outcome.end, outcome.reason) == (end, reason) and not robot.effects


async def test_a_late_order_expires_and_does_nothing() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        outcome = await bench.outcome(await bench.send("Go to shelf 4.", late=-1))
        assert outcome.end == "expired" and not robot.effects


async def test_an_order_is_refused_while_the_coordinators_time_is_unknown() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        await bench.crash()
        await bench.boot(clock_known=False)
        outcome = await bench.outcome(await bench.send("Go to shelf 4."))
        assert outcome.reason == "clock_unknown" and not robot.effects


async def test_a_lower_epoch_or_an_older_order_is_refused() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        await bench.outcome(await bench.send("Go to shelf 4.", epoch=5, seq=3))
        for epoch, seq in [(4, 9), (5, 3), (5, 2), (5_000_000, 1)]:
            outcome = await bench.outcome(await bench.send("Go to shelf 5.", epoch=epoch, seq=seq))
            assert outcome.reason == "stale_epoch"
        assert len(robot.effects) == 1


async def test_the_single_slot_refuses_replaces_and_supersedes() -> None:
    async with Bench(robot := FakeRobot(pause=10)) as bench:
        running = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        waiting = await bench.send("Go to shelf 5.")
        assert (await bench.outcome(await bench.send("Beep."))).reason == "busy"
        newer = await bench.send("Beep.", supersedes=waiting)
        assert (await bench.outcome(waiting)).end == "superseded"
        assert (await bench.outcome(running)).end == "done"
        assert (await bench.outcome(newer)).end == "done"
        assert [f for _, f in robot.effects] == ["go", "beep"]


async def test_stop_halts_the_device_at_once_ends_all_work_and_latches_until_resume() -> None:
    async with Bench(robot := FakeRobot(pause=100)) as bench:
        running, waiting = await bench.send("Go to shelf 4."), await bench.send("Go to shelf 5.")
        await asyncio.sleep(1)
        before = bench.clock.now()
        await bench.stop()
        ends = {(await bench.outcome(running)).end, (await bench.outcome(waiting)).end}
        assert ends == {"cancelled"} and robot.stops >= 1 and bench.clock.now() - before < 0.2
        assert (await bench.outcome(await bench.send("Beep."))).reason == "stopped"
        await bench.stop(latched=False)
        assert (await bench.outcome(await bench.send("Beep."))).end == "done"


async def test_stop_survives_a_restart_of_the_agent() -> None:
    async with Bench(FakeRobot()) as bench:
        await bench.stop()
        await asyncio.sleep(1)
        await bench.crash()
        await bench.boot()
        assert (await bench.outcome(await bench.send("Beep."))).reason == "stopped"


async def test_cancel_reaches_running_waiting_and_not_yet_arrived_work() -> None:
    async with Bench(robot := FakeRobot(pause=50)) as bench:
        running, waiting = await bench.send("Go to shelf 4."), await bench.send("Go to shelf 5.")
        await asyncio.sleep(1)
        await bench.cancel(waiting)
        assert (await bench.outcome(waiting)).end == "cancelled"
        await bench.cancel(running)
        assert (await bench.outcome(running)).end == "cancelled" and robot.stops == 1
        ghost = bench.clock.uuid7()
        await bench.cancel(ghost)
        assert (await bench.outcome(await bench.send("Beep.", sid=ghost))).end == "cancelled"


async def test_work_past_its_deadline_is_stopped_and_failed() -> None:
    async with Bench(robot := FakeRobot(pause=100)) as bench:
        outcome = await bench.outcome(await bench.send("Go to shelf 4.", deadline=bench.clock.now() + 20))
        assert outcome.end == "failed" and "longer" in outcome.text and robot.stops == 1


async def test_a_crash_in_the_middle_is_settled_by_looking_and_never_repeated() -> None:
    async with Bench(robot := FakeRobot(pause=30)) as bench:
        lost = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        await bench.crash()
        await bench.boot()
        outcome = (await bench.poll(lost)).subtasks[0].outcome
        assert outcome is not None and outcome.end == "failed" and outcome.uncertain and len(robot.effects) == 1

        arrived = await bench.send("Go to shelf 5.")
        await asyncio.sleep(1)
        await bench.crash()
        robot.at = "shelf-5"
        await bench.boot()
        outcome = (await bench.poll(arrived)).subtasks[0].outcome
        assert outcome is not None and outcome.end == "done" and outcome.verified and len(robot.effects) == 2


async def test_a_poll_is_answered_with_the_fate_of_every_subtask_it_names() -> None:
    async with Bench(FakeRobot(pause=10)) as bench:
        running = await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        unknown = bench.clock.uuid7()
        report = await bench.poll(running, unknown)
        assert [(s.state, s.run, s.safety) for s in report.subtasks] == [("running", "call_pending", "reversible"), ("never_seen", None, None)]


async def test_nothing_but_a_counter_changes_for_malformed_foreign_ghost_and_misaddressed_messages() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        inbox = topics.SUBTASK.build("site", "r1")
        good = Envelope.model_validate({"id": bench.clock.uuid7(), "source": "c", "sent_at": 0.0, "body": Stop(device="other")})
        for payload in [b"{", b"[]", b'{"schema":"9.0"}', b"x" * 300_000, seal_message(good)]:
            await bench.raw(inbox, payload)
        await bench.raw(topics.STOP.build("site", "r1"), seal_message(good))
        await bench.raw(inbox, seal_message(good), retain=True)
        outcome = await bench.outcome(await bench.send("Beep."))
        assert outcome.end == "done" and robot.stops == 0
        assert bench.service.counters["dropped"] == 7


async def test_a_silent_device_is_told_of_and_keeps_the_agent_alive() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        robot.silent = True
        while (state := await bench.until(State)).normal:
            pass
        assert "does not answer" in state.problem
        assert (await bench.outcome(await bench.send("Go to shelf 4."))).end == "failed"
        robot.silent = False
        while not (await bench.until(State)).normal:
            pass
        assert (await bench.outcome(await bench.send("Go to shelf 4."))).end == "done"


async def test_at_the_closed_level_no_api_name_leaves_the_device() -> None:
    async with Bench(FakeRobot()) as bench, bench.broker.client() as spy, spy.subscribe(topics.everything("site")) as stream:
        await bench.outcome(await bench.send("Count shelf 4."))
        await spy.publish("parley/v1/site/end/end/end", b"end")
        seen: list[bytes] = []
        async for message in stream:
            if message.payload == b"end":
                break
            seen.append(message.payload)
        assert not any(b'"go"' in p or b"wipe" in p or b'"trace"' in p for p in seen)


async def test_at_the_operator_level_the_trace_shows_call_and_program() -> None:
    async with Bench(FakeRobot(), privacy="operator") as bench:
        await bench.send("Count shelf 4.")
        trace = await bench.until(Trace)
        assert trace.function == "count" and "go(shelf=4)" in trace.program and "result = count(shelf=4)" in trace.program


async def test_presence_is_retained_and_a_clean_stop_says_offline() -> None:
    async with Bench(FakeRobot()) as bench:
        await bench.service.stop()
        while (connection := await bench.until(Connection)).status != "offline":
            pass
        assert connection.boot == "boot-1"
        await bench.boot()


async def test_the_state_is_told_again_at_every_heartbeat() -> None:
    async with Bench(FakeRobot()) as bench:
        before = bench.clock.now()
        for _ in range(3):
            await bench.until(State)
        assert bench.clock.now() - before <= 16


async def test_a_message_that_cannot_be_handled_is_counted_and_the_next_is_heard() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        agent = bench.service.agents["r1"]
        get, agent.journal.get = agent.journal.get, None  # type: ignore[method-assign, assignment]
        await bench.send("Go to shelf 4.")
        await asyncio.sleep(1)
        agent.journal.get = get  # type: ignore[method-assign]
        assert bench.service.counters["failed"] == 1
        assert (await bench.outcome(await bench.send("Beep."))).end == "done" and len(robot.effects) == 1


async def test_what_cannot_be_undone_waits_for_a_yes_to_exactly_this_call() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        asked = await bench.outcome(await bench.send("Wipe."))
        assert (asked.end, asked.approval) == ("needs_answer", True) and "cannot be undone" in asked.text
        again = await bench.outcome(await bench.send("Wipe.", approval="f" * 64))
        assert again.guess == asked.guess and not robot.effects
        done = await bench.outcome(sid := await bench.send("Wipe.", approval=asked.guess))
        assert done.end == "done" and len(robot.effects) == 1
        await bench.outcome(await bench.send("Wipe.", sid=sid, seq=bench.seq, approval=asked.guess))
        assert len(robot.effects) == 1


async def test_a_yes_to_what_cannot_be_undone_is_good_once_and_not_after_a_restart() -> None:
    async with Bench(robot := FakeRobot()) as bench:
        asked = await bench.outcome(await bench.send("Wipe."))
        for expected in ("done", "needs_answer", "done"):
            assert (await bench.outcome(await bench.send("Wipe.", approval=asked.guess))).end == expected
        await bench.outcome(await bench.send("Wipe."))
        await bench.crash()
        await bench.boot()
        assert (await bench.outcome(await bench.send("Wipe.", approval=asked.guess))).end == "needs_answer"
        assert len(robot.effects) == 2
