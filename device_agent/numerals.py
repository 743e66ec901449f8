"""The number that begins at a token: digits, words, fractions, ordinals, in five languages. Units are no business of this module. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from device_agent.idioms import chinese, per_time
from device_agent.number_words import foreign, multiple, ordinal, spoken
from device_agent.scripts import CJK
from device_agent.tokens import Token, token_at, words_at
from device_agent.units import unit_of

Kind = Literal["digits", "words", "multiple", "part", "single", "ordinal"]


@dataclass(frozen=True)
class Number:
    """`after`: the token that follows. "part" of a whole; "single": a number only when a unit follows; "multiple": how often."""

    value: float
    after: int
    kind: Kind


_PRODUCT = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?(?:[x×]\d+(?:[.,]\d+)?)+(?:mm|cm|m)?(?!\w)")
"""Sizes such as "600x400x350"."""
_POWER_BEFORE = re.compile(r"(?:\^|\*\*)\s?[-−]?$")
_RICH = {"k": 1e3, "m": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9}
"""Beside an amount of money ("$1.2M")."""
_LETTER = rf"[^\W{CJK}]"
"""Chinese and Japanese write no blank between a number and its neighbours."""
_DIGITS = re.compile(r"[-−+]?\d")
_LONGEST_DIGITS, _LONGEST_NUMBER = 18, 16
"""Characters of a number in digits; tokens of a spelled one, hyphens counted."""
BEFORE_UNIT = dict.fromkeys(["halbe", "halben", "halber", "halbes", "demi", "demie", "media", "medio", "半"], 0.5) | {
    "viertel": 0.25,
    "cuarto": 0.25,
}
"""Fractions in other languages; without a unit after them or before them they say other things, too."""
FRACTIONS = {"half": 0.5, "halfway": 0.5, "quarter": 0.25, "third": 1 / 3, "fifth": 0.2, "tenth": 0.1, "hundredth": 0.01, **BEFORE_UNIT}
_PARTS = {f"{name}s": part for name, part in FRACTIONS.items()} | {
    "drittel": 1 / 3,
    "viertel": 0.25,
    "fünftel": 0.2,
    "zehntel": 0.1,
    "tiers": 1 / 3,
    "quarts": 0.25,
    "dixièmes": 0.1,
    "tercios": 1 / 3,
    "décimas": 0.1,
}
"""After a number: "two thirds", "zwei Drittel"."""
_ONE = frozenset(["a", "an", "ein", "eine", "einen", "einer", "einem", "eines", "un", "une", "una", "uno"])
_EACH = frozenset(
    ["last", "past", "every", "each", "jede", "jeden", "jeder", "jedes", "letzte", "letzten", "chaque", "dernière", "cada", "última", "último"]
)
_WHOLE = frozenset(["full", "whole", "single", "ganze", "ganzen", "bonne", "seul", "seule", "solo", "sola"])
_QUARTERS = {"quarters": 0.75}
_AND = (["and", "a"], ["and", "one"], ["and", "three"], ["y"], ["et"], ["und"], ["und", "eine"], ["und", "ein"])
_GLYPHS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_UNDER = ("2", "3", "4", "5", "8")
"""What is written below a fraction's line."""
_SCALES = {"hundred": 100.0, "thousand": 1000.0, "billion": 1e9, "mrd": 1e9} | {
    **dict.fromkeys(["dozen", "dutzend", "douzaine", "douzaines", "docenas", "打"], 12.0),
    **dict.fromkeys(["tausend", "mille", "mil"], 1000.0),
    **dict.fromkeys(["million", "millions", "millionen", "mio", "millones"], 1e6),
    **dict.fromkeys(["milliarde", "milliarden", "milliard", "milliards"], 1e9),
}
_POINT = frozenset(["point", "komma", "virgule", "coma"])
_FIRSTS = frozenset(["1er", "1re", "1ère", "2nd", "2nde"])
_ORDINAL_ENDS = frozenset(["st", "nd", "rd", "th", "ème", "º", "ª"])
_BEFORE_E = frozenset(["le", "la", "les", "au", "du", "aux"])
_COMMANDS = frozenset(["achte", "siebte", "siebter"])
"""At the beginning of a sentence these German words are verbs."""


