"""A recording on the dashboard: any moment of it looks as it did, and its keys move in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from dashboard import reel as reel_module
from dashboard.app import Dashboard
from dashboard.feed import heard
from dashboard.readable import conversation
from dashboard.reel import Reel
from dashboard.replay import Replay
from dashboard.view import ViewState
from runtime.clock import LoopClock
from runtime.door import opened
from runtime.recording import Recording, read
from schemas.errors import ContractError
from tests.dashboard.stage import Stage, drawn
from tests.dashboard.tape import Tape, bare, run_of_two
from tests.dashboard.wire import NOON


class Hands(LoopClock):
    """A clock that is moved by hand."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def from_the_start(recording: Recording, now: float) -> ViewState:
    view = ViewState(me=recording.head.name, site=recording.head.site)
    for entry in recording.entries:
        if entry.at <= now:
            try:
                address, envelope, _ = opened(entry.message, "site")
                view = heard(view, entry.message, (address, envelope), entry.at)
            except ContractError:
                view = heard(view, entry.message, None, entry.at)
    return view


def long_run() -> Tape:
    """Many small things, some of which are no messages."""
    tape = Tape()
    tape.device("r1")
    for number in range(60):
        tape.now += 1.5
        ident = tape.instruct(number, f"Number {number}.")
        tape.give(ident, 1000 + number, f"r{number % 3}", f"Go {number}.")
        tape.raw("parley/v1/site/device/r1/state", b"no message", retained=number % 2 == 0)
        tape.device(f"r{number % 5}", retained=False, attributes={"battery": number})
    return tape


LONG = long_run().recording


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-10, 110), min_size=1, max_size=6), st.integers(1, 80))
def test_seeking_anywhere_is_reducing_from_the_start(moments: list[float], every: int) -> None:
    before, reel_module.EVERY = reel_module.EVERY, every
    try:
        reel = Reel(LONG)
        for moment in moments:
            assert bare(reel.at(NOON + moment)) == bare(from_the_start(LONG, NOON + moment))
    finally:
        reel_module.EVERY = before


def test_a_long_recording_keeps_no_more_views_than_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reel_module, "EVERY", 1)
    monkeypatch.setattr(reel_module, "KEPT", 20)
    told: list[int] = []
    reel = Reel(LONG, told.append)
    assert len(reel._kept) <= 20 and told == list(range(len(LONG.entries)))
    for moment in (0, 80, 10, 79, 200):
        assert bare(reel.at(NOON + moment)) == bare(from_the_start(LONG, NOON + moment))


def test_the_time_is_that_of_then_and_goes_as_fast_as_wanted() -> None:
    clock = Hands()
    replay = Replay(Reel(run_of_two().recording), clock, speed=2)
    assert replay.now() == NOON and replay.playing
    clock.seconds = 10
    assert replay.now() == NOON + 20
    replay.play()
    clock.seconds = 20
    assert replay.now() == NOON + 20 and not replay.playing
    replay.play()
    replay.pace(1)
    clock.seconds = 30
    assert (replay.speed, replay.now()) == (4, NOON + 60)
    replay.seek(NOON + 1000)
    assert replay.now() == NOON + 120 and not replay.playing
    replay.play()
    assert replay.now() == NOON and replay.playing
    replay.seek(0)
    assert replay.now() == NOON
    for _ in range(20):
        replay.pace(-1)
    assert replay.speed == 0.25


def test_leases_lapse_in_the_recordings_time() -> None:
    clock = Hands()
    replay = Replay(Reel(run_of_two().recording), clock)
    clock.seconds = 10
    assert replay.view.links(replay.now())["r2"] == "online"
    clock.seconds = 60
    assert replay.view.links(replay.now())["r2"] == "silent"


def test_a_recording_without_a_message_is_an_empty_view() -> None:
    reel = Reel(Tape().recording)
    assert reel.at(NOON + 5).fleet == {} and reel.marks == ()


def test_the_conversation_is_text_with_times() -> None:
    lines = list(conversation(run_of_two().recording))
    assert [line.split("  ", 1)[1].split() for line in lines[:2]] == [
        ["you", "→", "coordinator", "Go", "to", "shelf", "1."], ["coordinator", "→", "r1", "Move", "to", "shelf", "1."],
    ]  # fmt: skip
    assert "done, verified: At shelf 1." in lines[2] and "Robot 1 is at shelf 1." in lines[3] and len(lines) == 8


def test_what_was_sent_again_is_told_once() -> None:
    tape = run_of_two()
    tape.entries += tape.entries[-5:]
    assert len(list(conversation(tape.recording))) == 8


@asynccontextmanager
async def playing(clock: Hands, size: tuple[int, int] = (100, 30)) -> AsyncIterator[tuple[Dashboard, Pilot[None]]]:
    replay = Replay(Reel(run_of_two().recording), clock, name="run.jsonl")
    app = Dashboard(replay)
    async with app.run_test(size=size) as pilot:
        app.draw(anew=True)
        await pilot.pause()
        yield app, pilot


