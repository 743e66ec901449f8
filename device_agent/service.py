"""An agent process: one link to the bus for one device or a hundred. Presence, retained topics, and the door at which every message is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import structlog

from device_agent.agent import AgentOptions, DeviceAgent
from device_agent.driver import Driver
from device_agent.journal import Journal
from device_agent.mapper import Mapper
from device_agent.sight import why
from device_agent.witness import Witness
from runtime.bus import Bus, Message, Will
from runtime.clock import Clock
from runtime.door import Door
from runtime.mcp import McpServer
from runtime.meters import METERS
from runtime.service import Service
from runtime.store import Store
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope, seal_message
from schemas.errors import DeviceError
from schemas.messages import Cancel, Connection, EpochReset, ExpertConnection, Poll, Profile, Stop, Subtask, WindowReply, WindowRequest

log = structlog.get_logger()

AGAIN = 2.0
"""Seconds before something that failed is tried again."""
OPINION = 3.0
"""Seconds that an expert may take for a second opinion."""


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
        self._witness = Witness(clock, lambda url: McpServer(url, chosen.experts, deadline=OPINION))
        self.agents = {
            profile.device: DeviceAgent(
                identity.site,
                profile,
                driver,
                mapper,
                Journal(store, profile.device),
                clock,
                self._publish,
                self._door.ghost,
                identity.boot,
                self._witness,
                chosen,
            )
            for profile, driver in devices
        }

    @property
    def counters(self) -> Counter[str]:
        return self._door.counters

    async def _run(self) -> None:
        own = (topics.SUBTASK, topics.CANCEL, topics.EPOCH_RESET, topics.WINDOW_REQUEST)
        filters = [t.build(self._id.site, d) for d in self.agents for t in own]
        urgent = [topics.STOP.build(self._id.site, d) for d in self.agents]
        general = [t.filter(self._id.site) for t in (topics.POLL, topics.EXPERT_CONNECTION)]
        async with self._bus.subscribe(*urgent) as stops, self._bus.subscribe(*filters, *general) as stream:
            self.spawn(self._presence(), "presence")
            self.spawn(self._heartbeat(), "heartbeat")
            for device, agent in self.agents.items():
                self.spawn(agent.stops.run(), f"stops.{device}")
                self.spawn(self._serve(agent), f"device.{device}")
            self.spawn(self._listen(stops), "stops")
            await self._listen(stream)

    async def stop(self) -> None:
        """A clean goodbye, said last: nothing may speak after it."""
        try:
            await super().stop()
        finally:
            await self._say_connection("offline")

    async def _serve(self, agent: DeviceAgent) -> None:
        await self._steadily(agent.start, "device_silent", agent.device)
        await self._steadily(agent.recover, "recovery_failed", agent.device)
        self.spawn(self._steadily(agent.look, "look_failed", agent.device), f"look.{agent.device}")
        await self._steadily(agent.work, "work_failed", agent.device)

    async def _steadily(self, step: Callable[[], Awaitable[None]], event: str, device: str) -> None:
        """Until it returns: tried again after any error, which is logged once while it stays the same."""
        last = ""
        while True:
            try:
                return await step()
            except Exception as error:
                if last != (last := f"{type(error).__name__}: {error}"):
                    log.warning(event, device_id=device, reason=why(error), error=last[:300])
                await self._clock.sleep(AGAIN)

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
            for agent in self.agents.values():
                await agent.announce()

    async def _say_connection(self, status: str) -> None:
        told = {"boot": self._id.boot, "devices": tuple(self.agents), "heartbeat": self._id.heartbeat, "use": METERS.use()}
        body = Connection.model_validate({"status": status, **told})
        await self._publish(topics.AGENT_CONNECTION, self._id.agent, body, None, None)

    async def _publish(self, topic: topics.Topic, ident: str, body: Frozen, subtask: str | None, instruction: str | None) -> None:
        await self._door.send(topic, ident, body, subtask=subtask, instruction=instruction)

    async def _listen(self, stream: AsyncIterator[Message]) -> None:
        async for message in stream:
            arrived = self._door.receive(message)
            if arrived is None:
                continue
            await self._guarded(self._dispatch(*arrived), message.topic)

    async def _guarded(self, work: Awaitable[None], topic: str) -> None:
        """One message, and one device, must not end the hearing of all others."""
        try:
            await work
        except Exception as error:
            self.counters["failed"] += 1
            log.error("message_failed", topic=topic[:200], error=f"{type(error).__name__}: {error}"[:300])

    async def _dispatch(self, address: topics.Address, envelope: Envelope) -> None:
        body, agent = envelope.body, self.agents.get(address.ident)
        if isinstance(body, Poll):
            await self._on_poll(envelope, body)
        elif isinstance(body, ExpertConnection):
            self._witness.hear(address.ident, body)
        elif agent is None:
            return
        elif isinstance(body, Subtask) and envelope.subtask is not None:
            await agent.on_subtask(envelope)
        elif isinstance(body, Cancel):
            await agent.on_cancel(envelope)
        elif isinstance(body, Stop):
            agent.on_stop(envelope)
        elif isinstance(body, EpochReset):
            await agent.on_epoch_reset(envelope)
        elif isinstance(body, WindowRequest):
            self.spawn(self._show(agent, body), f"window.{agent.device}")
        else:
            self.counters["dropped"] += 1
            log.warning("message_dropped", topic=address.topic.leaf, reason="a subtask without its id")

    async def _show(self, agent: DeviceAgent, request: WindowRequest) -> None:
        """A window of data, or why there is none; never both slow and in the way of anything else."""
        try:
            data = await agent.window(request.what)
        except DeviceError as error:
            data: dict[str, Any] = {"problem": str(error)}
        reply = WindowReply(device=agent.device, handle=request.handle, data=data, kept_until=self._clock.now())
        if not await self._door.send(topics.WINDOW, agent.device, reply):
            log.warning("window_not_sent", device_id=agent.device, what=request.what[:40])

    async def _on_poll(self, envelope: Envelope, poll: Poll) -> None:
        for device, subtasks in poll.open.items():
            agent = self.agents.get(device)
            if agent is not None:
                await self._guarded(agent.on_poll(envelope, poll.poll, subtasks), topics.POLL.leaf)
