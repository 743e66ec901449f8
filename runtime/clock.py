"""Time, ids and randomness: nothing else reads the wall clock or rolls dice, so a whole fleet can run in virtual time and replay by seed."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from typing import Protocol

from schemas.ids import uuid7_from


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; for durations."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def uuid7(self) -> str:
        """A fresh UUIDv7, increasing within one clock."""
        ...

    @property
    def rng(self) -> random.Random: ...


class SystemClock:
    """The machine's clock and real randomness."""

    def __init__(self) -> None:
        self._rng = random.Random(secrets.randbits(64))
        self._last = 0

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def uuid7(self) -> str:
        self._last = max(self._last + 1, int(self.now() * 1000) << 12)
        return uuid7_from(self._last >> 12, ((self._last & 0xFFF) << 62) | secrets.randbits(62))

    @property
    def rng(self) -> random.Random:
        return self._rng


class LoopClock:
    """The running event loop's time (virtual under async-solipsism) and seeded ids: the same seed gives the same run."""

    def __init__(self, seed: int = 0, epoch: float = 1_800_000_000.0, skew: float = 0.0) -> None:
        self._rng = random.Random(seed)
        self._epoch = epoch + skew
        self._count = 0

    def now(self) -> float:
        return self._epoch + self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))

    def uuid7(self) -> str:
        self._count += 1
        return uuid7_from(int(self.now() * 1000), (self._count << 62 & (0xFFF << 62)) | self._rng.getrandbits(62))

    @property
    def rng(self) -> random.Random:
        return self._rng
