"""The plug point: what real or simulated hardware must supply. Everything above speaks in validated calls and standard attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from schemas.base import Value
from schemas.observations import Observation
from schemas.skills import Call, Catalogue


@dataclass(frozen=True)
class CallResult:
    """The maker's reply, and what it says as facts."""

    raw: JsonValue = None
    observations: tuple[Observation, ...] = field(default_factory=tuple)


class Driver(Protocol):
    """Raises schemas.errors.DeviceError for anything the device refuses or that fails; asyncio cancellation must leave it stoppable."""

    @property
    def catalogue(self) -> Catalogue: ...

    async def start(self) -> None:
        """Connect. Raises DeviceError when the device does not answer."""
        ...

    async def state(self) -> dict[str, Value]:
        """Standard attributes read from the device now (battery in %, x/y in m, `at` a place id, busy)."""
        ...

    async def call(self, call: Call, *, key: str) -> CallResult:
        """Run one validated call to its end. `key` identifies the effect (subtask id and step): the device may use it to do nothing twice."""
        ...

    async def stop(self) -> None:
        """Halt at once; safe at any time and more than once."""
        ...

    async def window(self, what: str) -> dict[str, JsonValue]:
        """Raw data for an expert to look at, such as "csi"."""
        ...

    async def close(self) -> None: ...
