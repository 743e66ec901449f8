"""How long a question may be signed, and which one is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_agent.approvals import Approvals
from device_agent.asked import ASKED, GOOD_FOR
from runtime.clock import SystemClock
from runtime.keys import approvers, new_key
from schemas.approval import Signature, ToSign
from schemas.messages import Subtask
from schemas.outcomes import NeedsAnswer

THIS = "a" * 64
ORDER = Subtask(device="r1", text="Wipe.", start_by=0.0, deadline=0.0)


class Hands(SystemClock):
    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> float:
        return self.seconds


class Bench:
    def __init__(self, folder: Path) -> None:
        self.clock, self.key = Hands(), new_key(folder / "anna")
        self.approvals = Approvals("site", "r1", self.clock, self.clock.now, approvers([self.key.public("anna")]))

    def ask(self, text: str = "Shall it?", reason: object = None, digest: str = THIS) -> ToSign:
        asked = self.approvals.ask(NeedsAnswer(text=text, guess=digest, approval=True), ORDER, reason)  # pyright: ignore[reportArgumentType]
        assert asked.to_sign is not None
        return asked.to_sign

    def yes(self, question: ToSign, expires: int = 2**40) -> str | None:
        value = self.key.sign(question.statement("site", True, expires))
        return self.approvals.take(THIS, Signature(nonce=question.nonce, expires=expires, value=value))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(("after", "said"), [(0.0, None), (GOOD_FOR, None), (GOOD_FOR + 1, "other")])
def test_a_question_may_be_signed_for_a_while_whatever_the_signature_says(bench: Bench, after: float, said: str | None) -> None:
    question = bench.ask()
    bench.clock.seconds += after
    assert bench.yes(question) == said


def test_a_signature_ends_when_it_says_and_the_question_does_not(bench: Bench) -> None:
    question = bench.ask()
    assert bench.yes(question, expires=999) == "late"
    assert bench.yes(question, expires=1000) is None
    assert bench.yes(question) == "other"


def test_every_asking_has_its_own_nonce_and_each_is_answered_by_itself(bench: Bench) -> None:
    first, second = bench.ask(), bench.ask()
    assert first.nonce != second.nonce
    assert [bench.yes(q) for q in (first, first, second, second)] == [None, "other", None, "other"]


def test_after_a_bad_yes_the_same_question_stays_and_no_longer_than_before(bench: Bench) -> None:
    question = bench.ask()
    bench.clock.seconds += GOOD_FOR - 1
    assert bench.ask(reason="unknown") == question
    bench.clock.seconds += 2
    assert bench.ask(reason="unknown").nonce != question.nonce


def test_other_words_for_the_same_call_are_another_question(bench: Bench) -> None:
    question = bench.ask()
    assert bench.ask(text="Shall it really?", reason="unknown").nonce != question.nonce


def test_only_so_many_questions_are_remembered(bench: Bench) -> None:
    questions = [bench.ask() for _ in range(ASKED + 1)]
    assert (bench.yes(questions[0]), bench.yes(questions[1])) == ("other", None)


def test_what_cannot_be_written_is_asked_all_the_same(bench: Bench) -> None:
    question = bench.ask(text="Say \ud800?" + "x" * 3000)
    assert question.text.startswith("Say ??") and len(question.text) == 2000 and bench.yes(question) is None
