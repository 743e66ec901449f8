"""List arguments: what is said, cut into items and typed as the schema says."""

from __future__ import annotations

from typing import Any

import pytest

from device_agent.lists import items_in
from schemas.skills import Function, Parameter, parameters_of


def listing(**items: Any) -> Parameter:
    schema = {"type": "object", "properties": {"these": {"type": "array", "items": items}}}
    (found,) = parameters_of(Function(name="f", description="", parameters=schema))
    return found


def read(text: str, parameter: Parameter) -> list[Any] | None:
    found = items_in(text, 0, len(text), parameter)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("Anna, Ben Okafor and Carla", ["Anna", "Ben Okafor", "Carla"]),
        ("the kitchen, the hall and the bath", ["kitchen", "hall", "bath"]),
        ("a_7.csv as well as b-2.csv", ["a_7.csv", "b-2.csv"]),
        ("'Rock and Roll', \"Now, or never\"", ["Rock and Roll", "Now, or never"]),
        ("QX-7, QX-8 & QX-9", ["QX-7", "QX-8", "QX-9"]),
        ("AC/DC / ABBA", ["AC/DC", "ABBA"]),
        ("Küche sowie Bad", ["Küche", "Bad"]),
        ("l'entrée et la cuisine", ["entrée", "cuisine"]),
        ("Ana y Eva", ["Ana", "Eva"]),
        ("Ana más Eva", ["Ana", "Eva"]),
        ("张三、李四以及王五", ["张三", "李四", "王五"]),
        ("Sandy", ["Sandy"]),
        ("Los Angeles and the hall", ["Los Angeles", "hall"]),
        ("los angeles and las vegas", ["los angeles", "las vegas"]),
        ("The Beatles, Den Haag und La Paz", ["The Beatles", "Den Haag", "La Paz"]),
        ("Die Küche und das Bad", ["Küche", "Bad"]),
        ("AT&T, R&D & C++", ["AT&T", "R&D", "C++"]),
        ("vitamin e and type o, y and z", ["vitamin e", "type o", "y", "z"]),
        ("plaqué or et argent", ["plaqué or", "argent"]),
        ("Müller e Söhne", ["Müller e Söhne"]),
        ("Pedro e Isabel", ["Pedro", "Isabel"]),
        ("bread and then milk", ["bread", "milk"]),
        ("eggs,milk\nbread", ["eggs", "milk", "bread"]),
        ("101,102,103", ["101", "102", "103"]),
        ("和平路、跟踪器和埃及", ["和平路", "跟踪器", "埃及"]),
    ],
)
def test_names_are_copied_without_what_joins_them(said: str, items: list[str]) -> None:
    assert read(said, listing(type="string")) == items


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("1, 3 and 4", [1, 3, 4]),
        ("1,3,4", [1, 3, 4]),
        ("2 4 7", [2, 4, 7]),
        ("shelf 3 and shelf 9", [3, 9]),
        ("twenty-one and three", [21, 3]),
        ("2 to 5", [2, 3, 4, 5]),
        ("2-5, 9", [2, 3, 4, 5, 9]),
        ("7 and 1 bis 3", [7, 1, 2, 3]),
        ("9/10/11", [9, 10, 11]),
        ("1、3和5", [1, 3, 5]),
        ("5 to 2", [5, 2]),
        ("shelf 2 to shelf 4", [2, 3, 4]),
        ("the 2nd to the 4th", [2, 3, 4]),
        ("1..3", [1, 2, 3]),
        ("一、三到五", [1, 3, 4, 5]),
        ("二到四", [2, 3, 4]),
        ("一、二和三", [1, 2, 3]),
        ("1-3-5", [1, 3, 5]),
        ("1,000 and 2,500", [1000, 2500]),
        ("1.000 und 2.000", [1000, 2000]),
        ("1 000 et 2 000", [1000, 2000]),
        ("101,102 and 103", [101, 102, 103]),
        ("1,200", None),
        ("1 to 200", None),
        ("vingt et un et trois", [21, 3]),
        ("treinta y cinco y cuarenta", [35, 40]),
        ("un et deux", [1, 2]),
        ("2 to 5 except 4", [2, 3, 5]),
        ("all but 3", None),
        ("2 and 3 but not 3 and not 4", None),
        ("the odd ones from 1 to 9", None),
        ("the first three", None),
        ("1, 3, ..., 9", None),
        ("1, 3 and the rest", None),
    ],
)
def test_whole_numbers_and_their_ranges(said: str, items: list[int] | None) -> None:
    assert read(said, listing(type="integer")) == items


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("10, 20 and 30 seconds", [10.0, 20.0, 30.0]),
        ("one minute, 90 s and half an hour", [60.0, 90.0, 1800.0]),
        ("1.5,2.5,3", [1.5, 2.5, 3.0]),
        ("12,5 und 13,5 Sekunden", [12.5, 13.5]),
        ("5 seconds and 3 kilograms", None),
        ("all of them", None),
        ("2 minutes and 3", [120.0, 180.0]),
        ("una hora y media y dos horas", [5400.0, 7200.0]),
        ("1.000,5 und 2", [1000.5, 2.0]),
        ("1h30 and 2 h", None),
    ],
)
def test_numbers_share_a_unit_and_are_converted(said: str, items: list[float] | None) -> None:
    assert read(said, listing(type="number", unit="s")) == items