def number_at(text: str, tokens: Sequence[Token], i: int) -> Number | None:
    readers = (_digits, _chinese, _ordinal, _words, _part, _single)
    return next((found for read in readers if (found := read(text, tokens, i)) is not None), None)


def plain_number_at(text: str, tokens: Sequence[Token], i: int) -> Number | None:
    """Digits or number words alone."""
    return _digits(text, tokens, i) or _chinese(text, tokens, i) or _words(text, tokens, i)


def and_part(tokens: Sequence[Token], at: int, bare: bool = False) -> tuple[float, int] | None:
    """ "and a half", "-and-a-half", "and three quarters", "y media", "et demie", "半": the part, and the token after it.

    After a unit, or after a `bare` number, where other languages say "y medio" only. In 半小时 the half has a unit of its own.
    """
    if not bare and at < len(tokens) and tokens[at].text == "半":
        own = any(unit_of("".join(words_at(tokens, at + 1, n)), True) for n in (1, 2, 3))
        return None if own else (0.5, at + 1)
    said = [(tokens[n].text, n + 1) for n in range(at, min(at + 6, len(tokens))) if tokens[n].text != "-"]
    for words in _AND:
        after, size = said[len(words) : len(words) + 1], len(words)
        if not after or [word for word, _ in said[:size]] != words:
            continue
        part = _QUARTERS.get(after[0][0]) if words[-1] == "three" else FRACTIONS.get(after[0][0])
        goes_on = words_at(tokens, after[0][1], 1) == ["-"]
        if part is not None and not (bare and words[0] != "and" and (after[0][0] not in ("medio", "demi") or goes_on)):
            return part, after[0][1]
    return None


def _digits(text: str, tokens: Sequence[Token], i: int) -> Number | None:
    token = tokens[i]
    if token.text in _GLYPHS:
        return Number(_GLYPHS[token.text], i + 1, "part")
    if not _DIGITS.match(token.text) or len(token.text) > _LONGEST_DIGITS or _inside_code(text, tokens, i):
        return None
    value, after = _decimal(token.text), i + 1
    if power := _power(tokens, value, after) or _money(text, tokens, i, value):
        return Number(*power, "digits")
    if _is_ordinal(tokens, i):
        return Number(value, after + 1, "ordinal")
    if after + 1 < len(tokens) and tokens[after].text == "/" and tokens[after + 1].text in _UNDER and value < 10:
        return Number(value / float(tokens[after + 1].text), after + 2, "part")
    return Number(*_tail(text, tokens, value, after), "digits")


def _power(tokens: Sequence[Token], value: float, after: int) -> tuple[float, int] | None:
    """ "10^5", "10**-3", "3.2 x 10^8": the value and the token after it."""
    if words_at(tokens, after, 1) in (["x"], ["×"], ["*"], ["·"]) and words_at(tokens, after + 1, 1) == ["10"]:
        scaled = _power(tokens, 10.0, after + 2)
        return scaled and (value * scaled[0], scaled[1])
    at = after + 1 if words_at(tokens, after, 1) == ["^"] else after + 2 if words_at(tokens, after, 2) == ["*", "*"] else len(tokens)
    if at >= len(tokens) or not re.fullmatch(r"[-−]?\d{1,2}", tokens[at].text) or not 0 < abs(value) <= 1000:
        return None
    return value ** int(tokens[at].text.replace("−", "-")), at + 1


def _money(text: str, tokens: Sequence[Token], i: int, value: float) -> tuple[float, int] | None:
    """ "$1.2M"."""
    after = i + 1
    rich = after < len(tokens) and tokens[after].start == tokens[i].end and _is_money(text, tokens[i])
    scale = _RICH.get(tokens[after].text) if rich else None
    return None if scale is None else (value * scale, after + 1)


def _is_money(text: str, token: Token) -> bool:
    return text[max(0, token.start - 1) : token.start] in ("$", "€", "£", "¥")


