"""What messages tell beside the fleet: how devices go on, experts at work, delays; and messages that change nothing of what is shown."""

from __future__ import annotations

import pytest

from schemas import topics
from schemas.experts import Consulted
from schemas.messages import Answer, EpochReset, OutcomeReport, Progress, State, SubtaskStatus, WindowReply, WindowRequest
from schemas.outcomes import Done, Failed, Proof
from tests.dashboard.wire import Wire, uid


def test_a_window_that_an_expert_asks_for_is_waited_for_and_timed() -> None:
    wire = Wire()
    wire.device("r1")
    wire.say(topics.WINDOW_REQUEST, "r1", WindowRequest(device="r1", handle="csi/1", what="csi"), source="experts")
    (look,) = wire.view.consulting.looks
    assert (look.by, look.device, look.what, look.took) == ("experts", "r1", "csi", None)
    wire.now += 0.25
    wire.say(topics.WINDOW, "r1", WindowReply(device="r1", handle="csi/1", data={"problem": "no radio"}), source="a")
    wire.now += 1
    wire.say(topics.WINDOW, "r1", WindowReply(device="r1", handle="csi/1"), source="a")
    (look,) = wire.view.consulting.looks
    assert (look.took, look.problem) == (0.25, "no radio")


def test_a_window_that_nobody_asked_for_changes_only_the_counters() -> None:
    wire = Wire()
    wire.device("r1")
    before = wire.view
    wire.say(topics.WINDOW, "r1", WindowReply(device="r1", handle="csi/9", data={"problem": "x"}))
    assert wire.view.consulting == before.consulting and wire.view.fleet == before.fleet
    assert wire.view.health.kinds["window_reply"] == 1


def test_a_reset_of_the_epoch_is_counted_and_shows_no_device_that_nobody_announced() -> None:
    wire = Wire()
    wire.say(topics.EPOCH_RESET, "r1", EpochReset(device="r1", epoch=9))
    assert wire.view.fleet == {} and wire.view.health.kinds["epoch_reset"] == 1 and wire.view.threads == {}


def test_an_answer_tells_whom_it_consulted_once() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Is it free?")
    consulted = (
        Consulted(expert="snr", device="r1", finding="high", confidence=0.9, seconds=0.2),
        Consulted(expert="fading", device="r1", confidence=0.4, problem="unlike anything"),
    )
    for _ in range(2):
        wire.say(topics.ANSWER, "c", Answer(text="Yes.", intent="query", complete=True, consulted=consulted), instruction=ident)
    fading, snr = wire.view.consulting.opinions
    assert (snr.expert, snr.finding, snr.sure, snr.seconds) == ("snr", "high", 0.9, 0.2)
    assert (fading.finding, fading.sure, fading.why) == ("", None, "unlike anything")


def test_a_proof_that_an_expert_gave_is_its_verdict() -> None:
    wire = Wire()
    wire.device("r1")
    proof = (Proof(condition="sees the same", held=False, seen="1 free", expert="shelf_vacancy"), Proof(condition="at == x", held=True))
    subtask = wire.give(uid(1), 11, "r1", "Check shelf 1.")
    wire.end(uid(1), subtask, "r1", Done(verified=False, proof=proof))
    (opinion,) = wire.view.consulting.opinions
    assert (opinion.expert, opinion.device, opinion.finding, opinion.held) == ("shelf_vacancy", "r1", "1 free", False)


def test_a_devices_charge_is_remembered_every_few_seconds() -> None:
    wire = Wire()
    for battery in (80, 79, 78, 77):
        wire.device("r1", attributes={"battery": battery})
        wire.now += 2.5
    assert [power for _, power in wire.view.fleet["r1"].life.power] == [80, 78]


def test_where_a_device_is_and_how_it_moved() -> None:
    wire = Wire()
    wire.device("r1", attributes={"x": 1, "y": 2})
    assert wire.view.fleet["r1"].life.motion is None
    wire.device("r1", attributes={"x": 1.5, "y": 2})
    assert wire.view.fleet["r1"].life.position == (1.5, 2) and wire.view.fleet["r1"].life.motion == (0.5, 0)
    wire.device("r1", attributes={"x": True, "y": "far"})
    assert wire.view.fleet["r1"].life.position is None


def test_which_of_the_five_states_its_work_is_in() -> None:
    wire = Wire()
    subtask = wire.give(uid(1), 11, "r1", "Go.")
    wire.say(topics.STATE, "r1", State(device="r1", boot="b", subtasks=(SubtaskStatus(subtask=subtask, state="running", run="postprocessing"),)))
    assert wire.view.fleet["r1"].life.run == "postprocessing"
    wire.device("r1")
    assert wire.view.fleet["r1"].life.run == ""


def test_how_long_work_took_by_its_device() -> None:
    wire = Wire()
    wire.device("r1")
    body = OutcomeReport(device="r1", subtask=uid(11), outcome=Done(verified=True), started_at=10.0, ended_at=12.5)
    wire.say(topics.OUTCOME, "r1", body, source="a")
    assert wire.view.fleet["r1"].life.took == ((uid(11), 2.5),)


def test_delays_from_sender_to_here_and_from_sentence_to_outcome() -> None:
    wire = Wire()
    wire.device("r1")
    subtask = wire.give(uid(1), 11, "r1", "Go.")
    wire.now += 3
    for _ in range(2):
        wire.end(uid(1), subtask, "r1", Failed(text="stuck"))
    timing = wire.view.timing
    assert timing.rounds == (3,) and timing.ends == {"failed": 1} and timing.pending == {} and set(timing.way) == {0.0}


def test_what_the_broker_kept_tells_nothing_of_delays() -> None:
    wire = Wire()
    wire.say(topics.STATE, "r1", State(device="r1", boot="b"), retained=True)
    assert wire.view.timing.way == ()


@pytest.mark.parametrize("told", ["waiting", "sent", "running", "failed"])
def test_work_that_another_device_takes_over_stays_one_item_and_says_what_came_of_it_before(told: str) -> None:
    wire = Wire()
    ident = wire.instruct(1, "Check.")
    wire.plan(ident, ("r1", "Check shelf 3."))
    wire.end(ident, wire.give(ident, 11, "r1", "Check shelf 3."), "r1", Failed(text="did not move"))
    wire.say(topics.PROGRESS, "c", Progress(text="Another one tries.", work={0: told}), instruction=ident)
    wire.give(ident, 12, "r2", "Check shelf 3.")
    (item,) = wire.view.threads[ident].items
    assert (item.device, item.state, item.before) == ("r2", "sent", "r1: failed: did not move")
