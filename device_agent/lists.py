"""A list argument: from the words that say it to its items, each typed as the schema says. Pure; the reader has already said which words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from math import isfinite

from device_agent.quantities import Quantity, find_quantities
from device_agent.reader import name_words
from device_agent.values import in_range, literal, number_for, typed_number, typed_text
from device_agent.weekdays import UP_TO, days_in, each_named, members
from schemas.base import Value
from schemas.skills import Parameter

LONGEST = 100
"""Items of a list, and numbers that a range ("2 to 40") stands for."""
_WORDS = (
    r"as\s+well\s+as|along\s+with|together\s+with|and|und|sowie|et|ainsi\s+que|así\s+como|junto\s+con"
    # These are letters and words of other languages, too: joints only where no other follows ("x, y and z", "plaqué or et argent").
    r"|(?:plus|más|oder|or|ou|puis|luego|then|dann|(?-i:y(?!\s+z\b)|o|e(?=\s+[Hh]?[IÍií])|u(?=\s+(?:[Hh]?[OÓoó]|8|11))))"
    r"(?!\s+(?:and|or|und|oder|et|y|e|o|u)\s)"
)
_BETWEEN = re.compile(
    rf"(?:[;、；，\n]|,(?!\d)|(?<!\d),|(?<=\s)[/&+](?=\s)|(?<=\d)[&+](?=\d))\s*(?:(?:{_WORDS})\s+)?"
    rf"|(?<=\s)(?:{_WORDS})\s+(?:(?:then|dann|puis|luego)\s+)?"
    r"|以及|还有|(?<![、和柔饱缓])和(?![弦谐])|(?<![、埃])及|(?<![、参])与|(?<!、)跟(?![踪随])",
    re.IGNORECASE,
)
"""None of it begins with blanks that may repeat: a long run of them would take quadratic time."""
_TIGHT = re.compile(r"(?<=\d),(?=\d)")
_ARTICLE = re.compile(
    r"(?:the|both|der|die|das|den|dem|des|le|la|les|du|el|los|las)\s+(?=\S)|l['’](?=\w)|(?:The|Both|Le|La|Les|El|Los|Las)\s+(?=[a-zà-ÿ])"
    r"|(?:Der|Die|Das)\s+(?=.*\s(?:der|die|das|den)\s)"
)
"""One with a capital is part of a name ("Los Angeles", "Den Haag"), but where it only begins the sentence ("Die Küche und das Bad")."""
_ENGLISH = re.compile(r"\s(?:and|or)\s")
_RANGE = re.compile(
    rf"\W{{0,3}}(?:号|楼|层)?(?:{UP_TO.pattern}|\s*\.{{2,3}}\s*|\s*…\s*)(?:(?:the|number|no\.?|nr\.?|den|der|die|el|la|le)\s+)?(?:第|[^\W\d_]+\s*)?#?",
    re.IGNORECASE,
)
"""Between two numbers; "shelf 2 to shelf 5" repeats what is counted."""
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:([., '’\u00a0\u202f])\d{3})(?:\1\d{3})*(?!\d|[.,]\d)")
_DECIMAL = re.compile(r"(?<![\d.,])\d{1,2}(?:(?:,\d{3})+\.\d+|(?:\.\d{3})+,\d+)(?!\d|[.,]\d)")
_COMPOUND = re.compile(
    r"(?:vingt|trente|quarante|cinquante|soixante)\s+et\s+(?:une?|onze)\b|(?:hundred|thousand)\s+and\s+(?!\w+\s+(?:hundred|thousand))[^\W\d]"
    r"|(?:treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa)\s+y\s+(?:un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)\b"
    r"|(?<=\w)\s+(?:and\s+a\s+(?:half|quarter)|et\s+(?:demie?|quart)|y\s+(?:medi[oa]|cuarto))\b",
    re.IGNORECASE,
)
"""One number in spite of the "and" in it."""
_ALONE = {**dict.fromkeys(("un", "une", "uno", "una", "ein", "eine"), 1.0), **{sign: float(n) for n, sign in enumerate("一二三四五六七八九十", 1)}}
"""What is a number only where nothing else stands between two joints."""
_APART = re.compile(rf"(?=[\s到至–—~～-]){UP_TO.pattern}", re.IGNORECASE)
_COUNTING = re.compile(
    r"\b(?:odd|even|last|every\s+(?:other|second|third)|first\s+(?:\d|two|three|four|five|six)|letzten?|derni[eè]re?s?|últim[oa]s?|premi[eè]re?s)\b"
    r"|\b(?:un)?gerade\w*|\bimpairs?\b|\bimpares\b|\bersten\s+(?:\d|zwei|drei|vier|fünf)|[奇偶单双]数|最后|\d:\d",
    re.IGNORECASE,
)
"""Beside these the numbers are not the items."""
_EXCEPT = re.compile(
    r"\b(?:except(?:\s+for)?|but(?!\s+also)(?:\s+not)?|apart\s+from|other\s+than|without|excluding|not|außer|ausser|ohne|nicht|bis\s+auf"
    r"|sauf|excepté|hormis|à\s+part|sans|mais\s+pas|pas|excepto|salvo|sin|pero\s+no|menos\s+(?:el|la|los|las)|no(?=\s+[^\W\d]))\b|除了?|不包括|不要",
    re.IGNORECASE,
)
QUOTED = re.compile(r"\"[^\"]+\"|“[^”]+”|«[^»]+»|„[^“”]+[“”]|(?<!\w)['‘][^'’]+['’](?!\w)")
_FEWEST = 3
"""Letters that a spoken member and the schema's must begin with alike ("Monday" for "mon")."""


