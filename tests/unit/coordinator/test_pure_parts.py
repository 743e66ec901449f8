"""Quantities, words, the allocator, the registry and the ledger: rule by rule."""

from __future__ import annotations

import pytest

from coordinator.allocator import share
from coordinator.ledger import Ledger, Timing
from coordinator.quantities import listing, spoken, value_of
from coordinator.registry import Registry, natural
from coordinator.words import plural, singulars, stems, tokenise
from runtime.store import MemoryStore
from schemas.messages import Connection, Profile, State, SubtaskStatus
from schemas.outcomes import Done, Expired, Refused
from schemas.plan import Work

VALUES = [
    ("30 percent", "%", 30.0),
    ("a third", "%", 100 / 3),
    ("half", "%", 50.0),
    ("three quarters", "%", 75.0),
    ("twenty", "%", 20.0),
    ("minus eighteen", "°C", -18.0),
    ("68 degrees fahrenheit", "°C", 20.0),
    ("ten minutes", "s", 600.0),
    ("2 cm", "m", 0.02),
    ("7.5", None, 7.5),
    ("2,5", None, 2.5),
    ("two and a half", None, 2.5),
    ("two point five", None, 2.5),
    ("yes", None, True),
    ("off", None, False),
    ("idle", None, "idle"),
    ("empty", "%", 0.0),
]


@pytest.mark.parametrize(("said", "unit", "value"), VALUES)
def test_a_value_is_read_in_the_unit_of_its_property(said, unit, value):
    read = value_of(said, unit)
    assert read == (pytest.approx(value) if isinstance(value, float) else value)


def test_values_are_spoken_for_people():
    assert [spoken(40.0, "%"), spoken(True), spoken(("a", "b")), spoken(None)] == ["40 %", "yes", "a and b", "unknown"]
    assert listing(["a", "b", "c"]) == "a, b and c"


def test_plurals_are_undone_and_made():
    for noun in ("shelf", "box", "battery", "robot", "dish", "bay", "valve"):
        assert noun in singulars(plural(noun)), noun
    assert [t.text for t in tokenise("twenty-one shelves, 3rd")] == ["21", "shelves", ",", "3rd"]
    assert tokenise("twenty-first")[0].ordinal == 21
    assert stems("Free slots of a shelf") == stems("free_slot shelf")


def test_items_are_shared_evenly_and_nearest_first():
    points = {"a": (0.0, 0.0), "b": (10.0, 0.0), **{f"i{n}": (float(n), 0.0) for n in range(10)}}
    given = share([f"i{n}" for n in range(10)], ["a", "b"], points, {})
    assert {w: len(took) for w, took in given.items()} == {"a": 5, "b": 5}
    assert given["a"][0] == "i0" and given["b"][0] == "i9"
    assert set(given["a"]) == {f"i{n}" for n in range(5)}


def test_a_loaded_worker_gets_less_and_without_geometry_the_order_decides():
    assert share(["x", "y", "z"], ["a", "b"], {}, {"a": 1}) == {"a": ("y",), "b": ("x", "z")}
    assert share([], ["a"], {}, {}) == {"a": ()}
    assert share(["x"], [], {}, {}) == {}


def test_a_thousand_items_and_a_hundred_workers_are_shared_in_time():
    given = share([f"i{n}" for n in range(1000)], [f"w{n}" for n in range(100)], {}, {})
    assert all(len(took) == 10 for took in given.values())


# Registry


def registry() -> Registry:
    empty = Registry().on_profile(Profile(device="r1", device_kind="robot", name="robot 1"))
    return empty.on_connection("a", Connection(status="online", boot="b1", devices=("r1",), heartbeat=5), 100.0)


def test_a_lease_lapses_after_three_heartbeats_and_a_report_renews_it():
    known = registry()
    assert known.alive("r1", 115.0) and not known.alive("r1", 115.1)
    assert known.on_state(State(device="r1", boot="b1"), 114.0).alive("r1", 129.0)
    assert not known.on_state(State(device="r1", boot="b1"), 114.0, retained=True).alive("r1", 129.0)


def test_the_will_of_an_older_boot_is_ignored():
    newer = registry().on_connection("a", Connection(status="online", boot="b2", devices=("r1",)), 101.0)
    assert newer.on_connection("a", Connection(status="connectionbroken", boot="b1"), 102.0).alive("r1", 103.0)
    assert not newer.on_connection("a", Connection(status="connectionbroken", boot="b2"), 102.0).alive("r1", 103.0)
    assert newer.on_connection("a", Connection(status="online", boot="b1", devices=("r1",)), 102.0) == newer
    assert newer.on_state(State(device="r1", boot="b1", busy=True), 103.0) == newer


def test_devices_are_in_natural_order_with_their_state():
    known = registry().on_profile(Profile(device="r10", device_kind="robot")).on_profile(Profile(device="r2", device_kind="robot"))
    known = known.on_state(State(device="r1", boot="b1", attributes={"battery": 40.0}, busy=True), 101.0)
    devices = known.devices(102.0)
    assert [d.id for d in devices] == ["r1", "r2", "r10"]
    assert devices[0].facts()["battery"] == 40.0 and devices[0].facts()["idle"] is False
    assert [d.online for d in devices] == [True, False, False]
    assert natural("r2") < natural("r10")


