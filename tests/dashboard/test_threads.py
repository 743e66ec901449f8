"""What is said about an instruction, and how its plan goes on."""

from __future__ import annotations

import pytest

from dashboard.threads import ITEMS, LINES, THREADS
from dashboard.view import Thread
from schemas import topics
from schemas.messages import Answer, Approval, Cancel, ControlRequest, Progress, Reply, State, Stop, SubtaskStatus, WorkOutcome
from schemas.outcomes import Done, Failed, Refused
from tests.dashboard.wire import Wire, uid


def lines(thread: Thread) -> list[str]:
    return [f"{said.who} > {said.whom}: {said.text}" for said in thread.lines]


def states(thread: Thread) -> list[str]:
    return [item.state for item in thread.items]


def test_an_instruction_goes_from_its_words_to_its_answer() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Look at shelf 2.")
    wire.plan(ident, ("r1", "Move to shelf 2."), ("r1", "Count the free slots."))
    assert states(wire.view.threads[ident]) == ["waiting", "waiting"]
    first = wire.give(ident, 11, "r1", "Move to shelf 2.")
    wire.say(topics.STATE, "r1", State(device="r1", boot="b", busy=True, subtasks=(SubtaskStatus(subtask=first, state="running"),)))
    assert states(wire.view.threads[ident]) == ["running", "waiting"]
    wire.end(ident, first, "r1", Done(verified=True, text="There."))
    second = wire.give(ident, 12, "r1", "Count the free slots.")
    wire.end(ident, second, "r1", Done(verified=False))
    wire.answer(ident, "Two.")
    thread = wire.view.threads[ident]
    assert states(thread) == ["verified", "unverified"] and thread.answer == "Two." and not thread.open and thread.complete
    assert lines(thread) == [
        "you > coordinator: Look at shelf 2.", "coordinator > plan: 2 subtask(s)", "coordinator > r1: Move to shelf 2.",
        "r1 > coordinator: done, verified: There.", "coordinator > r1: Count the free slots.", "r1 > coordinator: done, unverified",
        "coordinator > you: Two.",
    ]  # fmt: skip


def test_another_persons_words_are_not_called_yours() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.", source="operator-2")
    assert lines(wire.view.threads[ident]) == ["operator-2 > coordinator: Go."]


def test_what_is_sent_again_is_shown_once() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    for _ in range(3):
        subtask = wire.give(ident, 11, "r1", "Go.")
        wire.end(ident, subtask, "r1", Done(verified=True))
        wire.answer(ident, "Done.")
    assert len(wire.view.threads[ident].lines) == 4 and len(wire.view.threads[ident].items) == 1


def test_progress_moves_the_plan_and_says_nothing() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.plan(ident, ("r1", "A."), ("r1", "B."), ("r2", "C."), ("r2", "D."))
    work = {0: "done", 1: "not_sent", 2: "unknown", 3: "needs_answer", 9: "done"}
    wire.say(topics.PROGRESS, "c", Progress(text="robot 1 did it", work=work), instruction=ident)
    assert states(wire.view.threads[ident]) == ["done", "not sent", "silent", "asking"] and len(wire.view.threads[ident].lines) == 2


def test_progress_does_not_forget_what_the_device_proved() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.plan(ident, ("r1", "A."), ("r1", "B."))
    wire.end(ident, wire.give(ident, 11, "r1", "A."), "r1", Done(verified=True))
    wire.end(ident, wire.give(ident, 12, "r1", "B."), "r1", Failed(uncertain=True, text="Who knows."))
    wire.say(topics.PROGRESS, "c", Progress(text="", work={0: "done", 1: "failed"}), instruction=ident)
    assert states(wire.view.threads[ident]) == ["verified", "uncertain"]
    assert wire.view.threads[ident].items[1].why == "failed, uncertain: Who knows."


def test_work_that_moves_to_another_device_stays_one_item() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.plan(ident, ("r1", "Look at shelf 2."))
    wire.end(ident, wire.give(ident, 11, "r1", "Look at shelf 2."), "r1", Refused(reason="busy"))
    wire.give(ident, 12, "r2", "Look at shelf 2.")
    assert [(i.device, i.state) for i in wire.view.threads[ident].items] == [("r2", "sent")]


def test_a_plan_that_goes_on_keeps_what_is_done() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.plan(ident, ("r1", "A."))
    wire.end(ident, wire.give(ident, 11, "r1", "A."), "r1", Done(verified=True))
    wire.plan(ident, ("r1", "A."), ("r1", "A."))
    assert states(wire.view.threads[ident]) == ["verified", "waiting"]


def test_a_question_is_open_until_somebody_replies() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Send it.")
    wire.ask(ident, "Which one?", "robot 1", "robot 2")
    wire.answer(ident, "Which one?", complete=False, intent="question")
    (question,) = wire.view.threads[ident].questions
    assert (question.text, question.options, question.approval) == ("Which one?", ("robot 1", "robot 2"), False)
    assert wire.view.threads[ident].open
    wire.say(topics.REPLY, "me", Reply(text="2"), source="me", instruction=ident)
    assert wire.view.threads[ident].questions == () and lines(wire.view.threads[ident])[-1] == "you > coordinator: 2"


def test_a_question_that_the_answer_has_overtaken_is_closed() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Send it.")
    wire.ask(ident, "Which one?")
    wire.answer(ident, "Cancelled.", complete=False)
    assert wire.view.threads[ident].questions == () and wire.view.threads[ident].complete is False


