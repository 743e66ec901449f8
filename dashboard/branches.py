"""A plan's order of work as lines: each item a node, what it comes after on its left, what comes after it below. Pure.

A lane is a line that runs down to items that are still to come. Items with the same successors share one, and so do the successors of one item:
a fan-out and a fan-in are three lanes, however wide. Lines that come in lie left of a node; lines that several nodes go into lie right of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

LANES = 8
"""Columns of lines; a plan that needs more is drawn without."""
_Lanes = list[set[int]]
"""By column: the items that the line still runs to; empty where there is none."""


@dataclass(frozen=True)
class Row:
    """`line` beside the node's mark, which stands at `node`; `below`: beside further lines of the item."""

    item: int
    node: int
    line: str
    below: str


@lru_cache(maxsize=20)
def branches(after: tuple[tuple[int, ...], ...]) -> tuple[Row, ...]:
    """Rows in an order in which each item comes after all that it waits for."""
    order, next_ = _order(after), _successors(after)
    rows, lanes, alike = list[Row](), _Lanes(), Counter(map(frozenset, next_))
    for item in order:
        alike[frozenset(next_[item])] -= 1
        rows.append(_row(item, next_[item], alike[frozenset(next_[item])] > 0, lanes))
        if len(lanes) > LANES:
            return tuple(Row(item, 0, "●", " ") for item in order)
    width = max((len(r.line) for r in rows), default=1)
    return tuple(Row(r.item, r.node, r.line.ljust(width), r.below.ljust(width)) for r in rows)


def _successors(after: Sequence[Sequence[int]]) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in after]
    for item, earlier in enumerate(after):
        for one in earlier:
            if 0 <= one < len(after) and one != item:
                found[one].add(item)
    return found


def _order(after: Sequence[Sequence[int]]) -> list[int]:
    """Chains stay together: after an item come those that only waited for it. What waits for itself comes last, as it stands."""
    order, there = list[int](), set[int]()
    next_ = _successors(after)
    waiting = [i for i in reversed(range(len(after))) if not any(0 <= a < len(after) and a != i for a in after[i])]
    while waiting:
        item = waiting.pop()
        if item in there:
            continue
        order.append(item)
        there.add(item)
        ready = [n for n in sorted(next_[item], reverse=True) if all(a in there or not 0 <= a < len(after) or a == n for a in after[n])]
        waiting += ready
    return [*order, *(i for i in range(len(after)) if i not in there)]


def _row(item: int, next_: set[int], shared: bool, lanes: _Lanes) -> Row:
    """Draws one item, and carries the lanes on."""
    come = [k for k, lane in enumerate(lanes) if item in lane]
    before = [bool(lane) for lane in lanes]
    for k in come:
        lanes[k].discard(item)
    ended = [k for k in come if not lanes[k]]
    leftmost = max((k for k in come if lanes[k]), default=-1) + 1
    node = next((k for k in ended if k >= leftmost), None)
    node = _free(lanes, leftmost, before) if node is None else node
    out = _joined(lanes, node, next_, shared)
    line = _line(lanes, node, come, ended, out, before)
    return Row(item, 2 * node, line, "".join("│ " if lane else "  " for lane in lanes).rstrip() or " ")


def _free(lanes: _Lanes, start: int, before: Sequence[bool]) -> int:
    """A column from there on without a line, now and above; made where there is none."""
    column = start
    while (column < len(before) and before[column]) or (column < len(lanes) and lanes[column]):
        column += 1
    lanes += [set() for _ in range(column + 1 - len(lanes))]
    return column


def _joined(lanes: _Lanes, node: int, next_: set[int], shared: bool) -> int | None:
    """The lane on the right that the node goes into, if it does; else its own column carries its line on."""
    if not next_:
        return None
    there = next((k for k in range(node + 1, len(lanes)) if lanes[k] == next_), None)
    if there is not None:
        return there
    if not shared:
        lanes[node] = set(next_)
        return None
    column = _free(lanes, node + 1, [bool(lane) for lane in lanes])
    lanes[column] = set(next_)
    return column


def _line(lanes: _Lanes, node: int, come: Sequence[int], ended: Sequence[int], out: int | None, before: Sequence[bool]) -> str:
    """Two characters a column."""
    ends = [node, *come, *([out] if out is not None else [])]
    west, east = min(ends), max(ends)
    cells: list[str] = []
    for k, lane in enumerate(lanes):
        opened = k == out and not (k < len(before) and before[k])
        middle = west < k < east
        if k == node:
            cell = "●"
        elif opened:
            cell = "┬" if middle else "╮"
        elif k in ended:
            cell = "┴" if middle else "╯" if k > node else "╰"
        elif k in come or k == out:
            cell = "┼" if middle else "├" if k < node else "┤"
        else:
            cell = "│" if lane else "─" if middle else " "
        cells.append(cell + ("─" if west <= k < east else " "))
    return "".join(cells).rstrip()