def _is_ordinal(tokens: Sequence[Token], i: int) -> bool:
    """ "4th", "1er", "le 15e"."""
    if i + 1 >= len(tokens) or tokens[i + 1].start != tokens[i].end:
        return False
    end = tokens[i + 1].text
    return end in _ORDINAL_ENDS or tokens[i].text + end in _FIRSTS or (end == "e" and i > 0 and tokens[i - 1].text in _BEFORE_E)


def _inside_code(text: str, tokens: Sequence[Token], i: int) -> bool:
    """Digits of an identifier ("QX-7f3A", "10.0.0.1") are no quantity; "3000rpm", "4th", "shelf-4" and "x300" hold one."""
    token = tokens[i]
    if any(m.start() <= token.start < m.end() for m in _PRODUCT.finditer(text)):
        return False
    before = re.search(rf"(?:{_LETTER}|-)*$", text[max(0, token.start - 24) : token.start])
    if before and before.group() and text[token.start - 1] != "-" and not re.fullmatch(r"[a-zA-Z]", before.group()):
        return True
    if token.text.count(".") > 1 or _POWER_BEFORE.search(text[max(0, token.start - 4) : token.start]):
        return True
    rest = re.match(rf"(?:{_LETTER}|[%°])*", text[token.end :])
    glued = rest.group() if rest else ""
    if _is_money(text, token) and glued.lower() in _RICH:
        return False
    return bool(glued) and glued.lower() not in ("k", "x", *_GLYPHS) and unit_of(glued) is None and not _is_ordinal(tokens, i)


def _decimal(digits: str) -> float:
    """`1,500` and `1.000,50` group thousands, `2,5` is a decimal comma."""
    plain = digits.replace("−", "-").replace(" ", "").lower()
    if "e" in plain:
        return float(plain.replace(",", "."))
    if re.fullmatch(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", plain):
        return float(plain.replace(",", ""))
    if re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3})+,\d+", plain):
        return float(plain.replace(".", "").replace(",", "."))
    head, *rest = plain.replace(",", ".").split(".")
    return float(f"{head}.{''.join(rest)}") if rest else float(head)


def _chinese(text: str, tokens: Sequence[Token], i: int) -> Number | None:
    """ "三十", "两个半" (小时), "一半"; a numeral that may be part of a word counts only before a unit."""
    read = chinese(text, tokens[i].start)
    return None if read is None else Number(read.value, token_at(tokens, read.end, i), read.kind)


def _words(text: str, tokens: Sequence[Token], i: int) -> Number | None:
    """The longest run of number words, in any of the languages."""
    words = words_at(tokens, i, _LONGEST_NUMBER)
    if (often := multiple(words[0])) is not None:
        return Number(often, i + 1, "multiple" if words[0].endswith("mal") else "words")
    if (value := foreign_at(tokens, i)) is not None:
        return Number(value, i + 1, "words")
    if words[0] in ("a", "an") and len(words) > 1 and words[1] in _SCALES:
        words[0] = "one"
    for end in range(len(words), 0, -1):
        if words[end - 1] not in ("-", "and") and (value := spoken(words[:end])) is not None:
            after = i + end
            if after < len(tokens) and (part := _PARTS.get(tokens[after].text)):
                return Number(value * part, _before_unit(tokens, after + 1), "part")
            return Number(*_tail(text, tokens, value, after), "words")
    return None


def foreign_at(tokens: Sequence[Token], i: int) -> float | None:
    """A number of another language that English has a word like, if a unit follows ("once metros")."""
    value = foreign(tokens[i].text)
    return value if value and i + 1 < len(tokens) and unit_of(tokens[i + 1].text, True) else None


def _tail(text: str, tokens: Sequence[Token], value: float, after: int) -> tuple[float, int]:
    """What may follow a number: "point five", "and a half", "½", "thousand", "k"."""
    value, after = _decimals(text, tokens, value, after) or _half(tokens, value, after)
    if after < len(tokens) and tokens[after].text in _SCALES:
        return value * _SCALES[tokens[after].text], after + 1
    if after < len(tokens) and tokens[after].raw == "k" and tokens[after].start == tokens[after - 1].end:
        return value * 1000.0, after + 1
    return value, after


