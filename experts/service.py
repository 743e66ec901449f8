"""An expert process on the bus: it says what it can tell and where its MCP endpoint is, and hears the windows that devices send."""

from __future__ import annotations

from collections.abc import Sequence

from experts.sources import BusSource
from runtime.bus import Bus, Will
from runtime.clock import Clock
from runtime.door import Door
from runtime.service import Service
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope, seal_message
from schemas.messages import ExpertConnection, WindowReply


class ExpertIdentity(Frozen):
    """Ids as on the wire; `boot` is fresh for every start. `endpoint`: the URL of the MCP server, empty when it speaks over stdio."""

    site: str
    expert: str
    boot: str
    endpoint: str = ""


def expert_will(identity: ExpertIdentity, clock: Clock) -> Will:
    """What the broker says when this process vanishes. Give it to the bus before connecting."""
    body = ExpertConnection(status="connectionbroken", boot=identity.boot)
    envelope = Envelope(id=clock.uuid7(), source=identity.expert, sent_at=clock.now(), body=body)
    return Will(topics.EXPERT_CONNECTION.build(identity.site, identity.expert), seal_message(envelope))


class ExpertService(Service):
    """`bus` must be connected already (it carries the will). `tells`: the names of the experts that are served."""

    def __init__(self, identity: ExpertIdentity, bus: Bus, tells: Sequence[str], clock: Clock) -> None:
        super().__init__(f"expert.{identity.expert}")
        self._id, self._bus, self._tells = identity, bus, tuple(tells)
        self._door = Door(bus, identity.site, identity.expert, clock)
        self.source = BusSource(self._door)

    async def _run(self) -> None:
        async with self._bus.subscribe(topics.WINDOW.filter(self._id.site)) as stream:
            self.spawn(self._presence(), "presence")
            async for message in stream:
                opened = self._door.receive(message)
                if opened is not None and isinstance(opened[1].body, WindowReply):
                    self.source.hear(opened[1].body)

    async def stop(self) -> None:
        try:
            await super().stop()
        finally:
            await self._say("offline")

    async def _presence(self) -> None:
        async with self._bus.connections() as numbers:
            async for _ in numbers:
                await self._say("online")

    async def _say(self, status: str) -> None:
        body = ExpertConnection.model_validate({"status": status, "boot": self._id.boot, "tells": self._tells, "endpoint": self._id.endpoint})
        await self._door.send(topics.EXPERT_CONNECTION, self._id.expert, body)
