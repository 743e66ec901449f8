"""One thread for one model: llama.cpp contexts are not safe for two calls at once, and the event loop must never wait for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Worker:
    """Runs calls one after another in a thread of its own; the queue is the executor's."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result. Cancelling the caller does not interrupt a call that has begun."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: function(*args, **kwargs))

    async def close(self) -> None:
        """Drop what waits, let the running call end."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
