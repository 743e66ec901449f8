"""Child processes of `parley demo`: started in order, watched, and all gone at the end, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import ConfigError

_RUN = "from cli.main import run; run()"


@dataclass
class Children:
    """`logs`: folder for each child's stderr. Use as `async with Children(folder) as children`."""

    logs: Path
    _running: dict[str, asyncio.subprocess.Process] = field(default_factory=lambda: dict[str, asyncio.subprocess.Process]())

    async def __aenter__(self) -> Children:
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Politely first, in reverse order; after 5 s without asking."""
        for child in reversed(self._running.values()):
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGTERM)
        for child in reversed(self._running.values()):
            try:
                await asyncio.wait_for(child.wait(), 5)
            except TimeoutError:
                child.kill()
                await child.wait()

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
            raise ConfigError(self.last_words(name))
        return line.decode()

    def check(self) -> None:
        """ConfigError when a child has died."""
        for name, child in self._running.items():
            if child.returncode is not None:
                raise ConfigError(self.last_words(name))

    def last_words(self, name: str) -> str:
        text = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{name} ended: {text[-1] if text else 'without a word'}"
