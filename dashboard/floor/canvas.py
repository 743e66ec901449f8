"""Characters in rows and columns. What is written first stays: draw what matters most first."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len
from rich.text import Text


class Canvas:
    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells: dict[tuple[int, int], tuple[str, str]] = {}

    def free(self, column: int, row: int, length: int = 1) -> bool:
        """Whether so many cells from there are blank and on it."""
        inside = 0 <= row < self.height and column >= 0 and column + length <= self.width
        return inside and not any((c, row) in self._cells for c in range(column, column + length))

    def dot(self, column: int, row: int, character: str, style: str = "") -> None:
        """One character of width one, where nothing is yet."""
        if self.free(column, row):
            self._cells[column, row] = (character, style)

    def write(self, column: int, row: int, text: str, style: str = "") -> bool:
        """All of the text, or nothing where it has no room."""
        if not self.free(column, row, cell_len(text)):
            return False
        for character in text:
            self._cells[column, row] = (character, style)
            for further in range(1, cell_len(character)):
                self._cells[column + further, row] = ("", style)
            column += cell_len(character)
        return True

    def write_somewhere(self, texts: Iterable[str], places: Iterable[tuple[int, int, float]], style: str = "") -> bool:
        """The first text that fits at one of the places: column, row, and the share of the text that lies left of it."""
        spots = tuple(places)
        return any(self.write(column - round(cell_len(text) * share), row, text, style) for text in texts for column, row, share in spots)

    def lines(self) -> tuple[Text, ...]:
        return tuple(map(self._line, range(self.height)))

    def _line(self, row: int) -> Text:
        """Cells of one style are one piece: a line of many pieces takes long to draw."""
        blank = (" ", "")
        cells = [self._cells.get((column, row), blank) for column in range(self.width)]
        pieces = [("".join(text for text, _ in run), style) for style, run in groupby(cells, key=itemgetter(1))]
        line = Text.assemble(*pieces)
        line.rstrip()
        return line
