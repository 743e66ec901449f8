"""Saying something to devices until their own states say that they heard it, or time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from runtime.clock import Clock

AGAIN = 1.0
"""Seconds after which what nobody confirmed is said again."""


class Confirmation:
    """`limit`: s to wait for the devices' word."""

    def __init__(self, clock: Clock, limit: float) -> None:
        self._clock, self._limit = clock, limit
        self._changed = asyncio.Event()

    def on_state(self) -> None:
        """A device's state has arrived."""
        self._changed.set()

    async def missing(self, devices: Sequence[str], say: Callable[[str], Awaitable[None]], agrees: Callable[[str], bool]) -> list[str]:
        """Who has not agreed in time. Every device is told, however it stood before."""
        for device in devices:
            await say(device)
        now = self._clock.monotonic
        end, again = now() + self._limit, now() + AGAIN
        while (open_ := [d for d in devices if not agrees(d)]) and now() < end:
            self._changed.clear()
            try:
                async with asyncio.timeout(max(0.01, min(end, again) - now())):
                    await self._changed.wait()
            except TimeoutError:
                again = now() + AGAIN
                for device in open_:
                    await say(device)
        return open_
