"""The plan of the chosen instruction: each sentence with its device and how it stands."""

from __future__ import annotations

from rich.text import Text

from dashboard.clean import plain
from dashboard.picture import ODD, WORK, WORK_STYLE, Picture, standing
from dashboard.view import Item, Thread
from dashboard.widgets.sheet import Sheet


class PlanSheet(Sheet):
    def page(self, picture: Picture) -> Text:
        thread = picture.chosen
        if thread is None:
            return plain("Nobody has told the fleet anything yet. Press i to give an instruction.")
        return Text("\n").join([*_head(thread), *(_item(n, i) for n, i in enumerate(thread.items)), *_foot(thread)])


def _head(thread: Thread) -> list[Text]:
    word, style = standing(thread)
    preview = [plain(("Preview: nothing moves.", ODD))] if thread.dry_run else []
    plan = [plain(f"Plan: {thread.planned}")] if thread.planned and not thread.items else []
    return [plain((thread.text, "bold")), plain((word, style), f"  {_counts(thread.items)}"), *preview, *plan, plain("")]


def _counts(items: tuple[Item, ...]) -> str:
    if not items:
        return ""
    ended = sum(i.state not in ("waiting", "sent", "running", "asking", "silent") for i in items)
    return f"{ended} of {len(items)} ended, {sum(i.state == 'verified' for i in items)} verified"


def _item(number: int, item: Item) -> Text:
    after = f"  (after {', '.join(str(a + 1) for a in item.after[:6])})" if item.after else ""
    style = WORK_STYLE.get(item.state, "")
    why = (f"\n{' ' * 21}{item.why}" if item.why else "", style or "dim")
    return plain(f"{number + 1:>3}  ", (f"{WORK[item.state]:<14}", style), f"  {item.device}: {item.text}{after}", why)


def _foot(thread: Thread) -> list[Text]:
    return [plain(""), plain(("Answer: ", "bold"), thread.answer)] if thread.answer else []
