"""The driver for MCP servers: their tools are the device's functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import structlog
from pydantic import JsonValue

from device_agent.driver import CallResult
from device_agent.drivers.mapping import attributes_of, dig, holds_on, observations_of, request_for, with_defaults, words_of
from device_agent.drivers.tools import Accepted, Offered, catalogue_of, changes, result_of, usable
from runtime.clock import Clock
from runtime.mcp_session import Answered
from schemas.base import Value
from schemas.errors import DeviceError, LinkError
from schemas.skills import Binding, Call, Catalogue, Safety

log = structlog.get_logger()

T = TypeVar("T")
READ_TIMEOUT = 5.0
"""s for a state read or a stop."""
LOOK = 5.0
"""s between looks at the tools."""


class Session(Protocol):
    """runtime.mcp_session.McpSession."""

    @property
    def server(self) -> str: ...

    async def tools(self) -> Sequence[Any]: ...

    async def call(self, tool: str, arguments: dict[str, Any]) -> Answered: ...

    async def close(self) -> None: ...


class McpDriver:
    """One server. `policy`: what a tool may do, by its name. `own`: what the site adds to the catalogue. `accepted`: what was taken over before."""

    def __init__(
        self, session: Session, accepted: Accepted, clock: Clock, device: str, policy: Mapping[str, Safety], own: Catalogue | None = None,
        kind: str = "", abilities: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._session, self._accepted, self._clock, self._device = session, accepted, clock, device
        self._policy, self._own, self._kind, self._abilities = policy, own, kind, abilities
        self._waiting: dict[str, str] = {}
        self._looked: float | None = None
        self._offered: tuple[Offered, ...] | None = None
        self._unanswered = ""
        self._catalogue = self._made(None)

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    async def start(self) -> None:
        await self._look()

    async def state(self) -> dict[str, Value]:
        if self._looked is None or self._clock.monotonic() - self._looked >= LOOK:
            await self._look()
        found: dict[str, Value] = {"tools to accept": ", ".join(f"{name} ({what})" for name, what in self._waiting.items())} if self._waiting else {}
        for read in self._catalogue.state:
            found.update(attributes_of(read, await self._within(READ_TIMEOUT, self._ask(read.binding, {}))))
        return found

    async def call(self, call: Call, *, key: str) -> CallResult:
        function = self._catalogue.function(call.function)
        if function is None:
            raise DeviceError("the server does not offer this any more, or it has changed and nobody has accepted it yet")
        arguments = with_defaults(function, call.arguments)
        self._unanswered = "it was interrupted at a call, and an MCP server cannot be seen to stop"
        try:
            answered = await self._within(function.longest, self._session.call(call.function, arguments))
        except DeviceError as error:
            self._unanswered = self._unanswered if error.uncertain else ""
            raise DeviceError(str(error), uncertain=error.uncertain and function.safety != "read") from None
        self._unanswered = ""
        result = result_of(answered.structured, answered.text)
        return CallResult(result, observations_of(function, arguments, result, self._device, self._clock.now()))

    async def stop(self) -> None:
        """By the tool that the site names. Without one there is nothing to do, unless a call was cut off: how that ended is not known until the
        server has answered a later one."""
        if self._catalogue.stop is not None:
            await self._within(READ_TIMEOUT, self._ask(self._catalogue.stop, {}))
        elif self._unanswered:
            raise DeviceError(self._unanswered)

    async def window(self, what: str) -> dict[str, JsonValue]:
        raise DeviceError("this device has no windows of data")

    async def close(self) -> None:
        await self._session.close()

    async def _look(self) -> None:
        """Takes out of the catalogue what has changed."""
        offered = await offers(self._session)
        self._looked = self._clock.monotonic()
        if offered == self._offered:
            return
        self._offered = offered
        waiting = changes(self._accepted.tools, offered)
        if waiting != self._waiting:
            self._waiting = waiting
            log.warning("mcp_tools_changed", device_id=self._device, tools=", ".join(f"{name[:60]} ({what})" for name, what in waiting.items())[:500])
        self._catalogue = self._made({tool.name: tool.digest() for tool in offered})

    def _made(self, offered: Mapping[str, str] | None) -> Catalogue:
        return catalogue_of(self._accepted, offered, self._policy, self._own, self._kind, self._abilities)

    async def _ask(self, binding: Binding, values: Mapping[str, JsonValue]) -> JsonValue:
        """Of a tool that the site's own catalogue names."""
        arguments = request_for(binding, values).body
        answered = await self._session.call(binding.tool, arguments if isinstance(arguments, dict) else {})
        reply = result_of(answered.structured, answered.text)
        if binding.error is not None and holds_on(binding.error, reply):
            raise DeviceError(f"the server refused: {words_of(reply)}")
        return dig(reply, binding.result)

    async def _within(self, seconds: float, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            raise DeviceError(f"the server did not answer within {seconds:g} s", uncertain=True) from None


async def offers(session: Session) -> tuple[Offered, ...]:
    """The server's tools now. Raises DeviceError."""
    try:
        tools = await session.tools()
    except LinkError as error:
        raise DeviceError(str(error)) from None
    return usable([_offered(tool) for tool in tools])


def _offered(tool: Any) -> Offered:
    hints: dict[str, JsonValue] = tool.annotations.model_dump(mode="json", exclude_none=True) if tool.annotations is not None else {}
    return Offered(name=tool.name, description=tool.description or "", parameters=tool.input_schema, output=tool.output_schema, hints=hints)
