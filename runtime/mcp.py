"""The door to MCP servers, as a client: one short session for each request, so that a server may come, go and change in between.

What a server says is data: it is cut to size here, checked by whoever asked, and never obeyed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, cast

from mcp import Client
from mcp.types import TextContent, TextResourceContents

from runtime.mcp_wire import over_http, plain
from schemas.errors import LinkError, ModelError

T = TypeVar("T")
LONGEST = 200_000
"""Characters of an answer."""


class McpAsked(Protocol):
    """What is needed of an MCP client where an expert is asked."""

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]: ...

    async def read(self, uri: str) -> str: ...


class McpServer:
    """An MCP server at a URL (streamable HTTP); or anything else that the official client takes, for tests. `deadline` in s, connecting included;
    `token` goes along as a bearer token."""

    def __init__(self, url: Any, token: str | None = None, deadline: float = 6.0) -> None:
        self._url, self._token, self._deadline = url, token, deadline

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The tool's structured answer. Raises LinkError when the server is not reached in time, ModelError with the tool's words when it failed."""
        result = await self._ask(lambda client: client.call_tool(tool, arguments))
        if result.is_error:
            said = plain(" ".join(part.text for part in result.content if isinstance(part, TextContent)))
            raise ModelError(said.removeprefix(f"Error executing tool {tool}: ") or "the tool failed")
        told = result.structured_content
        if told is None or len(str(told)) > LONGEST:
            raise ModelError("the tool's answer has no structure, or is too long")
        return told

    async def read(self, uri: str) -> str:
        """A text resource. Raises LinkError, ModelError."""
        result = await self._ask(lambda client: client.read_resource(uri))
        texts = [part.text for part in result.contents if isinstance(part, TextResourceContents)]
        if not texts or len(texts[0]) > LONGEST:
            raise ModelError(f"{plain(uri)} is no text, or too long")
        return texts[0]

    async def _ask(self, what: Callable[[Client], Awaitable[T]]) -> T:
        target = over_http(self._url, self._token, self._deadline) if isinstance(self._url, str) else self._url
        try:
            async with asyncio.timeout(self._deadline), Client(target) as client:
                return await what(client)
        except TimeoutError:
            raise LinkError(f"no answer within {self._deadline:g} s") from None
        except (LinkError, ModelError):
            raise
        except Exception as error:
            raise LinkError(f"it cannot be reached ({plain(innermost(error))[:120]})") from None


def innermost(error: BaseException) -> str:
    """What went wrong at first: the SDK wraps it in groups of its own."""
    inner: Any = error
    while isinstance(inner, BaseExceptionGroup):
        inner = cast("Any", inner).exceptions[0]
    return f"{type(inner).__name__}: {inner}"
