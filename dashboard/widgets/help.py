"""What one can do here, and with which key: everything on one page, over whatever is in sight."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from dashboard.clean import plain
from dashboard.picture import hang
from dashboard.widgets.over import Over

Lines = Sequence[tuple[str, str]]
LOOKING: Lines = (
    ("see why one failed", "1, choose it with the arrows: the reason stands below; Enter: all of it"),
    ("see a plan run", "3"),
    ("another instruction", "[ and ]: the older and the newer one"),
    ("see one device", "4; n and p go to the next and the one before"),
    ("find a device", "1, then / and a word; o: order, g: group"),
    ("keep what happens", "Ctrl-R begins a recording and ends it"),
    ("see an earlier run", "Ctrl-O: the recordings of this folder"),
)
STEERING: Lines = (
    ("stop one device", "choose it in 1 or 6, or with n and p; then s, or F9 while typing"),
    ("stop every device", "S, or F10 while typing"),
    ("let it go on", "r; R: every device. It asks first"),
    ("tell the fleet", "i, type, Enter; F2 only shows the plan; Esc: out of the line"),
    ("answer, approve", "a, or F4 while typing: what cannot be undone is shown as a whole"),
    ("take it back", "c: cancel the chosen instruction"),
)
WINDING: Lines = (
    ("stand still, go on", "space; at the end: from the beginning"),
    ("go back, on", "← and →: 10 s, with shift a minute; home, end; a click on the line"),
    ("slower, faster", "[ and ]"),
    ("another instruction", ", and .: the older and the newer one"),
)
REST: Lines = (("light or dark", "t"), ("every command", "Ctrl-P"), ("leave", "q"))
LIVE = ("another instruction", "keep what happens")
"""What is otherwise, or not at all, in a recording."""
FILES = ("keep what happens", "see an earlier run")
KEY_COLUMN = 22


class Help(Over[None]):
    """`steers`: somebody may be told something; `winds`: it is a recording; `files`: those of this machine are within reach."""

    BINDINGS = [
        ("escape,enter,q,question_mark,f1", "dismiss", "Back"),
    ]
    DEFAULT_CSS = """
    Help > Vertical { width: 96%; max-width: 100; height: auto; max-height: 96%; border: round $accent; padding: 0 1; background: $surface; }
    Help VerticalScroll { height: auto; max-height: 100%; }
    """

    def __init__(self, *, steers: bool, winds: bool, files: bool) -> None:
        super().__init__()
        looking = [line for line in LOOKING if not (winds and line[0] in LIVE) and (files or line[0] not in FILES)]
        self._lines = [*looking, *(STEERING if steers else ()), *(WINDING if winds else ()), *REST]

    def compose(self) -> ComposeResult:
        with Vertical(), VerticalScroll(can_focus=True):
            yield Static(self._text(), markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self) -> None:
        self.query_one(Static).update(self._text())

    def _text(self) -> Text:
        room = min(100, self.app.size.width * 96 // 100) - 6
        lines = [hang(plain((f"{what:<{KEY_COLUMN}}", "bold")), how, room) for what, how in self._lines]
        return Text("\n").join([plain(("I would like to …", "bold underline"), ("   Esc: back", "dim")), *lines])
