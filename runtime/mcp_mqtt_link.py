"""What both sides of MCP over MQTT 5 share: the link to the broker, what goes along with every message, and a session's streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiomqtt
import anyio
from mcp.shared.message import SessionMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from runtime.mcp_wire import LARGEST
from runtime.mqtt_bus import NODELAY, Line, parse_broker
from runtime.settings import BrokerSection
from schemas.errors import LinkError

QUEUED, ASKED = 64, 1024 * 1024
"""Messages that wait for a session; bytes of a message to a server."""
PACKETS = {"mcp-server": 4 * ASKED, "mcp-client": 8 * LARGEST}
"""Bytes of a packet, by who gets it: what is larger stays at the broker. Who sends somewhat more than it may is told so."""
TIMEOUT, KEEPALIVE = 5.0, 10
GONE = b'{"jsonrpc":"2.0","method":"notifications/disconnected"}'
NO_LOCAL = SubscribeOptions(qos=1, noLocal=True)


@dataclass
class Streams:
    """Of one session. What has arrived is read from `reading`; what is put into `writing` leaves."""

    arrived: Any
    reading: Any
    writing: Any
    leaving: Any
    task: asyncio.Task[None] | None = None

    @classmethod
    def opened(cls) -> Streams:
        arrived, reading = anyio.create_memory_object_stream[SessionMessage | Exception](QUEUED)
        writing, leaving = anyio.create_memory_object_stream[SessionMessage](QUEUED)
        return cls(arrived, reading, writing, leaving)


def _connecting(role: str) -> Properties:
    made = Properties(PacketTypes.CONNECT)
    made.SessionExpiryInterval = 0
    made.MaximumPacketSize = PACKETS[role]
    made.UserProperty = [("MCP-COMPONENT-TYPE", role), ("MCP-META", json.dumps({"implementation": "parley"}))]
    return made


def sending(role: str, ident: str) -> Properties:
    made = Properties(PacketTypes.PUBLISH)
    made.UserProperty = [("MCP-COMPONENT-TYPE", role), ("MCP-MQTT-CLIENT-ID", ident)]
    return made


@asynccontextmanager
async def link(broker: BrokerSection, ident: str, role: str, will: aiomqtt.Will) -> AsyncGenerator[Line]:
    """Raises LinkError when no broker takes the connection: one that does not speak MQTT 5 may just not answer."""
    problem = "no broker address given"
    for address in broker.addresses:
        host, port = parse_broker(address)
        client = Line(
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
