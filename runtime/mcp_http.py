"""MCP servers over streamable HTTP: on one address, with bearer tokens where they are configured."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import h11
import uvicorn
from mcp.server import MCPServer
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from schemas.errors import ConfigError

PATH, LOOPBACK = "/mcp", ("127.0.0.1", "::1", "localhost")
LARGEST = 64 * 1024
"""Bytes of a request: handles are short."""
PROMPT, CONNECTIONS = 10.0, 500
"""s for a request to arrive whole; connections at a time, beyond which clients are told to come back later."""


class Guarded:
    """Lets a request through whose Authorization header has one of the tokens, and that no web page sent: none is served here."""

    def __init__(self, app: ASGIApp, tokens: Sequence[str], pages: bool) -> None:
        self._app, self._tokens, self._pages = app, [f"Bearer {token}".encode() for token in tokens], pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (refusal := self._refusal(dict(scope["headers"]))) is None:
            await self._app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, headers: Mapping[bytes, bytes]) -> ASGIApp | None:
        if not self._pages and b"origin" in headers:
            return PlainTextResponse("no web page is expected here", 403)
        given = headers.get(b"authorization", b"")
        if self._tokens and not any(hmac.compare_digest(given, token) for token in self._tokens):
            return PlainTextResponse("a bearer token of this site is needed", 401, headers={"WWW-Authenticate": "Bearer"})
        return None


def web_app(server: MCPServer[Any], host: str, tokens: Sequence[str] = (), *, sessions: bool = False) -> ASGIApp:
    """On this machine's own addresses the SDK looks at Host and Origin; on others, whose names are not known here, no page is let in at all."""
    app = server.streamable_http_app(streamable_http_path=PATH, host=host, max_request_body_size=LARGEST, stateless_http=not sessions)
    return Guarded(app, tokens, pages=host in LOOPBACK)


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on. Raises ConfigError when the port is taken."""
    try:
        made = socket.create_server((host, port))
    except OSError as error:
        raise ConfigError(f"{host}:{port}: cannot listen there ({error.strerror})") from None
    # asyncio leaves Nagle's algorithm on for a socket whose protocol is not named: 40 ms for each answer.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


async def serve(server: MCPServer[Any], listening: socket.socket, tokens: Sequence[str] = (), *, sessions: bool = False) -> None:
    """Until cancelled; then it takes its leave in order. `sessions`: for clients of 2025-11-25 that are asked back while a call runs."""
    app = web_app(server, listening.getsockname()[0], tokens, sessions=sessions)
    made = _Server(
        uvicorn.Config(
            app, http=_Prompt, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1, limit_concurrency=CONNECTIONS
        )
    )
    with listening:
        running = asyncio.create_task(made.serve(sockets=[listening]))
        try:
            await asyncio.shield(running)
        finally:
            made.should_exit = True
            await running


class _Prompt(H11Protocol):
    """Closes a connection whose request has not come whole within PROMPT: a byte now and then would keep it for ever."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        self._expect()
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._arrived()

    def handle_events(self) -> None:
        """Also when an answer is complete: the next request may have come with the one before, and not whole."""
        super().handle_events()
        if self.conn.their_state is h11.SEND_BODY:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._late = self._late or self.loop.call_later(PROMPT, self.transport.close)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None


class _Server(uvicorn.Server):
    """Leaves signals to the process that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
