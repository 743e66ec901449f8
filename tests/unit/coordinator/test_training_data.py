"""The planner's authored templates and what is made of them: plans stay plans, references stay true, draws repeat, held-out templates stay unseen."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from coordinator.intents import parse_intent
from coordinator.training import generate
from coordinator.training.exchange import exchange_counts, exchange_names, exchange_nouns, exchange_words
from coordinator.training.generate import Example, Source, expand
from coordinator.training.pools import Pools, exchange_noun, is_plural_set, noun_in
from coordinator.training.surroundings import FINDS, KNOWS, property_name
from coordinator.training.templates import SHAPES, Mark, Template, is_held_out, load, parse, refs_of, strings
from coordinator.training.wording import change_numbers, decapitalise, hesitate, invent, mistype, mistype_some, wrap

_TAG = re.compile(r"\[([dkps]\d+) ([^\[\]:]*?)(?: (\d+))?: ([^\[\]]*)\]")


@cache
def templates() -> tuple[list[Template], list[str]]:
    return load()


@cache
def source() -> Source:
    return Source(1)


@cache
def expanded() -> list[tuple[Template, Example]]:
    """Every template once: those of training as training sees them, the held-out ones as validation does."""
    rng, own = random.Random(2), source()
    return [(t, expand(t, own.pools, rng, natural=t.held_out)) for t in (*own.training, *own.held_out)]


def tags(example: Example) -> list[tuple[str, str]]:
    """(reference, surface) of each tag in the instruction, in order."""
    return [(found[1], found[4]) for found in _TAG.finditer(instruction(example))]


def instruction(example: Example) -> str:
    """The tagged instruction in the prompt."""
    return example.prompt.rpartition("\n> ")[2].removesuffix("\n<")


def template(text: str, plan: dict[str, Any], domain: str = "warehouse") -> Template:
    return parse({"t": text, "o": plan, "w": domain})


def test_nearly_every_authored_line_is_a_template() -> None:
    """Authors may be in the middle of a line; what is wrong is named by file and line."""
    good, bad = templates()
    assert len(good) > 2000
    assert all(re.match(r"[a-z]+\.jsonl:\d+: .", line) for line in bad)
    assert len(bad) <= len(good) // 50, bad


def test_every_shape_is_authored_and_held_out_too() -> None:
    good, _ = templates()
    for held_out in (False, True):
        assert {t.shape for t in good if t.held_out is held_out} == set(SHAPES)


def test_marks_of_a_template_stand_in_its_sentence_and_its_plan_names_no_others() -> None:
    for one in templates()[0]:
        assert all(m.surface.strip() and (m.kind or m.letter in "xv") for m in one.marks), one.text
        assert refs_of(one.plan) <= {m.id for m in one.marks}, one.text
        assert not set("{}|") & set(one.plain), one.text


def test_braces_stand_for_the_item_of_each() -> None:
    for one in templates()[0]:
        for step in one.plan.get("plan", []):
            assert ("each" in step) == any("{}" in text for text in step["do"]), one.text


def test_every_expansion_is_a_plan_of_the_authored_shape() -> None:
    for one, example in expanded():
        parse_intent(example.answer)
        assert next(iter(json.loads(example.answer))) == example.shape == one.shape
        assert " " not in re.sub(r'"[^"]*"', "", example.answer), "compact JSON"


def test_references_are_numbered_as_the_linker_numbers_them_and_tagged_once_each() -> None:
    for one, example in expanded():
        found = [ref for ref, _ in tags(example)]
        assert sorted(found) == sorted(example.refs), one.text
        for letter in "dkps":
            own = [ref for ref in found if ref[0] == letter]
            assert own == [f"{letter}{n}" for n in range(1, len(own) + 1)], one.text


def test_a_plan_refers_to_tagged_mentions_only_and_copies_the_rest_from_the_instruction() -> None:
    for one, example in expanded():
        plan = json.loads(example.answer)
        bare = {text for text in strings(plan) if re.fullmatch(r"[dkps]\d+", text)}
        braced = {ref for text in strings(plan) for ref in re.findall(r"\{([dkps]\d+)\}", text)}
        assert bare | braced <= set(example.refs), f"{one.text} → {example.answer}"
        assert "{x" not in example.answer and "{v" not in example.answer, one.text


def test_a_tag_hides_nothing_of_the_instruction() -> None:
    for one, example in expanded():
        assert _TAG.sub(lambda m: m[4], instruction(example)).split() == example.text.split(), one.text


def test_values_of_conditions_are_copied_word_for_word() -> None:
    """Where a mark gives the value; an author may also write one that the words only imply."""
    for one, example in expanded():
        authored, written = conditions(one.plan), conditions(json.loads(example.answer))
        assert len(authored) == len(written)
        for before, after in zip(authored, written, strict=True):
            if re.fullmatch(r"\{v\d+\}", str(before)):
                assert after in example.text, f"{after!r} is not in {example.text!r}"


def conditions(value: Any) -> list[Any]:
    """All `v` of a plan, depth first."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in ([inner] if key == "v" else conditions(inner))]
    return [found for inner in value for found in conditions(inner)] if isinstance(value, list) else []


