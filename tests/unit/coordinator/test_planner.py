"""LanguagePlanner: the model's line becomes an intent, or a question."""

from __future__ import annotations

import pytest

from coordinator.intents import parse_intent
from coordinator.mentions import Linked, Mention, Summary
from coordinator.planner import FLOOR, THRESHOLD, LanguagePlanner, shortened
from coordinator.prompt import LONGEST
from runtime.llm.protocol import Generation
from runtime.llm.scripted import ScriptedEngine
from schemas.errors import ContractError
from schemas.plan import Control, Goal, Intent, Pick, Plan, Query, Question, Refusal, Step, Tell, When, Where, Who

STOP = '{"control":"stop","who":{"of":"any"}}'


async def planned(answer: str, text: str = "do it", probability: float | None = 1.0) -> Intent:
    return (await LanguagePlanner(ScriptedEngine({"": answer}, probability=probability)).plan(Linked(text=text), Summary()))[0]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        (
            '{"plan":[{"who":{"of":"any"},"each":"s1","do":["Check {} for room."]}],"tell":{"what":"room","as":"list","where":{"op":">","v":"2"}}}',
            Plan(
                steps=(Step(who=Who(of="any"), each="s1", do=("Check {} for room.",)),),
                tell=Tell(what="room", as_="list", where=Where(op=">", v="2")),
            ),
        ),
        (
            '{"plan":[{"who":{"of":"d1"},"do":["Go."]},{"who":{"of":"k1","n":2},"do":["Go to {pick}."],"after":[0],'
            '"if":{"step":0,"is":"failed"},"pick":{"from":0,"what":"room","as":"max"}}]}',
            Plan(
                steps=(
                    Step(who=Who(of="d1"), do=("Go.",)),
                    Step(
                        who=Who(of="k1", n=2),
                        do=("Go to {pick}.",),
                        after=(0,),
                        when=When(step=0, ended="failed"),
                        pick=Pick(from_=0, what="room", as_="max"),
                    ),
                )
            ),
        ),
        (
            '{"query":{"who":{"of":"k1","n":"all","but":["d1"]},"what":"battery","as":"max"}}',
            Query(who=Who(of="k1", n="all", but=("d1",)), what="battery", as_="max"),
        ),
        ('{"goal":{"what":"delay","op":"<","v":"16 s","spare":"d2"}}', Goal(what="delay", op="<", v="16 s", spare=("d2",))),
        (STOP, Control(action="stop")),
        ('{"ask":"which_place"}', Question(about="which_place")),
        ('{"refuse":"unsafe"}', Refusal(reason="unsafe")),
    ],
)
def test_every_shape_is_read(text: str, intent: Intent) -> None:
    assert parse_intent(text) == intent


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stop",
        "{}",
        "[]",
        "null",
        '{"plan":"go"}',
        '{"plan":[{"who":{},"do":["Go."],"if":{"step":0}}]}',
        '{"dance":1}',
        '{"control":"explode"}',
        '{"plan":[{"who":{"of":"d1"},"do":["Check {}."]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":["Go to {pick}."]}]}',
        '{"refuse":"unsafe"',
        '{"plan":[{"who":{"of":"d1"},"do":["Go."],"after":[0]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":["Go."],"sudo":true}]}',
        '{"goal":"x"}',
        '{"query":[]}',
    ],
)
async def test_what_is_no_plan_becomes_a_question(text: str) -> None:
    with pytest.raises(ContractError):
        parse_intent(text)
    assert await planned(text) == Question(about="what_action")


@pytest.mark.parametrize("probability", [None, 0.0, FLOOR - 0.01])
async def test_an_unsure_model_asks_before_anything_moves(probability: float | None) -> None:
    assert await planned(STOP, probability=probability) == Question(about="what_action", guess=Control(action="stop"))


async def test_a_sure_model_is_believed() -> None:
    assert await planned(STOP, probability=THRESHOLD) == Control(action="stop")


async def test_an_unsure_refusal_is_still_no_action() -> None:
    assert await planned('{"refuse":"unsafe"}', probability=0.1) == Refusal(reason="unsafe")


@pytest.mark.parametrize("text", ["", "  ", "?!"])
async def test_nothing_said_is_asked_back_without_the_model(text: str) -> None:
    engine = ScriptedEngine({"": STOP})
    assert await LanguagePlanner(engine).plan(Linked(text=text), Summary()) == (Question(about="what_action"),)
    assert engine.prompts == []