def _decimals(text: str, tokens: Sequence[Token], value: float, after: int) -> tuple[float, int] | None:
    """ "point two five", "virgule vingt-cinq", "Komma 5": digits said one by one, or as a number."""
    if after + 1 >= len(tokens) or tokens[after].text not in _POINT or abs(value) > 1e9:
        return None
    digits, at = "", after + 1
    if re.fullmatch("[0-9]{1,6}", tokens[at].text):
        return float(f"{int(value)}.{tokens[at].text}"), at + 1
    while at < len(tokens) and len(digits) < _LONGEST_NUMBER and (digit := spoken([tokens[at].text])) is not None and digit < 10:
        digits, at = digits + str(int(digit)), at + 1
    for end in range(min(len(tokens), at + 4), at, -1):
        if not digits and (whole := spoken(words_at(tokens, at, end - at))) is not None:
            digits, at = str(int(whole)), end
    return (float(f"{int(value)}.{digits}"), at) if digits else None


def _half(tokens: Sequence[Token], value: float, after: int) -> tuple[float, int]:
    """ "and a half", "y medio", "½", "1/2"."""
    if part := and_part(tokens, after, bare=True):
        return value + part[0], part[1]
    over, line, under = (words_at(tokens, after, 3) + [""] * 3)[:3]
    if value.is_integer() and line == "/" and over in tuple("1234567") and under in _UNDER and over < under:
        return value + int(over) / int(under), after + 3
    glyph = _GLYPHS.get(tokens[after].text) if after < len(tokens) else None
    return (value, after) if glyph is None else (value + glyph, after + 1)


def _part(_text: str, tokens: Sequence[Token], i: int) -> Number | None:
    """ "half", "a quarter (of)"; a unit may follow after "of an" or "a". Without one, what only other languages say is none."""
    skip = 1 if tokens[i].text in (*_ONE, "one") and i + 1 < len(tokens) else 0
    word = tokens[i + skip].text
    if word not in FRACTIONS or (skip == 0 and word in ("third", "fifth", "tenth", "hundredth")):
        return None
    return Number(FRACTIONS[word], _before_unit(tokens, i + skip + 1), "part")


def _before_unit(tokens: Sequence[Token], at: int) -> int:
    """Skip "of an" / "a" when a unit follows ("half an hour", "a quarter of a litre", "half a cubic metre")."""
    for filler in (["of", "a"], ["of", "an"], ["of", "one"], ["a"], ["an"], ["-"], ["de"]):
        begin = at + len(filler)
        if words_at(tokens, at, len(filler)) == filler and any(unit_of(" ".join(words_at(tokens, begin, n)), True) for n in (1, 2)):
            return begin
    return at


def _single(text: str, tokens: Sequence[Token], i: int) -> Number | None:
    """ "a minute", "the last hour": one of a unit, if a unit follows; "hora y media" has nothing before its unit."""
    word = tokens[i].text
    if i + 1 < len(tokens) and tokens[i + 1].text in ("and", "y", "et", "und") and unit_of(word, True) and and_part(tokens, i + 1):
        return Number(1.0, i, "single")
    if word == "每" and i + 1 < len(tokens) and not per_time(text, tokens[i].start):
        return Number(1.0, i + 1, "single")
    if (word in _ONE or word in _EACH) and i + 1 < len(tokens):
        return Number(1.0, i + 2 if tokens[i + 1].text in _WHOLE and i + 2 < len(tokens) else i + 1, "single")
    return None


def _ordinal(_text: str, tokens: Sequence[Token], i: int) -> Number | None:
    """ "zweiten", "twenty-first", "vingt et unième"."""
    if tokens[i].text in _COMMANDS and (i == 0 or not tokens[i - 1].text.isalpha()):
        return None
    for size in (5, 3, 1):
        words = words_at(tokens, i, size)
        joined = len(words) == size and all(w in ("-", "et") for w in words[1::2])
        if joined and (value := ordinal(words)) is not None:
            return Number(value, i + size, "ordinal")
    return None
