"""The instructions above, and below what was said about the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.message import Message

from dashboard.clean import plain
from dashboard.picture import Picture, clock, hang, standing
from dashboard.view import Line, Thread
from dashboard.widgets.rows import Cells, Rows
from dashboard.widgets.sheet import Sheet

OTHERS = "none"
"""The row of what belongs to no instruction: a row's key may not be empty."""


class Lines(Sheet):
    follows = True

    def page(self, picture: Picture) -> Sequence[Text]:
        thread = picture.chosen
        if thread is None:
            return [plain("Nobody has said anything yet. Press i to give an instruction.")]
        return [_line(said, self.room) for said in thread.lines]


class Conversation(Vertical):
    class Selected(Message):
        """A person has chosen another instruction."""

        def __init__(self, thread: str) -> None:
            self.thread = thread
            super().__init__()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        yield Rows(id="threads", show_header=False)
        yield Lines(id="lines")

    def on_resize(self, event: Resize) -> None:
        self.query_one("#threads", Rows).lay_out({"at": 8, "stands": 14, "text": max(20, event.size.width - 30)})
        if self._picture is not None:
            self.show(self._picture)

    def show(self, picture: Picture) -> None:
        self._picture = picture
        threads = {t.ident or OTHERS: t for t in picture.view.threads.values()}
        self.query_one("#threads", Rows).draw(list(threads), lambda key: _row(threads[key]), picture.thread or OTHERS)
        self.query_one("#lines", Lines).show(picture)

    @on(Rows.Opened)
    async def _opened(self, event: Rows.Opened) -> None:
        event.stop()
        await self.app.run_action("view('plan')")

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.post_message(self.Selected("" if event.key == OTHERS else event.key))


def _row(thread: Thread) -> Cells:
    if not thread.ident:
        return ((clock(thread.at), "dim"), ("  the fleet", ""), ("what belongs to no instruction", ""))
    return ((clock(thread.at), "dim"), standing(thread), (thread.text, ""))


@lru_cache(maxsize=2000)
def _line(said: Line, room: int) -> Text:
    return hang(plain((f"{clock(said.at)} ", "dim"), (f"{said.who[:14]:>14}", "bold"), f" → {said.whom[:14]:<14} "), said.text, room)
