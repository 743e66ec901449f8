"""What a person does with the keys, against devices and a coordinator on an in-memory broker."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from dashboard import steering
from dashboard.app import FRAME
from dashboard.widgets.dialogs import Confirm
from dashboard.widgets.instruction_box import InstructionBox, completed
from runtime.keys import approvers, new_key, signer
from runtime.operator import NO_KEY
from schemas import topics
from schemas.approval import Rejection, ToSign
from schemas.messages import Answer, Ask, ControlRequest, Instruction, Reply, State, Stop
from tests.dashboard.stage import Stage
from tests.dashboard.wire import uid

VIEWS = "12345"


async def test_s_stops_the_chosen_device_and_its_own_state_confirms_it() -> None:
    async with Stage().open(coordinator=False) as stage:
        await stage.pilot.press("down", "s")
        await stage.told("Stopped, confirmed by: r2")
        assert {s.device for s in stage.of(Stop)} == {"r2"}
        await stage.until(lambda: "■ STOPPED" in stage.text)


async def test_S_stops_all_from_every_view_without_a_coordinator() -> None:
    async with Stage().open(coordinator=False) as stage:
        for count, view in enumerate(VIEWS, 1):
            await stage.pilot.press(view, "S")
            await stage.until(partial(_all_told, stage, count))
        await stage.told("Stopped, confirmed by: r1, r2")


def _all_told(stage: Stage, times: int) -> bool:
    told = [s.device for s in stage.of(Stop) if s.latched]
    return min(told.count("r1"), told.count("r2")) >= times


async def test_stopping_works_while_typing_and_typing_stops_nothing() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("i", "s", "S", "f9")
        await stage.told("Stopped, confirmed by: r1")
        assert stage.app.query_one(InstructionBox).value == "sS" and {s.device for s in stage.of(Stop)} == {"r1"}


async def test_a_device_that_does_not_confirm_is_said_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "PATIENCE", 0.3)
    stage = Stage()
    stage.deaf = {"r1"}
    async with stage.open():
        await stage.pilot.press("s")
        await stage.told("error: Stop: r1 has NOT CONFIRMED it")
        assert "confirmed by" not in " ".join(stage.notices)


async def test_resuming_takes_a_dialog_that_begins_at_no() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("r")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.pilot.press("enter")
        await stage.until(lambda: not isinstance(stage.app.screen, Confirm))
        assert stage.of(Stop) == []
        await stage.pilot.press("r", "right", "enter")
        await stage.told("Resumed, confirmed by: r1")
        assert [s.latched for s in stage.of(Stop)] == [False]


async def test_a_stop_overrules_a_resume_that_is_not_confirmed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.deaf = {"r1"}
    async with stage.open():
        await stage.pilot.press("R", "right", "enter")
        await stage.until(lambda: len(stage.of(Stop)) >= 2)
        stage.deaf = set()
        await stage.pilot.press("S")
        await stage.told("Stopped, confirmed by: r1, r2")
        assert stage.of(Stop)[-1].latched and not [n for n in stage.notices if "Resume" in n and "error" in n]


async def test_stopping_works_while_a_dialog_is_open() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("R", "f10")
        await stage.told("Stopped, confirmed by: r1, r2")


async def test_an_instruction_is_sent_and_comes_back_with_up() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("i", *"Go home", "enter")
        await stage.until(lambda: stage.of(Instruction))
        (envelope,) = stage.envelopes(Instruction)
        assert stage.of(Instruction) == [Instruction(text="Go home")] and envelope.instruction == envelope.id
        await stage.until(lambda: stage.app.active == "conversation" and "Go home" in stage.text)
        box = stage.app.query_one(InstructionBox)
        assert box.value == ""
        await stage.pilot.press("up")
        assert box.value == "Go home"
        await stage.pilot.press("down")
        assert box.value == ""


async def test_what_is_typed_fast_is_text_from_its_first_letter_on() -> None:
    """Keys that wait together, as from a hand that is quicker than a busy terminal."""
    async with Stage().open() as stage:
        for key in "iSs":
            stage.app.post_message(Key(key, key))
        await stage.until(lambda: stage.app.query_one(InstructionBox).value == "Ss")
        assert stage.of(Stop) == []
        await stage.pilot.press("escape")
        stage.app.post_message(Key("slash", "/"))
        stage.app.post_message(Key("s", "s"))
        await stage.until(lambda: stage.app.query_one("#filter", Input).value == "s")
        assert stage.of(Stop) == []


async def test_a_preview_moves_nothing() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("i", *"Go", "f2")
        await stage.until(lambda: stage.of(Instruction))
        assert stage.of(Instruction) == [Instruction(text="Go", dry_run=True)]
        await stage.until(lambda: stage.app.active == "plan" and "Preview: nothing moves." in stage.text)


async def test_without_a_coordinator_what_was_typed_is_kept() -> None:
    async with Stage().open(coordinator=False) as stage:
        await stage.pilot.press("i", *"Go", "enter")
        await stage.told("no coordinator is online")
        assert stage.app.query_one(InstructionBox).value == "Go" and stage.of(Instruction) == []


async def test_without_a_broker_nothing_is_said_to_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "PATIENCE", 0.3)
    async with Stage().open(size=(80, 24)) as stage:
        stage.broker.up = False
        await stage.until(lambda: "the broker is gone; showing what was known" in stage.text)
        await stage.pilot.press("i", *"Go", "enter")
        await stage.told("error: Not sent: it could not be sent")
        assert stage.app.query_one(InstructionBox).value == "Go" and "r1" in stage.text
        await stage.pilot.press("escape", "s")
        await stage.told("r1 was NOT TOLD, the link is down")
        stage.broker.up = True
        await stage.until(lambda: "● connected" in stage.text)


async def asked(stage: Stage, *, approval: bool) -> None:
    """A question about an instruction that a person gave; r1 asks it where it is an approval."""
    text = "robot 1 asks: Erase all maps?" if approval else "Which robot?"
    options = ("yes", "no") if approval else ("robot 1",)
    ask = Ask(text=text, options=options, about="digest" if approval else None, approval=approval)
    await stage.say(topics.ASK, "c", ask, uid(1))
    await stage.until(lambda: stage.app.open_questions() and text in stage.text)


async def test_a_question_is_answered_in_the_box_under_its_instruction() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=False)
        await stage.pilot.press("a", *"robot 1", "enter")
        await stage.until(lambda: stage.of(Reply))
        assert [(e.instruction, e.body) for e in stage.envelopes(Reply)] == [(uid(1), Reply(text="robot 1"))] and stage.of(Instruction) == []
        await stage.until(lambda: not stage.app.open_questions())


async def test_an_answer_to_what_is_no_longer_asked_is_not_sent() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=False)
        await stage.pilot.press("a", *"robot 1")
        await stage.say(topics.ANSWER, "c", Answer(text="Cancelled.", intent="plan", complete=False), uid(1))
        await stage.until(lambda: not stage.app.open_questions())
        await stage.pilot.press("enter")
        await stage.pilot.pause(0.1)
        assert stage.of(Reply) == [] and stage.of(Instruction) == []


async def test_what_cannot_be_undone_needs_a_dialog_that_shows_it_all() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=True)
        await stage.pilot.press("a", "enter")
        assert stage.of(Reply) == [], "the focus begins on later"
        await stage.pilot.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        assert "Erase all maps?" in stage.text and "cannot be undone" in stage.text
        await stage.pilot.press("right", "right", "enter")
        await stage.until(lambda: stage.of(Reply))
        assert stage.of(Reply) == [Reply(text="yes", about="digest")]
        await stage.until(lambda: not stage.app.open_questions())


ASKED = ToSign(device="r1", digest="a" * 64, nonce="01890a5d-ac96-774b-bcce-b302099a8057", text="This cannot be undone. Erase all maps?")


async def demanded(stage: Stage, rejected: Rejection | None = None, text: str = "robot 2 asks: Shall I sing?") -> None:
    """A question that is to be signed, with other words around it."""
    before = [q.ident for _, q in stage.app.open_questions()]
    ask = Ask(text=text, options=("yes", "no"), about=ASKED.digest, approval=True, to_sign=ASKED, rejected=rejected)
    await stage.say(topics.ASK, "c", ask, uid(1))
    await stage.until(lambda: [q.ident for _, q in stage.app.open_questions()] != before)


async def test_what_is_signed_is_what_is_shown(tmp_path: Path) -> None:
    key = new_key(tmp_path / "anna")
    async with Stage(sign=key.sign).open() as stage:
        await demanded(stage)
        await stage.pilot.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        assert "r1 asks: This cannot be undone. Erase all maps?" in stage.text and "signed with your key" in stage.text and "sing" not in stage.text
        await stage.pilot.press("right", "right", "enter")
        await stage.until(lambda: stage.of(Reply))
        signature = stage.of(Reply)[0].signature
        assert signature is not None and signature.nonce == ASKED.nonce
        assert signer(ASKED.statement("site", True, signature.expires), signature.value, approvers([key.public("anna")])) == "anna"


async def test_without_a_key_the_dialog_says_so_and_takes_no_yes() -> None:
    async with Stage().open() as stage:
        await demanded(stage)
        await stage.pilot.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        assert NO_KEY in " ".join(stage.text.replace("┃", " ").split()) and not stage.app.screen.query("#yes")
        await stage.pilot.press("right", "enter")
        await stage.until(lambda: stage.of(Reply))
        assert stage.of(Reply) == [Reply(text="no", about=ASKED.digest)]


async def test_a_strangers_yes_leaves_the_dialog_that_is_open_good(tmp_path: Path) -> None:
    async with Stage(sign=new_key(tmp_path / "anna").sign).open() as stage:
        await demanded(stage)
        await stage.pilot.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, Confirm))
        await stage.say(topics.REPLY, "stranger", Reply(text="yes", about=ASKED.digest), uid(1))
        await stage.until(lambda: not stage.app.open_questions())
        await demanded(stage, "unsigned")
        assert "it was not signed" in stage.app.open_questions()[0][1].text
        await stage.pilot.press("right", "right", "enter")
        await stage.until(lambda: stage.of(Reply))
        assert stage.of(Reply)[-1].signature is not None


async def test_a_no_leaves_it() -> None:
    async with Stage().open() as stage:
        await asked(stage, approval=True)
        await stage.pilot.press("a", "right", "enter")
        await stage.until(lambda: stage.of(Reply))
        assert stage.of(Reply) == [Reply(text="no", about="digest")]


async def test_c_cancels_the_chosen_instruction() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("i", *"Go", "enter")
        await stage.until(lambda: stage.of(Instruction) and stage.app.active == "conversation" and stage.app.shown_thread())
        await stage.pilot.press("escape", "c")
        await stage.until(lambda: stage.of(ControlRequest))
        assert stage.of(ControlRequest) == [ControlRequest(action="cancel", target=stage.envelopes(Instruction)[0].id)]


async def test_read_only_steers_nothing() -> None:
    async with Stage(read_only=True).open() as stage:
        await asked(stage, approval=True)
        await stage.pilot.press("s", "S", "f9", "f10", "r", "R", "i", "a", "f4", "c", "x", "enter")
        await stage.pilot.pause(0.1)
        assert stage.heard == [] and "(read only)" in stage.text and len(stage.app.screen_stack) == 1
        assert stage.app._steering is None, "there is nothing that could speak, whatever a key or a command would ask for"


async def test_a_flood_is_drawn_no_more_often_than_it_should() -> None:
    async with Stage().open() as stage:
        before, since = stage.app.drawn, stage.clock.monotonic()
        for number in range(1500):
            await stage.say(topics.STATE, "r1", State(device="r1", boot="b", attributes={"battery": number / 15}))
        await stage.until(lambda: stage.app.feed.view.fleet["r1"].battery == pytest.approx(1499 / 15))
        await stage.until(lambda: "100 %" in stage.text)
        assert stage.app.drawn - before <= (stage.clock.monotonic() - since) / FRAME + 2


async def test_the_cursor_stays_with_its_device_when_rows_move() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("down")
        await stage.until(lambda: stage.app.device == "r2")
        await stage.has("r0")
        await stage.until(lambda: "r0" in stage.text)
        await stage.pilot.press("o")
        await stage.pilot.pause(0.2)
        assert stage.app.device == "r2"
        await stage.pilot.press("s")
        await stage.told("confirmed by: r2")


async def test_the_fleet_can_be_filtered() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("slash", *"r2")
        await stage.until(lambda: "1 of 2 devices" in stage.text)
        await stage.pilot.press("escape")
        await stage.until(lambda: "1 of 2 devices" not in stage.text)


def test_names_complete_the_last_words() -> None:
    names = ("robot 1", "robot-1", "Rosie", "packing station")
    assert completed("Send ro", names) == "Send robot 1" and completed("Send robot-", names) == "Send robot-1"
    assert completed("to the packing st", names) == "to the packing station" and completed("Send Ros", names) == "Send Rosie"
    assert completed("Send x", names) is None and completed("", names) is None and completed("r", names) is None
