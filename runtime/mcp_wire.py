"""What carries MCP to servers that nobody vouches for: streamable HTTP, and a process's standard input and output, both with limits.

The official SDK's own transports keep whatever a server sends until a message is whole; these end the connection first.
"""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import httpx2
from anyio.abc import Process
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from runtime.plain import clean
from schemas.errors import LinkError

LARGEST = 4 * 1024 * 1024
"""Bytes of one message or one HTTP response."""
MOST = 1000
"""Messages in one second."""
GRACE = 2.0
"""s that a process has to end after its input was closed, and again after SIGTERM."""
SHOWN = 300


def plain(text: str) -> str:
    """One line of what may be shown, cut; gaps are closed."""
    return " ".join(clean(text, SHOWN).split())


@asynccontextmanager
async def over_http(url: str, token: str | None, timeout: float | None) -> AsyncGenerator[Any, None]:
    """Streamable HTTP to `url`. `timeout`: s for each read and write; None leaves them to the caller. `token` goes along as a bearer token."""
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
    limits = httpx2.Timeout(timeout, connect=GRACE if timeout is None else timeout)
    async with AsyncExitStack() as stack:
        carrier = _Limited(httpx2.AsyncHTTPTransport(verify=certificates()))
        client = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=limits, trust_env=False, transport=carrier))
        yield await stack.enter_async_context(streamable_http_client(url, http_client=client, max_sse_event_size=LARGEST))


@cache
def certificates() -> ssl.SSLContext:
    """Read once: for a client of its own each request would wait 30 ms for them."""
    return ssl.create_default_context()


class _Limited(httpx2.AsyncBaseTransport):
    """Responses end with an error after LARGEST bytes; none may be compressed."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise httpx2.ReadError("it compresses what it was asked to send plain")  # a small answer may unfold to gigabytes
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > LARGEST:
                raise httpx2.ReadError(f"it sends more than {LARGEST} bytes at once")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def over_stdio(command: Sequence[str], folder: Path | None, said: deque[str]) -> AsyncGenerator[Any, None]:
    """A process of its own group, ended with all that it started. `said`: takes the last lines of its standard error, and why the connection ended.

    Raises LinkError when it cannot be started.
    """
    try:
        process = await anyio.open_process(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=get_default_environment(),
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise LinkError(f"{command[0]} cannot be started ({error.strerror})") from None
    arrived, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    writing, leaving = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_read, process, arrived, said)
        tasks.start_soon(_write, process, leaving, arrived)
        tasks.start_soon(_listen, process, said)
        try:
            yield reading, writing
        finally:
            with anyio.CancelScope(shield=True):
                await _end(process)
            tasks.cancel_scope.cancel()


async def _read(process: Process, arrived: Any, said: deque[str]) -> None:
    assert process.stdout is not None
    buffer, counted, since = bytearray(), 0, time.monotonic()
    async with arrived:
        try:
            async for chunk in process.stdout:
                buffer += chunk
                *lines, rest = buffer.split(b"\n")
                buffer = rest
                if max(len(line) for line in (*lines, rest)) > LARGEST:
                    said.append(f"it sends lines of more than {LARGEST} bytes")
                    return
                now = time.monotonic()
                counted, since = (counted + len(lines), since) if now - since < 1.0 else (len(lines), now)
                if counted > MOST:
                    said.append(f"it sends more than {MOST} messages a second")
                    return
                for line in lines:
                    if (message := message_of(bytes(line))) is not None:
                        await arrived.send(message)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
            return


def message_of(said: bytes) -> SessionMessage | None:
    """None for what is no message: many servers print to their standard output by mistake."""
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(said, by_name=False))
    except ValueError:
        return None


def bytes_of(message: SessionMessage) -> bytes:
    return message.message.model_dump_json(by_alias=True, exclude_unset=True).encode()


async def _write(process: Process, leaving: Any, arrived: Any) -> None:
    assert process.stdin is not None
    try:
        async with leaving:
            async for message in leaving:
                await process.stdin.send(bytes_of(message) + b"\n")
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await arrived.aclose()  # so that a request that waits ends


async def _listen(process: Process, said: deque[str]) -> None:
    assert process.stderr is not None
    try:
        async for chunk in process.stderr:
            said.extend(filter(None, (plain(line) for line in chunk[-4096:].decode(errors="replace").splitlines()[-3:])))
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, ConnectionError):
        return


async def _end(process: Process) -> None:
    """By the specification: its input is closed, then SIGTERM, then SIGKILL, to all of its group."""
    assert process.stdin is not None
    with anyio.move_on_after(GRACE):
        await process.stdin.aclose()
        await process.wait()
    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sent)
        except (ProcessLookupError, PermissionError):
            break
        with anyio.move_on_after(GRACE):
            await process.wait()
    with anyio.move_on_after(GRACE):
        await process.aclose()