def test_examples_repeat_with_their_seed_only() -> None:
    assert Source(3).take(40) == Source(3).take(40)
    assert Source(3).take(40) != Source(4).take(40)


def test_validation_is_the_same_at_every_call_and_for_every_seed() -> None:
    first = source().validation(1)
    source().take(5)
    assert source().validation(1) == first == Source(99).validation(1)
    assert len(first) == len(source().held_out)


def test_a_template_is_held_out_by_its_text_alone() -> None:
    held = {t.text for t in source().held_out}
    assert not held & {t.text for t in source().training}
    assert all(is_held_out(text) for text in held)
    assert 0.07 < len(held) / len(templates()[0]) < 0.13


def test_a_held_out_wording_stands_in_no_training_template() -> None:
    def bare(one: Template) -> str:
        return re.sub(r"\W+", " ", one.plain.lower()).strip()

    trained = {bare(t) for t in source().training}
    leaked = [t.text for t in source().held_out if bare(t) in trained]
    assert len(leaked) <= len(source().held_out) // 100, leaked


def test_nothing_of_a_held_out_template_is_lent_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = {"plan": [{"who": {"of": "d1"}, "do": ["Go to {p1}."]}]}
    seen, unseen = template("{d1:cart|cart 1} goes to {p1:bay|bay 1}", plan), template("{d1:wyvern|Smaug} flies to {p1:lair|the lair}", plan)
    seen.held_out, unseen.held_out = False, True
    monkeypatch.setattr(generate, "load", lambda: ([seen, unseen], []))
    own = Source(1)
    assert (own.training, own.held_out) == ([seen], [unseen])
    lent = [*own.pools.words, *(w for pool in (own.pools.names, own.pools.nouns) for words in pool.values() for w in words)]
    assert "cart" in lent
    assert not {"wyvern", "Smaug", "lair", "the lair", "flies"} & set(lent)


def test_held_out_examples_keep_their_authors_words() -> None:
    one = template("{d1:cart|Cart 7} brings {x1|the mail} to {p1:dock|dock 3}", {"plan": [{"who": {"of": "d1"}, "do": ["Bring {x1} to {p1}."]}]})
    rng = random.Random(1)
    assert all("cart 7" in (made := expand(one, Pools([]), rng, natural=True).text).lower() and "dock 3" in made.lower() for _ in range(30))