# Ledger


def started(store=None, **timing) -> Ledger:
    ledger = Ledger(store or MemoryStore(), Timing.model_validate(timing))
    ledger.take_epoch(0)
    return ledger


def send(ledger: Ledger, subtask: str, now: float = 0.0, device: str = "r1"):
    entry = ledger.issue(subtask, "i1", 0, Work(device=device, text="Go."))
    return ledger.sending(entry, "bytes", ledger.next_seq(device), now)


def test_only_one_subtask_per_device_leaves_and_the_next_follows_its_outcome():
    ledger = started()
    for n in (1, 2):
        ledger.issue(f"s{n}", "i1", n, Work(device="r1", text="Go."))
    assert [e.subtask for e in ledger.sendable(lambda e: False)] == ["s1"]
    assert ledger.sendable(lambda e: True) == ()
    ledger.sending(ledger.entries["s1"], "bytes", 1, 0.0)
    assert ledger.sendable(lambda e: False) == ()
    assert ledger.on_outcome("s1", Done(verified=True)) is not None
    assert [e.subtask for e in ledger.sendable(lambda e: False)] == ["s2"]


def test_the_same_bytes_go_again_with_back_off_until_start_by():
    ledger = started(start=10.0, first_resend=1.0, longest_resend=4.0)
    send(ledger, "s1")
    times, now = [], 0.0
    while now < 30:
        now += 0.5
        times += [now for _ in ledger.resends(now)]
    assert times == [1.0, 3.0, 7.0]
    assert ledger.entries["s1"].payload == "bytes"


def test_not_now_is_kept_and_ends_the_subtask_only_when_it_is_too_late():
    ledger = started(start=10.0)
    send(ledger, "s1")
    busy = Refused(reason="busy")
    assert ledger.on_outcome("s1", busy) is None
    assert ledger.on_status(SubtaskStatus(subtask="s1", state="never_seen"), 5.0) is None
    ended = ledger.on_status(SubtaskStatus(subtask="s1", state="never_seen"), 17.0)
    assert ended is not None and ended.outcome == busy


def test_never_seen_before_start_by_is_sent_again_and_after_it_is_expired():
    ledger = started(start=10.0, first_resend=100.0)
    send(ledger, "s1")
    ledger.on_status(SubtaskStatus(subtask="s1", state="never_seen"), 5.0)
    assert [e.subtask for e in ledger.resends(5.0)] == ["s1"]
    ended = ledger.on_status(SubtaskStatus(subtask="s1", state="never_seen"), 17.0)
    assert ended is not None and isinstance(ended.outcome, Expired)


def test_an_outcome_in_a_report_counts_and_a_second_one_changes_nothing():
    ledger = started()
    send(ledger, "s1")
    done = Done(verified=True)
    first = ledger.on_status(SubtaskStatus(subtask="s1", state="ended", outcome=done, idempotent=True), 1.0)
    assert first is not None and first.idempotent is True
    assert ledger.on_outcome("s1", done) is None
    assert ledger.on_outcome("stranger", done) is None


def test_a_lost_device_is_unknown_after_the_grace_and_what_was_not_sent_is_withdrawn():
    ledger = started(grace=5.0)
    send(ledger, "s1")
    ledger.issue("s2", "i1", 1, Work(device="r1", text="Go on."))
    assert ledger.silent(10.0, lambda d: False) == ()
    assert [(e.subtask, e.phase) for e in ledger.silent(15.0, lambda d: False)] == [("s1", "unknown"), ("s2", "withdrawn")]
    assert ledger.silent(16.0, lambda d: False) == ()
    revised = ledger.on_outcome("s1", Done(verified=True))
    assert revised is not None and revised.phase == "ended"


def test_past_its_deadline_a_subtask_is_called_off_and_then_unknown():
    ledger = started(deadline=20.0, grace=5.0)
    send(ledger, "s1")
    assert ledger.overdue(20.0) == ()
    assert [e.subtask for e in ledger.overdue(20.5)] == ["s1"] and ledger.overdue(21.0) == ()
    assert [e.subtask for e in ledger.resends(22.0)] == ["s1"]
    assert [e.phase for e in ledger.silent(25.5, lambda d: True)] == ["unknown"]


def test_a_restart_reads_what_is_open_and_takes_a_higher_epoch_than_the_book_and_the_bus():
    store = MemoryStore()
    ledger = started(store)
    send(ledger, "s1")
    send(ledger, "s2", device="r2")
    ledger.on_outcome("s2", Done(verified=True))
    again = Ledger(store)
    assert list(again.entries) == ["s1"]
    assert again.entries["s1"].payload == "bytes"
    ended = again.look_up("s2")
    assert ended is not None and isinstance(ended.outcome, Done)
    assert again.take_epoch(7) == 8 and Ledger(store).take_epoch(0) == 9
