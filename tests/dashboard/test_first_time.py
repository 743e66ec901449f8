"""What somebody meets who has never seen the dashboard: it says which key does what and to whom, and wrong turns do no harm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.widgets import OptionList

from cli.dashboard import show
from dashboard.app import Dashboard
from dashboard.replay import Replay
from dashboard.widgets.dialogs import Confirm
from dashboard.widgets.help import Help
from dashboard.widgets.instruction_box import IDLE, InstructionBox
from dashboard.widgets.recordings import Recordings, recordings
from runtime.recorder import Recorder
from runtime.recording import entry_line, head_line
from schemas import topics
from schemas.messages import Answer, Ask, Instruction, OutcomeReport, Reply, Subtask
from schemas.outcomes import Failed
from tests.dashboard.stage import Stage
from tests.dashboard.tape import run_of_two
from tests.dashboard.test_steering import asked
from tests.dashboard.wire import NOON, uid

DAY = 86_400.0


def footer(stage: Stage) -> str:
    return stage.text.rstrip().split("\n")[-1]


async def test_the_line_of_keys_says_whom_it_stops_and_hides_what_is_of_no_use() -> None:
    async with Stage().open() as stage:
        assert "s Stop r1" in footer(stage) and "Resume" not in footer(stage) and "Answer" not in footer(stage) and "Cancel" not in footer(stage)
        await stage.pilot.press("n")
        await stage.until(lambda: "s Stop r2" in footer(stage))
        await stage.pilot.press("s")
        await stage.until(lambda: "r Resume r2" in footer(stage))
        await stage.pilot.press("i")
        await stage.until(lambda: "f9 Stop r2 f10 STOP ALL" in footer(stage) and " s Stop" not in footer(stage))


async def test_the_line_for_typing_says_first_how_to_come_into_it() -> None:
    async with Stage().open() as stage:
        box = stage.app.query_one(InstructionBox)
        assert box.placeholder == IDLE
        await stage.pilot.press("i")
        await stage.until(lambda: "Enter: send" in box.placeholder)
        await stage.pilot.press("escape")
        await stage.until(lambda: box.placeholder == IDLE)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_question_mark_shows_every_key_and_a_stop_works_there(size: tuple[int, int]) -> None:
    async with Stage().open(size) as stage:
        await stage.pilot.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, Help))
        errands = ("see why one failed", "stop one device", "tell the fleet", "answer, approve", "see an earlier run")
        assert all(errand in stage.text for errand in errands)
        await stage.pilot.press("f10")
        await stage.told("Stopped, confirmed by: r1, r2")
        await stage.pilot.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1)
        await stage.pilot.press("i", "question_mark")
        assert stage.app.query_one(InstructionBox).value == "?"


async def test_a_letter_that_does_nothing_says_how_to_type() -> None:
    async with Stage().open((120, 30)) as stage:
        await stage.pilot.press("x", "e")
        await stage.until(lambda: any("Press i to type" in n.message for n in stage.app._notifications))
        assert len(stage.app._notifications) == 1
        await stage.pilot.press("i", *"xe")
        assert stage.app.query_one(InstructionBox).value == "xe" and len(stage.app._notifications) == 1


async def test_what_was_previewed_is_sent_with_enter() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("i", *"Go", "f2")
        await stage.until(lambda: stage.of(Instruction))
        await stage.pilot.press("enter")
        await stage.until(lambda: len(stage.of(Instruction)) == 2)
        assert stage.of(Instruction) == [Instruction(text="Go", dry_run=True), Instruction(text="Go")]
        assert stage.app.query_one(InstructionBox).value == ""


async def test_a_yes_that_is_typed_as_an_instruction_comes_to_its_question() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=True)
        await stage.pilot.press("i", *"Yes", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        assert stage.of(Reply) == [] and stage.of(Instruction) == [], "the whole call is shown before anything is decided"


async def test_an_offered_word_that_is_typed_as_an_instruction_answers_with_a_second_enter() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=False)
        await stage.pilot.press("i", *"robot 1", "enter")
        await stage.pilot.pause(0.1)
        assert stage.of(Reply) == [] and stage.of(Instruction) == []
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.of(Reply))
        assert stage.of(Reply) == [Reply(text="robot 1")] and stage.of(Instruction) == []


async def test_the_bar_names_the_key_that_works_just_now() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=False)
        assert "[a: answer]" in stage.text
        await stage.pilot.press("i")
        await stage.until(lambda: "[F4: answer]" in stage.text)


async def failed(stage: Stage, device: str, number: int, why: str) -> None:
    await stage.say(topics.SUBTASK, device, Subtask(device=device, text="Go home.", start_by=0, deadline=0), uid(1), uid(number))
    await stage.say(topics.OUTCOME, device, OutcomeReport(device=device, subtask=uid(number), outcome=Failed(text=why)), uid(1), uid(number))


async def test_the_fleet_says_why_the_chosen_device_failed() -> None:
    async with Stage().open((120, 30)) as stage:
        await failed(stage, "r2", 3, "The wheels are blocked by something that lies in the way.")
        await stage.pilot.press("n")
        await stage.until(lambda: "«r2»" in stage.text)
        line = next(line for line in stage.text.split("\n") if "«r2»" in line)
        assert "✗ failed" in line and "Go home." in line and "The wheels are blocked by something" in line


async def test_another_devices_page_begins_at_its_top() -> None:
    async with Stage().open((80, 16)) as stage:
        for number in range(3, 9):
            await failed(stage, "r1", number, "Blocked.")
            await failed(stage, "r2", number + 10, "Blocked.")
        await stage.pilot.press("4", "end")
        sheet = stage.app.query_one("#device-view")
        await stage.until(lambda: sheet.scroll_offset.y > 0)
        await stage.pilot.press("n")
        await stage.until(lambda: sheet.scroll_offset.y == 0 and "r2  robot 2" in stage.text)


async def test_a_click_on_the_chosen_row_opens_it_and_enter_on_an_instruction_its_plan() -> None:
    async with Stage().open() as stage:
        row = next(n for n, line in enumerate(stage.text.split("\n")) if line.startswith(" r2"))
        await stage.pilot.click(offset=(3, row))
        await stage.until(lambda: stage.app.device == "r2" and stage.app.active == "fleet")
        await stage.pilot.click(offset=(3, row))
        await stage.until(lambda: stage.app.active == "device")
        await asked(stage, approval=False)
        await stage.pilot.press("2", "enter")
        await stage.until(lambda: stage.app.active == "plan")


async def test_a_question_in_a_plan_is_not_called_an_answer() -> None:
    async with Stage().open() as stage:
        await stage.say(topics.INSTRUCTION, "o", Instruction(text="Bring it."), instruction=uid(1))
        await stage.say(topics.ANSWER, "c", Answer(text="Which place?", intent="plan", complete=False), uid(1))
        await stage.say(topics.ASK, "c", Ask(text="Which place?"), uid(1))
        await stage.pilot.press("3")
        await stage.until(lambda: "Asks: Which place?" in stage.text and "Answer:" not in stage.text)


async def test_escape_puts_away_what_was_told_in_passing() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("s")
        await stage.told("Stopped")
        assert stage.app._notifications
        await stage.pilot.press("escape")
        await stage.until(lambda: not stage.app._notifications)


# Recordings


def write(path: Path, begun: float) -> None:
    found = run_of_two().recording
    shift = begun - found.head.begun
    lines = [entry_line(type(e)(e.at + shift, e.message)) for e in found.entries]
    path.write_bytes(b"".join([head_line(type(found.head)(found.head.site, "me", begun)), *lines]))


def test_recordings_are_found_by_what_is_in_them_the_newest_first(tmp_path: Path) -> None:
    write(tmp_path / "run.jsonl", NOON)
    write(tmp_path / "later.jsonl", NOON + DAY)
    write(tmp_path / "now.jsonl", NOON + 2 * DAY)
    (tmp_path / "cases.jsonl").write_text('{"text": "Go."}\n')
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "folder.jsonl").mkdir()
    os.utime(tmp_path / "run.jsonl")
    assert [f.path.name for f in recordings(tmp_path, tmp_path / "now.jsonl")] == ["later.jsonl", "run.jsonl"]


async def test_yesterdays_run_is_found_and_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Stage().open((120, 30)) as stage:
        now = stage.app.feed.clock.now()
        write(tmp_path / "parley-b.jsonl", now)
        write(tmp_path / "parley-a.jsonl", now - DAY)
        await stage.pilot.press("ctrl+o")
        await stage.until(lambda: isinstance(stage.app.screen, Recordings))
        lines = stage.text.split("\n")
        assert any("today" in line and "parley-b" in line for line in lines) and any("yesterday" in line and "parley-a" in line for line in lines)
        await stage.until(lambda: isinstance(stage.app.focused, OptionList))
        await stage.pilot.press("down", "enter")
        await stage.until(lambda: stage.app.wanted is not None)
        assert stage.app.wanted == tmp_path / "parley-a.jsonl"


async def test_where_nothing_was_recorded_it_is_said_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with Stage().open() as stage:
        await stage.pilot.press("ctrl+o")
        await stage.until(lambda: "There is none yet. Ctrl-R begins one here" in stage.text)
        await stage.pilot.press("escape")
        await stage.until(lambda: len(stage.app.screen_stack) == 1 and stage.app.wanted is None)


class Told:
    """A live source as far as `show` looks at it."""

    recorder: Recorder | None = None


async def test_leaving_a_recording_leads_back_and_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "run.jsonl", NOON)
    (tmp_path / "broken.jsonl").write_text("no\n")
    wishes = [tmp_path / "run.jsonl", None, tmp_path / "broken.jsonl", None]
    live, shown = Told(), list[tuple[object, bool, str]]()

    async def run(app: Dashboard) -> None:
        app.wanted = wishes[len(shown)]
        shown.append((app.feed, app._behind, app._notice))

    monkeypatch.setattr(Dashboard, "__init__", fake)
    monkeypatch.setattr(Dashboard, "run_async", run)
    await show(live)
    assert [feed is live for feed, _, _ in shown] == [True, False, True, True]
    assert isinstance(shown[1][0], Replay) and [behind for _, behind, _ in shown] == [False, True, False, False]
    assert "not a recording" in shown[3][2]


def fake(app: Dashboard, source: object, **options: object) -> None:
    app.feed, app._behind, app._notice, app._return_code = source, options["behind"], options["notice"], 0  # type: ignore[assignment]
