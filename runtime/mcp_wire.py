"""What carries MCP to servers that nobody vouches for: streamable HTTP, and a process's standard input and output, both with limits.

The official SDK's own transports keep whatever a server sends until a message is whole; these end the connection first.
"""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
from anyio.abc import Process
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from runtime.meters import METERS
from runtime.plain import clean
from schemas.errors import LinkError

T = TypeVar("T")
LARGEST = 4 * 1024 * 1024
"""Bytes of one message or one HTTP response."""
MOST = 1000
"""Messages in one second."""
GRACE = 2.0
"""s that a process has to end after its input was closed, and again after SIGTERM."""
SHOWN = 300
REFUSALS = {401: "401, a token that it knows is needed", 403: "403, this is not allowed"}
"""What is told of an HTTP status."""
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def plain(text: str) -> str:
    """One line of what may be shown, cut; gaps are closed."""
    return " ".join(clean(text, SHOWN).split())


class Pace:
    """Counts the messages of one stream by the time in which none was there to be read: who sends without a pause is too fast for any machine,
    and a slow one is not kept busy for longer."""

    def __init__(self) -> None:
        self._count, self._waited = 0, 0.0

    async def waited(self, source: AsyncIterator[T]) -> AsyncGenerator[T]:
        """The same."""
        while True:
            began = time.monotonic()
            try:
                item = await anext(source)
            except StopAsyncIteration:
                return
            self._waited += time.monotonic() - began
            yield item

    def exceeded(self, count: int = 1) -> bool:
        """Whether, with `count` more, it is more than MOST within a second."""
        if self._waited >= 1.0:
            self._count, self._waited = 0, 0.0
        self._count += count
        return self._count > MOST


TOO_FAST = f"it sends more than {MOST} messages a second"


@asynccontextmanager
async def over_http(url: str, token: str | None, timeout: float | None, said: deque[str]) -> AsyncGenerator[Any, None]:
    """Streamable HTTP to `url`. `timeout`: s for each read and write; None leaves them to the caller. `token` goes along as a bearer token.

    `said`: takes why requests fail, where the SDK does not tell.
    """
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token is not None else {})
    limits = httpx2.Timeout(timeout, connect=GRACE if timeout is None else timeout)
    arrived, reading = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    carrier = _Limited(httpx2.AsyncHTTPTransport(verify=certificates()), said, arrived.close)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=limits, trust_env=False, transport=carrier))
        inner, writing = await stack.enter_async_context(streamable_http_client(url, http_client=client, max_sse_event_size=LARGEST))
        tasks = await stack.enter_async_context(anyio.create_task_group())
        tasks.start_soon(_pass_on, inner, arrived)
        stack.callback(tasks.cancel_scope.cancel)
        yield reading, writing


async def _pass_on(inner: Any, arrived: Any) -> None:
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        async with arrived:
            async for message in inner:
                await arrived.send(message)


@cache
def certificates() -> ssl.SSLContext:
    """Read once: for a client of its own each request would wait 30 ms for them."""
    return ssl.create_default_context()


class _Limited(httpx2.AsyncBaseTransport):
    """Keeps the limits of one connection, and ends it by `end` when its server does not. No response may be compressed.

    The stream that belongs to no request is opened once a second at most, however soon the server wants it back.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, said: deque[str], end: Callable[[], None]) -> None:
        self._inner, self._said, self._end, self._next = inner, said, end, 0.0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            await anyio.sleep(max(0.0, self._next - time.monotonic()))
            self._next = time.monotonic() + 1.0
        with anyio.fail_after(GRACE if request.method == "DELETE" else None):  # nobody waits for a goodbye
            response = await self._inner.handle_async_request(request)
        METERS.answered(request, response)
        if response.status_code in REFUSALS:
            self._said.append(REFUSALS[response.status_code])
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise httpx2.ReadError("it compresses what it was asked to send plain")  # a small answer may unfold to gigabytes
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Counted(response.stream, self, response.headers.get("content-type", "").lower().startswith("text/event-stream"))
        return response

    def broken(self, why: str) -> Exception:
        self._said.append(why)
        self._end()
        return httpx2.ReadError(why)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    """At most LARGEST bytes: of a stream of events within a second, of anything else in all."""

    def __init__(self, inner: httpx2.AsyncByteStream, carrier: _Limited, events: bool) -> None:
        self._inner, self._carrier, self._events, self._tail = inner, carrier, events, b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen, since, pace = 0, time.monotonic(), Pace()
        async for chunk in pace.waited(aiter(self._inner)):
            if self._events and time.monotonic() - since >= 1.0:
                seen, since = 0, time.monotonic()
            seen += len(chunk)
            if seen > LARGEST:
                raise self._carrier.broken(f"it sends more than {LARGEST} bytes at once")
            if self._events and pace.exceeded(self._ended(chunk)):
                raise self._carrier.broken(TOO_FAST)
            yield chunk

    def _ended(self, chunk: bytes) -> int:
        """How many events end in it, messages or not."""
        text = self._tail + chunk
        ends = [match.end() for match in _BLANK_LINE.finditer(text)]
        self._tail = text[max([len(text) - 3, *ends[-1:]]) :]
        return len(ends)

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
    buffer, pace = bytearray(), Pace()
    async with arrived:
        try:
            async for chunk in pace.waited(aiter(process.stdout)):
                buffer += chunk
                *lines, rest = buffer.split(b"\n")
                buffer = rest
                if max(len(line) for line in (*lines, rest)) > LARGEST:
                    said.append(f"it sends lines of more than {LARGEST} bytes")
                    return
                if pace.exceeded(len(lines)):
                    said.append(TOO_FAST)
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
