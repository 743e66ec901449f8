"""MCP servers over MQTT 5, by EMQX's specification (docs.emqx.com, "MCP over MQTT"), under the official SDK, era 2025-11-25.

A server registers by a retained message that its will clears, and serves every client of the broker by sessions of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import OrderedDict
from typing import Any

import aiomqtt
import anyio
import structlog
from mcp.server import MCPServer
from mcp.shared.message import SessionMessage

from runtime.mcp_mqtt_link import ASKED, GONE, NO_LOCAL, Streams, link, sending
from runtime.mcp_wire import bytes_of, message_of
from runtime.settings import BrokerSection
from schemas.errors import LinkError

log = structlog.get_logger()

SESSIONS = 200
"""Of one server: the one that was silent longest makes room."""
SHORTEST, STEADY = 0.3, 30.0
"""s until a lost link is tried again at first, and that a link has held for the next to be a first loss again."""
_ID = re.compile(r"[^/+#\x00]{1,128}")


def _message(payload: Any) -> SessionMessage | None:
    return message_of(payload) if isinstance(payload, bytes) and len(payload) <= ASKED else None


class MqttServed:
    """A server for every client on the broker. `ident`: the instance's id; `name`: the server's, hierarchical; `about`: what it does, briefly."""

    def __init__(self, server: MCPServer[Any], broker: BrokerSection, ident: str, name: str, about: str) -> None:
        self._server = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]  # what the SDK's own transports run
        self._broker, self._id, self._name, self._about = broker, ident, name, about
        self._sessions: OrderedDict[str, Streams] = OrderedDict()
        self._presence = f"$mcp-server/presence/{ident}/{name}"

    async def serve(self) -> None:
        """Until cancelled; a lost link is mended."""
        pause = SHORTEST
        while True:
            began = time.monotonic()
            try:
                await self._connected()
            except LinkError as error:
                log.warning("mcp_link_lost", server=self._name, error=str(error)[:200])
                pause = SHORTEST if time.monotonic() - began > STEADY else min(5.0, pause * 1.7)
                await asyncio.sleep(pause)

    async def _connected(self) -> None:
        will = aiomqtt.Will(self._presence, b"", qos=1, retain=True)
        async with link(self._broker, self._id, "mcp-server", will) as client:
            told: dict[str, Any] = {"server_name": self._name, "description": self._about, "meta": {}}
            online = json.dumps({"jsonrpc": "2.0", "method": "notifications/server/online", "params": told}).encode()
            await client.subscribe(f"$mcp-server/{self._id}/{self._name}", qos=1)
            await client.subscribe(f"$mcp-rpc/+/{self._id}/{self._name}", options=NO_LOCAL)  # for all sessions: none leaves a subscription behind
            await client.subscribe("$mcp-client/presence/+", qos=1)
            try:
                async with asyncio.TaskGroup() as tasks:
                    await client.publish(self._presence, online, qos=1, retain=True, properties=sending("mcp-server", self._id))
                    async for message in client.messages:
                        self._hear(client, message, tasks)
            except* aiomqtt.MqttError as group:
                raise LinkError(str(group.exceptions[0])) from None
            finally:
                for ident in list(self._sessions):
                    self._end(ident)
                with contextlib.suppress(aiomqtt.MqttError):
                    await client.publish(self._presence, b"", qos=1, retain=True)

    def _hear(self, client: aiomqtt.Client, message: aiomqtt.Message, tasks: asyncio.TaskGroup) -> None:
        base, *rest = str(message.topic).split("/")
        if base == "$mcp-server":
            self._initialise(client, message, tasks)
        elif base == "$mcp-rpc":
            self._pass(client, rest[0], message, tasks)
        elif base == "$mcp-client" and b"notifications/disconnected" in bytes(message.payload):
            self._end(rest[-1])

    def _initialise(self, client: aiomqtt.Client, message: aiomqtt.Message, tasks: asyncio.TaskGroup) -> None:
        said = dict(getattr(message.properties, "UserProperty", []))
        ident, first = said.get("MCP-MQTT-CLIENT-ID", ""), _message(message.payload)
        if not _ID.fullmatch(ident) or first is None or getattr(first.message, "method", "") != "initialize":
            log.warning("mcp_message_dropped", server=self._name, reason="no initialize request of a client that says its id")
            return
        self._end(ident)
        while len(self._sessions) >= SESSIONS:
            self._dismiss(client, next(iter(self._sessions)), tasks)
        session = self._sessions[ident] = Streams.opened()
        session.arrived.send_nowait(first)
        session.task = tasks.create_task(self._run(client, session, ident), name=f"mcp.{ident}")

    def _pass(self, client: aiomqtt.Client, ident: str, message: aiomqtt.Message, tasks: asyncio.TaskGroup) -> None:
        session, heard = self._sessions.get(ident), _message(message.payload)
        if session is None or heard is None:
            return
        self._sessions.move_to_end(ident)
        try:
            session.arrived.send_nowait(heard)
        except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._dismiss(client, ident, tasks)  # it sends faster than it is answered, or its session has ended

    async def _run(self, client: aiomqtt.Client, session: Streams, ident: str) -> None:
        writer = asyncio.create_task(self._answer(client, session, ident))
        try:
            await self._server.run(session.reading, session.writing, self._server.create_initialization_options())
        except Exception as error:
            log.warning("mcp_session_failed", server=self._name, error=f"{type(error).__name__}: {error}"[:200])
            await self._farewell(client, ident)
        finally:
            writer.cancel()
            if self._sessions.get(ident) is session:
                del self._sessions[ident]

    async def _answer(self, client: aiomqtt.Client, session: Streams, ident: str) -> None:
        try:
            async for message in session.leaving:
                await self._say(client, ident, bytes_of(message))
        except aiomqtt.MqttError as error:  # an answer is lost: its client may as well know
            log.warning("mcp_answer_lost", server=self._name, error=str(error)[:200])
            await self._farewell(client, ident)
            if self._sessions.get(ident) is session:
                self._end(ident)

    async def _say(self, client: aiomqtt.Client, ident: str, payload: bytes) -> None:
        topic = f"$mcp-rpc/{ident}/{self._id}/{self._name}"
        await client.publish(topic, payload, qos=1, properties=sending("mcp-server", self._id))

    async def _farewell(self, client: aiomqtt.Client, ident: str) -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            await self._say(client, ident, GONE)

    def _dismiss(self, client: aiomqtt.Client, ident: str, tasks: asyncio.TaskGroup) -> None:
        """Ends a session whose client does not expect it, and says so to it: else it waits for answers until its deadlines."""
        self._end(ident)
        tasks.create_task(self._farewell(client, ident), name=f"mcp.farewell.{ident}")

    def _end(self, ident: str) -> None:
        session = self._sessions.pop(ident, None)
        if session is not None:
            session.arrived.close()
            if session.task is not None:
                session.task.cancel()
