"""MCP servers over standard input and output, that end when they are told to: the SDK's own waits in a thread for a line that may never come."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any, cast

from mcp.server import MCPServer
from mcp.server.stdio import stdio_server

LONGEST = 4 * 1024 * 1024
"""Bytes of one line."""


async def serve_stdio(server: MCPServer[Any]) -> None:
    """Until standard input ends, or cancelled."""
    inner = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]  # what the SDK's own transports run
    async with stdio_server(stdin=cast("Any", _Lines())) as (reading, writing):
        await inner.run(reading, writing, inner.create_initialization_options())


class _Lines:
    """Of standard input, whatever it is: a pipe, a file, a terminal."""

    def __init__(self) -> None:
        self._loop, self._reader = asyncio.get_running_loop(), asyncio.StreamReader(LONGEST)
        threading.Thread(target=self._feed, name="mcp.stdin", daemon=True).start()

    def _feed(self) -> None:
        try:
            while data := os.read(0, 65536):
                self._loop.call_soon_threadsafe(self._reader.feed_data, data)
            self._loop.call_soon_threadsafe(self._reader.feed_eof)
        except (OSError, RuntimeError):  # the loop has ended before
            return

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        try:
            line = await self._reader.readline()
        except ValueError:  # longer than LONGEST: no client of ours
            line = b""
        if not line:
            raise StopAsyncIteration
        return line.decode(errors="replace")
