"""A line of text in a place of its own, drawn again only when it has changed."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


class Bar(Static):
    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._put: Text | None = None

    def put(self, text: Text, *, grows: bool = False) -> None:
        """`grows`: its height follows the text, and everything else has to make room."""
        if text != self._put:
            self._put = text
            self.update(text, layout=grows)
