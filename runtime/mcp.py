"""The door to MCP servers, as a client: one short session for each request, so that a server may come, go and change in between.

What a server says is data: it is cut to size here, checked by whoever asked, and never obeyed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from mcp import Client
from mcp.types import CallToolResult, TextContent, TextResourceContents
from pydantic import ValidationError

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
        said = deque[str](maxlen=1)
        try:
            async with asyncio.timeout(self._deadline):
                if not isinstance(self._url, str) or not self._url.startswith(SCHEME):
                    return await self._once(what, said)
                try:
                    return await self._once(what, said)
                except LinkError:  # there is none, or no broker
                    raise
                except Exception:
                    return await self._once(what, said)
        except TimeoutError:
            raise LinkError(f"no answer within {self._deadline:g} s") from None
        except (LinkError, ModelError):
            raise
        except Exception as error:
            if isinstance(wrong := _root(error), ValidationError):
                raise ModelError(misshapen(wrong)) from None
            why = f"; {said[0]}" if said else ""
            raise LinkError(f"it cannot be reached ({plain(innermost(error))[:120]}{why})") from None

    async def _once(self, what: Callable[[Client], Awaitable[T]], said: deque[str]) -> T:
        made = client_of(self._url, self._access, self._deadline, said) if isinstance(self._url, str) else Client(self._url)
        async with entered(made) as client:
            return await what(client)


@asynccontextmanager
async def entered(made: Client) -> AsyncGenerator[Client]:
    """Without the SDK's check of answers by the server's own schema, whose patterns may take for ever: who asks reads the answer with care."""

    async def unchecked(name: str, result: CallToolResult) -> None: ...

    async with made as client:
        client.session.validate_tool_result = unchecked
        yield client


def client_of(url: str, access: Access, timeout: float | None, said: deque[str]) -> Client:
    """Of a server over HTTP or on the broker. `timeout`: s for each read and write over HTTP, None: the caller's. `said`: takes why it failed.

    Raises LinkError.
    """
    if not url.startswith(SCHEME):
        return Client(over_http(url, access.token, timeout, said))
    if access.broker is None:
        raise LinkError("it is on a broker that is not known here")
    return Client(over_mqtt(access.broker, url.removeprefix(SCHEME), said), mode="legacy")


def misshapen(error: ValidationError) -> str:
    """What is wrong with an answer that is none of the protocol's."""
    first = error.errors(include_url=False, include_input=False)[0]
    return plain(f"the server's answer has the wrong form ({'.'.join(map(str, first['loc']))}: {first['msg']})")


def innermost(error: BaseException) -> str:
    """What went wrong at first."""
    inner = _root(error)
    return f"{type(inner).__name__}: {inner}"


def _root(error: BaseException) -> BaseException:
    """The SDK wraps it in groups of its own."""
    inner: Any = error
    while isinstance(inner, BaseExceptionGroup):
        inner = cast("Any", inner).exceptions[0]
    return inner