def test_members_by_their_names_or_beginnings_and_nothing_else() -> None:
    colours = listing(type="string", enum=["red", "dark_blue", "yellow", "yellowish"])
    assert read("red, DARK BLUE and yellow", colours) == ["red", "dark_blue", "yellow"]
    assert read("reddish and yellow", colours) == ["red", "yellow"]
    assert read("red and crimson", colours) is None
    assert read("red yellow", colours) is None
    assert read("wash and dry, spin", listing(type="string", enum=["wash_and_dry", "spin"])) == ["wash_and_dry", "spin"]


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ("Monday, tue and WED", ["mon", "tue", "wed"]),
        ("Mondays and at the weekend", ["mon", "sat", "sun"]),
        ("Monday to Friday", ["mon", "tue", "wed", "thu", "fri"]),
        ("Fr-So", ["fri", "sat", "sun"]),
        ("montags und mittwochs", ["mon", "wed"]),
        ("le mercredi et le jeudi", ["wed", "thu"]),
        ("los lunes y entre semana", ["mon", "tue", "wed", "thu", "fri"]),
        ("周一和周末", ["mon", "sat", "sun"]),
        ("every day", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
        ("on sundowns", None),
        ("so Monday", ["mon"]),
        ("Mo.-Mi.", ["mon", "tue", "wed"]),
        ("Mon-Wed-Fri", ["mon", "wed", "fri"]),
        ("Monday and Wednesday to Friday", ["mon", "wed", "thu", "fri"]),
        ("周一、三、五", ["mon", "wed", "fri"]),
        ("every day except at the weekend", ["mon", "tue", "wed", "thu", "fri"]),
        ("not Monday", None),
        ("Monday and holidays", None),
        ("Mo und Dienstag", None),
    ],
)
def test_days_of_the_week_in_five_languages(said: str, items: list[str] | None) -> None:
    assert read(said, listing(type="string", enum=["mon", "tue", "wed", "thu", "fri", "sat", "sun"])) == items


def test_a_day_that_the_schema_does_not_have_cannot_be_said() -> None:
    assert read("weekdays", listing(type="string", enum=["Saturday", "Sunday"])) is None
    assert read("samedi", listing(type="string", enum=["Saturday", "Sunday"])) == ["Saturday"]


def test_a_list_tells_when_an_item_is_out_of_range() -> None:
    zones = listing(type="integer", minimum=1, maximum=8)
    assert items_in("2 and 9", 0, 7, zones) == ([2, 9], False)
    assert items_in("1 to 90000", 0, 10, zones) == ([1, 90000], False)


def test_lists_of_objects_cannot_be_said() -> None:
    assert read("a and b", listing(type="object")) is None
    assert read("a and b", listing(type="array", items={"type": "string"})) is None


def test_an_array_without_a_schema_of_items_takes_words_and_numbers() -> None:
    assert read("12, B7 and 3.5", listing()) == [12, "B7", 3.5]


def test_words_that_python_takes_for_numbers_stay_words() -> None:
    assert read("nan, Infinity", listing()) == ["nan", "Infinity"]


@pytest.mark.parametrize("said", [" ", ", ", "and ", "e ", "not ", "1,", "1 ", "和", "/ ", "the a, ", "a", "周一"])
def test_hostile_text_neither_crashes_nor_takes_long(said: str) -> None:
    text = (said * 10_000)[:10_000]
    for item in ({"type": "string"}, {"type": "integer"}, {"type": "string", "enum": ["mon", "tue"]}):
        items_in(text, 0, len(text), listing(**item))


@pytest.mark.parametrize("text", ["send it to Anna and to Ben Okafor", "an Anna und an Ben Okafor", "à Anna et à Ben Okafor"])
def test_a_short_word_before_the_list_is_no_part_of_an_item_that_repeats_it(text: str) -> None:
    found = items_in(text, text.index("Anna"), len(text), listing(type="string"))
    assert found == (["Anna", "Ben Okafor"], True)
