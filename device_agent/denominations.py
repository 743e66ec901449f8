"""Which unit or currency a sentence speaks of, where a function asks for that by name ("unit": "km", "currency": "EUR"). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from device_agent.quantities import Quantity, find_quantities
from device_agent.scripts import CJK
from device_agent.units import unit_of
from schemas.skills import Parameter

CURRENCIES = {
    "USD": "US dollars", "EUR": "euros", "GBP": "British pounds sterling", "JPY": "Japanese yen", "CNY": "Chinese yuan", "CHF": "Swiss francs",
    "CAD": "Canadian dollars", "AUD": "Australian dollars", "NZD": "New Zealand dollars", "SEK": "Swedish kronor", "NOK": "Norwegian kroner",
    "DKK": "Danish kroner", "PLN": "Polish zloty", "CZK": "Czech crowns", "HUF": "Hungarian forints", "INR": "Indian rupees",
    "BRL": "Brazilian reais", "MXN": "Mexican pesos", "ZAR": "South African rand", "TRY": "Turkish lira", "KRW": "Korean won",
    "SGD": "Singapore dollars", "HKD": "Hong Kong dollars", "AED": "Emirati dirhams", "THB": "Thai baht", "ILS": "Israeli shekels",
}  # fmt: skip
"""ISO 4217: what a code's letters do not say."""
_SPOKEN = {
    "USD": r"US[- ]?[Dd]ollars?|U\.S\. dollars?|American dollars?|greenbacks?|US\$|美元|美金",
    "EUR": r"euros?|€|欧元",
    "GBP": r"(?:British )?pounds? sterling|British pounds?|sterling|quid|Pfund Sterling|livres? sterling|libras? esterlinas?|£|英镑",
    "JPY": r"(?:Japanese )?yen|Yen|日元|日币",
    "CNY": r"(?:Chinese )?yuan|renminbi|RMB|人民币",
    "CHF": r"Swiss francs?|(?:Schweizer )?Franken|francs? suisses?|francos? suizos?|瑞士法郎",
    "CAD": r"Canadian dollars?|kanadische Dollar|dollars? canadiens?|加元",
    "AUD": r"Australian dollars?|australische Dollar|dollars? australiens?|澳元",
    "NZD": r"New Zealand dollars?",
    "SEK": r"Swedish (?:kron\w+|crowns?)",
    "NOK": r"Norwegian (?:kron\w+|crowns?)",
    "DKK": r"Danish (?:kron\w+|crowns?)",
    "PLN": r"(?:Polish )?z[lł]ot\w+",
    "CZK": r"Czech (?:crowns?|korun\w+)",
    "HUF": r"(?:Hungarian )?forints?",
    "INR": r"Indian rupees?|₹",
    "BRL": r"Brazilian re(?:al|ais)|reais",
    "MXN": r"Mexican pesos?",
    "ZAR": r"(?:South African )?rand(?!om)",
    "TRY": r"Turkish lira",
    "KRW": r"(?:South )?Korean won|韩元",
    "SGD": r"Singapore dollars?",
    "HKD": r"Hong[- ]Kong dollars?|港币|港元",
    "AED": r"(?:Emirati )?dirhams?",
    "THB": r"(?:Thai )?baht",
    "ILS": r"(?:Israeli )?shekels?",
}
_LOOSE = {
    r"dollars?|Dollars?|\$|dólar(?:es)?|bucks": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD"),
    "pounds?|Pfund|libras?": ("GBP",),
    "¥": ("JPY", "CNY"),
    "rupees?": ("INR",),
    "pesos?": ("MXN",),
    "francs?|francos?": ("CHF",),
    r"kron\w+|crowns?": ("SEK", "NOK", "DKK", "CZK"),
    "lira": ("TRY",),
    "[元块]": ("CNY",),
    r"(?<=\d )won|(?<=(?:sand|lion) )won": ("KRW",),
}
"""Names that several currencies share: the first of these that may be chosen."""
_MONEY = re.compile(
    "|".join(
        [
            *(f"(?P<{code}>{names}|{code})" for code, names in _SPOKEN.items()),
            *(f"(?P<loose{n}>{names})" for n, names in enumerate(_LOOSE)),
        ]
    )
)
_BEFORE_AMOUNT = re.compile(r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|CHF|US\$))\s?$")
_UNIT_NAME = re.compile(r"(?:^|[_.\s-])units?$|(?<=[a-z])Units?$")
_UNIT_MEANING = re.compile(r"\s*(?:the )?units?\b(?! price| cost)", re.IGNORECASE)
_CURRENCY_NAME = re.compile(r"(?:^|[_.\s-])currency$|(?<=[a-z])Currency$")


