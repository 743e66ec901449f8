"""The coordinator process: one link to the bus, the door at which every message is checked, and the tasks that keep the work going."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from coordinator.case import Case, Cases
from coordinator.confirmation import Confirmation
from coordinator.consultant import Consultant
from coordinator.control import Controls
from coordinator.desk import Desk
from coordinator.dispatcher import Dispatcher
from coordinator.epochs import Epochs
from coordinator.ledger import Entry, Ledger, Timing
from coordinator.meaning import Meaning, Thresholds
from coordinator.registry import Device, Presence, Registry
from coordinator.rounds import Rounds, targets
from coordinator.scene import Scene
from coordinator.scripted import Planner
from runtime.bus import Bus, Message, Will
from runtime.clock import Clock
from runtime.door import Door
from runtime.llm.protocol import Embedder
from runtime.mcp import Access, McpServer
from runtime.meters import METERS
from runtime.service import Service
from runtime.store import Store
from schemas import messages as m
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope, seal_message
from schemas.outcomes import Refused
from schemas.plan import Control
from schemas.site import Site

log = structlog.get_logger()

_HEARD = (
    topics.AGENT_CONNECTION, topics.PROFILE, topics.STATE, topics.EPOCH, topics.OUTCOME, topics.INSTRUCTION, topics.REPLY, topics.CONTROL,
    topics.APPROVAL, topics.EXPERT_CONNECTION,
)  # fmt: skip


FLEET_AGE = 0.25
"""Seconds for which a view of an unchanged registry is good."""


class CoordinatorIdentity(Frozen):
    """Where and who: ids as on the wire; `boot` is fresh for every start."""

    site: str
    coordinator: str
    boot: str
    heartbeat: float = 5.0


class CoordinatorOptions(Frozen):
    """Seconds. `settle`: wait for retained messages before taking an epoch. `patience`: for a person's reply. `confirm`: for the devices' word on a
    stop or a reset.

    `reserve`: battery in % below which no device is chosen by the system itself.
    """

    round_period: float = 5.0
    round_timeout: float = 2.0
    settle: float = 0.5
    patience: float = 300.0
    confirm: float = 5.0
    reserve: float = 10.0
    timing: Timing = Timing()
    thresholds: Thresholds = Thresholds()
    experts: Access = Access()
    """Bearer token for experts' MCP servers."""


def coordinator_will(identity: CoordinatorIdentity, clock: Clock) -> Will:
    """What the broker says when this coordinator vanishes. Give it to the bus before connecting."""
    body = m.Connection(status="connectionbroken", boot=identity.boot, heartbeat=identity.heartbeat)
    envelope = Envelope.model_validate({"id": clock.uuid7(), "source": identity.coordinator, "sent_at": clock.now(), "body": body})
    return Will(topics.COORDINATOR_CONNECTION.build(identity.site, identity.coordinator), seal_message(envelope))


