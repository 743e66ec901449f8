"""A table whose rows have keys: cells are changed where they differ, and the cursor stays with its row."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import DataTable

Cells = tuple[Text, ...]


class Rows(DataTable[Text]):
    class Chosen(Message):
        """A person has moved the cursor to this row."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, *, id: str, show_header: bool = True) -> None:
        super().__init__(id=id, cursor_type="row", show_header=show_header)
        self._drawn: dict[str, Cells] = {}

    def lay_out(self, columns: Mapping[str, int]) -> None:
        """Columns by their widths; every row has to be drawn anew."""
        self._drawn.clear()
        self.clear(columns=True)
        for name, size in columns.items():
            self.add_column(name, width=size, key=name)

    def draw(self, rows: Mapping[str, Cells], chosen: str) -> None:
        """These rows in this order, with the cursor on the chosen one. Before the table is laid out there is nothing to draw on."""
        if not self.columns:
            return
        for gone in [key for key in self._drawn if key not in rows]:
            self.remove_row(gone)
            del self._drawn[gone]
        for key, cells in rows.items():
            self._draw_row(key, cells)
        if [row.key.value for row in self.ordered_rows] != list(rows):
            places = {key: place for place, key in enumerate(rows)}
            self._put_in_order(places)
        if chosen in self._drawn and self.get_row_index(chosen) != self.cursor_row:
            self.move_cursor(row=self.get_row_index(chosen))

    def _draw_row(self, key: str, cells: Cells) -> None:
        for cell in cells:
            cell.no_wrap, cell.overflow = True, "ellipsis"
        before = self._drawn.get(key)
        if before is None:
            self.add_row(*cells, key=key)
        else:
            for column, old, new in zip(list(self.columns), before, cells, strict=True):
                if old != new:
                    self.update_cell(key, column, new)
        self._drawn[key] = cells

    def _put_in_order(self, places: Mapping[str, int]) -> None:
        """A table sorts by its cells: the first column must tell rows apart."""
        names = {cells[0].plain: key for key, cells in self._drawn.items()}
        self.sort(next(iter(self.columns)), key=lambda cell: places[names[cell.plain]])

    @on(DataTable.RowHighlighted)
    def _moved(self, event: DataTable.RowHighlighted) -> None:
        """Only where the cursor still is: rows move while events are under way."""
        event.stop()
        key = event.row_key.value
        here = self.ordered_rows[self.cursor_row].key if self.is_valid_row_index(self.cursor_row) else None
        if key in self._drawn and here == event.row_key:
            self.post_message(self.Chosen(str(key)))
