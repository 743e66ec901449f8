"""The door to MCP servers, as a client: one short session for each request, so that a server may come, go and change in between.

What a server says is data: it is cut to size here, checked by whoever asked, and never obeyed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent, TextResourceContents

from schemas.errors import LinkError, ModelError

T = TypeVar("T")
LONGEST = 200_000
"""Characters of an answer."""
SHOWN = 300


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
        try:
            async with asyncio.timeout(self._deadline), AsyncExitStack() as stack:
                target = self._url
                if isinstance(self._url, str):
                    headers = {"Authorization": f"Bearer {self._token}"} if self._token is not None else {}
                    made = httpx2.AsyncClient(headers=headers, verify=_certificates(), timeout=self._deadline, trust_env=False)
                    target = streamable_http_client(self._url, http_client=await stack.enter_async_context(made))
                return await what(await stack.enter_async_context(Client(target)))
        except TimeoutError:
            raise LinkError(f"no answer within {self._deadline:g} s") from None
        except (LinkError, ModelError):
            raise
        except Exception as error:  # the SDK wraps what went wrong in groups of its own
            raise LinkError(f"it cannot be reached ({plain(_innermost(error))[:120]})") from None


@cache
def _certificates() -> ssl.SSLContext:
    """Read once: for a client of its own each request would wait 30 ms for them."""
    return ssl.create_default_context()


def plain(text: str) -> str:
    """One line of printable characters, cut."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * SHOWN]).split())[:SHOWN]


def _innermost(error: Exception) -> str:
    inner: Any = error
    while isinstance(inner, BaseExceptionGroup):
        inner = cast("Any", inner).exceptions[0]
    return f"{type(inner).__name__}: {inner}"
