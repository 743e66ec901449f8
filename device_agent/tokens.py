"""A sentence cut where numbers, number words and units can begin and end. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from device_agent.scripts import CJK

LONGEST = 2000
"""Characters of a sentence that are searched for quantities."""
_SCIENTIFIC = r"(?<!\w)(?<!\w-)(?:\d+(?:[.,]\d+)?[eE][-+]|\d+[.,]\d+[eE])\d{1,2}(?![\w-])"
_GROUPED = r"\d+(?:[.,]\d+)*(?:(?<=\d\d) \d{3}(?![\w.,]))?"
_TOKEN = re.compile(rf"(?:(?<![\w.,])[-−+])?(?:{_SCIENTIFIC}|{_GROUPED})|[" + CJK + r"]|[^\W\d_" + CJK + r"]+|[^\s\w]|_")


@dataclass(frozen=True)
class Token:
    """`text` in lower case, `raw` as written: characters [start, end)."""

    text: str
    start: int
    end: int
    raw: str


def tokens_of(text: str) -> list[Token]:
    return [Token(m.group().lower(), m.start(), m.end(), m.group()) for m in _TOKEN.finditer(text[:LONGEST])]


def words_at(tokens: Sequence[Token], i: int, count: int) -> list[str]:
    """The texts of at most `count` tokens from i on."""
    return [t.text for t in tokens[i : i + count]]


def token_at(tokens: Sequence[Token], end: int, i: int) -> int:
    """The first token from i on that begins at or after the character `end`."""
    return next((n for n in range(i, len(tokens)) if tokens[n].start >= end), len(tokens))
