"""What asking experts is worth: the statistics, and one small run over the whole path with real experts behind real MCP."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import experts_arms as arms
from benchmarks import experts_eval as ev
from benchmarks import experts_questions as qs
from benchmarks.experts_report import as_text
from coordinator.experts import Asked
from experts.catalogue import names, open_expert
from runtime.llm.embedder import open_embedder
from runtime.llm.protocol import Generation
from runtime.settings import MODELS
from schemas.errors import ConfigError
from schemas.experts import Verdict


class First:
    """A language model that always says the first label, as an unbound server might: in capitals, with more behind."""

    def __init__(self) -> None:
        self.prompts = list[str]()

    def generate(self, prompt: str, grammar: str | None, max_tokens: int) -> Generation:
        self.prompts.append(prompt)
        assert grammar is not None
        return Generation(text=" " + grammar.split('"')[1].upper() + ", I think")


@pytest.fixture(scope="module")
def questions() -> list[qs.Question]:
    return list(qs.draw(qs.read_wordings(qs.SET), 2, 1))


def test_questions_are_the_same_each_time_and_of_every_split(questions: list[qs.Question]) -> None:
    again = list(qs.draw(qs.read_wordings(qs.SET), 2, 1))
    assert [(q.text, q.truth) for q in again] == [(q.text, q.truth) for q in questions]
    assert {q.expert for q in questions} == set(names())
    assert all(q.truth in q.labels for q in questions)
    assert {(q.expert, q.split) for q in questions} == {
        (name, "iid" if split == "iid" else split.removeprefix("held-out ")) for name in names() for split in open_expert(name).card.figures
    }


def test_no_prompt_gives_the_truth_away_and_every_one_fits(questions: list[qs.Question]) -> None:
    for question in questions:
        for prompt in (arms.with_numbers(question), arms.with_features(question)):
            assert len(prompt) < 3000
            assert prompt.count(", ".join(question.labels)) == 1


def test_an_answer_is_read_off_what_was_written() -> None:
    assert arms.said(First(), "x", ("static", "slow")) == "static"
    silent = First()
    silent.generate = lambda prompt, grammar, max_tokens: Generation(text="no idea")  # type: ignore[method-assign]
    assert arms.said(silent, "x", ("static", "slow")) is None


def test_an_expert_that_abstains_only_guesses(questions: list[qs.Question]) -> None:
    question = next(q for q in questions if q.expert == "mobility")
    card = open_expert("mobility").card
    unsure = Verdict(expert="mobility", version="1", label=None, likeliest="slow", abstained="unsure")
    assert arms.by_expert([Asked(card, "robot-1", unsure)], question) == (None, "slow")
    assert arms.by_expert([Asked(card, "robot-1", problem="down")], question) == (None, None)
    assert arms.by_expert([], question) == (None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "line 1"), ('{"text": "x", "experts": ["smell"]}', "smell"), ('{"text": "x", "experts": []}', "no question for"), ("\x00", "line 1")],
)
def test_a_bad_set_of_questions_says_where(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        list(qs.draw(qs.read_wordings(file), 1, 1))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_whole_path_with_experts_that_fail(questions: list[qs.Question]) -> None:
    writer, embedder = First(), open_embedder(MODELS / "parley-reader-2.gguf")
    try:
        report = await ev.evaluate(qs.read_wordings(qs.SET), qs.SET.name, questions, writer, "first", embedder, lambda text: None)
    finally:
        await embedder.close()
    assert report.questions == {"iid": 2 * len(names()), "shifted": sum(len(open_expert(n).card.figures) - 1 for n in names())}
    assert report.arms[ev.EXPERTS].value > report.arms[ev.LM].value + 0.3
    assert report.selection.precision.value >= 0.9 and report.selection.recall.value >= 0.9
    failed = {one.how: one for one in report.broken}
    assert all(failed[how].own_answered.hits == 0 for how in ("down", "hanging", "altered"))
    assert all(one.others_points_lost <= 0 for one in report.broken)
    assert failed["confidently wrong"].own_right.hits == 0 and failed["confidently wrong"].own_answered.hits > 0
    assert "LM + experts over the LM alone" in as_text(report)
