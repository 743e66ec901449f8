"""Scripts that are written without blanks between words. Pure."""

from __future__ import annotations

CJK = "\u3040-\u9fff"
"""Kana and the common Chinese characters, as a range of a regular expression's class."""


def runs_on(char: str) -> bool:
    """Whether the next word may follow this character without a blank."""
    return "\u3040" <= char <= "\u9fff"
