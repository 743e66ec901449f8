"""MCP servers as this project makes them: what they announce is true, and clients of both revisions hear what has changed.

Those of 2026-07-28 listen, and the SDK tells them. For those of 2025-11-25, which subscribe, the same events go to the channel of their session that
belongs to no request: the pipe, or the stream that they opened by GET.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any, cast

from mcp import types
from mcp.server import MCPServer
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.subscriptions import PromptsListChanged, ResourcesListChanged, ResourceUpdated, ServerEvent, SubscriptionBus, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp.types import EmptyResult, NotificationParams, Resource, SubscribeRequestParams, UnsubscribeRequestParams

MOST, LONGEST = 1000, 300
"""Resources that one client may subscribe to; characters of an address."""
_KEPT = "parley.notices"


def _version() -> str:
    """This project's; empty where it runs without being installed."""
    try:
        return metadata.version("parley")
    except metadata.PackageNotFoundError:
        return ""


VERSION = _version()


@dataclass(frozen=True)
class Changing:
    """What of a server changes while it runs. `lists`: which of tools, prompts and resources; `resources`: those that come and go, as of now."""

    bus: SubscriptionBus
    lists: frozenset[str] = frozenset()
    resources: Callable[[], Iterable[Resource]] = tuple


def new_server(name: str, title: str, instructions: str, changing: Changing | None = None, **settings: Any) -> MCPServer[Any]:
    """A server without tools yet. What goes wrong inside is no line on standard error, which may be a person's terminal: callers say it."""
    told: dict[str, Any] = {"title": title, "instructions": instructions, "version": VERSION, "log_level": "CRITICAL"} | settings
    honest = _Honest(changing.lists if changing is not None else frozenset())
    if changing is None:
        honest.server = MCPServer(name, subscriptions=False, middleware=[honest], **told)
        return honest.server
    made = honest.server = _Changing(name, subscriptions=changing.bus, middleware=[honest], **told)
    made.passing = changing.resources
    notices, inner = _Notices(changing.bus), made._lowlevel_server  # pyright: ignore[reportPrivateUsage]  # where the SDK takes such handlers
    inner.add_notification_handler("notifications/initialized", NotificationParams, notices.greet)
    inner.add_request_handler("resources/subscribe", SubscribeRequestParams, notices.subscribe)
    inner.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, notices.unsubscribe)
    return made


class _Changing(MCPServer[Any]):
    passing: Callable[[], Iterable[Resource]] = tuple

    async def list_resources(self) -> list[Resource]:
        return [*await super().list_resources(), *self.passing()]


@dataclass
class _Honest:
    """Middleware: the SDK has prompts even where there are none, and promises changes of every list, where one may change; here of those that do."""

    lists: frozenset[str]
    server: MCPServer[Any] | None = None

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        prompts = "prompts" in self.lists or (self.server is not None and bool(await self.server.list_prompts()))
        if ctx.method.startswith("prompts/") and not prompts:
            raise MCPError(types.METHOD_NOT_FOUND, "Method not found", ctx.method)
        if ctx.method == "subscriptions/listen":
            ctx = replace(ctx, params=self._wanted(ctx.params))
        result = await call_next(ctx)
        if ctx.method in ("initialize", "server/discover") and isinstance(result, dict):
            able = cast("dict[str, dict[str, Any]]", result.get("capabilities") or {})
            if not prompts:
                able.pop("prompts", None)
            for name in able.keys() & {"tools", "prompts", "resources"}:
                able[name]["listChanged"] = name in self.lists
        return result

    def _wanted(self, params: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Without what would never come."""
        wanted = (params or {}).get("notifications")
        if params is None or not isinstance(wanted, dict):
            return params
        never = {f"{name}ListChanged" for name in ("tools", "prompts", "resources") if name not in self.lists}
        return {**params, "notifications": {kind: value for kind, value in cast("dict[str, Any]", wanted).items() if kind not in never}}


@dataclass(frozen=True)
class _Notices:
    """Who of the clients of 2025-11-25 hears what."""

    bus: SubscriptionBus

    async def greet(self, context: ServerRequestContext[Any, Any], params: NotificationParams) -> None:
        self._client(context)

    async def subscribe(self, context: ServerRequestContext[Any, Any], params: SubscribeRequestParams) -> EmptyResult:
        wanted = self._client(context).wanted
        if len(wanted) >= MOST or len(params.uri) > LONGEST:
            raise MCPError(types.INVALID_PARAMS, f"at most {MOST} resources, of {LONGEST} characters each, can be subscribed to")
        wanted.add(params.uri)
        return EmptyResult()

    async def unsubscribe(self, context: ServerRequestContext[Any, Any], params: UnsubscribeRequestParams) -> EmptyResult:
        self._client(context).wanted.discard(params.uri)
        return EmptyResult()

    def _client(self, context: ServerRequestContext[Any, Any]) -> _Client:
        """Of this connection; it ends with it."""
        connection = context.session._connection  # pyright: ignore[reportPrivateUsage]  # the only way to what outlives the request
        if _KEPT not in connection.state:
            made = connection.state[_KEPT] = _Client(connection)
            leave, telling = self.bus.subscribe(made.hear), asyncio.create_task(made.tell(), name="mcp.notices")
            connection.exit_stack.callback(telling.cancel)
            connection.exit_stack.callback(leave)
        return connection.state[_KEPT]


@dataclass
class _Client:
    """One that reads slowly is told of a change once, however often it came, and keeps nobody waiting."""

    connection: Connection
    wanted: set[str] = field(default_factory=lambda: set[str]())
    _due: dict[ServerEvent, None] = field(default_factory=lambda: dict[ServerEvent, None]())
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: ServerEvent) -> None:
        if not isinstance(event, ResourceUpdated) or event.uri in self.wanted:
            self._due[event] = None
            self._some.set()

    async def tell(self) -> None:
        while await self._some.wait():
            if not self._due:
                self._some.clear()
                continue
            event = next(iter(self._due))
            del self._due[event]
            await self._send(event)

    async def _send(self, event: ServerEvent) -> None:
        match event:
            case ResourceUpdated(uri):
                await self.connection.send_resource_updated(uri)
            case ResourcesListChanged():
                await self.connection.send_resource_list_changed()
            case ToolsListChanged():
                await self.connection.send_tool_list_changed()
            case PromptsListChanged():
                await self.connection.send_prompt_list_changed()
