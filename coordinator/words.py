"""Words of a sentence with their characters: numbers as digits, plurals undone. Spelling only; what a word means is the model's business."""

from __future__ import annotations

import re
from dataclasses import dataclass

from text_to_num import text2num  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

_TOKEN = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+|[^\W\d_]+(?:['’][^\W\d_]+)?|_|[^\w\s]", re.IGNORECASE)


def words_of(text: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(text.split())


OWN = words_of("its their his her own whose")
"""Before a noun: the device's own thing, which the device knows and the site need not point at."""

_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth "
    "eighteenth nineteenth twentieth"
)
_ORDINALS = {word: n for n, word in enumerate(_ORDINAL_WORDS.split(), 1)}
_NUMBER_WORDS = words_of(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty "
    "thirty forty fifty sixty seventy eighty ninety hundred thousand"
)
SEPARATORS = frozenset("-_#./№")
"""What may stand, glued, between the words of a name: "robot-2", "robot_2"."""


def _count(words: str) -> int | None:
    """The value of number words; None when they are none."""
    try:
        return int(text2num(words, "en"))  # pyright: ignore[reportUnknownArgumentType]
    except ValueError:
        return None


@dataclass(frozen=True)
class Token:
    """`text` is lower case; a spelled number is its digits. `ordinal` is set for "second", "2nd"."""

    text: str
    start: int
    end: int
    ordinal: int | None = None

    @property
    def number(self) -> int | None:
        return int(self.text) if self.text.isdecimal() else None


def tokenise(text: str) -> list[Token]:
    """All words, numbers and marks in order; "twenty one" and "twenty-one" are one token, "21"."""
    raw = [Token(m.group().lower(), m.start(), m.end()) for m in _TOKEN.finditer(text)]
    out: list[Token] = []
    i = 0
    while i < len(raw):
        token, i = _spelled(raw, i)
        out.append(token)
    return out


def _spelled(raw: list[Token], i: int) -> tuple[Token, int]:
    """The number that begins with token i as one token, and the token after it."""
    token = raw[i]
    if token.text not in _NUMBER_WORDS:
        return _plain(token), i + 1
    compound = _compound_ordinal(raw, i)
    if compound is not None:
        return compound
    end = i
    while end < len(raw) and (raw[end].text in _NUMBER_WORDS or (raw[end].text == "-" and end + 1 < len(raw) and raw[end + 1].text in _NUMBER_WORDS)):
        end += 1
    for stop in range(min(end, i + 7), i, -1):
        value = _count(" ".join(t.text for t in raw[i:stop] if t.text != "-"))
        if value is not None:
            return Token(str(value), token.start, raw[stop - 1].end), stop
    return token, i + 1


def _compound_ordinal(raw: list[Token], i: int) -> tuple[Token, int] | None:
    """ "twenty-first"."""
    last = i + 2 if i + 1 < len(raw) and raw[i + 1].text == "-" else i + 1
    ones = _ORDINALS.get(raw[last].text, 10) if last < len(raw) else 10
    tens = _count(raw[i].text) if raw[i].text.endswith("ty") else None
    if tens is None or ones > 9:
        return None
    return Token(f"{tens + ones}th", raw[i].start, raw[last].end, tens + ones), last + 1


def _plain(token: Token) -> Token:
    digits = re.match(r"(\d+)(st|nd|rd|th)$", token.text)
    if digits:
        return Token(token.text, token.start, token.end, int(digits[1]))
    text = re.sub(r"['’]s$", "", token.text)
    return Token(text, token.start, token.end, _ORDINALS.get(text))


def singulars(word: str) -> frozenset[str]:
    """The word and what it may be the plural of: shelves → shelf, shelve; boxes → box, boxe; batteries → battery."""
    forms = {word}
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        forms.add(word[:-1])
        if word.endswith("es"):
            forms.add(word[:-2])
        if word.endswith("ies"):
            forms.add(word[:-3] + "y")
        if word.endswith("ves"):
            forms |= {word[:-3] + "f", word[:-3] + "fe"}
    return frozenset(forms)


def is_plural_of(word: str, noun: str) -> bool:
    return word != noun and noun in singulars(word)


def plural(noun: str) -> str:
    """For sentences to people: shelf → shelves, battery → batteries, robot → robots."""
    if re.search(r"(?:[^f]f|fe)$", noun) and noun not in ("roof", "chef", "chief", "safe"):
        return re.sub(r"fe?$", "ves", noun)
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else "s")


_SUFFIX = re.compile(r"(?:ings?|ed|ies|es|s|e)$")
_SMALL = words_of("a an the of for in on at to and or is are be it its this that there any how many much what which with from by if all")


def stems(text: str) -> frozenset[str]:
    """Content words of a phrase, endings cut and `_` opened: "free_slots" and "a free slot" → {free, slot}."""
    words = [t.text for t in tokenise(text.replace("_", " ")) if t.text.isalnum()]
    return frozenset(_stem(w) for w in words if w not in _SMALL)


def _stem(word: str) -> str:
    if len(word) <= 3 or word.endswith("ss"):
        return word
    cut = _SUFFIX.sub("", word)
    return cut if len(cut) >= 3 else word
