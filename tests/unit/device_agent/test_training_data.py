"""The encoder's authored sentences and their renderings: labels stay true to the text, draws repeat with their seed, held-out kinds stay unseen."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from pathlib import Path

import pytest

from device_agent.quantities import find_quantities
from device_agent.reader import OPTION, PARAMETER, function_text, read_sentence
from device_agent.training.augment import leave_out, render, spell, trade, typo
from device_agent.training.batches import Episode, Item, episode, hardness, make_pass, option_rows, plain_episode
from device_agent.training.cases import letters_cases
from device_agent.training.catalogues import letters_task, rename_marks, scene
from device_agent.training.data import FOLDER, Example, Kind, Mark, is_held_out, load_kind, load_kinds, parse_parts, place
from device_agent.training.judged import gold_value
from device_agent.training.roles import Words, roles_task, words_of
from device_agent.training.targets import meaning, target_of
from device_agent.values import in_range
from schemas.skills import Function, Parameter, parameters_of

FILES = sorted(FOLDER.glob("*.json"))
REASONS = {None, "none_fits", "missing_argument", "out_of_range", "several"}


class CharacterPieces:
    """A vocabulary whose pieces are single characters; blanks divide."""

    def tokenize(self, text: str, glued: bool = False) -> list[int]:
        return [1000 + ord(c) for c in text.lower() if not c.isspace()]

    def piece_length(self, token: int) -> int:
        return 1


PIECES = CharacterPieces()


@cache
def kinds() -> list[Kind]:
    return load_kinds()


@cache
def words() -> Words:
    return words_of(kinds())


def parameters(kind: Kind, example: Example) -> dict[str, Parameter]:
    """Of the function that the example means; empty for none."""
    return {p.name: p for f in kind.functions if f.name == example.function for p in parameters_of(f)}


def told(kind: Kind, example: Example) -> str:
    return f"{kind.slug}: {place(example.parts)[0]!r}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_authored_file_loads_and_loses_no_sentence(path: Path) -> None:
    kind, raw = load_kind(path), json.loads(path.read_text(encoding="utf-8"))
    assert len(kind.functions) == len({f.name for f in kind.functions}) >= 8
    lost = {s["s"] for s in raw["sentences"] if parse_parts(s["s"]) not in {e.parts for e in kind.examples}}
    assert not lost, f"{path.name}: names a function or parameter that is not there: {sorted(lost)}"
    assert len(kind.examples) == len(raw["sentences"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mark_lies_in_its_sentence_and_says_a_value_of_its_parameter(path: Path) -> None:
    kind = load_kind(path)
    for example in kind.examples:
        text, spans = place(example.parts)
        known = parameters(kind, example)
        assert not set("[]") & set(text), told(kind, example)
        said = {m.parameter: m for m in example.marks}  # a parameter said twice counts where it is said last
        assert set(spans) == set(said) <= set(known), told(kind, example)
        for name, mark in said.items():
            start, end = spans[name]
            assert text[start:end] == mark.surface == mark.surface.strip() != "", told(kind, example)
            assert gold_value(mark, known[name]) is not None, f"{told(kind, example)}: {mark} says nothing that code can read"
            assert not known[name].choices or meaning(mark, known[name]) in [str(c) for c in known[name].choices], told(kind, example)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_why_there_is_no_call_agrees_with_what_is_said(path: Path) -> None:
    kind = load_kind(path)
    for example in kind.examples:
        known, said = parameters(kind, example), {m.parameter for m in example.marks}
        lacking = {p.name for p in known.values() if p.required and p.default is None} - said
        assert example.why in REASONS, told(kind, example)
        assert (example.function is None) == (example.why in ("none_fits", "several")), told(kind, example)
        if example.why == "missing_argument":
            assert set(example.missing) == lacking != set(), told(kind, example)
        elif example.why is None:
            assert not lacking, f"{told(kind, example)} does not say {sorted(lacking)}"
        if example.why == "out_of_range":
            assert not all(fits(mark, known[mark.parameter]) for mark in example.marks), told(kind, example)


def fits(mark: Mark, parameter: Parameter) -> bool:
    """Whether a marked number keeps its bounds; what is no number does."""
    value, item = gold_value(mark, parameter), parameter.item or parameter
    said = value if isinstance(value, list) else [value]
    return all(in_range(v, item) for v in said if isinstance(v, int | float) and not isinstance(v, bool))


def test_hardly_any_ordinary_call_says_a_number_out_of_bounds() -> None:
    """Not none: "1 100 ppm" is good prose, and is read as two numbers."""
    marks = [(k, e, m) for k in kinds() for e in k.examples if e.why is None for m in e.marks]
    wrong = [told(k, e) for k, e, m in marks if not fits(m, parameters(k, e)[m.parameter])]
    assert len(wrong) <= len(marks) // 500, wrong


def test_an_authored_mark_may_give_its_value() -> None:
    assert parse_parts("Go [rpm:all the way=900] for [time:5 min], ok") == (
        "Go ",
        Mark("rpm", "all the way", "900"),
        " for ",
        Mark("time", "5 min"),
        ", ok",
    )
    assert place(parse_parts("shelf [n:4], no, [n:5]")) == ("shelf 4, no, 5", {"n": (13, 14)})


def test_sentences_about_unknown_functions_and_parameters_are_left_out(tmp_path: Path) -> None:
    go = {"name": "go", "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}, "colour": "unknown keys are ignored"}
    sentences = [
        {"f": "go", "s": "to [n:3]"},
        {"f": "fly", "s": "up"},
        {"f": "go", "s": "at [speed:9]"},
        {"f": None, "s": "sing", "why": "none_fits"},
    ]
    path = tmp_path / "ann_cart.json"
    path.write_text(json.dumps({"kind": "cart", "functions": [go], "sentences": sentences}))
    assert [place(e.parts)[0] for e in load_kind(path).examples] == ["to 3", "sing"]


def test_a_kind_is_held_out_by_its_name_alone() -> None:
    for kind in kinds():
        twin = Kind("someone_else", f"  {(kind.family or kind.kind).upper()} ", (), ())
        assert is_held_out(twin) == is_held_out(kind), kind.kind


def test_a_family_in_many_languages_is_held_out_together() -> None:
    split = {(k.family or k.kind).lower(): is_held_out(k) for k in kinds()}
    assert all(split[k.family.lower()] == is_held_out(k) for k in kinds() if k.family)
    assert all(split[k.kind.lower()] == is_held_out(k) for k in kinds() if not k.family)


def test_some_kinds_are_held_out_and_their_functions_are_in_no_trained_kind() -> None:
    """How many are held out, not which share: new kinds are named so that they are trained on, and figures stay comparable."""
    held, trained = [k for k in kinds() if is_held_out(k)], [k for k in kinds() if not is_held_out(k)]
    assert len(held) >= 75 and len(trained) > 2 * len(held)
    assert not {k.kind.lower() for k in held} & {k.kind.lower() for k in trained}
    described = {(f.name, f.description) for k in trained for f in k.functions}
    assert not [(k.kind, f.name) for k in held for f in k.functions if (f.name, f.description) in described]


def test_held_out_kinds_share_next_to_no_sentence_with_trained_ones() -> None:
    """A few everyday ones may recur ("Pause."), each for another function."""
    trained = {place(e.parts)[0].lower() for k in kinds() if not is_held_out(k) for e in k.examples}
    held = [place(e.parts)[0].lower() for k in kinds() if is_held_out(k) for e in k.examples]
    assert sum(text in trained for text in held) <= len(held) // 40


@pytest.mark.parametrize("number", [*range(0, 1000, 7), 1000, 1001, 1100, 4250, 12_000, 19_999, 60_000, 500_000])
def test_numbers_in_words_are_read_back(number: int) -> None:
    assert [q.value for q in find_quantities(spell(number))] == [number]


def test_a_rendering_keeps_labels_true() -> None:
    rng, changed = random.Random(3), 0
    for kind in kinds():
        for example in kind.examples:
            known = parameters(kind, example)
            shown = render(example, known, rng)
            text, spans = place(shown.parts)
            changed += shown != example
            assert all(text[slice(*spans[m.parameter])] == m.surface for m in {m.parameter: m for m in shown.marks}.values())
            assert all(gold_value(m, known[m.parameter]) is not None for m in shown.marks), f"{told(kind, example)} became {text!r}"
            assert (shown.function, shown.why) == (example.function, example.why)
    assert changed > 1000


@pytest.mark.parametrize(("surface", "ordinal"), [("third", True), ("4th", True), ("two hundred", False), ("five thousand", False), ("12", False)])
def test_an_ordinal_stays_one_and_a_number_stays_a_number(surface: str, ordinal: bool) -> None:
    known = {"n": Parameter(path=("n",), type="integer")}
    example = Example("go", ("to ", Mark("n", surface)), "out_of_range")  # of such a one no argument is left out
    made = {render(example, known, random.Random(seed)).marks[0].surface for seed in range(80)} - {surface}
    assert len(made) > 5
    assert {bool(re.search(r"(st|[^a]nd|rd|th)$", other)) for other in made} == {ordinal}


def test_values_of_one_sort_trade_places_and_others_stay() -> None:
    known = {n: Parameter(path=(n,), type="string") for n in ("source", "target", "at")}
    known["width"] = Parameter(path=("width",), type="number", unit="mm")
    example = Example("move", parse_parts("From [source:Till 4] to [target:Vault A] at [at:14:30], [width:30 mm] wide"))
    traded = trade(example, known, random.Random(1))
    assert [(m.parameter, m.surface) for m in traded.marks] == [("source", "Vault A"), ("target", "Till 4"), ("at", "14:30"), ("width", "30 mm")]
    bounds = {n: Parameter(path=(n,), type="number", unit="%") for n in ("lower_limit", "upper_limit")}
    between = Example("keep", parse_parts("Between [lower_limit:20 %] and [upper_limit:40 %]"))
    assert all(trade(between, bounds, random.Random(seed)) == between for seed in range(9))
    alone = Example("set", parse_parts("[width:30 mm] wide at [at:14:30]"))
    assert trade(alone, known, random.Random(1)) == alone


@pytest.mark.parametrize("surface", ["2 h 15 min", "1小时30分", "1 hora y 20 minutos"])
def test_a_number_in_two_units_stays_as_written(surface: str) -> None:
    known = {"n": Parameter(path=("n",), type="number", unit="min")}
    example = Example("wait", ("", Mark("n", surface)), "out_of_range", language="zh")
    assert {render(example, known, random.Random(seed)).marks[0].surface for seed in range(60)} == {surface}


def test_an_argument_is_left_out_with_its_preposition() -> None:
    example = Example("go", ("Spin at ", Mark("rpm", "3000 rpm"), " please"))
    assert leave_out(example, random.Random(1)) == Example("go", ("Spin", " please"), missing=("rpm",))
    silent = Example("go", ("Spin",))
    assert leave_out(silent, random.Random(1)) is silent


def test_a_typo_changes_one_word_by_one_letter_or_two() -> None:
    text, seen = "carry seven boxes to it", set[str]()
    for seed in range(60):
        words = typo(text, random.Random(seed)).split()
        different = [(a, b) for a, b in zip(text.split(), words, strict=True) if a != b]
        assert len(different) <= 1
        assert all(abs(len(a) - len(b)) <= 1 and a[0] == b[0] and a != "to" for a, b in different)
        seen.update(b for _, b in different)
    assert len(seen) > 5
    assert typo("a to 12", random.Random(1)) == "a to 12"


def test_a_scene_renames_functions_and_parameters_one_to_one() -> None:
    rng = random.Random(5)
    for _ in range(5):
        for kind in kinds():
            staged = scene(kind, [k for k in kinds() if k is not kind], rng)
            names = [f.name for f in staged.functions]
            by_name = {f.name: f for f in staged.functions}
            assert len(names) == len(set(names))
            assert set(staged.alias) == {f.name for f in kind.functions}
            for function in kind.functions:
                shown = by_name[staged.alias[function.name]].parameters
                renamed = staged.renamed[function.name]
                assert set(renamed) == set(function.parameters.get("properties", {}))
                assert set(renamed.values()) == set(shown["properties"]) >= set(shown["required"])
                assert len(set(renamed.values())) == len(renamed)


def test_marks_follow_the_new_names() -> None:
    example = Example("go", ("to ", Mark("n", "3")), "missing_argument", ("speed",))
    assert rename_marks(example, {"n": "shelfNo", "speed": "spd"}) == Example("go", ("to ", Mark("shelfNo", "3")), "missing_argument", ("spd",))


def test_the_letters_recipe_says_every_parameter_of_its_function() -> None:
    for seed in range(30):
        functions, examples = letters_task(random.Random(seed))
        named = {f.name: {p.name: p for p in parameters_of(f)} for f in functions}
        for example in examples:
            assert {m.parameter for m in example.marks} == set(named[example.function or ""])
            for mark in example.marks:
                assert gold_value(mark, named[example.function or ""][mark.parameter]) is not None


def goes_by(parameter: Parameter) -> str:
    """The words that a parameter of roles_task goes by: its description up to the members of a choice, or its name."""
    return re.split("[.;,] ", parameter.description)[0] if re.fullmatch(r"p\d", parameter.name) else parameter.name.replace("_", " ")


def test_roles_include_switches_and_choices_of_every_kind() -> None:
    marks = dict[str, set[str | None]]()
    for seed in range(60):
        functions, examples = roles_task(words(), random.Random(seed))
        kinds = {(f.name, p.name): "choice" if p.choices else p.type for f in functions for p in parameters_of(f)}
        for example in examples:
            for mark in example.marks:
                marks.setdefault(kinds[example.function or "", mark.parameter], set()).add(mark.value)
    assert marks["boolean"] == {"true", "false"}
    assert None not in marks["choice"]
    assert {re.fullmatch(r"[A-Z]{2}\d+", value or "") is None for value in marks["choice"]} == {True, False}
    assert marks["integer"] == marks["number"] == marks["string"] == {None}


def test_roles_are_told_in_five_languages_and_each_value_stands_beside_its_own_name() -> None:
    tasks = [roles_task(words(), random.Random(seed)) for seed in range(60)]
    assert {example.language for _, examples in tasks for example in examples} == {"en", "de", "fr", "es", "zh"}
    for functions, examples in tasks:
        named = {f.name: {p.name: p for p in parameters_of(f)} for f in functions}
        for example in examples:
            known, (text, spans) = named[example.function or ""], place(example.parts)
            assert {p.name for p in known.values() if p.required} <= set(spans) <= set(known)
            for mark in example.marks:
                assert gold_value(mark, known[mark.parameter]) is not None
            said = [goes_by(known[n]).casefold() for n in sorted(spans, key=lambda n: spans[n])]
            at = -1
            for name in said:  # names come in the order of their values, whichever of the two is said first
                at = text.casefold().find(name, at + 1)
                assert at >= 0, (name, text)


def test_the_letters_cases_are_a_quarter_each_and_repeat() -> None:
    cases = list(letters_cases(40))
    assert [sum(len(c["expect"]["arguments"]) == n for c in cases) for n in (1, 2, 3, 4)] == [10] * 4
    assert cases == list(letters_cases(40)) != list(letters_cases(40, seed=1))


def check_pass(item: Item, functions: tuple[Function, ...]) -> int:
    """The reader's targets point at what is said; how many spans there were."""
    assert item.positive is not None
    one = make_pass(item, 0, functions[item.positive], True, PIECES)
    assert one.target is not None
    parameters_ = function_text(functions[item.positive], PIECES).parameters
    assert set(item.spans or {}) <= {p.name for p in parameters_}
    assert all(one.ids[p] == PARAMETER for p in one.places if p < len(one.ids))
    assert all(one.ids[o] == OPTION for own in one.options for o in own if o < len(one.ids))
    pointed = [(p.name, where) for p, where in zip(parameters_, one.target.spans, strict=True) if where]
    for name, (first, last) in pointed:
        start, end = (item.spans or {})[name]
        spans = item.sentence.spans
        assert item.sentence.text[spans[first][0] : spans[last][1]] == item.sentence.text[start:end].strip()
    return len(pointed)


