"""An agent process: one link to the bus for one device or a hundred. Presence, retained topics, and the door at which every message is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import structlog

from device_agent.agent import AgentOptions, DeviceAgent
from device_agent.driver import Driver
from device_agent.journal import Journal
from device_agent.mapper import Mapper
from runtime.bus import Bus, Message, Will
from runtime.clock import Clock
from runtime.door import Door
from runtime.service import Service
from runtime.store import Store
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope, seal_message
from schemas.errors import DeviceError
from schemas.messages import Cancel, Connection, Poll, Profile, Stop, Subtask

log = structlog.get_logger()


class AgentIdentity(Frozen):
    """Where and who: ids as on the wire; `boot` is fresh for every start, so that an old will is known as old."""

    site: str
    agent: str
    boot: str
    heartbeat: float = 5.0


def agent_will(identity: AgentIdentity, clock: Clock) -> Will:
    """What the broker says when this agent vanishes. Give it to the bus before connecting."""
    body = Connection(status="connectionbroken", boot=identity.boot, heartbeat=identity.heartbeat)
    envelope = Envelope(id=clock.uuid7(), source=identity.agent, sent_at=clock.now(), body=body)
    return Will(topics.AGENT_CONNECTION.build(identity.site, identity.agent), seal_message(envelope))


class AgentService(Service):
    """`bus` must be connected already (it carries the will). `devices`: profile and driver of each."""

    def __init__(
        self,
        identity: AgentIdentity,
        bus: Bus,
        devices: Sequence[tuple[Profile, Driver]],
        mapper: Mapper,
        store: Store,
        clock: Clock,
        options: AgentOptions | None = None,
    ) -> None:
        super().__init__(f"agent.{identity.agent}")
        self._id, self._bus, self._clock = identity, bus, clock
        self._door = Door(bus, identity.site, identity.agent, clock)
        chosen = options or AgentOptions()
        self.agents = {
            profile.device: DeviceAgent(profile, driver, mapper, Journal(store, profile.device), clock, self._publish, identity.boot, chosen)
            for profile, driver in devices
        }

    @property
    def counters(self) -> Counter[str]:
        return self._door.counters

    async def _run(self) -> None:
        filters = [t.build(self._id.site, d) for d in self.agents for t in (topics.SUBTASK, topics.CANCEL)]
        urgent = [topics.STOP.build(self._id.site, d) for d in self.agents]
        async with self._bus.subscribe(*urgent) as stops, self._bus.subscribe(*filters, topics.POLL.filter(self._id.site)) as stream:
            self.spawn(self._presence(), "presence")
            self.spawn(self._heartbeat(), "heartbeat")
            for device, agent in self.agents.items():
                self.spawn(self._serve(agent), f"device.{device}")
            self.spawn(self._listen(stops), "stops")
            await self._listen(stream)

    async def stop(self) -> None:
        """A clean goodbye."""
        await self._say_connection("offline")
        await super().stop()

    async def _serve(self, agent: DeviceAgent) -> None:
        while True:
            try:
                await agent.driver.start()
                break
            except DeviceError as error:
                log.warning("device_silent", device_id=agent.device, error=str(error))
                await self._clock.sleep(2.0)
        await agent.recover()
        self.spawn(agent.look(), f"look.{agent.device}")
        await agent.work()

    async def _presence(self) -> None:
        """On every connect all retained topics are published again."""
        async with self._bus.connections() as numbers:
            async for _ in numbers:
                await self._say_connection("online")
                for agent in self.agents.values():
                    await self._publish(topics.PROFILE, agent.device, agent.profile, None, None)
                    await agent.announce()

    async def _heartbeat(self) -> None:
        while True:
            await self._clock.sleep(self._id.heartbeat)
            await self._say_connection("online")

    async def _say_connection(self, status: str) -> None:
        body = Connection.model_validate({"status": status, "boot": self._id.boot, "devices": tuple(self.agents), "heartbeat": self._id.heartbeat})
        await self._publish(topics.AGENT_CONNECTION, self._id.agent, body, None, None)

    async def _publish(self, topic: topics.Topic, ident: str, body: Frozen, subtask: str | None, instruction: str | None) -> None:
        await self._door.send(topic, ident, body, subtask=subtask, instruction=instruction)

    async def _listen(self, stream: AsyncIterator[Message]) -> None:
        async for message in stream:
            arrived = self._door.receive(message)
            if arrived is not None:
                await self._dispatch(*arrived)

    async def _dispatch(self, address: topics.Address, envelope: Envelope) -> None:
        body, agent = envelope.body, self.agents.get(address.ident)
        if isinstance(body, Poll):
            await self._on_poll(envelope, body)
        elif agent is None:
            return
        elif isinstance(body, Subtask) and envelope.subtask is not None:
            await agent.on_subtask(envelope)
        elif isinstance(body, Cancel):
            await agent.on_cancel(envelope)
        elif isinstance(body, Stop):
            await agent.on_stop(envelope)
        else:
            self.counters["dropped"] += 1
            log.warning("message_dropped", topic=address.topic.leaf, reason="a subtask without its id")

    async def _on_poll(self, envelope: Envelope, poll: Poll) -> None:
        for device, subtasks in poll.open.items():
            agent = self.agents.get(device)
            if agent is not None:
                await agent.on_poll(envelope.sent_at, poll.poll, subtasks)