def test_expanding_leaves_the_template_as_it_was() -> None:
    one = template("{d1:cart|Cart 7} goes to {p1:dock|dock 3}", {"plan": [{"who": {"of": "d1"}, "do": ["Go to {p1}."]}]})
    before = (one.plain, json.dumps(one.plan))
    for seed in range(10):
        expand(one, source().pools, random.Random(seed))
    assert (one.plain, json.dumps(one.plan)) == before


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"t": "{d1:cart|Cart} go", "o"', "delimiter"),
        ('{"t": "go"}', "'o'"),
        ('{"t": "go", "o": {"dance": 1}}', "no such shape"),
        ('{"t": "{d1:cart|Cart} go", "o": {"plan": [{"who": {"of": "d2"}, "do": ["Go."]}]}}', "unmarked"),
        ('{"t": "{d1:cart|Cart go", "o": {"plan": [{"who": {"of": "any"}, "do": ["Go."]}]}}', "unmarked"),
        ('{"t": "{d1:cart|A} to {d1:cart|B}", "o": {"plan": [{"who": {"of": "d1"}, "do": ["Go."]}]}}', "two mentions"),
        ('{"t": "go", "o": {"plan": [{"who": {"of": "any"}}]}}', "no plan"),
    ],
)
def test_a_wrong_line_is_left_out_and_named(line: str, why: str, tmp_path: Path) -> None:
    good = '{"t": "{d1:cart|Cart} go", "o": {"plan": [{"who": {"of": "d1"}, "do": ["Go."]}]}}'
    (tmp_path / "ann.jsonl").write_text(f"{good}\n{line}\n{good}\n")
    found, bad = load(tmp_path)
    assert len(found) == 2
    assert len(bad) == 1 and bad[0].startswith("ann.jsonl:2: ") and why in bad[0]


def test_a_count_changes_in_the_plan_as_in_the_words() -> None:
    seen = set[int]()
    for seed in range(40):
        one = template("Have {k1:robot|two of the robots} wait", {"plan": [{"who": {"of": "k1", "n": 2}, "do": ["Wait."]}]})
        exchange_counts(one, random.Random(seed))
        number, words = one.plan["plan"][0]["who"]["n"], one.marks[0].surface
        assert words == f"{['two', 'three', 'four', 'five', 'six', 'seven'][number - 2]} of the robots"
        seen.add(number)
    assert len(seen) > 3


def test_another_word_stands_in_the_instruction_and_in_its_sentence() -> None:
    changed = 0
    for seed in range(40):
        one = template("{d1:cart|Cart 7}, polish the floor", {"plan": [{"who": {"of": "d1"}, "do": ["Polish the floor."]}]})
        exchange_words(one, source().pools, random.Random(seed))
        assert one.plain.lower().removeprefix("cart 7, ") + "." == one.plan["plan"][0]["do"][0].lower()
        changed += "polish" not in one.plain
    assert changed > 5


def test_two_mentions_never_get_one_name() -> None:
    for seed in range(200):
        one = template("{d1:cart|cart 1} and {d2:cart|cart 2} go", {"plan": [{"who": {"of": ["d1", "d2"]}, "do": ["Go."]}]})
        exchange_names(one, source().pools, random.Random(seed))
        assert len({m.surface.lower() for m in one.marks}) == 2


def test_a_noun_changes_in_all_its_mentions_and_not_where_it_also_stands_unmarked() -> None:
    plan = {"plan": [{"who": {"of": "k1", "n": "all"}, "do": ["Wait."]}]}
    for seed in range(40):
        one = template("{k1:robot|All robots} wait, and {d1:robot|robot 4} too", plan)
        exchange_nouns(one, source().pools, random.Random(seed))
        assert len({m.kind for m in one.marks}) == 1
        assert all(noun_in(m.surface, m.kind) for m in one.marks)
        said = template("{k1:robot|All robots} wait by the robot shop", plan)
        exchange_nouns(said, source().pools, random.Random(seed))
        assert said.marks[0].kind == "robot"


@pytest.mark.parametrize(
    ("surface", "noun", "new", "out"),
    [
        ("a robot", "robot", "arm", "an arm"),
        ("An oven", "oven", "pump", "A pump"),
        ("Shelves 3 to 6", "shelf", "rack", "Racks 3 to 6"),
        ("Nina", "robot", "arm", "Nina"),
    ],
)
def test_a_noun_keeps_number_case_and_article(surface: str, noun: str, new: str, out: str) -> None:
    assert exchange_noun(surface, noun, new) == out


