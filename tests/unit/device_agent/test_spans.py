"""String arguments: no two from the same words, none across a comma or from its own noun on, none out of another's number."""

from __future__ import annotations

import re

import numpy as np
import pytest

from device_agent.heads import Floats
from device_agent.reader import Sentence
from device_agent.spans import choose_spans, together
from schemas.skills import Parameter


def sentence(text: str) -> Sentence:
    """One piece for each word or mark."""
    spans = tuple((m.start(), m.end()) for m in re.finditer(r"[\w-]+|[^\w\s]", text))
    return Sentence(text=text, ids=tuple(range(len(spans))), spans=spans)


def heads(said: Sentence, **weights: float) -> Floats:
    """Probabilities over the pieces: as given by their words, else a trace."""
    words = [said.text[a:b] for a, b in said.spans]
    raw = np.array([weights.get(w.replace("-", "_"), 0.001) for w in words], np.float32)
    return raw / raw.sum()


def text(name: str, description: str = "", *, required: bool = False) -> Parameter:
    return Parameter(path=(name,), type="string", description=description, required=required)


def chosen(said: Sentence, *wanted: tuple[str, Floats, Floats], taken: tuple[tuple[int, int], ...] = ()) -> list[str]:
    found = choose_spans([(n, text(name), starts, ends) for n, (name, starts, ends) in enumerate(wanted)], said, taken)
    return [said.text[found[n].start : found[n].end] for n in range(len(wanted))]


def test_two_arguments_share_no_words() -> None:
    said = sentence("Admit H-229817 Maria Sandoval")
    starts, ends = heads(said, H_229817=0.6, Maria=0.4), heads(said, H_229817=0.3, Sandoval=0.7)
    patient = heads(said, H_229817=0.9), heads(said, H_229817=0.8, Sandoval=0.2)
    assert chosen(said, ("name", starts, ends), ("patientId", *patient)) == ["Maria Sandoval", "H-229817"]


def test_a_comma_ends_an_argument_unless_the_reader_is_sure() -> None:
    said = sentence("KLX-9, batch B0441c")
    starts = heads(said, KLX_9=1.0)
    assert chosen(said, ("recipe", starts, heads(said, KLX_9=0.3, B0441c=0.7))) == ["KLX-9"]
    assert chosen(said, ("recipe", starts, heads(said, B0441c=1.0))) == ["KLX-9, batch B0441c"]


@pytest.mark.parametrize(("name", "span"), [("hive", "7"), ("hiveName", "7"), ("colony", "hive 7")])
def test_the_parameters_own_noun_is_no_part_of_it(name: str, span: str) -> None:
    said = sentence("Humidity in hive 7?")
    starts = heads(said, **{"hive": 0.7, "7": 0.3})
    assert chosen(said, (name, starts, heads(said, **{"7": 1.0}))) == [span]


def test_its_own_noun_alone_may_be_the_name() -> None:
    said = sentence("open the recipe")
    assert chosen(said, ("recipe", heads(said, recipe=1.0), heads(said, recipe=1.0))) == ["recipe"]


def test_another_arguments_number_is_left_to_it() -> None:
    said = sentence("block C row 12")
    starts = heads(said, **{"C": 0.4, "12": 0.6})
    row = (said.text.index("12"), len(said.text))
    assert chosen(said, ("yard", starts, starts)) == ["12"]
    assert chosen(said, ("yard", starts, starts), taken=(row,)) == ["C"]


def test_the_unit_of_a_number_may_be_another_argument() -> None:
    said = sentence("a base of 10 cm please")
    starts, ends = heads(said, cm=0.6, please=0.4), heads(said, cm=0.5, please=0.5)
    assert chosen(said, ("unit", starts, ends), taken=((10, 15),)) == ["cm"]


@pytest.mark.parametrize(
    ("description", "span"), [("City and state, e.g. 'Austin, TX'.", "Boston, MA"), ("Such as Austin, TX", "Boston, MA"), ("City.", "Boston")]
)
def test_a_place_goes_on_to_its_region_where_the_maker_asks_for_both(description: str, span: str) -> None:
    said = sentence("A room in Boston, MA, tonight")
    found = choose_spans([(0, text("city", description), heads(said, Boston=1.0), heads(said, Boston=0.9, MA=0.1))], said, ())
    assert said.text[found[0].start : found[0].end] == span


def test_what_is_quoted_is_one_argument_commas_and_all() -> None:
    said = sentence('show "Adieu, mes amis" for six seconds')
    assert chosen(said, ("text", heads(said, Adieu=1.0), heads(said, Adieu=0.9, amis=0.1))) == ["Adieu, mes amis"]
    assert chosen(said, ("text", heads(said, mes=1.0), heads(said, amis=1.0))) == ["Adieu, mes amis"]


def test_words_go_where_they_suit() -> None:
    said = sentence("invite Anna through anna@x")
    starts, ends = heads(said, Anna=0.1, anna=0.9), heads(said, Anna=0.9, x=0.1)
    wanted = [(0, text("name"), starts, ends), (1, text("email"), heads(said, Anna=0.9, anna=0.1), heads(said, Anna=0.9, x=0.1))]

    def suits(parameter: Parameter, start: int, end: int) -> float:
        return 1.0 if (said.text[start:end] == "anna@x") == (parameter.name == "email") else 0.02

    found = choose_spans(wanted, said, (), suits)
    assert [said.text[found[n].start : found[n].end] for n in (0, 1)] == ["Anna", "anna@x"]


def test_a_list_stays_within_its_brackets() -> None:
    said = sentence("between the points [0, 0] and [6, 8]")
    both = Parameter.model_validate({"path": ("point",), "type": "array"})
    found = choose_spans([(0, both, heads(said, **{"0": 1.0}), heads(said, **{"0": 0.4, "8": 0.6}))], said, ())
    assert said.text[found[0].start : found[0].end] == "0, 0"


def test_where_there_are_too_few_words_for_all_what_is_required_still_has_its_best() -> None:
    said = sentence("stop")
    sure = heads(said, stop=1.0)
    found = choose_spans([(n, text(name, required=n < 2), sure, sure) for n, name in enumerate("abc")], said, ())
    assert found.keys() == {0, 1}


def test_the_best_choice_is_found_together() -> None:
    rows = [[("x", 0.9), ("y", 0.8)], [("x", 0.85)], []]
    assert together(rows, lambda c: c[1], lambda a, b: a[0] == b[0]) == [("y", 0.8), ("x", 0.85)]


def listing(said: Sentence, starts: Floats, ends: Floats) -> str:
    parameter = Parameter(path=("these",), type="array", item=Parameter(path=("these",), type="string"))
    (span,) = choose_spans([(0, parameter, starts, ends)], said, ()).values()
    return said.text[span.start : span.end]


def test_a_list_has_all_of_its_items_though_it_may_seem_to_begin_at_any() -> None:
    said = sentence("give dry cows, young stock and fresh cows 35 kg")
    starts = heads(said, dry=0.3, young=0.4, fresh=0.2)
    assert listing(said, starts, heads(said, stock=0.2, cows=0.6)) == "dry cows, young stock and fresh cows"


def test_a_list_ends_before_what_follows_it() -> None:
    said = sentence("invite Anna and Ben, and book room 4")
    assert listing(said, heads(said, Anna=0.6, Ben=0.3), heads(said, Anna=0.2, Ben=0.7)) == "Anna and Ben"
