"""Units and currencies that a function asks for by name."""

from __future__ import annotations

import pytest

from device_agent.denominations import asks_denomination, asks_unit, is_amount_of_money, mentions, unit_words
from device_agent.quantities import find_quantities
from schemas.skills import Parameter


def asked(name: str, *choices: str, description: str = "") -> Parameter:
    return Parameter(path=(name,), type="string", description=description, choices=choices)


CURRENCY = asked("currency", "USD", "EUR", "GBP", "JPY", "KRW")


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("how much is it in dollars", ["USD"]),
        ("in the money they use in Tokyo, in yen", ["JPY"]),
        ("from euros to pounds sterling", ["EUR", "GBP"]),
        ("it costs $30", ["USD"]),
        ("三百美元", ["USD"]),
        ("in Canadian dollars", []),
        ("a random forest wonders", []),
        ("the prize she won", []),
        ("50000 won", ["KRW"]),
        ("two million won", ["KRW"]),
    ],
)
def test_currencies_are_known_by_their_names(text: str, members: list[str]) -> None:
    assert [member for _, member in mentions(text, CURRENCY)] == members


def test_a_name_that_several_currencies_share_is_the_first_that_may_be_chosen() -> None:
    assert [member for _, member in mentions("two hundred dollars", asked("currency", "cad", "eur"))] == ["cad"]


def test_members_that_are_units_are_known_by_quantities_and_by_words_alone() -> None:
    unit = asked("unit", "km", "miles")
    assert [m for _, m in mentions("within half a mile", unit)] == ["miles"]
    assert [m for _, m in mentions("how far is it in kilometers", unit)] == ["km"]
    assert mentions("how far is it", unit) == []
    assert mentions("5 km", asked("mode", "km", "quick")) == []


@pytest.mark.parametrize(
    ("text", "words", "unit"),
    [
        ("within 2 km of", "2 km", "km"),
        ("half a mile to", "half a mile", "mile"),
        ("the 50-day average", "50-day", "day"),
        ("180 euros a night", "180 euros", "euros"),
        ("3 cartons", "3 cartons", "cartons"),
        ("as far as 800 meters or less", "800 meters or less", "meters"),
        ("price in Canadian dollars", "price in Canadian dollars", "Canadian dollars"),
        ("say it in kilometers", "in kilometers", "kilometers"),
        ("the green ones", "green", "green"),
    ],
)
def test_the_unit_is_cut_out_of_the_words_that_say_a_quantity(text: str, words: str, unit: str) -> None:
    start = text.index(words)
    first, last = unit_words(text, start, start + len(words))
    assert text[first:last] == unit


@pytest.mark.parametrize(("text", "paid"), [("$30", True), ("30 euros", True), ("€ 20", True), ("30 eggs", False), ("30 km", False)])
def test_amounts_of_money_are_told_from_other_numbers(text: str, paid: bool) -> None:
    (quantity,) = find_quantities(text)
    assert is_amount_of_money(text, quantity) is paid


def test_what_asks_for_a_unit() -> None:
    assert asks_unit(asked("length_unit"))
    assert asks_unit(asked("lengthUnit"))
    assert asks_unit(asked("measure", description="Unit of the result"))
    assert not asks_unit(asked("community"))
    assert not asks_unit(asked("unit_price"))
    assert asks_denomination(asked("currency"))
