"""Quantities in a sentence: digits, number words, fractions, ordinals and their units, each with its characters.

Only arithmetic is read here; which parameter a quantity belongs to is the reader's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from device_agent.idioms import chinese, idiom, per_time
from device_agent.number_words import foreign, multiple, ordinal, spoken
from device_agent.scripts import CJK, runs_on
from device_agent.units import convert, unit_of


@dataclass(frozen=True)
class Quantity:
    """`value` in `unit` (pint's name, None = none said); characters [start, end). `fraction`: said as a part of a whole ("two thirds")."""

    start: int
    end: int
    value: float
    unit: str | None = None
    fraction: bool = False


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int
    raw: str


_TOKEN = re.compile(r"(?:(?<![\w.,])[-−+])?\d+(?:[.,]\d+)*(?:(?<=\d\d) \d{3}(?![\w.,]))?|[" + CJK + r"]|[^\W\d_" + CJK + r"]+|[^\s\w]|_")
_PRODUCT = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?(?:[x×]\d+(?:[.,]\d+)?)+(?:mm|cm|m)?(?!\w)")
"""Sizes such as "600x400x350"."""
_LETTER = rf"[^\W{CJK}]"
"""Chinese and Japanese write no blank between a number and its neighbours."""
_DIGITS = re.compile(r"[-−+]?\d")
_UNIT_TOKENS = 5
_LONGEST_NUMBER = 16
"""Tokens of a spelled number, hyphens counted."""
_BEFORE_UNIT = dict.fromkeys(["halbe", "halben", "halber", "halbes", "demi", "demie", "media", "medio", "半"], 0.5) | {
    "viertel": 0.25,
    "cuarto": 0.25,
}
"""Fractions in other languages; without a unit after them or before them they say other things, too."""
_FRACTIONS = {"half": 0.5, "halfway": 0.5, "quarter": 0.25, "third": 1 / 3, "fifth": 0.2, "tenth": 0.1, "hundredth": 0.01, **_BEFORE_UNIT}
_ONE = frozenset(["a", "an", "ein", "eine", "einen", "einer", "einem", "eines", "un", "une", "una", "uno"])
_EACH = frozenset(["last", "every", "each", "jede", "jeden", "jeder", "jedes", "letzte", "letzten", "chaque", "dernière", "cada", "última", "último"])
_AND = (["and", "a"], ["and", "one"], ["y"], ["et"], ["und"], ["und", "eine"], ["und", "ein"])
_COUNTED_BEFORE = frozenset(["those", "these", "other"])
"""After these a number counts what is spoken of ("those two") and is no value."""
_NUMBERS = {"noon": 12.0, "midnight": 0.0, "once": 1.0, "twice": 2.0, "thrice": 3.0}
"""Words that are a quantity by themselves: hours of the day, and how often."""
_WHOLE = frozenset(["full", "whole", "single", "ganze", "ganzen", "bonne", "seul", "seule", "solo", "sola"])
_GLYPHS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_SCALES = {"hundred": 100.0, "thousand": 1000.0, "million": 1e6, "dozen": 12.0}
_ORDINAL_ENDS = ("st", "nd", "rd", "th", "e", "er", "ère", "ème", "º", "ª")
_MINUS = frozenset(["minus", "negative", "moins", "menos", "零下", "负"])
_BELOW_ZERO = (["below", "zero"], ["under", "zero"], ["unter", "null"], ["unter", "zero"], ["sous", "zéro"], ["bajo", "cero"])
_POINT = frozenset(["point", "komma", "virgule", "coma"])
_SMALLER = {"hour": "minute", "minute": "second", "meter": "centimeter", "kilogram": "gram"}
_SIXTIETHS = ("hour", "minute")
_HUNDREDTHS = ("meter", "liter", "kilogram", "metric_ton", "kilowatt", "bar")


def find_quantities(text: str) -> list[Quantity]:
    """All quantities in order of their beginning, none inside another."""
    tokens = [_Token(m.group().lower(), m.start(), m.end(), m.group()) for m in _TOKEN.finditer(text)]
    found: list[Quantity] = []
    i = 0
    while i < len(tokens):
        read = _read(text, tokens, i)
        if read is None:
            i += 1
            continue
        quantity, after = read
        if quantity.unit is not None or i == 0 or tokens[i - 1].text not in _COUNTED_BEFORE:
            found.append(quantity)
        i = after
    return found


def _read(text: str, tokens: list[_Token], i: int) -> tuple[Quantity, int] | None:
    """The quantity that begins at token i and the token after it."""
    if tokens[i].text in _NUMBERS and not _foreign(tokens, i):
        return Quantity(tokens[i].start, tokens[i].end, _NUMBERS[tokens[i].text]), i + 1
    at = i + _minus(tokens, i)
    sign = 1.0 if at == i else -1.0
    if said := _rate(text, tokens, at) or _idiom(text, tokens, at):
        return said
    number = (
        _digits(text, tokens, at)
        or _chinese(text, tokens, at)
        or _ordinal(tokens, at)
        or _words(tokens, at)
        or _part(tokens, at)
        or _single(text, tokens, at)
    )
    if number is None:
        return None
    value, after, kind = number
    unit, end = _unit(text, tokens, after, strict=kind != "digits" and kind != "words") if kind != "ordinal" else (None, after)
    if unit is None and (kind == "single" or (kind == "part" and tokens[after - 1].text in _BEFORE_UNIT and after == at + 1)):
        return None
    if unit is None and kind in ("digits", "words"):
        value, end = _of_the_day(tokens, value, after)
    if unit and (part := _and_part(tokens, end) or _smaller(text, tokens, unit, end)):
        value, end = value + part[0], part[1]
    if [t.text for t in tokens[end : end + 2]] in _BELOW_ZERO:
        sign, end = -1.0, end + 2
    return Quantity(tokens[i].start, tokens[end - 1].end, sign * value, unit, kind == "part" and unit is None), end


def _idiom(text: str, tokens: list[_Token], i: int) -> tuple[Quantity, int] | None:
    said = idiom(text, tokens[i].start)
    if said is None:
        return None
    unit, end = said.unit, _token_at(tokens, said.end, i)
    if unit is None and not said.share:
        unit, end = _unit(text, tokens, end, strict=True)
    return Quantity(tokens[i].start, tokens[end - 1].end, said.value, unit, said.share), end


def _minus(tokens: list[_Token], i: int) -> int:
    """How many tokens of a negative sign are said in words before a number."""
    for size in (1, 2):
        if "".join(t.text for t in tokens[i : i + size]) in _MINUS and len(tokens) > i + size:
            return size
    return 0


def _rate(text: str, tokens: list[_Token], i: int) -> tuple[Quantity, int] | None:
    """ "每分钟八十升": the time first."""
    time = per_time(text, tokens[i].start)
    inner = _read(text, tokens, _token_at(tokens, time[1], i)) if time and _token_at(tokens, time[1], i) < len(tokens) else None
    if time is None or inner is None or inner[0].start != time[1] or inner[0].unit in (None, "rpm", "second", "minute"):
        return None
    return Quantity(tokens[i].start, inner[0].end, inner[0].value, f"{inner[0].unit}/{time[0]}"), inner[1]


def _digits(text: str, tokens: list[_Token], i: int) -> tuple[float, int, str] | None:
    token = tokens[i]
    if token.text in _GLYPHS:
        return _GLYPHS[token.text], i + 1, "part"
    if not _DIGITS.match(token.text) or _inside_code(text, tokens, i):
        return None
    value, after = _decimal(token.text), i + 1
    if after < len(tokens) and tokens[after].start == token.end and tokens[after].text in _ORDINAL_ENDS:
        return value, after + 1, "ordinal"
    if after + 1 < len(tokens) and tokens[after].text == "/" and tokens[after + 1].text in "23458" and value < 10:
        return value / float(tokens[after + 1].text), after + 2, "part"
    return (*_tail(tokens, value, after), "digits")


def _inside_code(text: str, tokens: list[_Token], i: int) -> bool:
    """Digits of an identifier ("QX-7f3A", "10.0.0.1") are no quantity; "3000rpm", "4th", "shelf-4" and "x300" hold one."""
    token = tokens[i]
    if any(m.start() <= token.start < m.end() for m in _PRODUCT.finditer(text)):
        return False
    before = re.search(rf"(?:{_LETTER}|-)*$", text[max(0, token.start - 24) : token.start])
    if before and before.group() and text[token.start - 1] != "-" and not re.fullmatch(r"[a-zA-Z]", before.group()):
        return True
    if token.text.count(".") > 1:
        return True
    rest = re.match(rf"(?:{_LETTER}|[%°])*", text[token.end :])
    glued = rest.group() if rest else ""
    return bool(glued) and glued.lower() not in (*_ORDINAL_ENDS, "k", "x", *_GLYPHS) and unit_of(glued) is None


def _decimal(digits: str) -> float:
    """`1,500` groups thousands, `2,5` is a decimal comma."""
    plain = digits.replace("−", "-").replace(" ", "")
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        return float(plain.replace(",", ""))
    head, *rest = plain.replace(",", ".").split(".")
    return float(f"{head}.{''.join(rest)}") if rest else float(head)


def _chinese(text: str, tokens: list[_Token], i: int) -> tuple[float, int, str] | None:
    """ "三十", "两个半" (小时), "一半"; a numeral that may be part of a word counts only before a unit."""
    read = chinese(text, tokens[i].start)
    return None if read is None else (read.value, _token_at(tokens, read.end, i), read.kind)


def _token_at(tokens: list[_Token], end: int, i: int) -> int:
    """The first token from i on that begins at or after the character `end`."""
    return next((n for n in range(i, len(tokens)) if tokens[n].start >= end), len(tokens))


def _words(tokens: list[_Token], i: int) -> tuple[float, int, str] | None:
    """The longest run of number words, in any of the languages."""
    words = [t.text for t in tokens[i : i + _LONGEST_NUMBER]]
    if (value := multiple(words[0]) or _foreign(tokens, i)) is not None:
        return value, i + 1, "words"
    if words[0] in ("a", "an") and len(words) > 1 and words[1] in _SCALES:
        words[0] = "one"
    for end in range(min(len(tokens), i + _LONGEST_NUMBER), i, -1):
        if tokens[end - 1].text not in ("-", "and") and (value := spoken(words[: end - i])) is not None:
            if end < len(tokens) and (part := _FRACTIONS.get(tokens[end].text.removesuffix("s"))) and tokens[end].text.endswith("s"):
                return value * part, end + 1 + _before_unit([t.text for t in tokens[end + 1 : end + 5]], 0), "part"
            return (*_tail(tokens, value, end), "words")
    return None


def _foreign(tokens: list[_Token], i: int) -> float | None:
    """A number of another language that English has a word like, if a unit follows ("once metros")."""
    value = foreign(tokens[i].text)
    return value if value and i + 1 < len(tokens) and unit_of(tokens[i + 1].text, True) else None


def _tail(tokens: list[_Token], value: float, after: int) -> tuple[float, int]:
    """What may follow a number: "point five", "and a half", "½", "thousand", "k"."""
    value, after = _decimals(tokens, value, after) or _half(tokens, value, after)
    if after < len(tokens) and tokens[after].text in _SCALES:
        return value * _SCALES[tokens[after].text], after + 1
    if after < len(tokens) and tokens[after].raw == "k" and tokens[after].start == tokens[after - 1].end:
        return value * 1000.0, after + 1
    return value, after


def _decimals(tokens: list[_Token], value: float, after: int) -> tuple[float, int] | None:
    """ "point two five", "virgule vingt-cinq": digits said one by one, or as a number."""
    if after >= len(tokens) or tokens[after].text not in _POINT:
        return None
    digits, at = "", after + 1
    while at < len(tokens) and (digit := spoken([tokens[at].text])) is not None and digit < 10:
        digits, at = digits + str(int(digit)), at + 1
    for end in range(min(len(tokens), at + 4), at, -1):
        if not digits and (whole := spoken([t.text for t in tokens[at:end]])) is not None:
            digits, at = str(int(whole)), end
    return (float(f"{int(value)}.{digits}"), at) if digits else None


def _half(tokens: list[_Token], value: float, after: int) -> tuple[float, int]:
    """ "and a half", "-and-a-half", "and three quarters", "y medio", "½"."""
    words = [t.text for t in tokens[after : after + 6] if t.text != "-"]
    if words[:2] in (["and", "a"], ["and", "one"]) and len(words) > 2 and words[2] in _FRACTIONS:
        return value + _FRACTIONS[words[2]], _skip(tokens, after, 3)
    if words[:3] == ["and", "three", "quarters"]:
        return value + 0.75, _skip(tokens, after, 3)
    if words[:1] in _AND and words[1:2] and _BEFORE_UNIT.get(words[1]) == 0.5:
        return value + 0.5, _skip(tokens, after, 2)
    glyph = _GLYPHS.get(tokens[after].text) if after < len(tokens) else None
    return (value, after) if glyph is None else (value + glyph, after + 1)


_AFTERNOON = (["pm"], ["p", ".", "m"], ["in", "the", "afternoon"], ["in", "the", "evening"], ["at", "night"])
_MORNING = (["am"], ["a", ".", "m"], ["in", "the", "morning"])


def _of_the_day(tokens: list[_Token], value: float, after: int) -> tuple[float, int]:
    """ "6 pm", "seven in the evening": hours of the day."""
    words = [t.text for t in tokens[after : after + 3]]
    for said in (*_AFTERNOON, *_MORNING):
        if words[: len(said)] == said and (0 if said[0] != "at" else 5) < value <= 12:
            return value % 12 + (12 if said in _AFTERNOON else 0), after + len(said)
    return value, after


def _skip(tokens: list[_Token], at: int, words: int) -> int:
    """The token after `words` words, hyphens not counted."""
    while words:
        words -= tokens[at].text != "-"
        at += 1
    return at


def _part(tokens: list[_Token], i: int) -> tuple[float, int, str] | None:
    """ "half", "a quarter (of)", "three quarters", "two thirds"; a unit may follow after "of an" or "a"."""
    words = [t.text for t in tokens[i : i + 6]]
    skip = 1 if words[0] in (*_ONE, "one") and len(words) > 1 else 0
    if skip == 0 and words[0] in ("third", "fifth", "tenth", "hundredth"):
        return None
    if words[skip : skip + 1] and words[skip] in _FRACTIONS:
        return _FRACTIONS[words[skip]], _before_unit(words, skip + 1) + i, "part"
    return None


def _before_unit(words: list[str], at: int) -> int:
    """Skip "of an" / "a" when a unit follows ("half an hour", "a quarter of a litre")."""
    for filler in (["of", "a"], ["of", "an"], ["of", "one"], ["a"], ["an"], ["-"]):
        if words[at : at + len(filler)] == filler and any(unit_of(" ".join(words[at + len(filler) : at + len(filler) + n]), True) for n in (1, 2)):
            return at + len(filler)
    return at


def _and_part(tokens: list[_Token], at: int) -> tuple[float, int] | None:
    """ "and a half", "y media", "et demie", "半" after a unit: the part, and the token after it."""
    if at < len(tokens) and tokens[at].text == "半":
        return 0.5, at + 1
    for words in _AND:
        end = at + len(words)
        if end < len(tokens) and [t.text for t in tokens[at:end]] == words and (part := _FRACTIONS.get(tokens[end].text)) is not None:
            return part, end + 1
    return None


def _single(text: str, tokens: list[_Token], i: int) -> tuple[float, int, str] | None:
    """ "a minute", "an hour", "the last hour": one of a unit, if a unit follows; and the unit itself in "hora y media"."""
    word = tokens[i].text
    if unit_of(word, True) and _and_part(tokens, i + 1):
        return 1.0, i, "single"
    if word == "每" and i + 1 < len(tokens) and not per_time(text, tokens[i].start):
        return 1.0, i + 1, "single"
    if (word in _ONE or word in _EACH) and i + 1 < len(tokens):
        return 1.0, i + 2 if tokens[i + 1].text in _WHOLE and i + 2 < len(tokens) else i + 1, "single"
    return None


def _smaller(text: str, tokens: list[_Token], unit: str, at: int) -> tuple[float, int] | None:
    """What is said of a smaller unit: "an hour and ten minutes", "une heure vingt", "one metre twenty", "一米二", "三秒五"."""
    joined = next((len(w) for w in (["and"], ["y"], ["et"], ["und"]) if [t.text for t in tokens[at : at + 1]] == w), 0)
    at += joined
    if at >= len(tokens) or not re.fullmatch(r"\s?", text[tokens[at - 1].end : tokens[at].start]):
        return None
    number = _whole(tokens[at].text, at) or _chinese(text, tokens, at) or _words(tokens, at)
    if number is None:
        return None
    value, after, _ = number
    told, end = _unit(text, tokens, after, strict=False)
    if told is not None:
        share = convert(value, told, unit) if _SMALLER.get(unit) == told else None
        return (share, end) if share is not None and share < 1 else None
    if joined or (tokens[at].text.isdigit() and unit not in _SIXTIETHS):
        return None
    if runs_on(tokens[at].text):
        return (value / 10, after) if value < 10 and unit not in _SIXTIETHS else None
    if unit in _SIXTIETHS:
        return (value / 60, after) if 10 <= value < 60 else None
    return (value / 100, after) if unit in _HUNDREDTHS and 10 <= value < 100 else None


def _whole(text: str, at: int) -> tuple[float, int, str] | None:
    return (float(text), at + 1, "digits") if re.fullmatch(r"[0-9]{1,2}", text) else None


def _ordinal(tokens: list[_Token], i: int) -> tuple[float, int, str] | None:
    for end in (i + 3, i + 1):
        if end <= len(tokens) and (end == i + 1 or tokens[i + 1].text == "-") and (value := ordinal([t.text for t in tokens[i:end]])) is not None:
            return value, end, "ordinal"
    return None


def _unit(text: str, tokens: list[_Token], at: int, strict: bool) -> tuple[str | None, int]:
    """The longest unit that follows, and the token after it."""
    if at >= len(tokens):
        return None, at
    begin = at + 1 if tokens[at].text == "-" and at + 1 < len(tokens) else at
    for end in range(min(len(tokens), begin + _UNIT_TOKENS), begin, -1):
        phrase = text[tokens[begin].start : tokens[end - 1].end]
        # One letter is a unit only after digits, and never when it is the article "a" before a word.
        article = phrase.lower() == "a" and end < len(tokens)
        if not article and tokens[end - 1].text != "." and (unit := unit_of(phrase, strict)):
            return unit, end
    return None, at
