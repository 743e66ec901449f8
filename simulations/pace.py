"""Joins simulated time to real time: real (×1), scaled (×k), or as fast as the work allows.

Real and scaled: the world is brought up to the clock before every request, and a pump sleeps until the next event is due. Fastest: the pump jumps
from event to event, letting others run in between. With nothing scheduled the pump sleeps either way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pydantic import JsonValue

from runtime.clock import Clock, SystemClock
from runtime.service import Service
from simulations.facade import Facade, Pending, Reply
from simulations.makers import facade_for
from simulations.world import World

SHORTEST_NAP = 1e-4
"""s; a shorter one could be lost in rounding, and the pump would spin."""


class PacedWorld(Service):
    """Run as a service. `speed` is simulated seconds per second of the clock; None means fastest."""

    def __init__(self, world: World, speed: float | None = 1.0, clock: Clock | None = None) -> None:
        super().__init__("world")
        self.world = world
        self.facades: dict[str, Facade] = {robot: facade_for(world, robot) for robot in world.robots}
        self._speed = speed
        self._clock: Clock = clock or SystemClock()
        self._origin: float | None = None
        self._news = asyncio.Event()
        world.kernel.on_schedule = self._news.set

    async def ask(
        self, robot: str, method: str, path: str, query: Mapping[str, str], body: JsonValue, key: str | None = None
    ) -> tuple[int, JsonValue]:
        """One request to a robot's API; waits as long as the robot takes, for ever if it never answers."""
        self.sync()
        answer = self.facades[robot].handle(method, path, query, body, key)
        reply = await _arrived(answer) if isinstance(answer, Pending) else answer
        return reply.status, reply.json

    def sync(self) -> None:
        """Bring the world up to the clock. At the fastest pace its time stands still between events."""
        if self._speed is not None:
            self.world.kernel.run_until(max(self.world.now, self._elapsed(self._speed)))

    def _elapsed(self, speed: float) -> float:
        if self._origin is None:
            self._origin = self._clock.monotonic() - self.world.now / speed
        return (self._clock.monotonic() - self._origin) * speed

    async def _run(self) -> None:
        while True:
            self._news.clear()
            self.sync()
            due = self.world.kernel.next_time()
            if due is None:
                await self._news.wait()
            elif self._speed is None:
                self.world.kernel.step()
                await asyncio.sleep(0)
            else:
                await self._nap((due - self.world.now) / self._speed)

    async def _nap(self, seconds: float) -> None:
        """Until then, or until something new is scheduled."""
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_NAP)):
                await self._news.wait()
        except TimeoutError:
            return


async def _arrived(pending: Pending) -> Reply:
    future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
    pending.then(lambda reply: None if future.done() else future.set_result(reply))
    return await future
