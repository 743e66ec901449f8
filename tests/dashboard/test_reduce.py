"""The fleet, the experts and the counters of a view, message by message."""

from __future__ import annotations

import pytest

from dashboard.reduce import dropped
from dashboard.view import ViewState
from schemas import topics
from schemas.messages import (
    Connection,
    Epoch,
    ExpertConnection,
    OutcomeReport,
    Poll,
    Profile,
    Property,
    SiteMessage,
    State,
    Stop,
    Subtask,
    SubtaskStatus,
    Trace,
    Use,
)
from schemas.outcomes import Done, Failed, NeedsAnswer, Proof, Refused
from schemas.site import Place, Site
from tests.dashboard.wire import NOON, Wire, uid


def test_a_profile_says_who_a_device_is() -> None:
    wire = Wire()
    body = Profile(device="r1", device_kind="robot", maker="norvik", name="robot 1", place="dock", abilities=("drive",), aliases=("Rosie",))
    wire.say(topics.PROFILE, "r1", body.model_copy(update={"properties": (Property(name="free_slots", unit="1"),)}))
    device = wire.view.fleet["r1"]
    assert (device.name, device.kind, device.maker, device.at, device.abilities) == ("robot 1", "robot", "norvik", "dock", ("drive",))
    assert device.properties == ("free_slots (1)",) and device.aliases == ("Rosie",) and device.heard == 0


def test_a_state_says_how_a_device_is_and_where() -> None:
    wire = Wire()
    wire.device("r1", attributes={"battery": 81.5, "at": "shelf-4", "lamp": True}, busy=True, problem="wheel", normal=False)
    device = wire.view.fleet["r1"]
    assert (device.battery, device.at, device.busy, device.problem, device.normal, device.heard) == (81.5, "shelf-4", True, "wheel", False, NOON)
    assert ("lamp", "True") in device.attributes


def test_a_state_that_the_broker_has_kept_is_as_old_as_it_is() -> None:
    wire, state = Wire(), State(device="r1", boot="b")
    for sent, heard in ((NOON - 3600, NOON - 3600), (NOON + 3600, NOON), (-1e300, 1.0)):
        wire.say(topics.STATE, "r1", state, retained=True, sent_at=sent)
        assert wire.view.fleet["r1"].heard == heard
    wire.say(topics.STATE, "r1", state, sent_at=NOON - 3600)
    assert wire.view.fleet["r1"].heard == NOON, "by our clock"


def test_a_battery_that_is_no_number_is_none() -> None:
    wire = Wire()
    for battery in ("full", True):
        wire.device("r1", attributes={"battery": battery})
        assert wire.view.fleet["r1"].battery is None


def test_a_stop_that_was_ordered_and_not_obeyed_is_not_stopped() -> None:
    wire = Wire()
    wire.device("r1", stop_problem="cannot be reached")
    assert not wire.view.fleet["r1"].stopped and wire.view.fleet["r1"].stop_problem == "cannot be reached"
    wire.device("r1", stopped=True)
    assert wire.view.fleet["r1"].stopped and not wire.view.fleet["r1"].stop_problem


def test_a_device_is_online_while_its_agents_lease_lasts() -> None:
    wire = Wire()
    wire.device("r1")
    assert wire.view.links(NOON + 15) == {"r1": "online"}
    assert wire.view.links(NOON + 15.1) == {"r1": "silent"}
    wire.now += 16
    wire.online("agent-r1", "r1")
    assert wire.view.links(wire.now) == {"r1": "online"}


def test_nobody_is_online_for_ever_whatever_its_heartbeat() -> None:
    wire = Wire()
    wire.say(topics.AGENT_CONNECTION, "a", Connection(status="online", boot="b", devices=("r1",), heartbeat=1e300))
    wire.say(topics.STATE, "r1", State(device="r1", boot="b"))
    assert wire.view.links(NOON + 3600) == {"r1": "online"} and wire.view.links(NOON + 86_400) == {"r1": "silent"}


