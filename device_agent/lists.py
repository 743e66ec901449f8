"""A list argument: from the words that say it to its items, each typed as the schema says. Pure; the reader has already said which words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from device_agent.quantities import Quantity, find_quantities
from device_agent.reader import name_words
from device_agent.values import in_range, literal, number_for, typed_number, typed_text
from device_agent.weekdays import days_in, members
from schemas.base import Value
from schemas.skills import Parameter

LONGEST = 100
"""Items of a list, and numbers that a range ("2 to 40") stands for."""
_WORDS = (
    r"as\s+well\s+as|along\s+with|together\s+with|and|plus|und|sowie|oder|or|et|ainsi\s+que|ou|puis|y|e|o|u|así\s+como|junto\s+con|luego|then|dann"
)
_BETWEEN = re.compile(
    rf"\s*(?:[;、；，&+]|,(?!\d)|(?<!\d),|(?:^|(?<=\s))/(?=\s))\s*(?:(?:{_WORDS})\s+)?|\s+(?:{_WORDS})\s+|\s*(?:以及|还有|和|与|跟|及)\s*",
    re.IGNORECASE,
)
_TIGHT = re.compile(r"(?<=\d),(?=\d)")
_ARTICLE = re.compile(r"(?:the|both|der|die|das|den|dem|des|le|la|les|du|el|los|las)\s+(?=\S)|l['’](?=\w)", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:to|through|thru|till|until|up\s+to|bis(?:\s+zu)?|à|au|jusqu['’]?(?:à|au)?|a|al|hasta|到|至|[-–—~])\s*", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]+\"|“[^”]+”|«[^»]+»|„[^“”]+[“”]|(?<!\w)['‘][^'’]+['’](?!\w)")
_FEWEST = 3
"""Letters that a spoken member and the schema's must begin with alike ("Monday" for "mon")."""


def is_numeric(parameter: Parameter) -> bool:
    """Whether its items are numbers."""
    return parameter.item is not None and parameter.item.type in ("number", "integer") and not parameter.item.choices


def items_in(text: str, start: int, end: int, parameter: Parameter, named: Callable[[str], str] = str) -> tuple[list[Value], bool] | None:
    """The items that characters [start, end) say, and whether all lie in the schema's range; None when one of them cannot be read.

    `named`: what a name stands for at this place (itself, where nothing else is known).
    """
    item = parameter.item or Parameter(path=parameter.path)
    if item.type in ("object", "array"):
        return None
    if is_numeric(parameter):
        return _numbers(text[start:end], item)
    if (days := members(item.choices)) is not None and (said := days_in(text[start:end])):
        return ([days[day] for day in said], True) if set(said) <= set(days) else None
    parts = [named(part) for part in split_items(text, start, end)]
    values = [_member(part, item) if item.choices or item.type == "boolean" else typed_text(part, item) for part in parts]
    known = [value for value in values if value is not None]
    return (known, True) if known and len(known) == len(values) else None


def split_items(text: str, start: int, end: int) -> list[str]:
    """The words of each item, without articles, quotes and punctuation."""
    parts, at = list[str](), start
    quoted = [m.span() for m in _QUOTED.finditer(text, start, end)]
    borders = [m.span() for m in _BETWEEN.finditer(text, start, end) if not any(a < m.start() and m.end() < b for a, b in quoted)]
    for left, right in [*borders, (end, end)]:
        begin = at + (article.end() if (article := _ARTICLE.match(text[at:left])) else 0)
        first, last = _freed(text, begin, left)
        if first < last:
            parts.append(text[first:last])
        at = right
    return parts[:LONGEST]


def _freed(text: str, start: int, end: int) -> tuple[int, int]:
    first, last = literal(text, start, end)
    return max(first, start), min(last, end)


def _numbers(surface: str, item: Parameter) -> tuple[list[Value], bool] | None:
    found = _sharing_units(_quantities(surface, item))
    values: list[float] = []
    for i, quantity in enumerate(found):
        value = number_for(quantity, item)
        if value is None:
            return None
        if values and item.type == "integer" and _RANGE.fullmatch(surface[found[i - 1].end : quantity.start]):
            values += _up_to(values[-1], value)
        else:
            values.append(value)
    if not values or len(values) > LONGEST:
        return None
    return [typed_number(value, item) for value in values], all(in_range(value, item) for value in values)


def _quantities(surface: str, item: Parameter) -> list[Quantity]:
    """Those of the surface, with its characters; cut where "1,3,4" would read as decimals, "2-5" as a negative number, "9/10" as a fraction."""
    chained = item.type == "integer" or re.search(r"\d,\d+,\d|\d\.\d", surface) is not None
    cuts = [m.span() for m in _TIGHT.finditer(surface)] if chained else []
    cuts += [m.span(1) for m in re.finditer(r"\d([-–/])(?=\d)", surface)] if item.type == "integer" else []
    cuts += [m.span() for m in _BETWEEN.finditer(surface)]
    found, at = list[Quantity](), 0
    for start, end in [*sorted(cuts), (len(surface), len(surface))]:
        if start >= at:
            found += [replace(q, start=q.start + at, end=q.end + at) for q in find_quantities(surface[at:start])]
            at = end
    return found


def _sharing_units(found: Sequence[Quantity]) -> list[Quantity]:
    """ "10, 20 and 30 seconds": a number without a unit has that of the next one with."""
    out: list[Quantity] = []
    unit: str | None = None
    for quantity in reversed(found):
        unit = quantity.unit or unit
        out.append(replace(quantity, unit=unit))
    return out[::-1]


def _up_to(low: float, high: float) -> list[float]:
    """What follows `low` in "2 to 5"; the whole numbers between count."""
    if not 0 < high - low <= LONGEST:
        return [high]
    return [float(n) for n in range(int(low) + 1, int(high) + 1)]


def _member(words: str, item: Parameter) -> Value | None:
    """The one member of the enumeration that is called so, or that begins as the word does."""
    spoken = name_words(words).casefold()
    names = {name_words(str(choice)).casefold(): choice for choice in item.choices}
    if item.type == "boolean" and not item.choices:
        return {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}.get(spoken)
    if spoken in names:
        return names[spoken]
    alike = [
        choice for name, choice in names.items() if min(len(name), len(spoken)) >= _FEWEST and (name.startswith(spoken) or spoken.startswith(name))
    ]
    return alike[0] if len(alike) == 1 else None
