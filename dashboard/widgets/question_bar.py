"""The first open question of any instruction, in sight from every view."""

from __future__ import annotations

from dashboard.clean import plain
from dashboard.picture import BAD, ODD
from dashboard.view import Question
from dashboard.widgets.bar import Bar

SLACK = 12
"""Columns that breaking between words may cost."""


class QuestionBar(Bar):
    def show(self, question: Question | None, more: int, key: str) -> None:
        """`key`: which one leads to the answer; empty where nobody may give one."""
        self.display = question is not None
        if question is None:
            return
        first = ("! cannot be undone: ", BAD) if question.approval else ("? ", ODD)
        options = f"  ({', '.join(question.options)})" if question.options else ""
        others = f"  and {more} more" if more else ""
        hint = f"  [{key}: {'decide' if question.approval else 'answer'}]" if key else ""
        room = max(20, (self.app.size.width - 2) * 2 - len(options + others + hint) - len(first[0]) - SLACK)
        text = question.text if len(question.text) <= room else question.text[: room - 1] + "…"
        self.put(plain(first, (text, "bold"), options, others, (hint, "dim")), grows=True)
