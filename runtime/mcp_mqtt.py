"""MCP over MQTT 5, by EMQX's specification (docs.emqx.com, "MCP over MQTT"), as a transport of the official SDK, era 2025-11-25.

Servers register by a retained message that their will clears; clients find them by wildcard, choose among instances of one name by chance, and open
each session with a client id of their own. The broker must speak MQTT 5 (Mosquitto does).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiomqtt
import anyio
import structlog
from mcp.server import MCPServer
from mcp.shared.message import SessionMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from runtime.mcp_wire import LARGEST, TOO_FAST, Pace, bytes_of, message_of
from runtime.mqtt_bus import NODELAY, parse_broker
from runtime.settings import BrokerSection
from schemas.errors import LinkError

log = structlog.get_logger()

SCHEME = "mqtt:"
"""An endpoint `mqtt:<server-name>` is a server of this name on the broker that is spoken to anyway."""
SESSIONS, QUEUED, ASKED = 200, 64, 1024 * 1024
"""Sessions of one server: the one that was silent longest makes room; messages that wait for a session; bytes of a message to a server."""
PACKETS = {"mcp-server": 4 * ASKED, "mcp-client": 8 * LARGEST}
"""Bytes of a packet, by who gets it: what is larger stays at the broker. Who sends somewhat more than it may is told so."""
LOOK, MORE = 2.0, 0.05
"""s until a server must have been found, and for more of its instances to be heard of."""
TIMEOUT, KEEPALIVE = 5.0, 10
SHORTEST, STEADY = 0.3, 30.0
"""s until a lost link is tried again at first, and that a link has held for the next to be a first loss again."""
_ID = re.compile(r"[^/+#\x00]{1,128}")
_GONE = b'{"jsonrpc":"2.0","method":"notifications/disconnected"}'
_NO_LOCAL = SubscribeOptions(qos=1, noLocal=True)


def _connecting(role: str) -> Properties:
    made = Properties(PacketTypes.CONNECT)
    made.SessionExpiryInterval = 0
    made.MaximumPacketSize = PACKETS[role]
    made.UserProperty = [("MCP-COMPONENT-TYPE", role), ("MCP-META", json.dumps({"implementation": "parley"}))]
    return made


def _sending(role: str, ident: str) -> Properties:
    made = Properties(PacketTypes.PUBLISH)
    made.UserProperty = [("MCP-COMPONENT-TYPE", role), ("MCP-MQTT-CLIENT-ID", ident)]
    return made


@asynccontextmanager
async def _link(broker: BrokerSection, ident: str, role: str, will: aiomqtt.Will) -> AsyncGenerator[aiomqtt.Client]:
    """Raises LinkError when no broker takes the connection: one that does not speak MQTT 5 may just not answer."""
    problem = "no broker address given"
    for address in broker.addresses:
        host, port = parse_broker(address)
        client = aiomqtt.Client(
            host, port, identifier=ident, protocol=aiomqtt.ProtocolVersion.V5, will=will, username=broker.username, password=broker.password,
            clean_start=True, properties=_connecting(role), keepalive=KEEPALIVE, timeout=TIMEOUT, socket_options=NODELAY,
        )  # fmt: skip
        connecting = asyncio.create_task(_connected(client))
        try:
            await asyncio.shield(connecting)
        except aiomqtt.MqttError as error:
            problem = f"{address}: {error}"
            continue
        except asyncio.CancelledError:
            connecting.add_done_callback(lambda done, client=client: _left(done, client))
            raise
        try:
            yield client
        except aiomqtt.MqttError as error:
            raise LinkError(f"the link to the MQTT broker was lost ({error})") from None
        finally:
            with contextlib.suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
        return
    raise LinkError(f"no MQTT broker takes the connection ({problem}); MCP over MQTT needs one that speaks MQTT 5, such as Mosquitto")


async def _connected(client: aiomqtt.Client) -> None:
    try:
        await client.__aenter__()
    except aiomqtt.MqttError:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)  # else it keeps the socket
        raise


_leaving = set[asyncio.Task[None]]()


def _left(connecting: asyncio.Task[None], client: aiomqtt.Client) -> None:
    """Whoever wanted the link has given up meanwhile: once it is there, it is closed."""
    if connecting.cancelled() or connecting.exception() is not None:
        return

    async def leave() -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)

    task = asyncio.create_task(leave())
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)


def _message(payload: Any) -> SessionMessage | None:
    return message_of(payload) if isinstance(payload, bytes) and len(payload) <= ASKED else None


# The server's side


class MqttServed:
    """A server for every client on the broker. `ident`: the instance's id; `name`: the server's, hierarchical; `about`: what it does, briefly."""

    def __init__(self, server: MCPServer[Any], broker: BrokerSection, ident: str, name: str, about: str) -> None:
        self._server = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]  # what the SDK's own transports run
        self._broker, self._id, self._name, self._about = broker, ident, name, about
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
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
        async with _link(self._broker, self._id, "mcp-server", will) as client:
            told: dict[str, Any] = {"server_name": self._name, "description": self._about, "meta": {}}
            online = json.dumps({"jsonrpc": "2.0", "method": "notifications/server/online", "params": told}).encode()
            await client.subscribe(f"$mcp-server/{self._id}/{self._name}", qos=1)
            await client.subscribe(f"$mcp-rpc/+/{self._id}/{self._name}", options=_NO_LOCAL)  # for all sessions: none leaves a subscription behind
            await client.subscribe("$mcp-client/presence/+", qos=1)
            try:
                async with asyncio.TaskGroup() as tasks:
                    await client.publish(self._presence, online, qos=1, retain=True, properties=_sending("mcp-server", self._id))
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
        session = self._sessions[ident] = _Session.opened()
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

    async def _run(self, client: aiomqtt.Client, session: _Session, ident: str) -> None:
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

    async def _answer(self, client: aiomqtt.Client, session: _Session, ident: str) -> None:
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
        await client.publish(topic, payload, qos=1, properties=_sending("mcp-server", self._id))

    async def _farewell(self, client: aiomqtt.Client, ident: str) -> None:
        with contextlib.suppress(aiomqtt.MqttError):
            await self._say(client, ident, _GONE)

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


@dataclass
class _Session:
    arrived: Any
    reading: Any
    writing: Any
    leaving: Any
    task: asyncio.Task[None] | None = None

    @classmethod
    def opened(cls) -> _Session:
        arrived, reading = anyio.create_memory_object_stream[SessionMessage | Exception](QUEUED)
        writing, leaving = anyio.create_memory_object_stream[SessionMessage](QUEUED)
        return cls(arrived, reading, writing, leaving)


# The client's side


async def instances(client: aiomqtt.Client, name_filter: str) -> Mapping[str, frozenset[str]]:
    """Server ids by server name, of the servers that match an MQTT filter. Empty when none has been heard of in time."""
    await client.subscribe(f"$mcp-server/presence/+/{name_filter}", qos=1)
    found = dict[str, set[str]]()
    patience = LOOK
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK + 1.0):  # however many come and go
            while True:
                message = await asyncio.wait_for(anext(aiter(client.messages)), patience)
                *_, ident, name = str(message.topic).split("/", 3)
                patience = MORE
                if message.payload:
                    found.setdefault(name, set()).add(ident)
                elif name in found:
                    found[name].discard(ident)
    return {name: frozenset(ids) for name, ids in found.items() if ids}


async def discover(broker: BrokerSection, name_filter: str = "#") -> Mapping[str, frozenset[str]]:
    """Which MCP servers there are. Raises LinkError."""
    ident = f"parley-{uuid.uuid4().hex}"
    async with _link(broker, ident, "mcp-client", aiomqtt.Will(f"$mcp-client/presence/{ident}", _GONE, qos=1)) as client:
        return await instances(client, name_filter)


@asynccontextmanager
async def over_mqtt(broker: BrokerSection, name: str, said: deque[str]) -> AsyncGenerator[Any]:
    """A transport to one instance of the server `name`, chosen by chance. When that one goes, so does the session; `said` takes why.

    Raises LinkError when there is none.
    """
    ident = f"parley-{uuid.uuid4().hex}"
    async with _link(broker, ident, "mcp-client", aiomqtt.Will(f"$mcp-client/presence/{ident}", _GONE, qos=1)) as client:
        there = sorted((await instances(client, name)).get(name, ()))
        if not there:
            raise LinkError(f"no MCP server {name} is on the broker")
        server = random.choice(there)
        rpc, control = f"$mcp-rpc/{ident}/{server}/{name}", f"$mcp-server/{server}/{name}"
        await client.subscribe(rpc, options=_NO_LOCAL)
        await client.subscribe(f"$mcp-server/capability/{server}/{name}", qos=1)
        session = _Session.opened()
        tasks = [
            asyncio.create_task(_read(client, session.arrived, f"$mcp-server/presence/{server}/{name}", said)),
            asyncio.create_task(_write(client, session, rpc, control, ident, said)),
        ]
        try:
            yield session.reading, session.writing
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(aiomqtt.MqttError):
                await client.publish(f"$mcp-client/presence/{ident}", _GONE, qos=1, properties=_sending("mcp-client", ident))


async def _read(client: aiomqtt.Client, arrived: Any, presence: str, said: deque[str]) -> None:
    """Until the session is over, and with it every request."""
    async with arrived:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            try:
                said.append(await _passed(client, arrived, presence))
            except aiomqtt.MqttError:
                said.append("the link to the MQTT broker was lost")


async def _passed(client: aiomqtt.Client, arrived: Any, presence: str) -> str:
    """Passes on what the server says, until it does no more; why."""
    pace = Pace()
    async for message in pace.waited(aiter(client.messages)):
        payload = bytes(message.payload)
        if pace.exceeded():
            return TOO_FAST
        if len(payload) > LARGEST:
            return f"it sends more than {LARGEST} bytes at once"
        if str(message.topic) == presence and not payload:
            return "it has left the MQTT broker"
        heard = message_of(payload)
        if heard is None or str(message.topic).startswith("$mcp-server/presence/"):
            continue
        if getattr(heard.message, "method", "") == "notifications/disconnected":
            return "it has closed the session"
        await arrived.send(heard)
    return "the link to the MQTT broker was lost"


async def _write(client: aiomqtt.Client, session: _Session, rpc: str, control: str, ident: str, said: deque[str]) -> None:
    try:
        async for message in session.leaving:
            topic = control if getattr(message.message, "method", "") == "initialize" else rpc
            await client.publish(topic, bytes_of(message), qos=1, properties=_sending("mcp-client", ident))
    except aiomqtt.MqttError:
        said.append("the MQTT broker does not take what is sent to it")
        session.arrived.close()
