"""A bounded queue between a reader and whoever must never wait for it: when full, the oldest goes and is counted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T], AsyncIterator[T]):
    def __init__(self, limit: int = 4096) -> None:
        self._items: deque[T] = deque()
        self._limit = limit
        self._ready = asyncio.Event()
        self.dropped = 0

    def put(self, item: T) -> None:
        """Never blocks; call from the event loop only."""
        if len(self._items) >= self._limit:
            self._items.popleft()
            self.dropped += 1
        self._items.append(item)
        self._ready.set()

    def clear(self) -> None:
        """Forget what is waiting."""
        self._items.clear()

    async def get(self) -> T:
        while not self._items:
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        """Never ends; a cancelled wait loses nothing and the next one goes on (a generator would be finished)."""
        return await self.get()
