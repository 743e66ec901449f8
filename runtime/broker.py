"""The embedded broker for demos and tests: amqtt, MQTT 3.1.1, loopback by default. The only importer of amqtt."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

from amqtt.broker import Broker  # pyright: ignore[reportMissingTypeStubs]
from amqtt.errors import BrokerError  # pyright: ignore[reportMissingTypeStubs]

from schemas.errors import ConfigError

PATIENCE = 2.0
"""Seconds for clients to be told that the broker ends."""


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class _Server(Broker):
    """amqtt, with its connections at hand."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.open: set[asyncio.StreamWriter] = set()

    async def stream_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str) -> None:
        self.open.add(writer)
        try:
            await super().stream_connected(reader, writer, listener_name)
        finally:
            self.open.discard(writer)

    async def cut(self) -> None:
        """Cut every line, and see its client served out."""
        for writer in self.open:
            writer.transport.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.open:  # noqa: ASYNC110  (amqtt tells nobody)
                    await asyncio.sleep(0.01)


class EmbeddedBroker:
    """`async with EmbeddedBroker(port=1883)`. Raises ConfigError when the port is taken."""

    def __init__(self, host: str = "127.0.0.1", port: int = 1883) -> None:
        self.host, self.port = host, port
        self._broker: _Server | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def _config(self) -> dict[str, Any]:
        return {
            "listeners": {"default": {"type": "tcp", "bind": self.address, "max_connections": 2000}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }

    async def __aenter__(self) -> EmbeddedBroker:
        self._check_port()
        self._broker = _Server(self._config())
        try:
            await self._broker.start()
        except (BrokerError, OSError) as error:
            raise ConfigError(f"the embedded broker cannot listen on {self.address}: {error}") from None
        return self

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise ConfigError(f"the embedded broker cannot listen on {self.address}: {error.strerror}; choose another --broker port") from None

    async def __aexit__(self, *exc: object) -> None:
        """amqtt asks each client's reader to end, and a request that meets a packet is lost in asyncio.wait_for (Python 3.11): then lines are cut."""
        broker, self._broker = self._broker, None
        while broker is not None and broker.transitions.state == "started" and not await _closed(broker):
            await broker.cut()


async def _closed(broker: _Server) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), PATIENCE)
        return True
    return False