async def test_the_keys_move_in_time() -> None:
    clock = Hands()
    async with playing(clock) as (app, pilot):
        await pilot.press("space")
        assert app.feed.replay is not None and not app.feed.replay.playing
        await pilot.press("right", "right", "shift+right", "left")
        assert app.feed.now() == NOON + 70
        await pilot.press("right_square_bracket")
        assert app.feed.replay.speed == 2
        await pilot.press("left_square_bracket", "end")
        await pilot.pause()
        assert app.feed.now() == NOON + 120 and "shelf-2" in drawn(app) and "02:00 / 02:00" in drawn(app)
        await pilot.press("shift+left")
        await pilot.pause()
        assert "shelf-1" in drawn(app) and "shelf-2" not in drawn(app)
        await pilot.press("home")
        await pilot.pause()
        assert app.feed.now() == NOON and "00:00 / 02:00" in drawn(app)


async def test_a_click_on_the_slider_goes_there() -> None:
    async with playing(Hands()) as (app, pilot):
        line = next(text for text in drawn(app).splitlines() if " / 02:00" in text)
        bar = [n for n, sign in enumerate(line) if sign in "●━─◆"]
        assert line.count("◆") == 2, "where the instructions were given"
        await pilot.click("#timeline", offset=(bar[len(bar) // 2], 0))
        assert abs(app.feed.now() - (NOON + 60)) < 3
        await pilot.click("#timeline", offset=(bar[-1], 0))
        assert app.feed.now() == NOON + 120


async def test_nothing_can_be_steered_in_what_is_over() -> None:
    async with playing(Hands()) as (app, pilot):
        assert not app.query("#box")
        for key in ("s", "S", "f9", "f10", "r", "i", "a", "c", "ctrl+r"):
            await pilot.press(key)
        text = drawn(app)
        assert "STOP ALL" not in text and "Record" not in text and "Play/pause" in text
        assert {n.message for n in app._notifications} == {"This is a recording: nothing is steered. ? shows every key."}


async def test_who_types_a_filter_types_letters() -> None:
    clock = Hands()
    async with playing(clock) as (app, pilot):
        await pilot.press("slash", "r", "2", "space", "left", "home")
        await pilot.pause()
        assert app.feed.now() == NOON and app.feed.replay is not None and app.feed.replay.playing
        assert app.query_one("#filter").value == "r2 "  # type: ignore[attr-defined]


async def test_every_view_can_be_seen_at_every_time() -> None:
    async with playing(Hands(), (80, 24)) as (app, pilot):
        await pilot.press("end")
        for number in "12345":
            await pilot.press(number)
            await pilot.pause()
            assert "▷ recorded" in drawn(app) and "02:00 / 02:00" in drawn(app)
        await pilot.press("2")
        await pilot.pause()
        assert "Robot 1 is at shelf 2." in drawn(app)
        await pilot.press("comma")
        await pilot.pause(0.2)
        assert "Robot 1 is at shelf 1." in drawn(app)


async def test_a_run_that_is_watched_is_recorded_from_its_state_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Stage().open() as stage:
        recorder = stage.app.feed.recorder
        assert recorder is not None
        await stage.pilot.press("ctrl+r")
        await stage.until(lambda: "● REC" in stage.text)
        await stage.has("r3", busy=True)
        await stage.until(lambda: "r3" in stage.app.feed.view.fleet)
        await stage.pilot.press("ctrl+r")
        await stage.until(lambda: "● REC" not in stage.text)
        recording = read(recorder.path)
        assert set(Reel(recording).at(recording.end).fleet) == {"r1", "r2", "r3"} and not recording.flaws
        monkeypatch.setattr("dashboard.actions.default_path", lambda now: tmp_path / "gone" / "run.jsonl")
        await stage.pilot.press("ctrl+r")
        await stage.pilot.pause()
        assert not recorder.recording and "No such file" in [n.message for n in stage.app._notifications][-1]


async def test_two_recordings_within_a_second_are_two_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Stage().open() as stage:
        monkeypatch.setattr(stage.app.feed, "now", lambda: NOON)
        await stage.pilot.press("ctrl+r", "ctrl+r", "ctrl+r", "ctrl+r")
        await stage.pilot.pause()
        assert "● REC" not in stage.text
    assert [len(found.entries) for found in _recordings(tmp_path)] == [7, 7]


def _recordings(folder: Path) -> list[Recording]:
    return [read(path) for path in folder.iterdir()]


async def test_a_recording_that_breaks_off_says_so_at_the_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Stage().open() as stage:
        recorder = stage.app.feed.recorder
        assert recorder is not None
        await stage.pilot.press("ctrl+r")
        recorder._fail(OSError(28, "No space left on device"))
        await stage.until(lambda: "not recording: " in stage.text)


async def test_nobody_writes_files_from_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Dashboard, "is_web", True)
    async with Stage().open() as stage:
        await stage.pilot.press("ctrl+r")
        await stage.pilot.pause()
        assert "Record" not in stage.text and not stage.app.feed.recorder.recording  # type: ignore[union-attr]


def test_a_message_that_the_dashboard_stumbles_over_is_dropped_and_the_next_one_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard import feed, reduce

    def stumble(view: ViewState, told: reduce.Heard) -> ViewState:
        if told.envelope.kind == "instruction":
            raise ZeroDivisionError
        return reduce.reduce(view, told)

    monkeypatch.setattr(feed, "reduce", stumble)
    reel = Reel(run_of_two().recording)
    view = reel.at(reel.end)
    assert view.health.dropped == 2 and len(view.fleet) == 2 and view.health.messages == len(run_of_two().entries)
