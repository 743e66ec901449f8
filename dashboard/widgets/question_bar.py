"""The first open question of any instruction, in sight from every view."""

from __future__ import annotations

from dashboard.clean import plain
from dashboard.picture import BAD, ODD
from dashboard.view import Question
from dashboard.widgets.bar import Bar


class QuestionBar(Bar):
    def show(self, question: Question | None, more: int, *, read_only: bool) -> None:
        self.display = question is not None
        if question is None:
            return
        first = ("! cannot be undone: ", BAD) if question.approval else ("? ", ODD)
        options = f"  ({', '.join(question.options)})" if question.options else ""
        others = f"  and {more} more" if more else ""
        key = "" if read_only else "  [a or F4: answer]"
        room = max(20, (self.app.size.width - 2) * 2 - len(options + others + key) - len(first[0]))
        text = question.text if len(question.text) <= room else question.text[: room - 1] + "…"
        self.put(plain(first, (text, "bold"), options, others, (key, "dim")), grows=True)
