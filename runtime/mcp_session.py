"""A session with an MCP server that stays open: for servers that are devices. It is made anew when it broke.

Cancelling a call tells the server so. What the server says is data: cut to size here, checked by whoever asked, and never obeyed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND, TextContent, Tool
from pydantic import ValidationError

from runtime.clock import Clock
from runtime.mcp import LONGEST, Access, client_of, entered, innermost, misshapen
from runtime.mcp_wire import over_stdio, plain
from schemas.errors import DeviceError, LinkError

T = TypeVar("T")
CONNECT, LISTING, LEAVING = 20.0, 5.0, 10.0
"""s to connect, which may mean that a program starts; to say which tools there are; to end in order."""
PAGES, TOOLS = 20, 200
"""Pages of tools, and tools, that are read."""
LONGEST_WAIT = 30.0
"""s at most until a server that failed is tried again; the first time one second, then twice as long each time."""


@dataclass(frozen=True)
class Target:
    """A command to start, in `folder`; or a URL, over HTTP or `mqtt:<name>`, with what goes along."""

    command: tuple[str, ...] = ()
    folder: Path | None = None
    url: str = ""
    access: Access = field(default_factory=Access)


@dataclass(frozen=True)
class Answered:
    """A tool's answer: structured, if it is, and its texts."""

    structured: dict[str, Any] | None
    text: str


class McpSession:
    """One server. Every method raises LinkError when it cannot be reached or the connection broke; one that failed is left alone for a while."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target, self._clock = target, clock
        self._said: deque[str] = deque(maxlen=3)
        self._client: Client | None = None
        self._owner: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._opening = asyncio.Lock()
        self._failed, self._again, self._calls = 0, 0.0, 0

    @property
    def server(self) -> str:
        """How the server calls itself; "" when it does not say, or is not connected."""
        info = self._client.server_info if self._client is not None else None
        return plain(info.title or info.name) if info is not None else ""

    async def tools(self) -> tuple[Tool, ...]:
        """All of its tools as they are now. A server that does not say so in time, and is not busy, is given up."""
        client = await self._open()
        try:
            async with asyncio.timeout(LISTING):
                return await self._listed()
        except TimeoutError:
            slow = TimeoutError(f"it did not say within {LISTING:g} s which tools it has")
            raise LinkError(f"the server is busy: {slow}") if self._calls else await self._lost(slow, client) from None

    async def _listed(self) -> tuple[Tool, ...]:
        found, cursor = list[Tool](), None
        for _ in range(PAGES):
            page = await self._ask(lambda client, at=cursor: client.list_tools(cursor=at, cache_mode="refresh"))
            found, cursor = [*found, *page.tools], page.next_cursor
            if cursor is None or len(found) >= TOOLS:
                break
        return tuple(found[:TOOLS])

    async def call(self, tool: str, arguments: dict[str, Any]) -> Answered:
        """Raises DeviceError with the tool's words when it failed, and, `uncertain`, when the connection was lost before it answered."""
        self._calls += 1
        try:
            result = await self._ask(lambda client: client.call_tool(tool, arguments))
        except _Lost as error:
            raise DeviceError(str(error), uncertain=True) from None
        except LinkError as error:
            raise DeviceError(str(error)) from None
        finally:
            self._calls -= 1
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        if result.is_error:
            raise DeviceError(f"the server refused: {plain(text.removeprefix(f'Error executing tool {tool}: ')) or 'it does not say why'}")
        if len(text) > LONGEST or len(str(result.structured_content)) > LONGEST:
            raise DeviceError(f"the server's answer is longer than {LONGEST} characters", uncertain=True)
        return Answered(result.structured_content, text)

    async def close(self) -> None:
        """Ends the session, and with it the process that was started for it."""
        if self._owner is not None:
            self._leave.set()
            await asyncio.wait({self._owner}, timeout=LEAVING)
            await self._give_up()
        self._client = None

    async def _ask(self, what: Callable[[Client], Awaitable[T]]) -> T:
        client = await self._open()
        try:
            answer = await what(client)
            self._failed = 0
            return answer
        except MCPError as error:
            if error.error.code in (METHOD_NOT_FOUND, INVALID_PARAMS):
                raise DeviceError(f"the server refused: {plain(error.error.message)}") from None
            raise await self._lost(error, client) from None  # broken transports come as many codes, and so does "session terminated"
        except (DeviceError, LinkError):
            raise
        except ValidationError as error:
            raise DeviceError(misshapen(error), uncertain=True) from None
        except Exception as error:
            raise await self._lost(error, client) from None

    async def _lost(self, error: Exception, client: Client) -> _Lost:
        if self._client is client:  # the first of several requests on it says so
            await self.close()
            self._failure()
        return _Lost(f"the connection to the server was lost ({self._why(error)})")

    def _failure(self) -> None:
        self._failed += 1
        self._again = self._clock.monotonic() + min(2.0 ** (self._failed - 1), LONGEST_WAIT)

    async def _open(self) -> Client:
        async with self._opening:
            if self._client is not None and self._owner is not None and not self._owner.done():
                return self._client
            await self.close()
            if self._failed and self._clock.monotonic() < self._again:
                raise LinkError(f"the server failed a moment ago{self._last()}")
            self._leave = asyncio.Event()
            self._said.clear()
            opened: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
            self._owner = asyncio.create_task(self._own(opened))
            self._owner.add_done_callback(lambda _: opened.cancel())
            try:
                async with asyncio.timeout(CONNECT):
                    self._client = await opened
            except LinkError:
                self._failure()
                raise
            except TimeoutError:
                await self._give_up()
                self._failure()
                raise LinkError(f"the server did not answer within {CONNECT:g} s{self._last()}") from None
            except asyncio.CancelledError:
                await self._give_up()
                raise
            return self._client

    async def _own(self, opened: asyncio.Future[Client]) -> None:
        """A session is entered and left by one task, as the SDK wants it."""
        try:
            async with entered(self._made()) as client:
                opened.set_result(client)
                await self._leave.wait()
        except Exception as error:
            if not opened.done():
                opened.set_exception(LinkError(f"the server cannot be reached ({self._why(error)})"))
        finally:
            self._client = None

    async def _give_up(self) -> None:
        if self._owner is not None:
            self._owner.cancel()
            await asyncio.wait({self._owner})
        self._owner = None

    def _made(self) -> Client:
        if self._target.command:
            return Client(over_stdio(self._target.command, self._target.folder, self._said))
        return client_of(self._target.url, self._target.access, None, self._said)

    def _why(self, error: BaseException) -> str:
        return plain(innermost(error).split(": ", 1)[-1])[:160] + self._last()

    def _last(self) -> str:
        return f"; it said: {' / '.join(self._said)}"[:200] if self._said else ""


class _Lost(LinkError):
    """The request may have arrived."""
