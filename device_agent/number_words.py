"""Numbers in words of English, German, French and Spanish: cardinals (through text2num), ordinals and multiples. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, cast

import text_to_num  # pyright: ignore[reportMissingTypeStubs]

_words_to_number: Callable[[str, str], int] = cast("Any", text_to_num).text2num
_LANGUAGES = ("en", "de", "fr", "es")
_NO_NUMBERS = frozenset(["un", "une", "uno", "una", "ein", "eine", "once", "cent", "cents"])
"""Articles, and English words that another language counts with."""
_JOINTS = ("-", "and", "und", "et", "y")
_GERMAN = {"erst": 1.0, "dritt": 3.0, "siebt": 7.0, "acht": 8.0}
_FRENCH = {"quatr": "quatre", "cinqu": "cinq", "neuv": "neuf"}
_SPANISH = ("primer", "segund", "tercer", "cuart", "quint", "sext", "séptim", "octav", "noven", "décim", "undécim", "duodécim")
_ENGLISH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth")


def spoken(words: Sequence[str]) -> float | None:
    """A cardinal in any of the languages, hyphens as words of their own ("twenty", "-", "one"); no articles."""
    if any(not (w.isalpha() or w == "-") for w in words) or words[0] in _JOINTS or list(words) == ["o"]:
        return None  # "o" is a Spanish "or"
    text = " ".join(words).replace(" - ", "-")
    for language in _LANGUAGES:
        if (value := _cardinal(text, language)) is not None:
            return None if language != "en" and text in _NO_NUMBERS else value
    return None


def foreign(word: str) -> float | None:
    """What a word that means something else in English, too, counts in another language: once (eleven), cent (a hundred)."""
    return {"once": 11.0, "cent": 100.0}.get(word)


def multiple(word: str) -> float | None:
    """ "dreimal", "fünffach", "anderthalb", "zweieinhalb"."""
    if word == "anderthalb":
        return 1.5
    if word.endswith("einhalb"):
        whole = 1.0 if word == "eineinhalb" else _cardinal(word.removesuffix("einhalb"), "de")
        return None if whole is None else whole + 0.5
    found = re.fullmatch(r"(.+?)(?:mal|fach|fachen?)", word)
    return _cardinal(found[1], "de") if found and found[1] != "ein" else None


def ordinal(words: Sequence[str]) -> float | None:
    """ "third", "twenty-first", "dritten", "dix-huitième", "segunda"."""
    text = "".join("-" if word == "et" else word for word in words).replace("--", "-") if len(words) > 1 else words[0]
    readers = (_english_ordinal, _german_ordinal, _french_ordinal, _spanish_ordinal)
    return next((value for read in readers if (value := read(text)) is not None), None)


def _english_ordinal(text: str) -> float | None:
    *tens, last = text.rsplit("-", 1)
    if tens and last == "second":
        return None  # a "twenty-second timer"
    if last in _ENGLISH:
        below = _ENGLISH.index(last) + 1.0
        above = _cardinal(tens[0], "en") if tens else 0.0
        return None if above is None or (tens and (above % 10 or below > 9)) else above + below
    root = last.removesuffix("ieth") + "y" if last.endswith("ieth") else last.removesuffix("th")
    value = None if tens or root == last else _cardinal(root, "en")
    return value if value is not None and 12 < value < 100 else None


def _german_ordinal(text: str) -> float | None:
    found = re.fullmatch(r"(.+t)e[nrsm]?", text)
    if not found:
        return None
    stem = found[1]
    if stem in _GERMAN:
        return _GERMAN[stem]
    value = _cardinal(stem.removesuffix("st") if stem.endswith("st") else stem.removesuffix("t"), "de")
    return value if value is not None and (value > 19) == stem.endswith("st") else None


def _french_ordinal(text: str) -> float | None:
    if re.fullmatch("premi(?:er|ère)s?", text):
        return 1.0
    found = re.fullmatch(r"(?:(.+)-)?(.+?)ièmes?", text)
    if not found or (found[2] == "un" and not found[1]):
        return None
    above = f"{found[1]} " if found[1] else ""
    last = _FRENCH.get(found[2], found[2])
    said = [f"{above}{joint}{last}{end}".replace("-", " ") for joint in ("", "et ") for end in ("", "e")]
    return next((value for words in said if (value := _cardinal(words, "fr")) is not None), None)


def _spanish_ordinal(text: str) -> float | None:
    found = re.fullmatch(r"(.+?)[oa]|(primer|tercer)", text)
    stem = (found[1] or found[2]) if found else ""
    return _SPANISH.index(stem) + 1.0 if stem in _SPANISH and text not in ("cuarto", "décima") else None  # a room or a quarter; a tenth


@lru_cache(maxsize=4096)
def _cardinal(text: str, language: str) -> float | None:
    try:
        return float(_words_to_number(text, language))
    except ValueError:
        return None