def test_targets_of_an_episode_point_at_what_is_said() -> None:
    episodes = [episode(kinds(), words(), 12, PIECES, random.Random(seed)) for seed in range(40)]
    assert sum(check_pass(item, e.functions) for e in episodes for item in e.items if item.positive is not None) > 100


def test_the_plain_episode_is_the_kind_as_authored() -> None:
    kind = kinds()[0]
    plain = plain_episode(kind, PIECES)
    assert plain.functions == kind.functions
    assert [i.sentence.text for i in plain.items] == [place(e.parts)[0] for e in kind.examples if e.why != "several"]
    assert all(check_pass(item, plain.functions) >= 0 for item in plain.items if item.positive is not None)


def test_an_episode_repeats_with_its_seed_only() -> None:
    def draw(seed: int) -> list[Episode]:
        rng = random.Random(seed)
        return [episode(kinds(), words(), 12, PIECES, rng) for _ in range(6)]

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_an_option_stands_for_what_the_words_mean() -> None:
    bounded = Parameter(path=("n",), type="integer", minimum=-5, maximum=90)
    assert meaning(Mark("n", "12"), bounded) == "as said"
    assert meaning(Mark("n", "two back", "-2"), bounded) == "negative"
    assert [meaning(Mark("n", "x", v), bounded) for v in ("90", "-5", "0", "41")] == ["highest", "lowest", "zero", None]
    assert meaning(Mark("on", "dark", "false"), Parameter(path=("on",), type="boolean")) == "no"