def test_a_set_is_spoken_of_as_many() -> None:
    assert [is_plural_set(s, "rack") for s in ("the racks", "every rack", "rack 4", "the lot")] == [True, True, False, False]


def test_everyone_is_no_kind() -> None:
    one = template("{k1:robot|Everyone} go", {"plan": [{"who": {"of": "k1", "n": "all"}, "do": ["Go."]}]})
    example = expand(one, Pools([]), random.Random(1), natural=True)
    assert json.loads(example.answer)["plan"][0]["who"] == {"of": "any", "n": "all"}
    assert example.refs == ()


@pytest.mark.parametrize(
    ("surface", "look", "names"),
    [("juice left", False, {"battery", "battery level", "charge"}), ("vacant room", True, {"free slots", "free space", "empty positions"})],
)
def test_the_site_may_name_a_property_otherwise(surface: str, look: bool, names: set[str]) -> None:
    assert {property_name(surface, random.Random(seed), look=look) for seed in range(30)} == names


def test_what_must_be_looked_for_is_not_said_to_be_known() -> None:
    one = template("Check {s1:rack|the racks} for {x1|cracks}", {"plan": [{"who": {"of": "any"}, "each": "s1", "do": ["Check {} for {x1}."]}]})
    for seed in range(30):
        prompt = expand(one, Pools([]), random.Random(seed), natural=True).prompt
        rows = {key: set(names.split(", ")) for key, _, names in (line.partition(": ") for line in prompt.splitlines()[1:3])}
        assert rows["knows"] <= {*KNOWS, "-"}
        assert rows["finds"] <= {*FINDS, "cracks", "-"}


def test_wrapping_never_changes_the_words_in_between() -> None:
    seen = {wrap("Go home.", random.Random(seed)) for seed in range(200)}
    assert ("", "") in seen and len(seen) > 40
    assert all(not before or before.endswith(" ") for before, _ in seen)
    assert all(not after or after[0] in " ,." for _, after in seen)


@pytest.mark.parametrize(
    ("text", "small"), [("Go on", "go on"), ("I go", "I go"), ("LED off", "LED off"), ("go", "go"), ("", ""), ("A cart", "a cart")]
)
def test_a_first_letter_becomes_small_where_it_may(text: str, small: str) -> None:
    assert decapitalise(text) == small


def test_a_slip_changes_one_word_a_little_and_spares_what_is_copied() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        word = mistype("charging", rng)
        assert abs(len(word) - 8) <= 1 and word[0] == "c"
        assert mistype("bay", rng) == "bay" and mistype("r2d2x", rng) == "r2d2x"
        assert mistype_some("Take Parcels along", 1.0, frozenset({"parcels", "along", "take"}), rng) == "Take Parcels along"
    assert any(mistype_some("take parcels along", 0.5, frozenset(), random.Random(s)) != "take parcels along" for s in range(5))


def test_a_hesitation_is_only_put_in() -> None:
    words = ["take", "the", "parcels", "along"]
    for seed in range(30):
        said = hesitate(" take the parcels along ", random.Random(seed)).split()
        rest = iter(said)
        assert all(word in rest for word in words) and len(said) > len(words)
    assert hesitate("go", random.Random(1)) == "go"


@pytest.mark.parametrize(("text", "look"), [("30 percent", r"\d\d percent"), ("4 °C", r"[1-9] °C"), ("Twenty", r"[a-z]+ty"), ("a third", "a third")])
def test_another_number_looks_alike(text: str, look: str) -> None:
    assert all(re.fullmatch(look, change_numbers(text, random.Random(seed))) for seed in range(30))


def test_invented_nouns_are_words_and_many() -> None:
    made = {invent(random.Random(seed)) for seed in range(100)}
    assert len(made) > 80
    assert all(re.fullmatch(r"[a-z]{3,}", word) for word in made)


def test_a_mark_knows_its_letter() -> None:
    assert (Mark("d12", "cart", "Cart 3").letter, template("{x1|x}", {"refuse": "not_a_task"}).shape) == ("d", "refuse")
