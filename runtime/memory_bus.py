"""A real bus inside one process: retained messages, wills, wildcards, several clients — and, by seed, the faults of a bad network.

It is the double that ships: the same contract suite judges it and real brokers.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
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


class MemoryBroker:
    """What the clients of one process share. Faults apply to messages that are not retained deliveries on subscribe."""

    def __init__(self, faults: Faults | None = None, rng: Random | None = None) -> None:
        self.faults = faults or Faults()
        self.up = True
        self._rng = rng or Random(0)
        self._retained: dict[str, bytes] = {}
        self._subscriptions: dict[int, tuple[tuple[str, ...], Mailbox[Message]]] = {}
        self._numbers = itertools.count()
        self._clients: set[MemoryBus] = set()

    def client(self, will: Will | None = None) -> MemoryBus:
        return MemoryBus(self, will)

    def attach(self, client: MemoryBus) -> None:
        self._clients.add(client)

    def detach(self, client: MemoryBus) -> None:
        self._clients.discard(client)

    def add(self, filters: tuple[str, ...], mailbox: Mailbox[Message]) -> int:
        number = next(self._numbers)
        self._subscriptions[number] = (filters, mailbox)
        for topic, payload in list(self._retained.items()):
            if any(matches(f, topic) for f in filters):
                mailbox.put(Message(topic, payload, retained=True))
        return number

    def remove(self, number: int) -> None:
        self._subscriptions.pop(number, None)

    def route(self, topic: str, payload: bytes, retain: bool) -> None:
        if retain:
            self._keep(topic, payload)
        message = Message(topic, payload)
        for filters, mailbox in list(self._subscriptions.values()):
            if any(matches(f, topic) for f in filters):
                self._deliver(mailbox, message)

    def _keep(self, topic: str, payload: bytes) -> None:
        if payload:
            self._retained[topic] = payload
        else:
            self._retained.pop(topic, None)

    def _deliver(self, mailbox: Mailbox[Message], message: Message) -> None:
        faults, rng = self.faults, self._rng
        if rng.random() < faults.lose:
            return
        copies = 2 if rng.random() < faults.duplicate else 1
        for _ in range(copies):
            if faults.delay > 0:
                asyncio.get_running_loop().call_later(rng.random() * faults.delay, mailbox.put, message)
            else:
                mailbox.put(message)


class MemoryBus:
    """One client. `kill()` is the crash: the link ends without a goodbye and the will is sent."""

    def __init__(self, broker: MemoryBroker, will: Will | None) -> None:
        self._broker, self._will = broker, will
        self._connected = False
        self._count = 0
        self._watchers: set[Mailbox[int]] = set()

    @property
    def connected(self) -> bool:
        return self._connected and self._broker.up

    async def __aenter__(self) -> MemoryBus:
        if not self._broker.up:
            raise LinkError("the in-memory broker is down")
        self._connected = True
        self._count += 1
        self._broker.attach(self)
        for watcher in self._watchers:
            watcher.put(self._count)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._connected = False
        self._broker.detach(self)

    def kill(self) -> None:
        if self._connected and self._will is not None:
            self._broker.route(self._will.topic, self._will.payload, self._will.retain)
        self._connected = False
        self._broker.detach(self)

    async def publish(self, topic: str, payload: bytes, *, qos: Literal[0, 1] = 1, retain: bool = False) -> None:
        await asyncio.sleep(0)
        if not self.connected:
            raise LinkError("the link to the in-memory broker is down")
        self._broker.route(topic, payload, retain)

    @asynccontextmanager
    async def subscribe(self, *filters: str) -> AsyncGenerator[AsyncIterator[Message]]:
        mailbox: Mailbox[Message] = Mailbox()
        number = self._broker.add(filters, mailbox)
        try:
            yield mailbox
        finally:
            self._broker.remove(number)

    @asynccontextmanager
    async def connections(self) -> AsyncGenerator[AsyncIterator[int]]:
        mailbox: Mailbox[int] = Mailbox()
        if self._connected:
            mailbox.put(self._count)
        self._watchers.add(mailbox)
        try:
            yield mailbox
        finally:
            self._watchers.discard(mailbox)