def is_numeric(parameter: Parameter) -> bool:
    """Whether its items are numbers."""
    return parameter.item is not None and parameter.item.is_number


def items_in(text: str, start: int, end: int, parameter: Parameter, named: Callable[[str], str] = str) -> tuple[list[Value], bool] | None:
    """The items that characters [start, end) say, and whether all lie in the schema's range; None when one of them cannot be read.

    `named`: what a name stands for at this place (itself, where nothing else is known).
    """
    item = parameter.item or Parameter(path=parameter.path)
    if item.type in ("object", "array"):
        return None
    counted, days = is_numeric(parameter), members(item.choices)
    if (counted or days is not None) and len(sides := _EXCEPT.split(text[start:end], 2)) > 1:
        return _less(*(items_in(side, 0, len(side), parameter) for side in sides)) if len(sides) == 2 else None
    if counted:
        return _numbers(text[start:end], item)
    surface = each_named(text[start:end]) if days is not None else ""
    if (
        days is not None
        and (said := days_in(surface))
        and all(set[int]() < {*days_in(part)} <= {*said} for part in split_items(surface, 0, len(surface)))
    ):
        return ([days[day] for day in said], True) if set(said) <= set(days) else None
    again = before[1] + " " if (before := re.search(r"(?<!\w)(\w{1,4})\s+$", text[:start])) else None
    parts = [named(_without(part, again)) for part in split_items(text, start, end, [name_words(str(choice)) for choice in item.choices])]
    values = [_member(part, item) if item.is_option else typed_text(part, item) for part in parts]
    known = [value for value in values if value is not None]
    return (known, True) if known and len(known) == len(values) else None


def _without(part: str, again: str | None) -> str:
    """ "to Anna and to Ben": the short word before the list is no part of an item that repeats it."""
    return part[len(again) :] if again and part.casefold().startswith(again.casefold()) and len(part) > len(again) else part


def _less(said: tuple[list[Value], bool] | None, left_out: tuple[list[Value], bool] | None) -> tuple[list[Value], bool] | None:
    """ "2 to 5 except 4"; None where either side cannot be read ("all but 3")."""
    kept = [value for value in said[0] if value not in left_out[0]] if said and left_out else []
    return (kept, said[1]) if said and kept else None


def joints_in(text: str) -> list[tuple[int, int]]:
    """Characters [start, end) of what joins items: commas, "and", "sowie", 和."""
    return [m.span() for m in _BETWEEN.finditer(text)]


