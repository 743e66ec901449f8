"""Start, stop and wait for things that run: every task is named, held in one group, and cancelled in reverse order of its start."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Self

import structlog

log = structlog.get_logger()


class Service:
    """Subclass and override `_run`, or call `spawn` from it. `async with service:` starts and stops it.

    A child task that fails is logged and kept as `failure`; it never takes its siblings down silently: `wait()` raises it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tasks: list[asyncio.Task[Any]] = []
        self._failed: asyncio.Future[None] | None = None

    async def _run(self) -> None:
        """The service's own work, up to its end or cancellation."""
        raise NotImplementedError

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}.{name}")
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("task_failed", task=task.get_name(), error=f"{type(error).__name__}: {error}")
            if self._failed is not None and not self._failed.done():
                self._failed.set_exception(error)

    async def start(self) -> None:
        self._failed = asyncio.get_running_loop().create_future()
        self._failed.add_done_callback(lambda f: f.cancelled() or f.exception())
        self.spawn(self._run(), "run")

    async def stop(self) -> None:
        while tasks := list(reversed(self._tasks)):  # an ending task may start another
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)
        if self._failed is not None and not self._failed.done():
            self._failed.cancel()

    async def wait(self) -> None:
        """Until the service's tasks have ended, or the first failure, which is raised."""
        while self._tasks:
            assert self._failed is not None
            await asyncio.wait([*self._tasks, self._failed], return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                await self._failed

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
