"""Text of others for people: shown, and never interpreted."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile(r"[\n\r\t\u2028\u2029]")
_UNSEEN = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that take part in a text without being seen: two names that look alike shall be alike."""
_MARKS = 3
"""How many combining marks one letter may carry; more of them paint over the lines above and below."""


def clean(text: str, limit: int = 400) -> str:
    """One line, cut: no control or format characters, nothing unseen, no piles of marks. What a device says may not steer a terminal."""
    shown = text[: 4 * limit] if len(text) > 4 * limit else text
    if not shown.isascii() or not shown.isprintable():
        shown = _marked(_UNSEEN.sub("", "".join(c for c in _BREAKS.sub(" ", shown) if unicodedata.category(c)[0] != "C")))
    return shown if len(shown) <= limit and len(text) <= 4 * limit else shown[: limit - 1] + "…"


def paragraphs(text: str) -> str:
    """A longer text for a terminal: its lines kept, each cleaned and none cut short of 2000 characters."""
    return "\n".join(clean(part, 2000) for part in text.split("\n"))


def _marked(text: str) -> str:
    """At most `_MARKS` combining marks in a row."""
    kept: list[str] = []
    marks = 0
    for c in text:
        marks = marks + 1 if unicodedata.category(c)[0] == "M" else 0
        if marks <= _MARKS:
            kept.append(c)
    return "".join(kept)