class CoordinatorService(Service):
    """`bus` must be connected already (it carries the will). `site` is the model that is published, retained."""

    def __init__(
        self,
        identity: CoordinatorIdentity,
        bus: Bus,
        site: Site,
        store: Store,
        clock: Clock,
        planner: Planner,
        embedder: Embedder,
        options: CoordinatorOptions | None = None,
    ) -> None:
        super().__init__(f"coordinator.{identity.coordinator}")
        self._id, self._bus, self._clock, self._site = identity, bus, clock, site
        self._options = chosen = options or CoordinatorOptions()
        self.registry = Registry()
        self._fleet: tuple[Registry, float, tuple[Device, ...]] = (self.registry, 0.0, ())
        self._fresh: set[str] = set()
        self._ready = asyncio.Event()
        door = self._door = Door(bus, identity.site, identity.coordinator, clock)
        self.counters = door.counters
        self._cases = Cases(store)
        self._dispatcher = Dispatcher(door, Ledger(store, chosen.timing), self._alive, self._on_entry)
        self._confirmation = Confirmation(clock, chosen.confirm)
        self._controls = Controls(door, self._dispatcher, self._cases, self._stopped, self._confirmation)
        self._epochs = Epochs(door, self._dispatcher.ledger, lambda: self.registry, self._confirmation)
        meaning = Meaning(embedder, chosen.thresholds)
        self._consultant = Consultant(meaning, clock, lambda url: McpServer(url, chosen.experts))
        self._desk = Desk(
            self._cases, door, self._dispatcher, self._controls, planner, meaning, self._consultant, self._scene, self.spawn, chosen.patience
        )  # fmt: skip
        self._controls.cancel = self._desk.cancel
        self._rounds = Rounds(clock, self._poll, self._look, chosen.round_timeout)

    async def ready(self) -> None:
        """Until an epoch is taken and what was open has been taken up again."""
        await self._ready.wait()

    @property
    def open_cases(self) -> int:
        """Instructions that have no final answer yet."""
        return len(self._cases.open())

    async def _run(self) -> None:
        async with self._bus.subscribe(*(t.filter(self._id.site) for t in _HEARD)) as stream:
            listening = self.spawn(self._listen(stream), "listen")
            await self._clock.sleep(self._options.settle)
            self._epochs.take()
            self.spawn(self._presence(), "presence")
            self.spawn(self._consultant.keep(lambda: self._scene(Case(id="experts", operator="", text=""))), "experts")
            self.spawn(self._heartbeat(), "heartbeat")
            self.spawn(self._rounds.forever(self._options.round_period), "rounds")
            self.spawn(self._dispatcher.forever(), "dispatch")
            await self._desk.resume()
            self._ready.set()
            await listening

    async def stop(self) -> None:
        """A clean goodbye."""
        await self._say_connection("offline")
        await super().stop()

    # What others ask of the service

    def _alive(self, device: str) -> bool:
        return self.registry.alive(device, self._clock.now())

    def _stopped(self, device: str) -> bool | None:
        state = self.registry.states.get(device)
        return None if state is None else state.stopped

    def _devices(self) -> tuple[Device, ...]:
        """The fleet as the registry has it; made anew when that has changed, or leases may have lapsed."""
        now = self._clock.now()
        registry, made_at, devices = self._fleet
        if registry is not self.registry or now - made_at > FLEET_AGE:
            devices = self.registry.devices(now)
            self._fleet = (self.registry, now, devices)
        return devices

    def _scene(self, case: Case) -> Scene:
        return Scene(case.linked, self._site, self._devices(), case.meanings, self._dispatcher.ledger.loads(), self._options.reserve)

    def _look(self) -> dict[str, tuple[str, ...]]:
        return targets(self.registry, self._dispatcher.ledger, self._fresh, self._clock.now())

    async def _poll(self, poll: m.Poll) -> None:
        """Its epoch tells the agents whether to believe its time."""
        await self._door.send(topics.POLL, self._id.coordinator, poll, epoch=self._dispatcher.ledger.epoch)

    async def _on_entry(self, entry: Entry) -> None:
        await self._desk.on_entry(entry)

    # Presence

    async def _presence(self) -> None:
        """On every connect all retained topics are published again."""
        async with self._bus.connections() as numbers:
            async for _ in numbers:
                await self._say_connection("online")
                await self._epochs.announce()
                await self._door.send(topics.SITE, self._id.coordinator, m.SiteMessage(site=self._site))

    async def _heartbeat(self) -> None:
        while True:
            await self._clock.sleep(self._id.heartbeat)
            await self._say_connection("online")

    async def _say_connection(self, status: str) -> None:
        body = m.Connection.model_validate({"status": status, "boot": self._id.boot, "heartbeat": self._id.heartbeat, "use": METERS.use()})
        await self._door.send(topics.COORDINATOR_CONNECTION, self._id.coordinator, body)

    # The door

    async def _listen(self, stream: AsyncIterator[Message]) -> None:
        async for message in stream:
            arrived = self._door.receive(message)
            if arrived is None:
                continue
            address, envelope = arrived
            if address.topic.role == "operator":
                self.spawn(self._on_operator(envelope, address.ident), f"{envelope.kind}.{envelope.id}")
            else:
                await self._hear(envelope.body, address.ident, message.retained)

    async def _hear(self, body: Frozen, ident: str, retained: bool) -> None:
        try:
            await self._on_fleet(body, ident, retained)
        except Exception as error:  # one odd message must not make the coordinator deaf
            self.counters["crashed"] += 1
            log.error("message_crashed", ident=ident, error=f"{type(error).__name__}: {error}")

    async def _on_fleet(self, body: Frozen, ident: str, retained: bool) -> None:
        now = self._clock.now()
        if isinstance(body, m.Connection):
            before = self.registry
            self.registry = before.on_connection(ident, body, now)
            if self.registry is before:
                self._door.ghost("connection of an agent's other start")
            else:
                self._greet(body, before.agents.get(ident))
        elif isinstance(body, m.Profile):
            if self.registry.profiles.get(body.device) is None:
                self._ask_first(body.device)
            self.registry = self.registry.on_profile(body)
            self._consultant.stir()
        elif isinstance(body, m.State):
            await self._on_state(body, now, retained)
        elif isinstance(body, m.OutcomeReport):
            await self._on_outcome(body)
        elif isinstance(body, m.Epoch):
            self._epochs.hear(body.epoch, ident)
        elif isinstance(body, m.ExpertConnection):
            self._consultant.hear(ident, body)

    def _greet(self, body: m.Connection, known: Presence | None) -> None:
        """A new boot does not know the time: poll its devices at once."""
        if body.status == "online" and (known is None or known.boot != body.boot):
            for device in body.devices:
                self._ask_first(device)

    def _ask_first(self, device: str) -> None:
        self._fresh.add(device)
        self._rounds.poke()

    async def _on_outcome(self, body: m.OutcomeReport) -> None:
        if not self._dispatcher.ledger.gave(body.subtask, body.device):
            self._door.ghost("outcome of a subtask that this device never had")
            return
        if isinstance(body.outcome, Refused) and body.outcome.reason == "clock_unknown":
            self._ask_first(body.device)
        await self._dispatcher.on_outcome(body)

    async def _on_state(self, body: m.State, now: float, retained: bool) -> None:
        before, self.registry = self.registry, self.registry.on_state(body, now, retained)
        if self.registry is before:
            self._door.ghost("state of an agent's other start")
            return
        self._confirmation.on_state()
        states = {e.subtask: e.state for e in self._dispatcher.ledger.open_of(body.device)}
        await self._dispatcher.on_state(body)
        for entry in self._dispatcher.ledger.open_of(body.device):
            if states.get(entry.subtask) not in (None, entry.state):
                await self._desk.moved_on(entry)
        if body.poll is not None:
            self._fresh.discard(body.device)
            self._rounds.on_report(body.device, body.poll)

    async def _on_operator(self, envelope: Envelope, operator: str) -> None:
        await self._ready.wait()
        try:
            await self._obey(envelope, operator)
        except Exception as error:  # one odd instruction must not take the coordinator down
            log.error("instruction_crashed", instruction=envelope.id, error=f"{type(error).__name__}: {error}")
            answer = m.Answer(text="Something inside me went wrong with that; it was given up.", intent="question", complete=False)
            await self._door.send(topics.ANSWER, self._id.coordinator, answer, instruction=envelope.id)

    async def _obey(self, envelope: Envelope, operator: str) -> None:
        body = envelope.body
        if isinstance(body, m.Instruction):
            known = self._cases.get(envelope.id)
            if known is None:
                await self._desk.instruct(Case(id=envelope.id, operator=operator, text=body.text, dry_run=body.dry_run))
            else:
                self.counters["repeated"] += 1
                await self._desk.repeat(known)
        elif isinstance(body, m.Reply):
            self.counters["unasked_replies"] += not await self._desk.reply(operator, envelope.instruction, body)
        elif isinstance(body, m.Approval):
            if not await self._desk.approve(body):
                self._door.ghost("approval of what nobody waits for")
        elif isinstance(body, m.ControlRequest):
            await self._on_control(body, envelope.id)

    async def _on_control(self, body: m.ControlRequest, ident: str) -> None:
        """From a button rather than a sentence: for one instruction, or for everything."""
        if body.action == "reset_epoch":
            await self._reset_epoch(body.target, ident)
        elif body.target is None:
            empty = Case(id=ident, operator="", text="")
            answer = await self._controls.carry_out(Control(action=body.action), self._scene(empty), ident)
            await self._door.send(topics.ANSWER, self._id.coordinator, answer, instruction=ident)
        else:
            await self._on_one(body.action, body.target)

    async def _reset_epoch(self, coordinator: str | None, ident: str) -> None:
        if coordinator not in (None, self._id.coordinator):
            self._door.ghost("reset of another coordinator")
            return
        await self._door.send(topics.ANSWER, self._id.coordinator, await self._epochs.reset(), instruction=ident)

    async def _on_one(self, action: str, instruction: str) -> None:
        case = self._cases.get(instruction)
        if case is None:
            self._door.ghost("control of an instruction that nobody gave")
        elif action == "pause":
            self._dispatcher.pause.instructions.add(instruction)
        elif action == "resume":
            self._dispatcher.pause.instructions.discard(instruction)
            await self._dispatcher.pump()
        elif case.status != "closed":
            await self._desk.cancel(case)
