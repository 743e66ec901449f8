"""A recording as a view for every moment of it. Views do not change, so some are kept on the way: going back is going on from an earlier one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from dashboard.feed import heard
from dashboard.view import ViewState
from runtime.door import opened
from runtime.recording import Entry, Recording
from schemas.errors import ContractError
from schemas.messages import Instruction

EVERY, KEPT = 250, 400
"""Messages between two views that are kept: no more than this are read anew for a moment, however fast time goes. And views that are kept at most:
a longer recording has its further apart."""


class Reel:
    """Made in one pass over the recording; `told` hears of each message's number. `marks`: when instructions were given."""

    def __init__(self, recording: Recording, told: Callable[[int], None] | None = None) -> None:
        self._entries, self._every = recording.entries, max(EVERY, -(-len(recording.entries) // KEPT))
        self._times = [e.at for e in recording.entries]
        self.start, self.end = recording.head.begun, recording.end
        self._kept: list[ViewState] = []
        marks: list[float] = []
        view = ViewState(me=recording.head.name, site=recording.head.site)
        for count, entry in enumerate(recording.entries):
            if count % self._every == 0:
                self._kept.append(view)
            if told is not None:
                told(count)
            view, instructed = _next(view, entry)
            if instructed:
                marks.append(entry.at)
        self.marks = tuple(marks)
        self._kept = self._kept or [view]
        self._count, self._view = len(recording.entries), view

    def at(self, now: float) -> ViewState:
        """What was known then."""
        count = bisect_right(self._times, now)
        near = min(count // self._every, len(self._kept) - 1)
        if not near * self._every <= self._count <= count:
            self._count, self._view = near * self._every, self._kept[near]
        for entry in self._entries[self._count : count]:
            self._view, _ = _next(self._view, entry)
        self._count = count
        return self._view


def _next(view: ViewState, entry: Entry) -> tuple[ViewState, bool]:
    """The view after a message, and whether that was an instruction."""
    try:
        address, envelope, _ = opened(entry.message, view.site)
    except ContractError:
        return heard(view, entry.message, None, entry.at), False
    return heard(view, entry.message, (address, envelope), entry.at), isinstance(envelope.body, Instruction)
