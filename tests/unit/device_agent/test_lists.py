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
        ("张三、李四以及王五", ["张三", "李四", "王五"]),
        ("Sandy", ["Sandy"]),
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
    ],
)
def test_whole_numbers_and_their_ranges(said: str, items: list[int]) -> None:
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
    ],
)
def test_numbers_share_a_unit_and_are_converted(said: str, items: list[float] | None) -> None:
    assert read(said, listing(type="number", unit="s")) == items


def test_members_by_their_names_or_beginnings_and_nothing_else() -> None:
    colours = listing(type="string", enum=["red", "dark_blue", "yellow", "yellowish"])
    assert read("red, DARK BLUE and yellow", colours) == ["red", "dark_blue", "yellow"]
    assert read("reddish and yellow", colours) == ["red", "yellow"]
    assert read("red and crimson", colours) is None


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
