"""A page of text that scrolls. A paragraph is laid out once as long as it stays the same, and only what is in sight and has changed is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Span, Text
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from dashboard.picture import Picture

Same = tuple[str, tuple[Span, ...]]
"""What tells one paragraph from another."""


class Sheet(ScrollView, can_focus=True):
    """Override `page`. `follows`: the end stays in sight unless a person has scrolled up."""

    DEFAULT_CSS = "Sheet { overflow-x: hidden; scrollbar-gutter: stable; }"
    follows = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._picture: Picture | None = None
        self._laid: dict[Same, list[Strip]] = {}
        self._laid_for = 0
        self._strips: list[Strip] = []

    @property
    def room(self) -> int:
        """Columns that a line has."""
        return max(40, self.size.width - 2)

    @property
    def _width(self) -> int:
        return max(40, self.size.width)

    def on_resize(self) -> None:
        if self._picture is not None:
            self.show(self._picture)

    def page(self, picture: Picture) -> Sequence[Text]:
        """Its paragraphs, one below the other."""
        raise NotImplementedError

    def show(self, picture: Picture) -> None:
        """At its end stays at its end, where it follows."""
        at_end = not self._strips or self.scroll_y >= self.max_scroll_y - 1
        self._picture = picture
        before, self._strips = self._strips, self._lay_out(self.page(picture))
        if len(before) != len(self._strips) or self.virtual_size.width != self.size.width:
            self.virtual_size = Size(self.size.width, len(self._strips))
            self.refresh()
        else:
            self._refresh_changed(before)
        if self.follows and at_end:
            self.scroll_end(animate=False, immediate=True)

    def _lay_out(self, page: Sequence[Text]) -> list[Strip]:
        known = self._laid if self._laid_for == self._width else {}
        self._laid, self._laid_for = {}, self._width
        for paragraph in page:
            same = (paragraph.plain, tuple(paragraph.spans))
            self._laid[same] = known.get(same) or self._laid.get(same) or self._lines_of(paragraph)
        return [strip for paragraph in page for strip in self._laid[paragraph.plain, tuple(paragraph.spans)]]

    def _lines_of(self, paragraph: Text) -> list[Strip]:
        console = self.app.console
        return [Strip(line.render(console)) for line in paragraph.wrap(console, self._width)]

    def _refresh_changed(self, before: Sequence[Strip]) -> None:
        first = self.scroll_offset.y
        for y in range(first, min(first + self.size.height, len(before))):
            if self._strips[y] is not before[y]:
                self.refresh(Region(0, y - first, self.size.width, 1))

    # Drawing, and choosing a part of it with the mouse

    def render_line(self, y: int) -> Strip:
        width, style, y = self.size.width, self.rich_style, y + self.scroll_offset.y
        if y >= len(self._strips):
            return Strip.blank(width, style)
        strip, chosen = self._strips[y], self.text_selection
        if chosen is not None and (span := chosen.get_span(y)) is not None:
            strip = self._marked(strip, *span)
        return strip.crop_extend(0, width, None).apply_style(style).apply_offsets(0, y)

    def _marked(self, strip: Strip, start: int, end: int) -> Strip:
        end = strip.cell_length if end < 0 else end
        inside = strip.crop(start, end).apply_style(self.screen.get_component_rich_style("screen--selection"))
        return Strip.join([strip.crop(0, start), inside, strip.crop(end)])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selection.extract("\n".join(strip.text for strip in self._strips)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()
