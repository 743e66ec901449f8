"""The MQTT 3.1.1 door: the only importer of aiomqtt. One task keeps the link; everything else sees `runtime.bus`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, Self

import aiomqtt
import structlog

from runtime.bus import Message, Will
from runtime.mailbox import Mailbox
from runtime.memory_bus import matches
from runtime.meters import METERS
from schemas.errors import ConfigError, LinkError

log = structlog.get_logger()

NODELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Without it Nagle's algorithm meets delayed ACKs: 91 ms instead of 0.4 ms for a round trip."""

RETRY = 0.2
"""Seconds before a subscription that was not granted is asked for again."""


def parse_broker(text: str, default_port: int = 1883) -> tuple[str, int]:
    """`HOST:PORT` or `HOST`. Raises ConfigError saying what a broker address looks like."""
    host, _, port = text.strip().rpartition(":") if ":" in text else (text.strip(), "", str(default_port))
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"broker address {text!r} is not HOST:PORT with a port from 1 to 65535")
    return host, int(port)


class Line(aiomqtt.Client):
    """A connection that counts what is said over it to a broker outside of the site."""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._there, self._address = (host, port), ""

    async def __aenter__(self) -> Self:
        with contextlib.suppress(OSError):  # connecting says it better
            found = await asyncio.get_running_loop().getaddrinfo(*self._there, type=socket.SOCK_STREAM)
            self._address = str(found[0][4][0])
        return await super().__aenter__()

    async def publish(self, topic: str, payload: bytes = b"", **options: Any) -> None:
        METERS.sent(self._address, len(topic.encode()) + len(payload))
        await super().publish(topic, payload, **options)


class _Subscription:
    """A reader's filters and queue. A retained message that it already has is not put twice: another reader's subscribe repeats them."""

    def __init__(self, filters: tuple[str, ...]) -> None:
        self.filters = filters
        self.mailbox: Mailbox[Message] = Mailbox()
        self._last: dict[str, bytes] = {}

    def offer(self, message: Message) -> None:
        if not any(matches(f, message.topic) for f in self.filters):
            return
        if message.retained and self._last.get(message.topic) == message.payload:
            return
        self._last[message.topic] = message.payload if message.retained else b""
        if not message.retained:
            self._last.pop(message.topic)
        self.mailbox.put(message)