def test_an_answer_closes_the_question_that_it_names() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Erase it.")
    for device in ("r1", "r2"):
        wire.ask(ident, f"{device} asks: Shall I erase it?", "yes", "no", about=f"digest-{device}", approval=True)
    assert [(q.digest, q.approval) for q in wire.view.threads[ident].questions] == [("digest-r1", True), ("digest-r2", True)]
    wire.say(topics.REPLY, "me", Reply(text="yes", about="digest-r2"), source="me", instruction=ident)
    assert [q.digest for q in wire.view.threads[ident].questions] == ["digest-r1"]
    wire.say(topics.APPROVAL, "me", Approval(device="r1", digest="digest-r1", allow=True, expires=0), source="me", instruction=ident)
    assert wire.view.threads[ident].questions == () and lines(wire.view.threads[ident])[-1] == "you > r1: Yes, do it."


def test_a_reply_about_what_is_not_asked_answers_nothing_else() -> None:
    """Two people decide at once: the second word is about a question that is gone, and must not take another's place."""
    wire = Wire()
    ident = wire.instruct(1, "Erase it.")
    for device in ("r1", "r2"):
        wire.ask(ident, f"{device} asks: Shall I erase it?", "yes", "no", about=f"digest-{device}", approval=True)
    for _ in range(2):
        wire.say(topics.REPLY, "me", Reply(text="yes", about="digest-r1"), source="me", instruction=ident)
    wire.say(topics.REPLY, "me", Reply(text="yes"), source="me", instruction=ident)
    assert [q.digest for q in wire.view.threads[ident].questions] == ["digest-r2"]


def test_a_question_is_not_pushed_out_of_sight_by_what_comes_after_it() -> None:
    wire = Wire()
    asks = wire.instruct(1, "Erase it.")
    wire.ask(asks, "Shall I?", about="digest", approval=True)
    for number in range(2, THREADS + 20):
        wire.instruct(number, "Go.")
    assert len(wire.view.threads) == THREADS and wire.view.threads[asks].questions
    assert uid(2) not in wire.view.threads and uid(THREADS + 19) in wire.view.threads


def test_two_things_said_about_one_subtask_are_told_apart_by_their_ends() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    for end in "ab":
        wire.end(ident, uid(11), "r1", Failed(text=f"{'x' * 100}{end}{'y' * 100}{end}"))
    assert len(lines(wire.view.threads[ident])) == 3


def test_a_question_is_whole_however_long_it_is() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Erase it.")
    text = "Shall I " + "really " * 1000 + "erase it?"
    wire.ask(ident, text.replace(" erase", "\n\n\n     erase"), approval=True)
    assert wire.view.threads[ident].questions[0].text == text


def test_stop_resume_and_cancel_are_told_where_they_belong() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    subtask = wire.give(ident, 11, "r1", "Go.")
    wire.say(topics.CANCEL, "r1", Cancel(device="r1", subtask=subtask))
    wire.say(topics.CONTROL, "me", ControlRequest(action="cancel", target=ident), source="me")
    wire.say(topics.STOP, "r1", Stop(device="r1"), source="me")
    wire.say(topics.STOP, "r1", Stop(device="r1", latched=False), source="op-2")
    assert lines(wire.view.threads[ident])[-2:] == ["c > r1: Cancel.", "you > coordinator: Cancel this."]
    assert lines(wire.view.threads[""]) == ["you > r1: Stop.", "op-2 > r1: Resume."]


def test_an_answer_tells_how_work_ended_whose_outcome_we_missed() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.plan(ident, ("r1", "Go."))
    subtask = wire.give(ident, 11, "r1", "Go.")
    outcome = WorkOutcome(device="r1", text="Go.", subtask=subtask, outcome=Done(verified=True, text="There."))
    wire.say(topics.ANSWER, "c", Answer(text="Done.", intent="plan", complete=True, outcomes=(outcome,)), instruction=ident)
    assert states(wire.view.threads[ident]) == ["verified"]


def test_a_revision_to_come_leaves_the_instruction_open() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.say(topics.ANSWER, "c", Answer(text="So far.", intent="plan", complete=False, final=False), instruction=ident)
    assert wire.view.threads[ident].open and wire.view.threads[ident].answer == "So far."


def test_an_instruction_that_was_given_before_us_is_told_from_where_we_came() -> None:
    wire = Wire()
    wire.plan(uid(1), ("r1", "Go."))
    assert wire.view.threads[uid(1)].text == "(given before this dashboard came)"


def test_a_retained_message_is_not_conversation() -> None:
    wire = Wire()
    wire.say(topics.PROFILE, "r1", topics.PROFILE.body.model_validate({"device": "r1", "device_kind": "robot"}), retained=True)
    assert wire.view.threads == {}


@pytest.mark.parametrize("count", [THREADS + 5])
def test_threads_and_lines_are_capped(count: int) -> None:
    wire = Wire()
    for number in range(count):
        wire.instruct(number, f"Number {number}.")
    assert len(wire.view.threads) == THREADS and uid(count - 1) in wire.view.threads and uid(0) not in wire.view.threads
    for number in range(LINES + 5):
        wire.give(uid(count - 1), 1000 + number, "r1", f"Go {number}.")
    assert len(wire.view.threads[uid(count - 1)].lines) == LINES


def test_a_plan_without_end_is_cut() -> None:
    wire = Wire()
    ident = wire.instruct(1, "Go.")
    wire.plan(ident, *((f"r{n}", f"Go {n}.") for n in range(ITEMS)))
    for number in range(3):
        wire.give(ident, 3000 + number, "r1", f"And go {number}.")
    assert len(wire.view.threads[ident].items) == ITEMS