def test_what_a_process_used_is_of_its_latest_boot() -> None:
    def say(boot: str, use: Use | None, status: str = "online") -> Use | None:
        body = Connection.model_validate({"status": status, "boot": boot, "use": use})
        wire.say(topics.COORDINATOR_CONNECTION, "c", body)
        return wire.view.coordinators["c"].use

    wire, use = Wire(), Use(tokens=7, busy=0.5, left=3)
    assert say("b", use) == use and say("b", None, "offline") == use
    assert say("d", None) is None


def test_a_will_breaks_the_connection_and_one_of_an_older_boot_does_not() -> None:
    wire = Wire()
    wire.device("r1")
    wire.online("agent-r1", "r1", boot="c")
    wire.online("agent-r1", "r1", boot="b", status="connectionbroken")
    assert wire.view.links(NOON) == {"r1": "online"}
    wire.online("agent-r1", boot="c", status="connectionbroken")
    assert wire.view.links(NOON) == {"r1": "broken"}
    wire.online("agent-2", "r1")
    assert wire.view.links(NOON) == {"r1": "online"}, "another agent hosts it now"


def test_a_device_that_no_agent_names_has_an_unknown_connection() -> None:
    wire = Wire()
    wire.say(topics.PROFILE, "r1", Profile(device="r1", device_kind="robot"))
    assert wire.view.links(NOON) == {"r1": "unknown"}


def test_what_a_device_does_is_the_sentence_that_it_was_given() -> None:
    wire = Wire()
    wire.device("r1")
    first, second = wire.give(uid(1), 11, "r1", "Move to shelf 4."), wire.give(uid(1), 12, "r1", "Count the boxes.")
    assert wire.view.fleet["r1"].doing == "Move to shelf 4."
    statuses = (SubtaskStatus(subtask=first, state="accepted"), SubtaskStatus(subtask=second, state="running"))
    wire.device("r1", busy=True, subtasks=statuses)
    assert wire.view.fleet["r1"].doing == "Count the boxes."
    wire.end(uid(1), second, "r1", Done(verified=True, text="There are 3."))
    assert wire.view.fleet["r1"].doing == "Move to shelf 4."


def test_a_subtask_that_is_sent_again_is_in_hand_once_and_never_after_its_end() -> None:
    wire = Wire()
    for _ in range(2):
        subtask = wire.give(uid(1), 11, "r1", "Move.")
    assert len(wire.view.fleet["r1"].tasks) == 1
    wire.end(uid(1), subtask, "r1", Done(verified=True))
    wire.give(uid(1), 11, "r1", "Move.")
    assert wire.view.fleet["r1"].tasks == ()


def test_an_outcome_is_kept_with_its_proof_and_its_sentence() -> None:
    wire = Wire()
    subtask = wire.give(uid(1), 11, "r1", "Move to shelf 4.")
    for _ in range(2):
        wire.end(uid(1), subtask, "r1", Done(verified=True, text="At shelf 4.", proof=(Proof(condition="at == shelf-4", held=True, seen="shelf-4"),)))
    (ended,) = wire.view.fleet["r1"].ended
    assert (ended.state, ended.text, ended.task) == ("verified", "done, verified: At shelf 4.", "Move to shelf 4.")
    assert ended.proof == ("at == shelf-4: held, seen shelf-4",)


def test_each_end_has_its_own_word() -> None:
    wire = Wire()
    ends = [Done(verified=False), Failed(), Failed(uncertain=True), Refused(reason="busy"), NeedsAnswer(text="Which?")]
    for number, outcome in enumerate(ends):
        wire.end(uid(1), uid(20 + number), "r1", outcome)
    assert [e.state for e in reversed(wire.view.fleet["r1"].ended)] == ["unverified", "failed", "uncertain", "refused", "asking"]


def test_a_trace_shows_the_last_call() -> None:
    wire = Wire()
    wire.say(topics.TRACE, "r1", Trace(device="r1", subtask="s", sentence="Go.", function="goto", arguments={"x": 4}, confidence=0.9))
    assert (call := wire.view.fleet["r1"].life.call) and (call.function, call.arguments, call.confidence) == ("goto", "x=4", 0.9)