class MqttBus:
    """`brokers` are tried in turn. The first connection must succeed within `timeout` s, or LinkError; later losses are mended in the background.

    Not `patient`: LinkError as soon as each has been tried once, for a person who is waiting.
    """

    def __init__(
        self,
        brokers: Sequence[str],
        client_id: str,
        *,
        will: Will | None = None,
        username: str | None = None,
        password: str | None = None,
        timeout: float = 10.0,
        keepalive: int = 30,
        patient: bool = True,
    ) -> None:
        self._addresses = [parse_broker(b) for b in brokers]
        if not self._addresses:
            raise ConfigError("no broker address given")
        self._client_id, self._will, self._timeout, self._keepalive = client_id, will, timeout, keepalive
        self._username, self._password, self._patient = username, password, patient
        self._client: Line | None = None
        self._subscriptions: list[_Subscription] = []
        self._filters: Counter[str] = Counter()
        self._watchers: set[Mailbox[int]] = set()
        self._count = 0
        self._keeper: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def __aenter__(self) -> MqttBus:
        loop = asyncio.get_running_loop()
        self._first = loop.create_future()
        self._keeper = loop.create_task(self._keep(), name=f"mqtt.{self._client_id}")
        try:
            await asyncio.wait_for(asyncio.shield(self._first), self._timeout)
        except BaseException as error:
            await self.__aexit__()  # whoever is cancelled here leaves no link behind
            if not isinstance(error, TimeoutError | LinkError):
                raise
            where = ", ".join(f"{h}:{p}" for h, p in self._addresses)
            raise LinkError(f"no MQTT broker answers at {where}; start one with `parley broker` or give --broker HOST:PORT") from None
        return self

    async def __aexit__(self, *exc: object) -> None:
        """The keeper is asked until it ends: a cancellation that meets the moment of connecting is lost in asyncio.wait_for (Python 3.11)."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        while not keeper.done():
            keeper.cancel()
            await asyncio.wait((keeper,), timeout=0.5)
        await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self) -> None:
        """Hold a session with one broker after the other; back-off grows only while none can be reached."""
        turn, pause = 0, 0.1
        while True:
            host, port = self._addresses[turn % len(self._addresses)]
            before = self._count
            try:
                await self._session(host, port)
            except Exception as error:  # whatever a broker answers, the next turn may go better
                log.warning("link_lost", client=self._client_id, broker=f"{host}:{port}", error=f"{type(error).__name__}: {error}"[:120])
            finally:
                self._client = None
            turn += 1
            if not self._patient and turn == len(self._addresses) and self._first is not None and not self._first.done():
                self._first.set_exception(LinkError("no broker took the connection"))
            pause = 0.1 if self._count > before else min(5.0, pause * 1.7)
            await asyncio.sleep(pause)

    async def _session(self, host: str, port: int) -> None:
        will = aiomqtt.Will(self._will.topic, self._will.payload, self._will.qos, self._will.retain) if self._will else None
        client = Line(
            host, port, identifier=self._client_id, will=will, username=self._username, password=self._password, clean_session=True,
            protocol=aiomqtt.ProtocolVersion.V311, keepalive=self._keepalive, timeout=10, socket_options=NODELAY, max_queued_outgoing_messages=10_000,
        )  # fmt: skip
        async with client:
            await self._resubscribe(client)
            self._client = client
            self._count += 1
            for watcher in self._watchers:
                watcher.put(self._count)
            if self._first is not None and not self._first.done():
                self._first.set_result(None)
            async for message in client.messages:
                self._dispatch(message)

    async def _resubscribe(self, client: Line) -> None:
        """Until nothing is left, for filters are added meanwhile; from its return to the next `await` none can be."""
        made: set[str] = set()
        while missing := [f for f in self._filters if f not in made]:
            await client.subscribe(missing[0], qos=1)
            made.add(missing[0])

    def _dispatch(self, message: aiomqtt.Message) -> None:
        arrived = Message(str(message.topic), message.payload, bool(message.retain))
        for subscription in list(self._subscriptions):
            subscription.offer(arrived)

    async def publish(self, topic: str, payload: bytes, *, qos: Literal[0, 1] = 1, retain: bool = False) -> None:
        client = self._client
        if client is None:
            raise LinkError("the link to the MQTT broker is down")
        try:
            await client.publish(topic, payload, qos=qos, retain=retain)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise LinkError(f"publishing failed: {error}") from None

    @asynccontextmanager
    async def subscribe(self, *filters: str) -> AsyncGenerator[Mailbox[Message]]:
        subscription = _Subscription(filters)
        self._subscriptions.append(subscription)
        try:
            for filter_ in filters:
                self._filters[filter_] += 1
                await self._ask_for(filter_)
            yield subscription.mailbox
        finally:
            self._subscriptions.remove(subscription)
            for filter_ in filters:
                self._filters[filter_] -= 1
                if self._filters[filter_] <= 0:
                    del self._filters[filter_]
                    await self._give_up(filter_)

    async def _ask_for(self, filter_: str) -> None:
        """Asked again until this connection grants it; the next connection asks by itself."""
        client = self._client
        while client is not None and client is self._client:
            try:
                await client.subscribe(filter_, qos=1)
                return
            except (aiomqtt.MqttError, OSError) as error:
                log.warning("subscription_repeated", filter=filter_, error=str(error)[:120])
                await asyncio.sleep(RETRY)

    async def _give_up(self, filter_: str) -> None:
        """A failure is no loss: what still comes has no reader."""
        if self._client is not None:
            with contextlib.suppress(aiomqtt.MqttError, OSError):
                await self._client.unsubscribe(filter_)

    @asynccontextmanager
    async def connections(self) -> AsyncGenerator[AsyncIterator[int]]:
        mailbox: Mailbox[int] = Mailbox()
        if self.connected:
            mailbox.put(self._count)
        self._watchers.add(mailbox)
        try:
            yield mailbox
        finally:
            self._watchers.discard(mailbox)
