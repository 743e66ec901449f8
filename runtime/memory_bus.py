"""A real bus inside one process: retained messages, wills, wildcards, several clients — and, by seed, the faults of a bad network.

It is the double that ships: the same contract suite judges it and real brokers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from runtime.bus import Message, Will
from runtime.mailbox import Mailbox
from schemas.errors import LinkError


@dataclass(frozen=True)
class Faults:
    """Probabilities per delivery, and the longest delay in s. Reordering follows from unequal delays."""

    lose: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0


def matches(filter_: str, topic: str) -> bool:
    """MQTT 3.1.1 section 4.7: `+` one level, `#` the rest; neither matches a leading `$` at the first level."""
    wanted, have = filter_.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(have) or level not in ("+", have[index]):
            return False
    return len(wanted) == len(have)


@dataclass(eq=False)
class _Subscription:
    client: MemoryBus
    filters: tuple[str, ...]
    made: bool = False
    """The broker knows of it and has given what it kept."""
    mailbox: Mailbox[Message] = field(default_factory=lambda: Mailbox[Message]())

    def put(self, message: Message) -> None:
        if self.client.connected:
            self.mailbox.put(message)


class MemoryBroker:
    """What the clients of one process share. Faults apply to messages that are not retained deliveries on subscribe.

    While `up` is False no client is connected; set to True again, every client that has not left is connected anew.
    """

    def __init__(self, faults: Faults | None = None, rng: Random | None = None) -> None:
        self.faults = faults or Faults()
        self._up = True
        self._rng = rng or Random(0)
        self._retained: dict[str, bytes] = {}
        self._subscriptions: list[_Subscription] = []
        self._clients: list[MemoryBus] = []

    def client(self, will: Will | None = None) -> MemoryBus:
        return MemoryBus(self, will)

    @property
    def up(self) -> bool:
        return self._up

    @up.setter
    def up(self, up: bool) -> None:
        back = up and not self._up
        self._up = up
        for client in list(self._clients) if back else ():
            client.connect()
        self._make()

    def attach(self, client: MemoryBus) -> None:
        self._clients.append(client)
        self._make()

    def detach(self, client: MemoryBus) -> None:
        """It gets nothing more, not even what was on its way."""
        if client in self._clients:
            self._clients.remove(client)
        for subscription in self._subscriptions:
            if subscription.client is client:
                subscription.mailbox.clear()

    def add(self, client: MemoryBus, filters: tuple[str, ...]) -> _Subscription:
        subscription = _Subscription(client, filters)
        self._subscriptions.append(subscription)
        self._make()
        return subscription

    def _make(self) -> None:
        for subscription in self._subscriptions:
            if subscription.made or not subscription.client.connected:
                continue
            subscription.made = True
            for topic, payload in self._retained.items():
                if any(matches(f, topic) for f in subscription.filters):
                    subscription.put(Message(topic, payload, retained=True))

    def remove(self, subscription: _Subscription) -> None:
        self._subscriptions.remove(subscription)

    def route(self, topic: str, payload: bytes, retain: bool) -> None:
        if retain:
            self._keep(topic, payload)
        message = Message(topic, payload)
        for subscription in list(self._subscriptions):
            if any(matches(f, topic) for f in subscription.filters):
                self._deliver(subscription, message)

    def _keep(self, topic: str, payload: bytes) -> None:
        if payload:
            self._retained[topic] = payload
        else:
            self._retained.pop(topic, None)

    def _deliver(self, subscription: _Subscription, message: Message) -> None:
        faults, rng = self.faults, self._rng
        if rng.random() < faults.lose:
            return
        copies = 2 if rng.random() < faults.duplicate else 1
        for _ in range(copies):
            if faults.delay > 0:
                asyncio.get_running_loop().call_later(rng.random() * faults.delay, subscription.put, message)
            else:
                subscription.put(message)


class MemoryBus:
    """One client. `kill()` is the crash: the link ends without a goodbye and the will is sent."""

    def __init__(self, broker: MemoryBroker, will: Will | None) -> None:
        self._broker, self._will = broker, will
        self._attached = False
        self._count = 0
        self._watchers: set[Mailbox[int]] = set()

    @property
    def connected(self) -> bool:
        return self._attached and self._broker.up

    def connect(self) -> None:
        """A connection has been made: tell whoever wants to know."""
        self._count += 1
        for watcher in self._watchers:
            watcher.put(self._count)

    async def __aenter__(self) -> MemoryBus:
        if not self._broker.up:
            raise LinkError("the in-memory broker is down")
        self._attached = True
        self._broker.attach(self)
        self.connect()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._attached = False
        self._broker.detach(self)

    def kill(self) -> None:
        if self.connected and self._will is not None:
            self._broker.route(self._will.topic, self._will.payload, self._will.retain)
        self._attached = False
        self._broker.detach(self)

    async def publish(self, topic: str, payload: bytes, *, qos: Literal[0, 1] = 1, retain: bool = False) -> None:
        await asyncio.sleep(0)
        if not self.connected:
            raise LinkError("the link to the in-memory broker is down")
        self._broker.route(topic, payload, retain)

    @asynccontextmanager
    async def subscribe(self, *filters: str) -> AsyncGenerator[Mailbox[Message]]:
        subscription = self._broker.add(self, filters)
        try:
            yield subscription.mailbox
        finally:
            self._broker.remove(subscription)

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
