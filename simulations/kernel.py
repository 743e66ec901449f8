"""Simulated time: a heap of events, one clock and one seeded source of chance. Pure; simulations.pace joins it to real time."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

Action = Callable[[], None]


class Event:
    """A scheduled action; `cancel()` keeps it from running."""

    __slots__ = ("action", "time")

    def __init__(self, time: float, action: Action) -> None:
        self.time = time
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class Kernel:
    """`now` in simulated seconds from 0. Events of one time run in the order in which they were scheduled."""

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.rng = random.Random(seed)
        self.on_schedule: Action = _nothing
        """Called whenever an event is added, so that a sleeping pump wakes."""
        self._heap: list[tuple[float, int, Event]] = []
        self._order = count()

    def at(self, time: float, action: Action) -> Event:
        """Run `action` at `time` s; a time in the past means now."""
        event = Event(max(time, self.now), action)
        heapq.heappush(self._heap, (event.time, next(self._order), event))
        self.on_schedule()
        return event

    def after(self, delay: float, action: Action) -> Event:
        return self.at(self.now + delay, action)

    def next_time(self) -> float | None:
        """When the next event is due; None when nothing is going on."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def step(self) -> bool:
        """Jump to the next event and run it; False when there is none."""
        if self.next_time() is None:
            return False
        time, _, event = heapq.heappop(self._heap)
        action, event.action = event.action, None
        self.now = time
        if action is not None:
            action()
        return True

    def run_until(self, time: float) -> None:
        """Run everything due up to `time`, then stand at `time`."""
        while (due := self.next_time()) is not None and due <= time:
            self.step()
        self.now = max(self.now, time)

    def advance(self, seconds: float) -> None:
        self.run_until(self.now + seconds)

    def drain(self, limit: float) -> bool:
        """Run until nothing is scheduled, at most to time `limit`; whether it came to rest."""
        while (due := self.next_time()) is not None and due <= limit:
            self.step()
        return self.next_time() is None


def _nothing() -> None:
    return None
