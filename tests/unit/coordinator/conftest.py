"""A small site, its fleet, and a coordinator with fake agents in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from coordinator.linker import link
from coordinator.meaning import Meaning
from coordinator.registry import Device
from coordinator.scene import Scene, understand
from coordinator.scripted import Planner
from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService, coordinator_will
from runtime.clock import LoopClock
from runtime.door import Door
from runtime.llm.scripted import ScriptedEmbedder
from runtime.memory_bus import MemoryBroker, MemoryBus
from runtime.store import MemoryStore
from schemas import messages as m
from schemas import topics
from schemas.base import Value
from schemas.envelope import Envelope
from schemas.observations import Observation
from schemas.outcomes import Cancelled, Done, Outcome, Refused
from schemas.plan import Intent
from schemas.site import Place, Site

SAME = (
    ("vacant", "free"), ("positions", "slots", "space"), ("bots", "robots"), ("juice", "battery", "charge"), ("go", "moves", "move"),
    ("check", "checks", "look"), ("charge", "charges", "recharge"),
)  # fmt: skip

ABILITIES = ("checks a shelf for free slots", "moves to a shelf", "charges its battery at a dock", "counts items on a shelf")
PROPERTIES = (
    m.Property(name="battery", unit="%", description="charge", in_state=True),
    m.Property(name="free_slots", description="free slots of a shelf"),
    m.Property(name="items", description="number of items on a shelf"),
)


def make_site() -> Site:
    shelves = tuple(
        Place(id=f"shelf-{i}", kind="shelf", name=f"shelf {i}", aliases=(f"S{i}",), zone="aisle-a" if i < 5 else "aisle-b", at=(2.0 * i, 0.0))
        for i in range(1, 9)
    )
    rest = (
        Place(id="aisle-a", kind="aisle", name="aisle A"),
        Place(id="aisle-b", kind="aisle", name="aisle B"),
        Place(id="dock-1", kind="dock", name="dock 1", at=(0.0, 5.0)),
        Place(id="dock-2", kind="dock", name="dock 2", at=(20.0, 5.0)),
        Place(id="packing", kind="station", name="packing station", at=(10.0, 9.0)),
        Place(id="kitchen", kind="room", name="kitchen"),
    )
    return Site(places=shelves + rest, kinds={"shelf": ("rack", "bay"), "robot": ("bot",)})


def robot(n: int, **changes: object) -> Device:
    base: dict[str, object] = {
        "id": f"robot-{n}", "kind": "robot", "name": f"robot {n}", "abilities": ABILITIES, "properties": PROPERTIES,
        "attributes": {"battery": 100.0 - 20 * n, "x": 4.0 * n, "y": 1.0},
    }  # fmt: skip
    return Device.model_validate({**base, **changes})


def lamp(ident: str, name: str, place: str | None = None) -> Device:
    return Device(id=ident, kind="lamp", name=name, place=place, abilities=("switches on and off", "dims its light"))


@pytest.fixture
def site() -> Site:
    return make_site()


@pytest.fixture
def fleet() -> tuple[Device, ...]:
    return (robot(1), robot(2), robot(3), robot(4), lamp("stove-lamp", "stove lamp", "kitchen"), lamp("desk-lamp", "desk lamp", "kitchen"))


async def scene_for(text: str, intent: Intent, site: Site, fleet: tuple[Device, ...]) -> Scene:
    """What resolving `intent`, made from `text`, may look at."""
    linked = link(text, site, fleet)
    return Scene(linked, site, fleet, await understand(intent, linked, site, fleet, Meaning(ScriptedEmbedder(SAME))))


class _VirtualTime(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        import async_solipsism

        return async_solipsism.EventLoop()


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    return _VirtualTime()


Act = Callable[[str, m.Subtask], Outcome | None]


@dataclass
class FakeAgent:
    """One agent with some robots. `act` says how a subtask ends (None: never says anything); it ends `work` s after it arrived."""

    hub: MemoryBroker
    clock: LoopClock
    devices: tuple[Device, ...]
    act: Act
    ident: str = "agent-1"
    work: float = 1.0
    received: list[tuple[str, Envelope]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    ended: dict[str, Outcome] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    polls: list[m.Poll] = field(default_factory=list)
    knows_time: bool = True
    idempotent: bool | None = None
    deaf: bool = False
    bus: MemoryBus | None = None

    async def run(self) -> None:
        self.bus = self.hub.client()
        async with self.bus as bus:
            self.door = Door(bus, "site", self.ident, self.clock)
            leaves = (topics.SUBTASK, topics.CANCEL, topics.STOP, topics.POLL)
            async with bus.subscribe(*(t.filter("site") for t in leaves)) as stream, asyncio.TaskGroup() as group:
                group.create_task(self._presence())
                async for message in stream:
                    arrived = self.door.receive(message)
                    if arrived is not None and not self.deaf:
                        group.create_task(self._on(*arrived))

    async def _presence(self) -> None:
        for device in self.devices:
            profile = m.Profile(
                device=device.id,
                device_kind=device.kind,
                name=device.name,
                place=device.place,
                abilities=device.abilities,
                properties=device.properties,
            )
            await self.door.send(topics.PROFILE, device.id, profile)
            await self.state(device.id)
        while not self.deaf:
            await self.connection("online")
            await self.clock.sleep(5)

    async def connection(self, status: str) -> None:
        ids = tuple(d.id for d in self.devices)
        body = m.Connection.model_validate({"status": status, "boot": f"boot-{self.ident}", "devices": ids})
        await self.door.send(topics.AGENT_CONNECTION, self.ident, body)

    async def state(self, device: str, poll: str | None = None, asked: tuple[str, ...] = ()) -> None:
        attributes: dict[str, Value] = next(d.attributes for d in self.devices if d.id == device)
        known = tuple(self._status(s) for s in asked)
        body = m.State(device=device, boot=f"boot-{self.ident}", attributes=attributes, poll=poll, subtasks=known, stopped=device in self.stopped)
        await self.door.send(topics.STATE, device, body)

    def _status(self, sid: str) -> m.SubtaskStatus:
        outcome = self.ended.get(sid)
        state = "ended" if outcome else "running" if sid in self.seen else "never_seen"
        return m.SubtaskStatus.model_validate({"subtask": sid, "state": state, "outcome": outcome, "idempotent": self.idempotent})

    async def _on(self, address: topics.Address, envelope: Envelope) -> None:
        body = envelope.body
        mine = {d.id for d in self.devices}
        if isinstance(body, m.Poll):
            self.polls.append(body)
            self.knows_time = True
            for device, asked in body.open.items():
                if device in mine:
                    await self.state(device, body.poll, asked)
        elif isinstance(body, m.Stop) and body.device in mine:
            (self.stopped.add if body.latched else self.stopped.discard)(body.device)
            await self.state(body.device)
        elif isinstance(body, m.Cancel) and body.device in mine and body.subtask not in self.ended:
            await self._end(body.device, body.subtask, Cancelled())
        elif isinstance(body, m.Subtask) and body.device in mine and envelope.subtask is not None:
            self.received.append((body.device, envelope))
            await self._work(body, envelope.subtask)

    async def _work(self, body: m.Subtask, sid: str) -> None:
        if not self.knows_time:
            await self._report(body.device, sid, Refused(reason="clock_unknown"))
            return
        if sid in self.ended:
            await self._report(body.device, sid, self.ended[sid])
            return
        if sid in self.seen:
            return
        self.seen.append(sid)
        outcome = self.act(body.device, body)
        await self.clock.sleep(self.work)
        if outcome is not None and sid not in self.ended:
            await self._end(body.device, sid, outcome)

    async def _end(self, device: str, sid: str, outcome: Outcome) -> None:
        self.ended[sid] = outcome
        await self._report(device, sid, outcome)

    async def _report(self, device: str, sid: str, outcome: Outcome) -> None:
        await self.door.send(topics.OUTCOME, device, m.OutcomeReport(device=device, subtask=sid, outcome=outcome, idempotent=self.idempotent))

    @property
    def texts(self) -> list[tuple[str, str]]:
        """(device, sentence) of each distinct subtask, in order of arrival."""
        seen: dict[str, tuple[str, str]] = {}
        for device, envelope in self.received:
            assert isinstance(envelope.body, m.Subtask) and envelope.subtask is not None
            seen.setdefault(envelope.subtask, (device, envelope.body.text))
        return list(seen.values())


def looks(free: dict[str, int]) -> Act:
    """Every subtask is done and verified; a check of a shelf finds its free slots."""

    def act(device: str, body: m.Subtask) -> Outcome:
        shelf = next((w for w in free if body.text.replace("shelf ", "shelf-").rstrip(".").find(w) >= 0), None)
        seen = (Observation(subject=shelf, property="free_slots", value=free[shelf]),) if shelf else ()
        return Done(verified=True, observations=seen)

    return act


class Person:
    """An operator who collects everything that the coordinator says."""

    def __init__(self, hub: MemoryBroker, clock: LoopClock) -> None:
        self.hub, self.clock = hub, clock
        self.heard: list[tuple[topics.Address, Envelope]] = []
        self._news = asyncio.Event()

    async def run(self) -> None:
        async with self.hub.client() as bus, bus.subscribe(topics.everything("site")) as stream:
            self.door = Door(bus, "site", "anna", self.clock)
            async for message in stream:
                arrived = self.door.receive(message)
                if arrived is not None:
                    self.heard.append(arrived)
                    self._news.set()

    async def say(self, text: str, dry_run: bool = False) -> str:
        ident = self.clock.uuid7()
        await self.door.send(topics.INSTRUCTION, "anna", m.Instruction(text=text, dry_run=dry_run), message_id=ident)
        return ident

    async def reply(self, instruction: str, text: str, about: str | None = None) -> None:
        await self.door.send(topics.REPLY, "anna", m.Reply(text=text, about=about), instruction=instruction)

    async def approve(self, approval: m.Approval) -> None:
        await self.door.send(topics.APPROVAL, "anna", approval)

    def bodies(self, kind: type, instruction: str | None = None) -> list:
        return [e.body for _, e in self.heard if isinstance(e.body, kind) and instruction in (None, e.instruction)]

    async def wait(self, kind: type, instruction: str, count: int = 1, timeout: float = 2000):
        """The count-th body of a kind about an instruction; virtual seconds."""
        async with asyncio.timeout(timeout):
            while len(self.bodies(kind, instruction)) < count:
                self._news.clear()
                await self._news.wait()
        return self.bodies(kind, instruction)[count - 1]

    async def tell(self, text: str) -> m.Answer:
        return await self.wait(m.Answer, await self.say(text))


class World:
    """A coordinator, its person and its agents on one bus. `async with World(...)`."""

    def __init__(self, planner: Planner, agents: Callable[[MemoryBroker, LoopClock], list[FakeAgent]], **options: object) -> None:
        self.hub, self.clock, self.store = MemoryBroker(), LoopClock(seed=1), MemoryStore()
        self.planner, self.agents = planner, agents(self.hub, self.clock)
        self.options = CoordinatorOptions.model_validate(options)
        self.person = Person(self.hub, self.clock)
        self.boots = 0

    async def start_coordinator(self) -> None:
        self.boots += 1
        identity = CoordinatorIdentity(site="site", coordinator="coordinator", boot=f"c{self.boots}")
        self.link = self.hub.client(coordinator_will(identity, self.clock))
        await self.link.__aenter__()
        embedder = ScriptedEmbedder(SAME)
        self.service = CoordinatorService(identity, self.link, make_site(), self.store, self.clock, self.planner, embedder, self.options)
        await self.service.start()
        await self.service.ready()

    async def kill_coordinator(self) -> None:
        """As a killed process: no goodbye, only the will."""
        self.link.kill()
        await self.service.stop()

    async def __aenter__(self) -> World:
        self._tasks = [asyncio.create_task(self.person.run()), *(asyncio.create_task(a.run()) for a in self.agents)]
        await self.start_coordinator()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.service.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