def test_what_is_cut_off_with_the_end_of_a_sentence_is_not_trained() -> None:
    text = "a" * 150 + " " + "b" * 90
    go = Function(name="go", parameters={"type": "object", "properties": {"n": {"type": "string"}}})
    sentence, shown = read_sentence(text, PIECES), function_text(go, PIECES)
    assert target_of(sentence, shown, {"n": (215, 220)}, {}).said == (-1,)
    assert target_of(sentence, shown, {"n": (0, 3)}, {}).spans == ((0, 2),)
    assert target_of(sentence, shown, {}, {}).said == (0,)


def test_where_arguments_alone_are_learnt_options_and_values_of_one_sort_come_most_often(tmp_path: Path) -> None:
    typed = {"n": {"type": "integer"}, "m": {"type": "integer"}, "on": {"type": "boolean"}}
    functions = [{"name": "stop", "parameters": {"type": "object"}}, {"name": "go", "parameters": {"type": "object", "properties": typed}}]
    said = ["halt", "go to [n:3]", "go, [on:quietly=true]", "from [n:3] to [m:5]", "sing"]
    sentences = [{"f": "stop" if s == "halt" else None if s == "sing" else "go", "s": s, "why": "none_fits" if s == "sing" else None} for s in said]
    path = tmp_path / "ann_cart.json"
    path.write_text(json.dumps({"kind": "cart", "functions": functions, "sentences": sentences}))
    weights = {place(e.parts)[0]: weight for e, weight in hardness(load_kind(path))}
    assert set(weights) == {"go to 3", "go, quietly", "from 3 to 5"}
    assert 0 < 3 * weights["go to 3"] < min(weights["go, quietly"], weights["from 3 to 5"])