@dataclass(frozen=True)
class Mention:
    """Characters [start, end) that speak of `meant`: pint's name of a unit, or the code of a currency."""

    start: int
    end: int
    meant: str


def asks_unit(parameter: Parameter) -> bool:
    """Whether its value is the unit that another argument is told in."""
    return parameter.type == "string" and bool(_UNIT_NAME.search(parameter.path[-1]) or _UNIT_MEANING.match(parameter.description))


def asks_denomination(parameter: Parameter) -> bool:
    """As `asks_unit`, or the currency."""
    return asks_unit(parameter) or (parameter.type == "string" and bool(_CURRENCY_NAME.search(parameter.path[-1])))


def is_amount_of_money(text: str, quantity: Quantity) -> bool:
    """ "$30", "30 euros"."""
    after = re.compile(r"\s?").match(text, quantity.end)
    return bool(_BEFORE_AMOUNT.search(text[: quantity.start])) or _at(text, after.end() if after else quantity.end) is not None


def mentions(text: str, parameter: Parameter) -> list[tuple[Mention, str]]:
    """What the sentence says of a choice among units or among currencies, each with the member that it means; nothing for other choices."""
    members = [str(choice) for choice in parameter.choices]
    if len(members) > 1 and all(member.upper() in CURRENCIES for member in members):
        return _currencies(text, {member.upper(): member for member in members})
    units = {unit: member for member in members if (unit := unit_of(member.replace("_", " ")))}
    return [(m, units[m.meant]) for m in _units(text) if m.meant in units] if len(units) == len(members) > 1 else []


def unit_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Characters of the unit, or of the currency, of a quantity that reaches into [start, end), or of one that ends there ("in kilometers");
    [start, end) where there is none."""
    for quantity in find_quantities(text):
        number = re.compile(r"[^\d]*[\d.,]*\d\s*-?").match(text, quantity.start)
        if quantity.start < end and start < quantity.end and quantity.unit and (words := _unit_of(text, quantity)):
            return words
        if number and quantity.unit is None and start < number.end() < end:
            return number.end() + len(text[number.end() : end]) - len(text[number.end() : end].lstrip()), end
    ends = [m.start() for m in re.finditer(r"(?<!\S)\S", text[start:end])]
    return next(((start + at, end) for at in ends if unit_of(text[start + at : end], True) or _is_currency(text[start + at : end])), (start, end))


def is_unit(text: str, start: int, end: int) -> bool:
    """Whether the words are a unit, or what a number counts ("3 cartons")."""
    return unit_of(text[start:end], True) is not None or bool(re.search(r"\d[ -]?$", text[:start]))


def _is_currency(words: str) -> bool:
    return _MONEY.fullmatch(words) is not None


def _unit_of(text: str, quantity: Quantity) -> tuple[int, int] | None:
    """Characters of the longest end of a quantity that is its unit."""
    for word in re.finditer(rf"(?<![^\W\d_{CJK}])[^\W\d]|[°%]|[{CJK}]", text[quantity.start : quantity.end]):
        if unit_of(text[quantity.start + word.start() : quantity.end]) == quantity.unit:
            return quantity.start + word.start(), quantity.end
    return None


def _at(text: str, start: int) -> re.Match[str] | None:
    found = _MONEY.match(text, start)
    return found if found and _stands_alone(text, found) else None


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    joined = re.compile(rf"[^\W\d_{CJK}]")
    inside = joined.fullmatch(found[0][0]) and joined.fullmatch(text[found.start() - 1 : found.start()])
    return not inside and not (joined.fullmatch(found[0][-1]) and joined.fullmatch(text[found.end() : found.end() + 1]))


def _currencies(text: str, members: dict[str, str]) -> list[tuple[Mention, str]]:
    found = list[tuple[Mention, str]]()
    for match in _MONEY.finditer(text):
        name = match.lastgroup or ""
        codes = tuple(_LOOSE.values())[int(name.removeprefix("loose"))] if name.startswith("loose") else (name,)
        code = next((c for c in codes if c in members), None)
        if code is not None and _stands_alone(text, match):
            found.append((Mention(match.start(), match.end(), code), members[code]))
    return found


@lru_cache(maxsize=64)
def _units(text: str) -> Sequence[Mention]:
    """Units of quantities and those that stand alone ("in kilometers")."""
    quantities = find_quantities(text)
    said = [Mention(q.start, q.end, q.unit) for q in quantities if q.unit]
    for word in re.finditer(rf"°\s?[CF]\b|[^\W\d_{CJK}]{{2,}}", text):
        unit = unit_of(word[0], True)
        if unit and not any(q.start <= word.start() < q.end for q in quantities):
            said.append(Mention(word.start(), word.end(), unit))
    return said
