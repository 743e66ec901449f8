"""The plan of the chosen instruction as it runs: what comes after what, each sentence with its state, and at once why something went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from dashboard.branches import Row, branches
from dashboard.clean import plain
from dashboard.picture import ODD, WORK, WORK_STYLE, Picture, hang, standing
from dashboard.view import ENDED, Item, Thread, ViewState, WorkState
from dashboard.widgets.sheet import Sheet

AMISS: frozenset[WorkState] = frozenset(("failed", "uncertain", "refused", "unverified", "silent", "expired", "not sent", "asking"))
"""What a person may want to look at: its reason is always shown."""
TROUBLES = 3
"""Reasons that are repeated above a plan that is longer than the screen."""


@dataclass(frozen=True)
class Density:
    """How much is shown of each item: every reason, the whole sentence."""

    reasons: bool
    whole: bool


DENSITIES = (Density(True, True), Density(False, True), Density(False, False))
"""The first with which a plan is in sight as a whole is taken, else the last."""


class PlanSheet(Sheet):
    def page(self, picture: Picture) -> Sequence[Text]:
        thread = picture.chosen
        if thread is None:
            return [plain("Nobody has told the fleet anything yet. Press i to give an instruction.")]
        rows, head, foot = branches(tuple(i.after for i in thread.items)), _head(thread), _foot(thread, self.room)
        lines: list[Text] = []
        for density in DENSITIES:
            lines = [line for row in rows for line in _item(row, thread.items[row.item], picture.view, self.room, density, thread.dry_run)]
            if _height([*head, *lines, *foot]) <= self.size.height:
                return [*head, *lines, *foot]
        return [*head, *_troubles(thread, picture.view, self.room), *lines, *foot]


def _height(lines: list[Text]) -> int:
    return sum(line.plain.count("\n") + 1 for line in lines)


def _head(thread: Thread) -> list[Text]:
    word, style = standing(thread)
    preview = [plain(("Preview: nothing moves.", ODD))] if thread.dry_run else []
    plan = [plain(f"Plan: {thread.planned}")] if thread.planned and not thread.items else []
    return [plain((thread.text, "bold")), plain((word, style), "" if thread.dry_run else f"  {_counts(thread.items)}"), *preview, *plan, plain("")]


def _counts(items: tuple[Item, ...]) -> str:
    if not items:
        return ""
    told: tuple[tuple[str, Callable[[Item], bool]], ...] = (
        ("verified", lambda i: i.state == "verified"), ("running", lambda i: i.state == "running"), ("to look at", lambda i: i.state in AMISS),
    )  # fmt: skip
    counts = [(sum(map(holds, items)), word) for word, holds in told]
    return ", ".join([f"{sum(i.state in ENDED for i in items)} of {len(items)} ended", *(f"{n} {word}" for n, word in counts if n)])


def _item(row: Row, item: Item, view: ViewState, room: int, density: Density, preview: bool) -> list[Text]:
    mark, word = ("·", "planned") if preview and item.state == "waiting" else WORK[item.state].split(" ", 1)
    style = WORK_STYLE.get(item.state, "")
    lanes = plain((row.line[: row.node], "dim"), (mark, style or "bold"), (row.line[row.node + 1 :], "dim"))
    head = Text.assemble(lanes, f" {row.item + 1:>2} ", (f"{word:<11}", style), f" {item.device}: ")
    reasons = _reasons(item, view) if density.reasons or item.state in AMISS else []
    reasons += [f"before, {item.before}"] if item.before else []
    below = plain((row.below, "dim"), " " * 5)
    whys = [_beside(below, reason, room, style or "dim") for reason in reasons]
    return [_sentence(head, f"{item.text}{_after(item, row, density)}", row, room, density), *whys]


def _after(item: Item, row: Row, density: Density) -> str:
    """In words, too; where room is dear only if the lines do not say it."""
    said = item.after and (density.whole or not row.line.strip("● "))
    return f"  (after {', '.join(str(a + 1) for a in item.after[:6])}{', …' if len(item.after) > 6 else ''})" if said else ""


def _sentence(head: Text, text: str, row: Row, room: int, density: Density) -> Text:
    if density.whole:
        return _beside(head, text, room, "", plain((row.below, "dim")))
    line = Text.assemble(head, text)
    line.truncate(room, overflow="ellipsis")
    return line


def _beside(head: Text, body: str, room: int, style: str, margin: Text | None = None) -> Text:
    """As `hang`, with the lines of the plan going on at the left of further lines."""
    first, *further = hang(head, body, room, style).split("\n")
    begin = margin or head
    return Text("\n").join([first, *(Text.assemble(begin, line[begin.cell_len :]) for line in further)])


def _reasons(item: Item, view: ViewState) -> list[str]:
    """What its device said, and what was looked at to prove it."""
    device = view.fleet.get(item.device)
    proof = next((e.proof for e in device.ended if e.subtask == item.subtask), ()) if device is not None else ()
    return [*([item.why] if item.why else []), *(f"proof: {p}" for p in proof)]


def _troubles(thread: Thread, view: ViewState, room: int) -> list[Text]:
    amiss = [(n, i) for n, i in enumerate(thread.items, 1) if i.state in AMISS]
    lines = [
        hang(plain((f"{WORK[i.state].split()[0]} {n:>2} {i.device}: ", WORK_STYLE.get(i.state, ""))), "; ".join(_reasons(i, view)) or i.state, room)
        for n, i in amiss[:TROUBLES]
    ]
    more = [plain((f"  and {len(amiss) - TROUBLES} more below", "dim"))] if len(amiss) > TROUBLES else []
    return [*lines, *more, plain("")] if amiss else []


def _foot(thread: Thread, room: int) -> list[Text]:
    title = "Asks: " if thread.questions else "Answer: "
    return [plain(""), hang(plain((title, "bold")), thread.answer, room)] if thread.answer else []
