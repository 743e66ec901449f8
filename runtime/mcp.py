"""The door to MCP servers, as a client: one short session for each request, so that a server may come, go and change in between.

What a server says is data: it is cut to size here, checked by whoever asked, and never obeyed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from mcp import Client
from mcp.types import TextContent, TextResourceContents

from runtime.mcp_mqtt import SCHEME, over_mqtt
from runtime.mcp_wire import over_http, plain
from runtime.settings import BrokerSection
from schemas.errors import LinkError, ModelError

T = TypeVar("T")
LONGEST = 200_000
"""Characters of an answer."""


@dataclass(frozen=True)
class Access:
    """What goes along to servers that are asked: a bearer token over HTTP; the broker that `mqtt:<name>` is on."""

    token: str | None = None
    broker: BrokerSection | None = None


class McpAsked(Protocol):
    """What is needed of an MCP client where an expert is asked."""

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]: ...

    async def read(self, uri: str) -> str: ...


class McpServer:
    """An MCP server at a URL (streamable HTTP), or `mqtt:<name>` on the broker; or anything else that the official client takes, for tests.

    `deadline` in s, connecting included. What is asked changes nothing at the server: when one instance of several on the broker is lost, the
    request goes to another, once.
    """

    def __init__(self, url: Any, access: Access | None = None, deadline: float = 6.0) -> None:
        self._url, self._access, self._deadline = url, access or Access(), deadline

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
            async with asyncio.timeout(self._deadline):
                if not isinstance(self._url, str) or not self._url.startswith(SCHEME):
                    return await self._once(what)
                try:
                    return await self._once(what)
                except LinkError:  # there is none, or no broker
                    raise
                except Exception:
                    return await self._once(what)
        except TimeoutError:
            raise LinkError(f"no answer within {self._deadline:g} s") from None
        except (LinkError, ModelError):
            raise
        except Exception as error:
            raise LinkError(f"it cannot be reached ({plain(innermost(error))[:120]})") from None

    async def _once(self, what: Callable[[Client], Awaitable[T]]) -> T:
        if not isinstance(self._url, str):
            made = Client(self._url)
        elif not self._url.startswith(SCHEME):
            made = Client(over_http(self._url, self._access.token, self._deadline))
        elif self._access.broker is not None:
            made = Client(over_mqtt(self._access.broker, self._url.removeprefix(SCHEME)), mode="legacy")
        else:
            raise LinkError("it is on a broker that is not known here")
        async with made as client:
            return await what(client)


def innermost(error: BaseException) -> str:
    """What went wrong at first: the SDK wraps it in groups of its own."""
    inner: Any = error
    while isinstance(inner, BaseExceptionGroup):
        inner = cast("Any", inner).exceptions[0]
    return f"{type(inner).__name__}: {inner}"
