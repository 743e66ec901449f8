"""Clients of MCP over MQTT 5, by EMQX's specification (docs.emqx.com, "MCP over MQTT"), as a transport of the official SDK, era 2025-11-25.

Clients find servers by wildcard, choose among instances of one name by chance, and open each session with a client id of their own. The broker must
speak MQTT 5 (Mosquitto does).
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
import anyio

from runtime.mcp_mqtt_link import GONE, NO_LOCAL, Streams, link, sending
from runtime.mcp_wire import LARGEST, TOO_FAST, Pace, bytes_of, message_of
from runtime.settings import BrokerSection
from schemas.errors import LinkError

SCHEME = "mqtt:"
"""An endpoint `mqtt:<server-name>` is a server of this name on the broker that is spoken to anyway."""
LOOK, MORE = 2.0, 0.05
"""s until a server must have been found, and for more of its instances to be heard of."""


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
    async with link(broker, ident, "mcp-client", aiomqtt.Will(f"$mcp-client/presence/{ident}", GONE, qos=1)) as client:
        return await instances(client, name_filter)


@asynccontextmanager
async def over_mqtt(broker: BrokerSection, name: str, said: deque[str]) -> AsyncGenerator[Any]:
    """A transport to one instance of the server `name`, chosen by chance. When that one goes, so does the session; `said` takes why.

    Raises LinkError when there is none.
    """
    ident = f"parley-{uuid.uuid4().hex}"
    async with link(broker, ident, "mcp-client", aiomqtt.Will(f"$mcp-client/presence/{ident}", GONE, qos=1)) as client:
        there = sorted((await instances(client, name)).get(name, ()))
        if not there:
            raise LinkError(f"no MCP server {name} is on the broker")
        server = random.choice(there)
        rpc, control = f"$mcp-rpc/{ident}/{server}/{name}", f"$mcp-server/{server}/{name}"
        await client.subscribe(rpc, options=NO_LOCAL)
        await client.subscribe(f"$mcp-server/capability/{server}/{name}", qos=1)
        session = Streams.opened()
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
                await client.publish(f"$mcp-client/presence/{ident}", GONE, qos=1, properties=sending("mcp-client", ident))


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


async def _write(client: aiomqtt.Client, session: Streams, rpc: str, control: str, ident: str, said: deque[str]) -> None:
    try:
        async for message in session.leaving:
            topic = control if getattr(message.message, "method", "") == "initialize" else rpc
            await client.publish(topic, bytes_of(message), qos=1, properties=sending("mcp-client", ident))
    except aiomqtt.MqttError:
        said.append("the MQTT broker does not take what is sent to it")
        session.arrived.close()