async def test_an_engine_that_gives_up_is_a_question() -> None:
    assert await LanguagePlanner(ScriptedEngine({})).plan(Linked(text="go"), Summary()) == (Question(about="what_action"),)


async def test_the_last_generation_can_be_read() -> None:
    planner = LanguagePlanner(ScriptedEngine({"": STOP}))
    assert planner.last is None
    await planner.plan(Linked(text="go"), Summary())
    assert isinstance(planner.last, Generation)
    assert planner.last.tokens == 1


async def test_a_long_or_broken_text_is_cut_and_mended() -> None:
    inside = Mention(ref="d1", start=0, end=5, surface="robot", kind="robot", ids=("r1",), count=1)
    outside = inside.model_copy(update={"ref": "d2", "start": 5000, "end": 5005})
    cut = shortened(Linked(text="robot \ud800" + "x" * 8000, mentions=(inside, outside)))
    assert len(cut.text) == LONGEST
    assert cut.mentions == (inside,)
    cut.text.encode()
    assert await planned(STOP, "stop \ud800 " + "y" * 8000) == Control(action="stop")


class _Wavering(ScriptedEngine):
    """Greedy it writes the first text, drawn the others in turn."""

    def __init__(self, greedy: str, drawn: list[str], probability: float) -> None:
        super().__init__({"": greedy}, probability=probability)
        self._greedy, self._drawn, self._chance = greedy, drawn, probability

    async def generate(
        self, prompt: str, *, grammar: str | None = None, max_tokens: int = 256, temperature: float = 0.0, seed: int = 0
    ) -> Generation:
        text = self._drawn[seed % len(self._drawn)] if temperature else self._greedy
        return Generation(text=text, tokens=3, ms=1.0, probability=self._chance)


GO = '{"plan":[{"who":{"of":"d1"},"do":["Go."]}]}'
REFUSE = '{"refuse":"unsafe"}'


async def test_a_sure_model_is_asked_once() -> None:
    planner = LanguagePlanner(_Wavering(STOP, [GO], 0.99))
    assert await planner.plan(Linked(text="x"), Summary()) == (parse_intent(STOP),)
    assert planner.last is not None and planner.last.tokens == 3


async def test_an_unsure_model_votes_and_every_draw_is_counted() -> None:
    planner = LanguagePlanner(_Wavering(REFUSE, [GO, GO, GO, STOP], 0.7))
    readings = await planner.plan(Linked(text="x"), Summary())
    assert readings == (parse_intent(GO),)
    assert planner.last is not None and planner.last.tokens == 27


async def test_without_a_majority_for_an_action_the_person_is_asked() -> None:
    planner = LanguagePlanner(_Wavering("garbage", [GO, STOP], 0.7))
    (question,) = await planner.plan(Linked(text="x"), Summary())
    assert question == Question(about="what_action", guess=Plan(steps=(Step(who=Who(of="d1"), do=("Go.",)),)))


async def test_a_strong_rival_is_kept_for_when_the_first_makes_no_sense_here() -> None:
    planner = LanguagePlanner(_Wavering(GO, [GO, GO, GO, STOP, STOP, STOP, GO, GO], 0.7))
    assert await planner.plan(Linked(text="x"), Summary()) == (parse_intent(GO), parse_intent(STOP))


@pytest.mark.parametrize(
    "text",
    [
        '{"plan":[{"who":{"of":"k1","n":1,"at":"p1"},"do":["Go to {p1}."]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":["Charge.","Charge."]}]}',
        '{"plan":[{"who":{"of":"any"},"each":["p1","p1"],"do":["Check {}."]}]}',
    ],
)
def test_a_plan_that_cannot_be_meant_is_no_plan(text: str) -> None:
    with pytest.raises(ContractError):
        parse_intent(text)


@pytest.mark.parametrize("do", ["Check {p1} for {p1}.", "Drive into into {p1}.", "Check {p1} for the.", "Check the at {p1}.", "."])
async def test_gibberish_is_no_reading(do: str) -> None:
    gibberish = GO.replace("d1", "any").replace("Go.", do)
    sane = [GO] * 8
    assert await LanguagePlanner(_Wavering(gibberish, sane, 0.99)).plan(Linked(text="x"), Summary()) == (parse_intent(GO),)
