"""The plan of the chosen instruction: each sentence with its device and how it stands."""

from __future__ import annotations

from rich.text import Text

from dashboard.clean import plain
from dashboard.picture import ODD, WORK, WORK_STYLE, Picture, hang, standing
from dashboard.view import Item, Thread
from dashboard.widgets.sheet import Sheet


class PlanSheet(Sheet):
    def page(self, picture: Picture) -> Text:
        thread = picture.chosen
        if thread is None:
            return plain("Nobody has told the fleet anything yet. Press i to give an instruction.")
        return Text("\n").join(
            [*_head(thread), *(line for n, i in enumerate(thread.items) for line in _item(n, i, self.room)), *_foot(thread, self.room)]
        )


def _head(thread: Thread) -> list[Text]:
    word, style = standing(thread)
    preview = [plain(("Preview: nothing moves.", ODD))] if thread.dry_run else []
    plan = [plain(f"Plan: {thread.planned}")] if thread.planned and not thread.items else []
    return [plain((thread.text, "bold")), plain((word, style), "" if thread.dry_run else f"  {_counts(thread.items)}"), *preview, *plan, plain("")]


def _counts(items: tuple[Item, ...]) -> str:
    if not items:
        return ""
    ended = sum(i.state not in ("waiting", "sent", "running", "asking", "silent") for i in items)
    return f"{ended} of {len(items)} ended, {sum(i.state == 'verified' for i in items)} verified"


def _item(number: int, item: Item, room: int) -> list[Text]:
    after = f"  (after {', '.join(str(a + 1) for a in item.after[:6])})" if item.after else ""
    style = WORK_STYLE.get(item.state, "")
    head = plain(f"{number + 1:>3}  ", (f"{WORK[item.state]:<14}", style), "  ")
    why = [hang(plain(" " * head.cell_len), item.why, room, style or "dim")] if item.why else []
    return [hang(head, f"{item.device}: {item.text}{after}", room), *why]


def _foot(thread: Thread, room: int) -> list[Text]:
    return [plain(""), hang(plain(("Answer: ", "bold")), thread.answer, room)] if thread.answer else []
