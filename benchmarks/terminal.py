"""A program in a terminal of its own, as a person has it: keys go in, and what it draws comes out."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^X][^\x1b]*\x1b\\|[()][0-9A-Za-z]|[=>78])")
OVERLAP = 4000
"""Bytes that are looked at again when more has come: what is waited for may come in two parts."""
APART = 0.03
"""s between the beginnings of two frames: what comes sooner belongs to the same."""


class Terminal:
    """`async with Terminal(command, env) as terminal`; it is gone at the end. `frames`: when each began to be drawn, s of time.monotonic."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], size: tuple[int, int] = (120, 40)) -> None:
        self._command, self._environment, self._size = command, environment, size
        self._master = -1
        self._drawn = bytearray()
        self._came = asyncio.Event()
        self._narrow = False
        self.frames: list[float] = []
        self.total = 0
        """Bytes drawn."""

    async def __aenter__(self) -> Terminal:
        self._master, inner = pty.openpty()
        self._resize(self._size)
        self.process = await asyncio.create_subprocess_exec(
            *self._command, stdin=inner, stdout=inner, stderr=inner, env=self._environment, start_new_session=True
        )
        os.close(inner)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        self.vanish()

    def vanish(self) -> None:
        """It is there no more, and no signal tells so."""
        if self._master >= 0:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master = -1

    def _resize(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def _read(self) -> None:
        try:
            came = os.read(self._master, 65536)
        except OSError:  # it has ended
            asyncio.get_running_loop().remove_reader(self._master)
            return
        now = time.monotonic()
        if not self.frames or now - self.frames[-1] >= APART:
            self.frames.append(now)
        self.total += len(came)
        self._drawn += came
        self._came.set()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def anew(self) -> None:
        """Have all of it drawn again, a column narrower or wider: what was drawn before is forgotten."""
        self._drawn.clear()
        self._narrow = not self._narrow
        self._resize((self._size[0] - self._narrow, self._size[1]))
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGWINCH)

    def forget(self) -> None:
        self._drawn.clear()

    @property
    def text(self) -> str:
        """What was drawn since it was last forgotten, without its styles."""
        return self._since(0)

    def _since(self, at: int) -> str:
        return ESCAPES.sub(b"", bytes(self._drawn[max(0, at) :])).decode(errors="replace")

    async def sees(self, part: str, limit: float = 20.0) -> float:
        """The seconds until this is drawn; TimeoutError where it never is."""
        began, wanted, looked = time.monotonic(), re.compile(part), 0
        async with asyncio.timeout(limit):
            while not wanted.search(self._since(looked - OVERLAP)):
                looked = len(self._drawn)
                self._came.clear()
                await self._came.wait()
        return time.monotonic() - began

    def resident_mb(self) -> float:
        """What it holds now (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmRSS"))
