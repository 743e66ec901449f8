"""A dashboard on an in-memory broker, with devices that obey and a coordinator that listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from textual.pilot import Pilot

from dashboard.app import Dashboard
from dashboard.feed import Feed
from runtime.bus import Message
from runtime.clock import LoopClock
from runtime.door import Door
from runtime.memory_bus import MemoryBroker
from runtime.operator import Operator, Sign
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope
from schemas.messages import Connection, Profile, State, Stop

B = TypeVar("B", bound=Frozen)


class Stage:
    """`deaf`: devices that do not answer a stop. `heard`: what the dashboard has said."""

    def __init__(self, *, read_only: bool = False, sign: Sign | None = None) -> None:
        self.sign = sign
        self.broker, self.clock = MemoryBroker(), LoopClock(1)
        self.read_only = read_only
        self.deaf: set[str] = set()
        self.heard: list[tuple[topics.Address, Envelope]] = []
        self.notices: list[str] = []
        self.app: Dashboard
        self.pilot: Pilot[None]
        self.door: Door

    @asynccontextmanager
    async def open(
        self, size: tuple[int, int] = (100, 30), devices: tuple[str, ...] = ("r1", "r2"), coordinator: bool = True
    ) -> AsyncIterator[Stage]:
        everything = topics.everything("site")
        async with (
            self.broker.client() as bus,
            self.broker.client() as world,
            bus.subscribe(everything) as stream,
            world.subscribe(everything) as said,
        ):
            self.door = Door(world, "site", "c", self.clock)
            operator = Operator(bus, "site", "dashboard-1", self.clock, self.sign)
            self.app = Dashboard(Feed(operator), read_only=self.read_only)
            if not self.read_only:
                tell = self.app.steering._notice
                self.app.steering._notice = lambda text, severity: (self.notices.append(f"{severity}: {text}"), tell(text, severity))[1]
            tasks = [asyncio.create_task(operator.read(stream), name="reader"), asyncio.create_task(self._live(said), name="world")]
            try:
                for device in devices:
                    await self.has(device)
                if coordinator:
                    await self.say(topics.COORDINATOR_CONNECTION, "c", Connection(status="online", boot="b"))
                async with self.app.run_test(size=size) as self.pilot:
                    await self.until(lambda: len(self.app.feed.view.fleet) == len(devices) and self.app.drawn > 0)
                    await self.pilot.pause(0.15)
                    yield self
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def has(self, device: str, **state: Any) -> None:
        await self.say(topics.PROFILE, device, Profile(device=device, device_kind="robot", maker="norvik", name=f"robot {device[1:]}"))
        await self.say(topics.STATE, device, State.model_validate({"device": device, "boot": "b", **state}))
        await self.say(topics.AGENT_CONNECTION, f"agent-{device}", Connection(status="online", boot="b", devices=(device,)))

    async def say(self, topic: topics.Topic, ident: str, body: Frozen, instruction: str | None = None, subtask: str | None = None) -> None:
        await self.door.send(topic, ident, body, instruction=instruction, subtask=subtask)

    async def _live(self, said: AsyncIterator[Message]) -> None:
        async for message in said:
            arrived = self.door.receive(message)
            if arrived is None or arrived[1].source != "dashboard-1":
                continue
            self.heard.append(arrived)
            body = arrived[1].body
            if isinstance(body, Stop) and body.device not in self.deaf:
                await self.say(topics.STATE, body.device, State(device=body.device, boot="b", stopped=body.latched))

    def of(self, kind: type[B]) -> list[B]:
        return [e.body for _, e in self.heard if isinstance(e.body, kind)]

    def envelopes(self, kind: type[Frozen]) -> list[Envelope]:
        return [e for _, e in self.heard if isinstance(e.body, kind)]

    async def until(self, condition: Callable[[], Any], limit: float = 5.0) -> None:
        """As soon as it holds, and at most 5 s."""
        async with asyncio.timeout(limit):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await self.pilot.pause()

    async def told(self, part: str) -> None:
        """Until the person has been shown a notice with these words."""
        await self.until(lambda: [n for n in self.notices if part in n])

    @property
    def text(self) -> str:
        return drawn(self.app)


def drawn(app: Dashboard) -> str:
    """The screen as plain text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"
