"""Rounds, as in LLMind 2.0: poll, wait until all have answered or the time-out fires. Asked are those with open work, new, or quiet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from coordinator.ledger import Ledger
from coordinator.registry import Registry
from runtime.clock import Clock
from schemas.messages import Poll


def targets(registry: Registry, ledger: Ledger, fresh: Iterable[str], now: float) -> dict[str, tuple[str, ...]]:
    """Device → its open subtasks, for everybody who shall report this round."""
    wanted = {e.device: tuple(o.subtask for o in ledger.open_of(e.device)) for e in ledger.entries.values() if e.open}
    for device in registry.profiles:
        if not registry.alive(device, now):
            wanted.setdefault(device, ())
    for device in fresh:
        wanted.setdefault(device, ())
    return wanted


class Rounds:
    """`publish` sends one poll. `look` says whom to ask now (see `targets`)."""

    def __init__(
        self, clock: Clock, publish: Callable[[Poll], Awaitable[None]], look: Callable[[], dict[str, tuple[str, ...]]], timeout: float
    ) -> None:
        self._clock, self._publish, self._look, self._timeout = clock, publish, look, timeout
        self._poke = asyncio.Event()
        self._poll = ""
        self._missing: set[str] = set()
        self._all_in = asyncio.Event()

    def poke(self) -> None:
        """Begin the next round now: a device appeared or does not know the time."""
        self._poke.set()

    def on_report(self, device: str, poll: str) -> None:
        if poll == self._poll:
            self._missing.discard(device)
            if not self._missing:
                self._all_in.set()

    async def once(self) -> frozenset[str]:
        """One round; the devices that did not answer in time."""
        wanted = self._look()
        if not wanted:
            return frozenset()
        self._poll, self._missing = self._clock.uuid7(), set(wanted)
        self._all_in.clear()
        await self._publish(Poll(poll=self._poll, open=wanted))
        try:
            async with asyncio.timeout(self._timeout):
                await self._all_in.wait()
        except TimeoutError:
            pass
        return frozenset(self._missing)

    async def forever(self, period: float) -> None:
        while True:
            self._poke.clear()
            await self.once()
            try:
                async with asyncio.timeout(period):
                    await self._poke.wait()
            except TimeoutError:
                pass
