"""A page of text that scrolls, and is drawn again only where it has changed."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from dashboard.picture import Picture


class Sheet(VerticalScroll):
    """Override `page`. `follows`: the end stays in sight unless a person has scrolled up."""

    follows = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._drawn: Text | None = None
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    @property
    def room(self) -> int:
        """Columns that a line has."""
        return max(40, self.size.width - 2)

    def on_resize(self) -> None:
        if self._picture is not None:
            self.show(self._picture)

    def page(self, picture: Picture) -> Text:
        raise NotImplementedError

    def show(self, picture: Picture) -> None:
        self._picture = picture
        page = self.page(picture)
        if self._drawn == page:
            return
        at_end = self._drawn is None or self.scroll_y >= self.max_scroll_y - 1
        self._drawn = page
        self.query_one(Static).update(page)
        if self.follows and at_end:
            self.scroll_end(animate=False)
