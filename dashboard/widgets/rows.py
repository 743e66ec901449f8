"""A table whose rows have keys. Only what is in sight is made and drawn, so a thousand rows cost what thirty do; the cursor stays with its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

Cell = tuple[str, str]
"""A text and its style, which may be empty."""
Cells = tuple[Cell, ...]


class Rows(ScrollView, can_focus=True):
    BINDINGS = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("enter", "open", "Open", show=False),
    ]
    COMPONENT_CLASSES = {"rows--header", "rows--cursor", "rows--even", "rows--odd"}
    DEFAULT_CSS = """
    Rows {
        height: auto; max-height: 100%; background: $surface; color: $foreground; overflow-x: hidden;
        & > .rows--header { text-style: bold; background: $panel; color: $foreground; }
        & > .rows--even { background: $surface-lighten-1 50%; color: $foreground; }
        & > .rows--odd { background: $surface; color: $foreground; }
        & > .rows--cursor { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
        &:focus > .rows--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: $block-cursor-text-style; }
    }
    """

    class Chosen(Message):
        """A person has moved the cursor to this row."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    class Opened(Message):
        """A person wants to see more of what the cursor is on."""

    def __init__(self, *, id: str, show_header: bool = True) -> None:
        super().__init__(id=id)
        self._head = int(show_header)
        self._columns: Mapping[str, int] = {}
        self._keys: Sequence[str] = ()
        self._places: Mapping[str, int] = {}
        self._make: Callable[[str], Cells] | None = None
        self._drawn: dict[str, Cells] = {}
        self._cursor = 0

    @property
    def keys(self) -> Sequence[str]:
        return self._keys

    @property
    def cursor(self) -> str:
        """The key of the row under it, or nothing."""
        return self._keys[self._cursor] if self._cursor < len(self._keys) else ""

    def lay_out(self, columns: Mapping[str, int]) -> None:
        """Columns by their widths."""
        self._columns = dict(columns)
        self._drawn.clear()
        self.refresh()

    def draw(self, keys: Sequence[str], make: Callable[[str], Cells], chosen: str) -> None:
        """These rows in this order, with the cursor on the chosen one. What is chosen and not among them gives way to what is under the cursor."""
        self._make = make
        if keys != self._keys:
            self._take(keys)
        if chosen in self._places:
            self._put_cursor(self._places[chosen])
        elif keys:
            self._put_cursor(self._cursor)
            self.post_message(self.Chosen(self.cursor))
        self._refresh_changed()

    def _take(self, keys: Sequence[str]) -> None:
        self._keys, self._places = keys, {key: place for place, key in enumerate(keys)}
        if len(keys) + self._head != self.virtual_size.height:
            self.virtual_size = Size(self.size.width, len(keys) + self._head)
        self.refresh()

    def _refresh_changed(self) -> None:
        """Of the rows in sight, those that differ from what was drawn."""
        first = self.scroll_offset.y
        seen: dict[str, Cells] = {}
        for place, key in enumerate(self._keys[first : first + self._room], first):
            seen[key] = self._make(key) if self._make is not None else ()
            if seen[key] != self._drawn.get(key):
                self._refresh_row(place)
        self._drawn = seen

    @property
    def _room(self) -> int:
        """Rows that are in sight."""
        return max(0, self.size.height - self._head)

    def _refresh_row(self, place: int) -> None:
        y = place - self.scroll_offset.y + self._head
        if self._head <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # The cursor

    def _put_cursor(self, place: int) -> None:
        place = max(0, min(place, len(self._keys) - 1))
        if place != self._cursor:
            for row in (self._cursor, place):
                self._refresh_row(row)
            self._cursor = place
        self._bring_into_sight()

    def _bring_into_sight(self) -> None:
        top = self.scroll_offset.y
        if self._room and not top <= self._cursor < top + self._room:
            self.scroll_to(y=self._cursor if self._cursor < top else self._cursor - self._room + 1, animate=False)

    def action_move(self, by: int) -> None:
        if self._keys:
            self._put_cursor(self._cursor + by)
            self.post_message(self.Chosen(self.cursor))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self._room - 1))

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_click(self, event: Click) -> None:
        place = event.y - self._head + self.scroll_offset.y
        if event.y >= self._head and place < len(self._keys):
            if place == self._cursor:
                self.post_message(self.Opened())
            else:
                self.action_move(place - self._cursor)

    # Drawing

    def render_line(self, y: int) -> Strip:
        width, place = self.size.width, y - self._head + self.scroll_offset.y
        if self._head and y == 0:
            return self._strip(tuple((name, "") for name in self._columns), self.get_component_rich_style("rows--header"), width)
        if place >= len(self._keys) or self._make is None:
            return Strip.blank(width, self.rich_style)
        key = self._keys[place]
        cells = self._drawn.get(key) or self._make(key)
        if place == self._cursor:
            return self._strip(cells, self.get_component_rich_style("rows--cursor"), width, cursor=True)
        return self._strip(cells, self.get_component_rich_style("rows--odd" if place % 2 else "rows--even"), width)

    def _strip(self, cells: Cells, base: Style, width: int, *, cursor: bool = False) -> Strip:
        if len(cells) == 1:  # a heading
            return Strip([Segment(f" {fitted(cells[0][0], width - 1)}", Style.parse(cells[0][1]) + base)]).adjust_cell_length(width, base)
        segments: list[Segment] = []
        for (text, style), room in zip(cells, self._columns.values(), strict=False):
            own = Style.parse(style)
            segments.append(Segment(f" {fitted(text, room)} ", own + base if cursor else base + own))
        return Strip(segments).adjust_cell_length(width, base)


def fitted(text: str, room: int) -> str:
    """Exactly as many columns: filled up, or cut with a sign that it was."""
    return set_cell_size(text, room) if cell_len(text) <= room else f"{set_cell_size(text, room - 1)}…"
