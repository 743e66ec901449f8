"""Quantities in a sentence: a number and its unit, with their characters; what follows a unit ("and a half", "une heure vingt") belongs to it.

Only arithmetic is read here; which parameter a quantity belongs to is the reader's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from device_agent.idioms import idiom, per_time
from device_agent.numerals import BEFORE_UNIT, Number, and_part, foreign_at, number_at, plain_number_at
from device_agent.scripts import runs_on
from device_agent.tokens import Token, token_at, tokens_of, words_at
from device_agent.units import convert, unit_of


@dataclass(frozen=True)
class Quantity:
    """`value` in `unit` (pint's name, None = none said); characters [start, end). `fraction`: said as a part of a whole ("two thirds")."""

    start: int
    end: int
    value: float
    unit: str | None = None
    fraction: bool = False


_UNIT_TOKENS = 5
_COUNTED_BEFORE = frozenset(["those", "these", "other"])
"""After these a number counts what is spoken of ("those two") and is no value."""
_NUMBERS = {"noon": 12.0, "midnight": 0.0, "once": 1.0, "twice": 2.0, "thrice": 3.0}
"""Words that are a quantity by themselves: hours of the day, and how often."""
_AFTERNOON = (["pm"], ["p", ".", "m"], ["in", "the", "afternoon"], ["in", "the", "evening"], ["at", "night"])
_MORNING = (["am"], ["a", ".", "m"], ["in", "the", "morning"])
_MINUS = frozenset(["minus", "negative", "零下"])
_FOREIGN_MINUS = frozenset(["moins", "menos", "负"])
"""These say "less" and "at least", too: a sign only where a value begins."""
_BEFORE_SIGN = frozenset(["à", "a", "auf", "en", "sur", "hasta", "jusqu", "entre", "y", "et", "到", "为", "成", "在"])
_BELOW_ZERO = (["below", "zero"], ["under", "zero"], ["unter", "null"], ["unter", "zero"], ["sous", "zéro"], ["bajo", "cero"])
_SMALLER = {"hour": "minute", "minute": "second", "meter": "centimeter", "kilogram": "gram"}
_SIXTIETHS = ("hour", "minute")
_TENTHS = ("meter", "second", "kilogram", "liter")
_HUNDREDTHS = ("meter", "liter", "kilogram", "metric_ton", "kilowatt", "bar")
_CLOCK = frozenset(["à", "a", "las", "um", "at", "gegen", "vers", "until", "bis", "o"])
_GOES_ON = frozenset(["and", "then", "at", "to", "with", "und", "mit", "auf", "bei", "et", "puis", "à", "avec", "pour", "y", "con", "para"])
"""After "1 minute 30" these begin something else; any other word would be what is counted ("20 times")."""
_APART = frozenset(["off", "on", "left", "right", "up", "down", "later"])
_DAYTIMES = frozenset(["tag", "abend", "morgen", "mittag", "nachmittag", "wochenende", "montag", "dienstag", "mittwoch", "donnerstag", "freitag"])
_MASS_LENGTH_VOLUME = frozenset(["gram", "kilogram", "milliliter", "liter", "meter", "centimeter", "millimeter", "kilometer", "meter**3"])


def find_quantities(text: str) -> list[Quantity]:
    """All quantities in order of their beginning, none inside another."""
    return list(_quantities(text))


@lru_cache(maxsize=64)
def _quantities(text: str) -> tuple[Quantity, ...]:
    """Kept for a while: each candidate function asks for those of the same sentence."""
    tokens = tokens_of(text)
    found: list[Quantity] = []
    i = 0
    while i < len(tokens):
        read = _rate(text, tokens, i) or _read(text, tokens, i)
        if read is None:
            i += 1
            continue
        quantity, after = read
        if quantity.unit is not None or i == 0 or tokens[i - 1].text not in _COUNTED_BEFORE:
            found.append(quantity)
        i = after
    return tuple(found)


def _read(text: str, tokens: Sequence[Token], i: int) -> tuple[Quantity, int] | None:
    """The quantity that begins at token i and the token after it."""
    if tokens[i].text in _NUMBERS and foreign_at(tokens, i) is None:
        return Quantity(tokens[i].start, tokens[i].end, _NUMBERS[tokens[i].text]), i + 1
    at = i + _minus(tokens, i)
    sign = 1.0 if at == i else -1.0
    if said := _idiom(text, tokens, i, at, sign):
        return said
    number = number_at(text, tokens, at)
    if number is None:
        return None
    unit, end = (None, number.after) if number.kind == "ordinal" else unit_at(text, tokens, number.after, number.kind not in ("digits", "words"))
    if unit is None and _is_none(tokens, number, at):
        return None
    value = number.value
    if unit is None and number.kind in ("digits", "words"):
        value, end = _of_the_day(tokens, value, end)
    if unit is not None:
        value, end = _with_rest(text, tokens, i, value, unit, end)
    if words_at(tokens, end, 2) in _BELOW_ZERO:
        sign, end = -1.0, end + 2
    return Quantity(tokens[i].start, tokens[end - 1].end, sign * value, unit, number.kind == "part" and unit is None), end


def _is_none(tokens: Sequence[Token], number: Number, at: int) -> bool:
    """Whether what was read is a number only with a unit after it, and there is none."""
    alone = number.kind == "part" and tokens[number.after - 1].text in BEFORE_UNIT and number.after == at + 1
    return number.kind == "single" or alone


def _idiom(text: str, tokens: Sequence[Token], begin: int, i: int, sign: float) -> tuple[Quantity, int] | None:
    said = idiom(text, tokens[i].start)
    if said is None:
        return None
    unit, end = said.unit, token_at(tokens, said.end, i)
    if unit is None and not said.share:
        unit, after = unit_at(text, tokens, end + (words_at(tokens, end, 1) in (["of"], ["de"])), strict=True)
        end = after if unit else end
    return Quantity(tokens[begin].start, tokens[end - 1].end, sign * said.value, unit, said.share), end


def _minus(tokens: Sequence[Token], i: int) -> int:
    """How many tokens of a negative sign are said in words before a number."""
    for size in (1, 2):
        if len(tokens) > i + size and "".join(words_at(tokens, i, size)) in _MINUS:
            return size
    before = tokens[i - 1].text if i else ""
    begins = not before or before in _BEFORE_SIGN or not before.isalnum()
    return 1 if tokens[i].text in _FOREIGN_MINUS and begins and len(tokens) > i + 1 else 0


def _rate(text: str, tokens: Sequence[Token], i: int) -> tuple[Quantity, int] | None:
    """ "每分钟八十升", "一分钟九十米": the time first."""
    time = per_time(text, tokens[i].start)
    at = token_at(tokens, time[1], i) if time else len(tokens)
    inner = _read(text, tokens, at) if at < len(tokens) else None
    if time is None or inner is None or inner[0].start != time[1]:
        return None
    unit, each = inner[0].unit, tokens[i].text == "每"
    if unit not in _MASS_LENGTH_VOLUME and not (each and unit not in (None, "percent", "rpm", "second", "minute", "hour", "day")):
        return None
    return Quantity(tokens[i].start, inner[0].end, inner[0].value, f"{unit}/{time[0]}"), inner[1]


def _of_the_day(tokens: Sequence[Token], value: float, after: int) -> tuple[float, int]:
    """ "6 pm", "seven in the evening": hours of the day."""
    for said in (*_AFTERNOON, *_MORNING):
        german = said == ["am"] and bool(_DAYTIMES & set(words_at(tokens, after + 1, 1)))
        if words_at(tokens, after, len(said)) == said and not german and (0 if said[0] != "at" else 5) < value <= 12:
            return value % 12 + (12 if said in _AFTERNOON else 0), after + len(said)
    return value, after


def unit_at(text: str, tokens: Sequence[Token], at: int, strict: bool) -> tuple[str | None, int]:
    """The longest unit that begins at a token, and the token after it."""
    if at >= len(tokens):
        return None, at
    begin = at + 1 if tokens[at].text == "-" and at + 1 < len(tokens) else at
    for end in range(min(len(tokens), begin + _UNIT_TOKENS), begin, -1):
        phrase = text[tokens[begin].start : tokens[end - 1].end]
        # One letter is a unit only after digits, and never when it is the article "a" before a word, or what a hyphen goes on from; nor are letters
        # of a code ("20-KJ7") and French elisions ("deux douzaines d'œufs").
        after = text[tokens[end - 1].end :][:1]
        hyphened = (len(phrase) == 1 and after in tuple("-'’")) or (begin > at and after.isdigit())
        article = phrase.lower() == "a" and end < len(tokens)
        if not article and not hyphened and tokens[end - 1].text != "." and (unit := unit_of(phrase, strict)):
            return unit, end
    return None, at


def _with_rest(text: str, tokens: Sequence[Token], begin: int, value: float, unit: str, end: int) -> tuple[float, int]:
    """The whole of "an hour and a half", "an hour and ten minutes", "2 h 15 min 30 s", "one metre twenty"."""
    if part := and_part(tokens, end):
        return value + part[0], part[1]
    at, told = end, unit
    while (told in _SMALLER) and (more := _smaller_unit(text, tokens, told, at)):
        value, told, at = value + (convert(more[0], _SMALLER[told], unit) or 0.0), _SMALLER[told], more[1]
    if at == end and (bare := _bare(text, tokens, begin, value, unit, end)):
        return value + bare[0], bare[1]
    return value, at


def _smaller_unit(text: str, tokens: Sequence[Token], unit: str, at: int) -> tuple[float, int] | None:
    """ "(and) ten minutes" after hours: how many of the next smaller unit, fewer than make one of the unit itself."""
    joined = unit in _SIXTIETHS and words_at(tokens, at, 1) in (["and"], ["y"], ["et"], ["und"])
    at += joined
    if at >= len(tokens) or not re.fullmatch(r"\s?", text[tokens[at - 1].end : tokens[at].start]):
        return None
    number = plain_number_at(text, tokens, at)
    if number is None:
        return None
    told, end = unit_at(text, tokens, number.after, strict=False)
    if told != _SMALLER[unit] or (convert(number.value, told, unit) or 1.0) >= 1.0 or bool(_APART & set(words_at(tokens, end, 1))):
        return None
    return number.value, end


def _bare(text: str, tokens: Sequence[Token], begin: int, value: float, unit: str, at: int) -> tuple[float, int] | None:
    """A number without a unit at the end of a clause: "une heure vingt", "1 minute 30", "one metre twenty", "一米二", "三秒五"."""
    if at >= len(tokens) or not re.fullmatch(r"\s?", text[tokens[at - 1].end : tokens[at].start]) or text[tokens[at].start] in "-+−":
        return None
    number = plain_number_at(text, tokens, at)
    if number is None or not _ends(tokens, number.after):
        return None
    more = number.value
    if runs_on(tokens[at].text):
        return (more / 10, number.after) if unit in _TENTHS and more < 10 and number.after == at + 1 else None
    if unit in _SIXTIETHS:
        clock = begin > 0 and tokens[begin - 1].text in _CLOCK
        spelled = tokens[at - 1].text not in ("h", "min") and value < 7 and not clock
        return (more / 60, number.after) if spelled and more.is_integer() and 10 <= more < 60 else None
    return (more / 100, number.after) if unit in _HUNDREDTHS and number.kind == "words" and 10 <= more < 100 else None


def _ends(tokens: Sequence[Token], at: int) -> bool:
    """Whether a clause ends here."""
    if at >= len(tokens):
        return True
    return tokens[at].text in _GOES_ON or tokens[at].text in (",", ";", ".", "!", "?", ")", "，", "。", "；", "！", "？", "、", "）")
