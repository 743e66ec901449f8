"""The bus as everything above sees it: publish bytes, subscribe to an async iterator, leave a will.

Two doors implement it, held to one contract suite (tests/contract): `runtime.mqtt_bus` and `runtime.memory_bus`. MQTT 3.1.1 is the floor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from runtime.mailbox import Mailbox


@dataclass(frozen=True)
class Message:
    """What arrived. `retained` is True when the broker had kept it."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True)
class Will:
    topic: str
    payload: bytes
    qos: Literal[0, 1] = 1
    retain: bool = True


class Bus(Protocol):
    """One client's connection.

    `async with bus:` connects (LinkError when no broker answers) and disconnects cleanly (no will is sent). A lost link is mended in the background,
    trying each broker address in turn with back-off; subscriptions are made again. Delivery is at least once at best: handlers must be idempotent.
    """

    @property
    def connected(self) -> bool: ...

    async def __aenter__(self) -> Bus: ...

    async def __aexit__(self, *exc: object) -> None: ...

    async def publish(self, topic: str, payload: bytes, *, qos: Literal[0, 1] = 1, retain: bool = False) -> None:
        """Hand one message to the broker. Raises LinkError when the link is down (the caller's ledger or heartbeat sends again)."""
        ...

    def subscribe(self, *filters: str) -> AbstractAsyncContextManager[Mailbox[Message]]:
        """Messages that match any filter, retained ones first, each once per subscription, in order of arrival.

        The queue is bounded: when the reader is too slow the oldest is dropped and counted.
        """
        ...

    def connections(self) -> AbstractAsyncContextManager[AsyncIterator[int]]:
        """Yields the number of the connection (1, 2, …) on every connect, so that retained topics are published again."""
        ...