def test_experts_say_what_they_tell_and_when_they_are_gone() -> None:
    wire = Wire()
    wire.say(topics.EXPERT_CONNECTION, "e", ExpertConnection(status="online", boot="b", tells=("fading", "snr"), endpoint="http://x"))
    wire.say(topics.EXPERT_CONNECTION, "e", ExpertConnection(status="connectionbroken", boot="old"))
    assert wire.view.experts["e"].status == "online"
    wire.say(topics.EXPERT_CONNECTION, "e", ExpertConnection(status="offline", boot="b"))
    assert wire.view.experts["e"].status == "offline" and wire.view.experts["e"].tells == ("fading", "snr")


def test_coordinators_their_epoch_and_the_site() -> None:
    wire = Wire()
    wire.coordinator()
    wire.say(topics.EPOCH, "c", Epoch(epoch=7))
    wire.say(topics.SITE, "c", SiteMessage(site=Site(places=(Place(id="p", kind="shelf", name="shelf 1", aliases=("rack 1",)),))))
    assert wire.view.coordinator(NOON) == "c" and wire.view.epochs == {"c": 7} and wire.view.places == ("shelf 1", "rack 1")
    wire.coordinator("offline")
    assert wire.view.coordinator(NOON) is None


def test_messages_are_counted_over_a_sliding_window_and_drops_apart() -> None:
    wire = Wire()
    for _ in range(30):
        wire.say(topics.POLL, "c", Poll(poll="p", open={}))
        wire.now += 0.5
    assert wire.view.rate(wire.now) == (2.0, 200.0) and wire.view.rate(wire.now + 60) == (0.0, 0.0)
    view = dropped(wire.view, 50, wire.now)
    assert (view.health.messages, view.health.bytes, view.health.dropped, view.health.kinds) == (31, 3050, 1, {"poll": 30})


def test_what_is_reduced_never_changes_the_view_before() -> None:
    wire = Wire()
    wire.device("r1")
    before: ViewState = wire.view
    fleet = dict(before.fleet)
    wire.device("r2")
    wire.say(topics.STOP, "r1", Stop(device="r1"))
    assert before.fleet == fleet and before is not wire.view


def test_a_subtask_in_a_state_that_we_never_saw_given_is_known_as_work_without_words() -> None:
    wire = Wire()
    wire.say(topics.STATE, "r1", State(device="r1", boot="b", busy=True, subtasks=(SubtaskStatus(subtask="s", state="running"),)))
    assert [t.state for t in wire.view.fleet["r1"].tasks] == ["running"] and wire.view.fleet["r1"].doing == ""
    wire.say(topics.SUBTASK, "r1", Subtask(device="r1", text="Go.", start_by=0, deadline=0), subtask=uid(3), instruction=uid(1))
    wire.say(topics.OUTCOME, "r1", OutcomeReport(device="r1", subtask=uid(3), outcome=Done(verified=True)), subtask=uid(3))
    assert wire.view.threads[uid(1)].items[0].state == "verified", "an outcome without a word about it belongs where its subtask does"


def test_ids_that_never_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes on telling stays."""
    monkeypatch.setattr("dashboard.reduce.PARTIES", 10)
    wire = Wire()
    for number in range(50):
        wire.now += 1
        for ident in ("r1", f"x{number}"):
            wire.device(ident)
        wire.coordinator()
        wire.say(topics.PROFILE, f"y{number}", Profile(device=f"y{number}", device_kind="robot"))
        for ident, status in (("e1", "online"), (f"e-{number}", "offline")):
            wire.say(topics.EXPERT_CONNECTION, ident, ExpertConnection.model_validate({"status": status, "boot": "b"}))
        wire.say(topics.EPOCH, f"c{number}", Epoch(epoch=1))
    view = wire.view
    assert [len(known) for known in (view.fleet, view.agents, view.experts, view.epochs)] == [10, 10, 10, 10]
    assert "r1" in view.fleet and "agent-r1" in view.agents and "e1" in view.experts and "x49" in view.fleet


def test_a_site_that_is_told_again_is_the_same_ground() -> None:
    """What is remembered of it is found again, and not kept once more for each telling."""
    wire = Wire()
    for _ in range(2):
        before = wire.view.ground
        wire.say(topics.SITE, "c", SiteMessage(site=Site(places=(Place(id="p", kind="shelf", name="shelf 1"),))))
    assert wire.view.ground is before and before.spots
