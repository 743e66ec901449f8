"""Every text of others is cleaned here on its way into the view, so that the view holds nothing that is not fit to be shown.

What is drawn is made of `Text`, which knows no markup: a bracket stays a bracket.
"""

from __future__ import annotations

from rich.text import Text

from runtime.plain import clean

LINE, NAME, WHOLE = 400, 63, 8192
"""Characters of a line of conversation, of a name, and of what must be read to its end before it is answered."""


def line(text: str) -> str:
    return clean(text, LINE)


def name(text: str) -> str:
    return clean(text, NAME)


def whole(text: str) -> str:
    """All of it; gaps are closed, so that nothing can be pushed out of sight."""
    return " ".join(clean(text, WHOLE).split())


def plain(*parts: str | tuple[str, str]) -> Text:
    """Parts, each with a style or without one, in a row; nothing in them is markup."""
    return Text.assemble(*parts, no_wrap=False, end="")
