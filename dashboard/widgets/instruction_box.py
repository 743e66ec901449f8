"""Where a person types: an instruction, or the answer to a question. Up and down bring back what was said, right completes a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from textual import on
from textual.binding import Binding
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from dashboard.view import ViewState

LONGEST = 2000
"""Characters of an instruction."""
HISTORY = 100
IDLE = "press i to tell the fleet something"
INSTRUCT = "tell the fleet  (Enter: send, F2: preview, ↑ earlier, → complete)"
ANSWER = "your answer{options}  (Enter: send, Esc: later)"


class Names(Suggester):
    """Completes the last word, or the last two, to a name that is known."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.view = ViewState()

    async def get_suggestion(self, value: str) -> str | None:
        return completed(value, tuple(_names(self.view)))


def _names(view: ViewState) -> Iterator[str]:
    """Of devices and places."""
    yield from (name for d in view.fleet.values() for name in (d.name, d.device, *d.aliases) if name)
    yield from view.places


def completed(value: str, names: Iterable[str]) -> str | None:
    """What is typed, with its end completed to the first name that begins so; None where nothing fits."""
    words = value.split(" ")
    for count in (3, 2, 1):
        begun = " ".join(words[-count:]).lower()
        if len(words) < count or len(begun) < 2 or begun != begun.strip():
            continue
        for name in names:
            if name.lower().startswith(begun) and len(name) > len(begun):
                return value + name[len(begun) :]
    return None


class InstructionBox(Input):
    BINDINGS = [
        Binding("up", "earlier", "Earlier", show=False),
        Binding("down", "later", "Later", show=False),
        Binding("f2", "preview", "Preview"),
        Binding("escape", "leave", "Back"),
    ]

    class Given(Message):
        """A person said it; `question` names what it answers, `dry_run`: only show the plan."""

        def __init__(self, text: str, dry_run: bool = False, question: str = "") -> None:
            self.text, self.dry_run, self.question = text, dry_run, question
            super().__init__()

    class Left(Message):
        """Back to the view."""

    def __init__(self, *, id: str) -> None:
        self.completer = Names()
        super().__init__(placeholder=IDLE, id=id, max_length=LONGEST, suggester=self.completer, compact=True)
        self._said: list[str] = []
        self._at = 0
        self.question = ""

    def answer(self, question: str, options: Sequence[str] = ()) -> None:
        """From now until it is left, what is typed answers this question."""
        self.question, self.value = question, ""
        self.placeholder = ANSWER.format(options=f": {' or '.join(options)}" if options else "")
        self.screen.set_focus(self)

    def said(self, text: str, *, keep: bool = False) -> None:
        """It went out: remember it, and make room unless it is to be said again."""
        self._said = [*(s for s in self._said if s != text), text][-HISTORY:]
        self._at = len(self._said) - keep
        if not keep:
            self.value = ""
        self._instructing()

    def on_focus(self) -> None:
        if not self.question:
            self.placeholder = INSTRUCT

    def on_blur(self) -> None:
        if not self.question:
            self.placeholder = IDLE

    def action_earlier(self) -> None:
        self._go(-1)

    def action_later(self) -> None:
        self._go(1)

    def action_preview(self) -> None:
        self._give(dry_run=True)

    def action_leave(self) -> None:
        self._instructing()
        self.post_message(self.Left())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._give(dry_run=False)

    def _give(self, *, dry_run: bool) -> None:
        text = self.value.strip()
        if text and not (dry_run and self.question):
            self.post_message(self.Given(text, dry_run, self.question))

    def _instructing(self) -> None:
        self.question, self.placeholder = "", INSTRUCT if self.has_focus else IDLE

    def _go(self, step: int) -> None:
        self._at = min(len(self._said), max(0, self._at + step))
        self.value = self._said[self._at] if self._at < len(self._said) else ""
        self.cursor_position = len(self.value)