def test_sentences_that_mean_an_option_are_shown_beside_all_options_of_its_parameter() -> None:
    typed = {"how": {"type": "string", "enum": ["soft", "hard"]}, "on": {"type": "boolean"}, "n": {"type": "integer", "minimum": 0, "maximum": 9}}
    functions = (Function(name="stop"), Function(name="go", parameters={"type": "object", "properties": typed}))
    told = [{"how": "hard", "on": "yes"}, {"how": "soft"}, {"n": "as said"}, {"how": "unheard of"}]
    items = [Item(read_sentence("go", PIECES), 1, options=dict[str, str | None](one)) for one in told]
    rows, choices = option_rows(Episode(functions, tuple(items[:1]), tuple(items[1:])), PIECES)
    assert len(rows) == 4
    assert [(c.sentence, c.options, c.meant) for c in choices] == [(0, (0, 1), 1), (0, (2, 3), 0), (1, (0, 1), 0)]


def test_sentences_for_retrieval_alone_are_no_items_again() -> None:
    drawn = [episode(kinds(), words(), 4, PIECES, random.Random(seed)) for seed in range(30)]
    assert any(e.others for e in drawn)
    assert all(i.sentence.text not in {o.sentence.text for o in e.others} for e in drawn for i in e.items[:1])
    assert all(o.positive is not None for e in drawn for o in e.others)
    assert not any(episode(kinds(), words(), 4, PIECES, random.Random(seed), arguments_only=True).others for seed in range(10))
