"""In-process drivers: the same HttpDriver as for real devices, with the simulated robot's API one function call away."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from pydantic import JsonValue

from device_agent.drivers.http import HttpDriver
from runtime.clock import Clock
from simulations.makers import catalogue_of
from simulations.pace import PacedWorld


class DirectTransport:
    """Requests go straight to the façade."""

    def __init__(self, paced: PacedWorld, robot: str) -> None:
        self._paced, self._robot = paced, robot

    async def request(self, method: str, path: str, query: Mapping[str, str], body: JsonValue, headers: Mapping[str, str]) -> tuple[int, JsonValue]:
        return await self._paced.ask(self._robot, method, unquote(path), query, body, headers.get("Idempotency-Key"))

    async def close(self) -> None:
        return None


def driver_for(paced: PacedWorld, robot: str, clock: Clock | None = None) -> HttpDriver:
    """The driver of one simulated robot; `paced` must be running."""
    return HttpDriver(catalogue_of(paced.world.robots[robot].maker), DirectTransport(paced, robot), clock, device=robot)
