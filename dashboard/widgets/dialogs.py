"""Dialogs that stand before what cannot be taken back: the whole text is shown, and a yes is never one key away."""

from __future__ import annotations

from typing import Literal

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from dashboard.clean import plain
from dashboard.picture import BAD
from dashboard.widgets.over import Over

Choice = Literal["yes", "no", "later"]


class Confirm(Over[Choice]):
    """Focus begins on the harmless end. Without `no`, there is only yes and later; without `yes` it cannot be said here, and `note` says why."""

    BINDINGS = [
        ("escape", "later", "Later"),
        ("left", "app.focus_previous", "Previous"),
        ("right", "app.focus_next", "Next"),
    ]
    DEFAULT_CSS = """
    Confirm > Vertical { width: 90%; max-width: 100; height: auto; max-height: 90%; border: heavy $error; padding: 0 1; background: $surface; }
    Confirm VerticalScroll { height: auto; max-height: 14; margin: 1 0; }
    Confirm Horizontal { height: 3; align-horizontal: center; }
    Confirm Button { margin: 0 1; }
    Confirm .keys { text-align: center; }
    Confirm .note { margin-bottom: 1; }
    """

    def __init__(self, title: str, text: str, *, yes: str | None, no: str | None = None, later: str = "Not now", note: str = "") -> None:
        super().__init__()
        self._heading, self._text, self._yes, self._no, self._later, self._note = title, text, yes, no, later, note

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(plain((self._heading, BAD)), markup=False)
            with VerticalScroll(can_focus=True):
                yield Static(plain(self._text), markup=False)
            if self._note:
                yield Static(plain(self._note), markup=False, classes="note")
            with Horizontal():
                yield Button(Text(self._later), id="later")
                if self._no is not None:
                    yield Button(Text(self._no), id="no")
                if self._yes is not None:
                    yield Button(Text(self._yes), id="yes", variant="error")
            yield Static(plain(("← → choose   Enter: take it   Esc: not now", "dim")), markup=False, classes="keys")

    def on_mount(self) -> None:
        self.query_one("#later").focus()

    def action_later(self) -> None:
        self.dismiss("later")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        choices: dict[str | None, Choice] = {"yes": "yes", "no": "no"}
        self.dismiss(choices.get(event.button.id, "later"))
