"""Text of others for people: shown, and never interpreted."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile(r"[\n\r\t\u2028\u2029]")
_UNSEEN = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
"""Letters, marks and skin colours that are in a text without being seen, or without a place: two names that look alike shall be alike."""
_UNSURE = re.compile(r"[\u2630-\u2637\u268a-\u268f\u302e\u302f\u3248-\u324f\U00016ff0\U00016ff1\U0001d300-\U0001d376]")
"""Signs that some terminals draw in one column and others in two: they would push what stands beside them out of its place."""
_MARKS, _SPACING = 3, 1
"""How many combining marks one letter may carry, more would paint over the lines above and below; and how many that have a width of their own."""


def clean(text: str, limit: int = 400) -> str:
    """One line, cut: no control or format characters, nothing unseen, no piles of marks. What a device says may not steer a terminal."""
    shown = text[: 4 * limit] if len(text) > 4 * limit else text
    if not shown.isascii() or not shown.isprintable():
        shown = _UNSEEN.sub("", "".join(c for c in _BREAKS.sub(" ", shown) if unicodedata.category(c)[0] != "C"))
        shown = _marked(_UNSURE.sub("?", shown))
    return shown if len(shown) <= limit and len(text) <= 4 * limit else shown[: limit - 1] + "…"


def paragraphs(text: str) -> str:
    """A longer text for a terminal: its lines kept, each cleaned and none cut short of 2000 characters."""
    return "\n".join(clean(part, 2000) for part in text.split("\n"))


def _marked(text: str) -> str:
    """At most so many combining marks in a row, and none without a letter: at the beginning they would sit on what stands before the text."""
    kept: list[str] = []
    marks, spacing = _MARKS, _SPACING
    for c in text:
        category = unicodedata.category(c)
        marks, spacing = (marks + 1, spacing + (category == "Mc")) if category[0] == "M" else ((_MARKS, _SPACING) if c == " " else (0, 0))
        if marks <= _MARKS and spacing <= _SPACING:
            kept.append(c)
    return "".join(kept)
