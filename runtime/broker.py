"""The embedded broker for demos and tests: amqtt, MQTT 3.1.1, loopback by default. The only importer of amqtt."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

from amqtt.broker import Broker  # pyright: ignore[reportMissingTypeStubs]
from amqtt.errors import BrokerError  # pyright: ignore[reportMissingTypeStubs]

from schemas.errors import ConfigError


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """`async with EmbeddedBroker(port=1883)`. Raises ConfigError when the port is taken."""

    def __init__(self, host: str = "127.0.0.1", port: int = 1883) -> None:
        self.host, self.port = host, port
        self._broker: Broker | None = None

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
        self._broker = Broker(self._config())
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
        if self._broker is not None:
            with contextlib.suppress(TimeoutError):  # amqtt can wait for ever for an acknowledgement of a client that is leaving
                await asyncio.wait_for(self._broker.shutdown(), 2)
            self._broker = None
