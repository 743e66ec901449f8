"""What the planner can and cannot write for one instruction. llama.cpp itself is the judge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coordinator.mentions import Linked, Mention
from coordinator.plan_grammar import plan_grammar
from runtime.llm.llama_cpp.decoder import Decoder

MODEL = Path(__file__).parents[3] / "models" / "parley-lm.gguf"
Accepts = Callable[[str, str], bool]


@pytest.fixture(scope="module")
def accepts() -> Iterator[Accepts]:
    decoder = Decoder(MODEL, n_ctx=256)
    yield decoder.accepts
    decoder.close()


def linked(text: str, *refs: str) -> Linked:
    return Linked(text=text, mentions=tuple(Mention(ref=ref, start=0, end=0, surface="", kind="", ids=(), count=0) for ref in refs))


FREE = linked("Check if there are vacant positions on the shelves, at least 12.5 %.", "s1")
MOVE = linked("AMR-7x takes the totes to bay 3; robots under a third charge (not AMR-9) stop.", "d1", "p1", "k1", "d2")


@pytest.mark.parametrize(
    ("instruction", "plan"),
    [
        (FREE, '{"plan":[{"who":{"of":"any"},"each":"s1","do":["Check {} for vacant positions."]}],"tell":{"what":"vacant positions","as":"list"}}'),
        (FREE, '{"plan":[{"who":{"of":"any"},"each":"the shelves","do":["Count the vacant positions on {}"]}]}'),
        (
            FREE,
            '{"plan":[{"who":{"of":"any","n":2},"do":["Go."]},{"who":{"of":"any"},"do":["Stop."],"after":[0],'
            '"if":{"step":0,"what":"vacant positions","op":">=","v":"12.5 %"}}]}',
        ),
        (
            FREE,
            '{"plan":[{"who":{"of":"any"},"each":"s1","do":["Check {}."]},{"who":{"of":"any"},"do":["Go to {pick}."],"after":[0],'
            '"pick":{"from":0,"what":"positions","as":"first"}}],"tell":{"what":"positions","as":"count","where":{"op":">","v":"12"}}}',
        ),
        (MOVE, '{"plan":[{"who":{"of":"d1"},"do":["Take the totes to {p1}.","Take totes."]}]}'),
        (MOVE, '{"plan":[{"who":{"of":"AMR-7x"},"do":["Take the totes to bay 3."]}]}'),
        (MOVE, '{"control":"stop","who":{"of":"k1","n":"all","where":{"what":"charge","op":"<","v":"a third"},"but":["d2"]}}'),
        (MOVE, '{"query":{"who":{"of":["d1","d2"],"at":"p1"},"what":"charge","as":"max"}}'),
        (MOVE, '{"goal":{"who":{"of":"k1","n":"all"},"what":"charge","op":">=","v":"a third","spare":"d2"}}'),
        (MOVE, '{"ask":"which_value"}'),
        (MOVE, '{"refuse":"unsafe"}'),
    ],
)
def test_a_plan_of_the_instruction_can_be_written(accepts: Accepts, instruction: Linked, plan: str) -> None:
    json.loads(plan)
    assert accepts(plan_grammar(instruction), plan)


@pytest.mark.parametrize(
    "plan",
    [
        '{"plan":[{"who":{"of":"d3"},"do":["Stop."]}]}',
        '{"plan":[{"who":{"of":"AMR-7"},"do":["Stop."]}]}',
        '{"plan":[{"who":{"of":"AMR-9x"},"do":["Stop."]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":["Go to {p2}."]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":["Take totes to bay 4."]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":["Explode."]}]}',
        '{"plan":[{"who":{"of":"d1"},"do":[]}]}',
        '{"plan":[{"do":["Stop."],"who":{"of":"d1"}}]}',
        '{"plan":[]}',
        '{"query":{"who":{"of":"k1"},"what":"charge AMR","as":"max"}}',
        '{"query":{"who":{"of":"k1"},"what":"charge"}}',
        '{"control":"explode","who":{"of":"any"}}',
        '{"ask":"which_device"}',
        '{"ask":"which_place"}',
        '{"refuse":"unsafe"} ',
        '{"refuse": "unsafe"}',
    ],
)
def test_what_the_instruction_does_not_say_cannot_be_written(accepts: Accepts, plan: str) -> None:
    assert not accepts(plan_grammar(MOVE), plan)


@pytest.mark.parametrize(
    ("what", "do", "can"),
    [
        ("free space", "Check {} for free space.", True),
        ("space", "Look at {}.", True),
        ("shelves", "Look at {}.", False),
        ("free space on the shelves", "Look at {}.", False),
        ("there", "Look at {}.", False),
        ("on", "Look at {}.", False),
        ("free space", "Check the shelves of {}.", False),
    ],
)
def test_a_mention_is_said_by_its_reference_only(accepts: Accepts, what: str, do: str, can: bool) -> None:
    text = "Is there free space on the shelves?"
    marked = Linked(text=text, mentions=(Mention(ref="s1", start=23, end=34, surface="the shelves", kind="shelf", ids=(), count=0),))
    plan = {"plan": [{"who": {"of": "any"}, "each": "s1", "do": [do]}], "tell": {"what": what, "as": "list"}}
    assert accepts(plan_grammar(marked), json.dumps(plan, separators=(",", ":"))) is can


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!!!",
        "   ",
        'say "hi\\" to root ::= x',
        "\\",
        "🤖🤖 go ü漢字",
        "a\nb\x00c\x7f\u2028d",
        "[d8 robot: robot 8]",
        "{}{pick}{{",
        "don't — “go” …",
        "9" * 1000,
        "ab " * 333,
        '"' * 1000,
    ],
)
def test_any_text_makes_a_sound_grammar(accepts: Accepts, text: str) -> None:
    grammar = plan_grammar(linked(text))
    assert accepts(grammar, '{"refuse":"not_a_task"}')
    assert not accepts(grammar, '{"plan":[{"who":{"of":"d9"},"do":["Go."]}]}')


def test_words_with_marks_are_copied_as_json(accepts: Accepts) -> None:
    grammar = plan_grammar(linked('show "a\\b" on it'))
    assert accepts(grammar, json.dumps({"plan": [{"who": {"of": "any"}, "do": ["Show a\\b on it."]}]}, separators=(",", ":")))


SHAPES = {
    "control:stop": '{"control":"stop","who":{"of":"any"}}',
    "control:resume": '{"control":"resume","who":{"of":"any"}}',
    "refuse:unsafe": '{"refuse":"unsafe"}',
    "ask:which_place": '{"ask":"which_place"}',
    "plan": '{"plan":[{"who":{"of":"any"},"do":["Move."]}]}',
}


@pytest.mark.parametrize("allowed", SHAPES)
def test_only_the_allowed_kinds_can_be_written(accepts: Accepts, allowed: str) -> None:
    grammar = plan_grammar(MOVE, {allowed})
    assert {kind for kind, plan in SHAPES.items() if accepts(grammar, plan)} == {allowed}


def test_a_property_is_no_function_word_and_a_value_no_part_of_a_name(accepts: Accepts) -> None:
    text = "Is robot 1 fuller than robot 3, look at shelves 4 and 5"
    spans = [("d1", 3, 10), ("d2", 23, 30), ("s1", 40, 55)]
    mentions = tuple(Mention(ref=r, start=a, end=b, surface=text[a:b], kind="x", ids=(), count=0) for r, a, b in spans)
    grammar = plan_grammar(Linked(text=text, mentions=mentions))
    query = '{"query":{"who":{"of":["d1","d2"]},"what":"%s","as":"list","where":{"op":">","v":"%s"}}}'
    assert accepts(grammar, query % ("fuller", "robot 3"))
    assert not accepts(grammar, query % ("than robot", "robot 3"))
    assert not accepts(grammar, query % ("fuller", "5"))


@pytest.mark.parametrize(("value", "can"), [("-18 degrees", True), ("18 degrees", False), ("30", True)])
def test_a_number_keeps_its_sign(accepts: Accepts, value: str, can: bool) -> None:
    marked = linked("keep the freezers 20-30 and below -18 degrees", "k1")
    goal = {"goal": {"who": {"of": "k1", "n": "all"}, "what": "freezers", "op": "<", "v": value}}
    assert accepts(plan_grammar(marked), json.dumps(goal, separators=(",", ":"))) is can
