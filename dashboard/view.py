"""What the dashboard shows: values only, made by `dashboard.reduce` from the messages of a site. Every text in them is clean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dashboard.consulting import Consulting
from dashboard.floor.ground import Ground
from dashboard.life import Life
from dashboard.timing import Timing
from schemas.approval import ToSign
from schemas.messages import Use

Link = Literal["online", "offline", "broken", "silent", "unknown"]
"""broken: its will came; silent: its lease lapsed; unknown: no agent says that it hosts it."""
WorkState = Literal[
    "waiting", "sent", "running", "asking", "done", "verified", "unverified", "refused", "failed", "uncertain", "superseded", "cancelled",
    "expired", "silent", "not sent",
]  # fmt: skip
ENDED: frozenset[WorkState] = frozenset(
    ("done", "verified", "unverified", "refused", "failed", "uncertain", "superseded", "cancelled", "expired", "not sent")
)
LEASE = 3
"""Heartbeats that may be missed."""


@dataclass(frozen=True)
class Presence:
    """An agent or a coordinator as it last said; `heard`: when, s of our clock."""

    status: Literal["online", "offline", "connectionbroken"]
    boot: str
    devices: tuple[str, ...]
    heartbeat: float
    heard: float
    use: Use | None = None

    def link(self, now: float) -> Link:
        if self.status != "online":
            return "broken" if self.status == "connectionbroken" else "offline"
        return "online" if now - self.heard <= LEASE * self.heartbeat else "silent"


@dataclass(frozen=True)
class Expert:
    """A process of experts, and what they tell."""

    status: Literal["online", "offline", "connectionbroken"]
    boot: str
    tells: tuple[str, ...]
    endpoint: str


@dataclass(frozen=True)
class Task:
    """A sentence that a device was given."""

    subtask: str
    text: str
    state: WorkState = "sent"


@dataclass(frozen=True)
class Ended:
    """How a subtask ended: in words, with what was looked at as proof."""

    subtask: str
    state: WorkState
    text: str
    task: str
    at: float
    proof: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeviceView:
    device: str
    name: str = ""
    kind: str = ""
    maker: str = ""
    place: str = ""
    aliases: tuple[str, ...] = ()
    abilities: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    battery: float | None = None
    """In %."""
    busy: bool = False
    stopped: bool = False
    normal: bool = True
    problem: str = ""
    stop_problem: str = ""
    tasks: tuple[Task, ...] = ()
    """In hand, the oldest first."""
    ended: tuple[Ended, ...] = ()
    """The newest first."""
    life: Life = field(default_factory=Life)
    heard: float = 0.0
    """When its last state came; 0: none has come."""

    @property
    def at(self) -> str:
        return dict(self.attributes).get("at") or self.place

    @property
    def doing(self) -> str:
        """The sentence that runs, else the first that is in hand."""
        running = [t for t in self.tasks if t.state == "running"] or list(self.tasks)
        return running[0].text if running else ""


@dataclass(frozen=True)
class Line:
    """`key` tells a line that is sent again for safety."""

    at: float
    who: str
    whom: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class Question:
    """`digest`: the one call that a yes sets going, where a device asks. `to_sign`: what is to be signed, as it came; it is never drawn."""

    ident: str
    text: str
    options: tuple[str, ...] = ()
    approval: bool = False
    digest: str = ""
    to_sign: ToSign | None = None


@dataclass(frozen=True)
class Item:
    """One sentence of a plan. `why`: what its device said, or proved; `before`: what the one said that had it first."""

    device: str
    text: str
    about: str = ""
    after: tuple[int, ...] = ()
    state: WorkState = "waiting"
    why: str = ""
    subtask: str = ""
    before: str = ""


@dataclass(frozen=True)
class Thread:
    """One instruction with everything that was said about it. The one with an empty id holds what belongs to none."""

    ident: str
    who: str = ""
    text: str = ""
    at: float = 0.0
    dry_run: bool = False
    lines: tuple[Line, ...] = ()
    kind: str = ""
    """Of the intent: plan, query, control, …"""
    planned: str = ""
    items: tuple[Item, ...] = ()
    questions: tuple[Question, ...] = ()
    """Open ones, in the order of their asking."""
    answer: str = ""
    complete: bool | None = None
    """None: it goes on."""

    @property
    def open(self) -> bool:
        return self.complete is None


@dataclass(frozen=True)
class Second:
    """What came in during one second."""

    at: int
    messages: int
    bytes: int


@dataclass(frozen=True)
class Health:
    messages: int = 0
    bytes: int = 0
    dropped: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict[str, int])
    seconds: tuple[Second, ...] = ()
    """The last ones in which something came, the newest last."""


@dataclass(frozen=True)
class ViewState:
    """`me`: our own id on the bus, whose words are shown as yours."""

    me: str = ""
    site: str = ""
    fleet: Mapping[str, DeviceView] = field(default_factory=dict[str, DeviceView])
    agents: Mapping[str, Presence] = field(default_factory=dict[str, Presence])
    coordinators: Mapping[str, Presence] = field(default_factory=dict[str, Presence])
    epochs: Mapping[str, int] = field(default_factory=dict[str, int])
    experts: Mapping[str, Expert] = field(default_factory=dict[str, Expert])
    places: tuple[str, ...] = ()
    """Names that an instruction may use."""
    threads: Mapping[str, Thread] = field(default_factory=dict[str, Thread])
    """In the order of their beginning."""
    health: Health = field(default_factory=Health)
    ground: Ground = field(default_factory=Ground)
    timing: Timing = field(default_factory=Timing)
    consulting: Consulting = field(default_factory=Consulting)

    def links(self, now: float) -> dict[str, Link]:
        """Device → whether it can be reached; the best word of those that host it."""
        found: dict[str, Link] = {}
        for agent in self.agents.values():
            link = agent.link(now)
            found.update({d: link for d in agent.devices if link == "online" or d not in found})
        return {d: found.get(d, "unknown") for d in self.fleet}

    def coordinator(self, now: float) -> str | None:
        """One that is online."""
        return next((ident for ident, c in sorted(self.coordinators.items()) if c.link(now) == "online"), None)

    def instructions(self) -> list[Thread]:
        """Threads with the newest last, without what belongs to none."""
        return [t for t in self.threads.values() if t.ident]

    def rate(self, now: float, window: int = 10) -> tuple[float, float]:
        """Messages and bytes a second over the last whole seconds."""
        since = int(now) - window
        recent = [s for s in self.health.seconds if since <= s.at < int(now)]
        return sum(s.messages for s in recent) / window, sum(s.bytes for s in recent) / window
