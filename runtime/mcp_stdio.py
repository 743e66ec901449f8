"""MCP servers over standard input and output, that end when they are told to: the SDK's own waits in a thread for a line that may never come."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import Any, cast

from mcp.server import MCPServer
from mcp.server.stdio import stdio_server

LONGEST, AHEAD = 4 * 1024 * 1024, 4
"""Bytes of one line; pieces of it that are read before somebody wants them."""


async def serve_stdio(server: MCPServer[Any]) -> None:
    """Until standard input ends, nobody reads standard output any more, or cancelled."""
    inner = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]  # what the SDK's own transports run
    try:
        async with stdio_server(stdin=cast("Any", _Lines())) as (reading, writing):
            await inner.run(reading, writing, inner.create_initialization_options())
    except* BrokenPipeError:
        sys.stdout = None  # at the end Python would try once more


class _Lines:
    """Of standard input, whatever it is: a pipe, a file, a terminal. What is not asked for yet stays with whoever sends it."""

    def __init__(self) -> None:
        self._loop, self._chunks, self._room = asyncio.get_running_loop(), asyncio.Queue[bytes](), threading.Semaphore(AHEAD)
        self._rest = bytearray()
        threading.Thread(target=self._feed, name="mcp.stdin", daemon=True).start()

    def _feed(self) -> None:
        data = b"\n"
        try:
            while data:
                data = os.read(0, 65536)
                self._room.acquire()
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, data)
        except (OSError, RuntimeError):  # the loop has ended before
            return

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        seen = 0
        while (end := self._rest.find(b"\n", seen)) < 0:
            seen, chunk = len(self._rest), await self._chunks.get()
            self._room.release()
            if (not chunk and not self._rest) or len(self._rest) > LONGEST:  # the end, or no client of ours
                raise StopAsyncIteration
            if not chunk:
                self._chunks.put_nowait(chunk)
            self._rest += chunk or b"\n"
        line = bytes(self._rest[: end + 1])
        del self._rest[: end + 1]
        return line.decode(errors="replace")