def split_items(text: str, start: int, end: int, names: Sequence[str] = ()) -> list[str]:
    """The words of each item, without articles, quotes and punctuation. `names`: what is one item in spite of what joins in it."""
    surface, parts, at = text[start:end], list[str](), 0
    whole = [m.span() for m in QUOTED.finditer(surface)]
    whole += [m.span() for name in names if " " in name for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", surface, re.IGNORECASE)]
    tight = _TIGHT if re.fullmatch(r"\d+(?:,\d+){2,}", surface) and not re.search(r",0\d\d", surface) else None
    borders = [m.span() for m in (tight or _BETWEEN).finditer(surface) if m.start() and not any(a <= m.start() and m.end() <= b for a, b in whole)]
    for left, right in [*borders, (len(surface), len(surface))]:
        article = found if (found := _ARTICLE.match(surface, at)) and found.end() < left else None
        foreign = article and _ENGLISH.search(surface) and article[0].strip().lower() not in ("the", "both")
        begin = article.end() if article and not foreign else at
        first, last = _freed(surface, begin, left) if surface[begin:left].strip() else (0, 0)
        if first < last:
            parts.append(surface[first:last].strip())
        at = right
    return parts[:LONGEST]


def _freed(text: str, start: int, end: int) -> tuple[int, int]:
    first, last = literal(text, start, end)
    return max(first, start), min(last, end)


def _numbers(surface: str, item: Parameter) -> tuple[list[Value], bool] | None:
    plain = None if _COUNTING.search(surface) else _ungrouped(surface, item)
    found = _quantities(plain, item) if plain else None
    if plain is None or not found:
        return None
    found = _sharing_units(found)
    gaps = ["", *(plain[one.end : other.start] for one, other in pairwise(found)), ""]
    ranges = [bool(_RANGE.fullmatch(gap)) for gap in gaps]
    said: list[Quantity] = []
    for i, quantity in enumerate(found):
        if item.type == "integer" and ranges[i] and not (ranges[i - 1] or ranges[i + 1]):  # "1-3-5" is three numbers
            if quantity.value - found[i - 1].value > LONGEST and in_range(quantity.value, item):
                return None
            said += _up_to(found[i - 1], quantity)
        elif re.search(r"\.\.|…", gaps[i]):
            return None
        else:
            said.append(quantity)
    values = [value for quantity in said if (value := number_for(quantity, item)) is not None and isfinite(value)]
    if not len(said) == len(values) <= LONGEST:
        return None
    return [typed_number(value, item) for value in values], all(in_range(value, item) for value in values)


def _ungrouped(surface: str, item: Parameter) -> str | None:
    """ "1,000 and 2.500" without what groups the thousands; None where "1,200" may as well be two numbers."""
    if item.type != "integer":
        return _DECIMAL.sub(lambda m: re.sub(r"[,.](?=.*[,.])", "", m[0]), surface)
    groups = list(_GROUPED.finditer(surface))
    for m in reversed(groups):
        digits = re.sub(r"\D", "", m[0])
        if m[1] not in ", " or re.search(r"\D0", m[0]) or (len(groups) > 1 and not re.match(r"\d{3}", m[0])):
            surface = surface[: m.start()] + digits + surface[m.end() :]
        elif not re.match(r"\d{3}", m[0]) and in_range(float(digits), item):
            return None
    return None if _TIGHT.search(surface) and re.search(r",0\d\d", surface) else surface


def _quantities(surface: str, item: Parameter) -> list[Quantity] | None:
    """Those of the surface, with its characters; cut where "1,3,4" would read as decimals, "2-5" as a negative number, "9/10" as a fraction.
    None where something between two joints is no number: a list is not to lose an item."""
    chained = item.type == "integer" or re.search(r"\d,\d+,\d|\d\.\d+,\d", surface) is not None
    cuts = [m.span() for m in _TIGHT.finditer(surface)] if chained else []
    cuts += [m.span(1) for m in re.finditer(r"\d([-–/])(?=\d)", surface)] if item.type == "integer" else []
    whole = [m.span() for m in _COMPOUND.finditer(surface)]
    cuts += [m.span() for m in _BETWEEN.finditer(surface) if not any(a <= m.start() and m.end() <= b for a, b in whole)]
    cuts += [m.span() for m in _APART.finditer(surface) if {surface[: m.start()].strip().casefold(), surface[m.end() :].strip()} & _ALONE.keys()]
    found, at = list[Quantity](), 0
    for start, end in [*sorted(cuts), (len(surface), len(surface))]:
        if start >= at:
            words = surface[at:start].strip(" \t\n.,;:()[]")
            alone = _ALONE.get(words.casefold())
            read = find_quantities(surface[at:start]) if alone is None else []
            if words and alone is None and not read:
                return None
            found += [replace(q, start=q.start + at, end=q.end + at) for q in read] if alone is None else [Quantity(at, start, alone)]
            at = end
    return found


def _sharing_units(found: Sequence[Quantity]) -> list[Quantity]:
    """ "10, 20 and 30 seconds": a number without a unit has that of the next one with, or else of the one before ("2 minutes, then 3")."""
    out: list[Quantity] = []
    unit = next((quantity.unit for quantity in reversed(found) if quantity.unit), None)
    for quantity in reversed(found):
        unit = quantity.unit or unit
        out.append(replace(quantity, unit=unit))
    return out[::-1]


def _up_to(low: Quantity, high: Quantity) -> list[Quantity]:
    """What follows `low` in "2 to 5"; the whole numbers between count."""
    if not 0 < high.value - low.value <= LONGEST or not low.value.is_integer() or not high.value.is_integer():
        return [high]
    return [replace(high, value=float(n)) for n in range(int(low.value) + 1, int(high.value) + 1)]


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
    others = {choice for name, choice in names.items() for word in spoken.split()[1:] if len(name) >= _FEWEST and word.startswith(name)}
    return alike[0] if len(alike) == 1 and others <= {*alike} else None
