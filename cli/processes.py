"""Child processes of `parley demo`: started in order, watched, and all gone at the end, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from schemas.errors import ConfigError

T = TypeVar("T")

_RUN = "from cli.main import run; run()"
_PATIENCE = 5.0
"""s between asking a child to end and ending it."""


@dataclass
class Children:
    """`logs`: folder for each child's stderr. Use as `async with Children(folder) as children`."""

    logs: Path
    _running: dict[str, asyncio.subprocess.Process] = field(default_factory=lambda: dict[str, asyncio.subprocess.Process]())

    async def __aenter__(self) -> Children:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """The first one started, the broker, goes last: the others say goodbye through it. One that does not listen is ended."""
        everyone = list(self._running.values())
        try:
            for some in (everyone[1:], everyone[:1]):
                await _end(some)
        finally:
            for child in everyone:
                _send(child, signal.SIGKILL)

    async def start(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        """`parley <arguments>` as a child that is not reached by the terminal's Ctrl-C: the parent stops it."""
        with (self.logs / f"{name}.log").open("wb") as log:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _RUN, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self._running[name] = child
        return child

    async def line_of(self, name: str, timeout: float = 30.0) -> str:
        """The first line on a child's stdout. ConfigError with the child's last words when it ends instead."""
        stdout = self._running[name].stdout
        assert stdout is not None
        try:
            line = await asyncio.wait_for(stdout.readline(), timeout)
        except TimeoutError:
            raise ConfigError(f"{name} did not get ready within {timeout:g} s") from None
        if not line:
            raise ConfigError(self._last_words(name))
        return line.decode()

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`; ConfigError with a child's last words as soon as one of them ends."""
        working = asyncio.ensure_future(work)
        watching = {asyncio.ensure_future(child.wait()): name for name, child in self._running.items()}
        try:
            ended, _ = await asyncio.wait((working, *watching), return_when=asyncio.FIRST_COMPLETED)
            if working in ended:
                return working.result()
            raise ConfigError(self._last_words(next(watching[task] for task in watching if task in ended)))
        finally:
            for task in (working, *watching):
                task.cancel()
            await asyncio.gather(working, *watching, return_exceptions=True)

    def _last_words(self, name: str) -> str:
        text = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{name} ended: {text[-1].removeprefix('parley: ') if text else 'without a word'}"


async def _end(children: list[asyncio.subprocess.Process]) -> None:
    for child in children:
        _send(child, signal.SIGTERM)
    try:
        await asyncio.wait_for(asyncio.gather(*(child.wait() for child in children)), _PATIENCE)
    except TimeoutError:
        for child in children:
            _send(child, signal.SIGKILL)
        await asyncio.gather(*(child.wait() for child in children))


def _send(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if child.returncode is None:
            child.send_signal(number)
