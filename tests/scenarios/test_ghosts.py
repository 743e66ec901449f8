"""What arrives and belongs to nobody: on every topic of the protocol something broken, too large, foreign, misplaced, and something well formed that
speaks of a device, a subtask, a start or an epoch that there is not (any more). Nothing changes but a counter, and work goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from coordinator.ledger import META
from device_agent.service import AgentService
from runtime.operator import Operator
from schemas import messages as m
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import MAX_BYTES, Envelope
from schemas.outcomes import Done, Refused
from schemas.plan import Refusal
from schemas.site import Site
from tests.scenarios.test_faulty_bus import SHELVES, Fleet, event_loop_policy  # noqa: F401

pytestmark = pytest.mark.usefixtures("event_loop_policy")

NOBODY = "01890000-0000-7000-8000-000000000000"
"""A subtask, an instruction, that nobody ever gave."""
EPOCH = 5
"""In force."""
AGENTS_HEAR = (topics.SUBTASK, topics.CANCEL, topics.STOP, topics.EPOCH_RESET, topics.POLL)
COORDINATORS_HEAR = (
    topics.AGENT_CONNECTION, topics.PROFILE, topics.STATE, topics.EPOCH, topics.OUTCOME, topics.INSTRUCTION, topics.REPLY, topics.APPROVAL,
    topics.CONTROL,
)  # fmt: skip


def _body(topic: topics.Topic, device: str = "r1") -> Frozen:
    """A message of this topic that has consequences when it is taken."""
    late = 4e9
    bodies: dict[str, Frozen] = {
        "agent/connection": m.Connection(status="connectionbroken", boot="b1", devices=(device,)),
        "device/profile": m.Profile(device=device, device_kind="kettle"),
        "device/state": m.State(device=device, boot="b1", stopped=True, attributes={"at": "the moon"}),
        "device/subtask": m.Subtask(device=device, text="Beep.", start_by=late, deadline=late),
        "device/cancel": m.Cancel(device=device, subtask=NOBODY),
        "device/stop": m.Stop(device=device),
        "device/epoch_reset": m.EpochReset(device=device, epoch=500),
        "device/outcome": m.OutcomeReport(device=device, subtask=NOBODY, outcome=Done(verified=True)),
        "device/trace": m.Trace(device=device, subtask=NOBODY, sentence="Beep."),
        "device/window": m.WindowReply(device=device, handle="h"),
        "device/window_request": m.WindowRequest(device=device, handle="h", what="csi"),
        "coordinator/connection": m.Connection(status="offline", boot="b0"),
        "coordinator/epoch": m.Epoch(epoch=7),
        "coordinator/poll": m.Poll(poll="p", open={device: (NOBODY,)}),
        "coordinator/plan": m.PlanShown(text="A plan.", intent=Refusal(reason="not_a_task", text="No.")),
        "coordinator/progress": m.Progress(text="On."),
        "coordinator/ask": m.Ask(text="Which?"),
        "coordinator/answer": m.Answer(text="Yes.", intent="plan", complete=True),
        "coordinator/site": m.SiteMessage(site=Site(id="site")),
        "operator/instruction": m.Instruction(text="Check all shelves for free slots."),
        "operator/reply": m.Reply(text="All."),
        "operator/approval": m.Approval(device=device, digest="d", allow=True, expires=late),
        "operator/control": m.ControlRequest(action="pause"),
        "expert/connection": m.ExpertConnection(status="online", boot="b"),
    }
    return bodies[f"{topic.role}/{topic.leaf}"]


IDENTS = {"agent": "agent-r1", "device": "r1", "coordinator": "coordinator", "operator": "anna", "expert": "csi"}


class World:
    """The fleet without faults, a person who listens to everything, and a stranger who publishes."""

    def __init__(self) -> None:
        self.fleet = Fleet(1, faults=None)
        self.fleet.stores["coordinator"].put(META, "epoch", str(EPOCH - 1))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[World]:
        fleet = self.fleet
        for name in fleet.stores:
            await fleet.start(name)
        async with fleet.broker.client() as self.stranger, fleet.broker.client() as bus, bus.subscribe(topics.everything("site")) as stream:
            self.person = Operator(bus, "site", "anna", fleet.clock)
            reading = asyncio.create_task(self.person.read(stream))
            await asyncio.sleep(10)
            self.first = await fleet.tell()
            await asyncio.sleep(10)
            try:
                yield self
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                for name in list(fleet.running):
                    await fleet.crash(name)

    def service(self, name: str) -> Any:
        return self.fleet.running[name][0]

    def envelope(self, topic: topics.Topic, body: Frozen, **fields: Any) -> dict[str, Any]:
        """As JSON, to be spoilt."""
        clock = self.fleet.clock
        made = Envelope.model_validate({"id": clock.uuid7(), "source": "stranger", "sent_at": clock.now(), "body": body, **fields})
        return json.loads(made.model_dump_json(by_alias=True, exclude_none=True))

    async def send(self, topic: topics.Topic, ident: str, data: bytes | dict[str, Any]) -> None:
        await self.stranger.publish(topic.build("site", ident), data if isinstance(data, bytes) else json.dumps(data).encode())
        await asyncio.sleep(1)

    def snapshot(self) -> dict[str, Any]:
        """All that may not change: books, devices, what they did, what the coordinator and people believe of them."""
        fleet, coordinator = self.fleet, self.service("coordinator")
        agents: dict[str, AgentService] = {name: self.service(name) for name in fleet.robots}
        return {
            "books": {name: {k: v for k, v in store._latest.items() if not k[1].startswith("early:")} for name, store in fleet.stores.items()},
            "robots": {name: (list(r.effects), r.stops, r.at) for name, r in fleet.robots.items()},
            "agents": {name: (s.agents[name].queue, s.agents[name].stops.latched) for name, s in agents.items()},
            "believed": {name: _lasting(coordinator.registry.states[name]) for name in fleet.robots},
            "profiles": {name: coordinator.registry.profiles[name] for name in fleet.robots},
            "alive": {name: coordinator.registry.alive(name, fleet.clock.now()) for name in fleet.robots},
            "pause": repr(coordinator._dispatcher.pause),
            "open": coordinator.open_cases,
            "shown": {name: (_lasting(self.person.fleet.states[name]), self.person.fleet.online(name)) for name in fleet.robots},
            "coordinator": self.person.fleet.coordinator_online,
        }

    def counted(self, *names: str) -> Counter[str]:
        """Everything that was counted as turned away."""
        counters = [
            self.person.door.counters if n == "anna" else self.service(n).counters for n in names or ("coordinator", *self.fleet.robots, "anna")
        ]
        return sum((c for c in counters), Counter[str]())

    async def still_works(self) -> None:
        answer = await self.fleet.tell()
        assert {f.subject for f in answer.facts} == {f"shelf-{n}" for n in range(1, SHELVES + 1)}, answer.text
        assert [o for o in answer.outcomes if o.outcome is None or o.outcome.end != "done"] == [], answer.text


def _lasting(state: m.State) -> m.State:
    """Without what belongs to one report alone."""
    return state.model_copy(update={"poll": None, "subtasks": ()})


def _hearers(topic: topics.Topic) -> list[str]:
    """Who must have counted it: the person hears everything."""
    return ["anna", *(["r1"] if topic in AGENTS_HEAR else []), *(["coordinator"] if topic in COORDINATORS_HEAR else [])]


def _spoilt(world: World, topic: topics.Topic) -> list[tuple[str, bytes | dict[str, Any]]]:
    """Broken, too large, of another major version, not of this topic, about another device than the topic's, in many ways each."""
    order = {"epoch": EPOCH, "seq": 900, "subtask": world.fleet.clock.uuid7()}
    good = world.envelope(topic, _body(topic), **order)
    text = json.dumps(good).encode()
    other = topics.CANCEL if topic is topics.STOP else topics.STOP
    spoilt: list[tuple[str, bytes | dict[str, Any]]] = [
        ("cut", text[: len(text) // 2]),
        ("no text", b"\xff\xfe\x00"),
        ("a list", b"[" + text + b"]"),
        ("a deep list", b"[" * 100_000),
        ("no number", text.replace(b'"seq": 900', b'"seq": NaN')),
        ("oversize", {**good, "pad": "x" * MAX_BYTES}),
        ("newer major", {**good, "schema": "2.0"}),
        ("no version", {k: v for k, v in good.items() if k != "schema"}),
        ("wrong kind", {**good, "body": json.loads(_body(other).model_dump_json())}),
        ("unknown kind", {**good, "body": {**good["body"], "kind": "spell"}}),
        ("bad id", {**good, "id": "1"}),
        ("epoch beyond all counting", {**good, "epoch": m.EPOCH_LIMIT}),
    ]
    if topic.role == "device":
        spoilt.append(("another device's", {**good, "body": json.loads(_body(topic, "r2").model_dump_json())}))
    return spoilt


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda t: f"{t.role}-{t.leaf}")
async def test_what_is_not_well_formed_is_counted_and_changes_nothing(topic: topics.Topic) -> None:
    async with World().open() as world:
        for name, data in _spoilt(world, topic):
            before = world.snapshot()
            counted = {hearer: world.counted(hearer)["dropped"] for hearer in _hearers(topic)}
            await world.send(topic, IDENTS[topic.role], data)
            assert world.snapshot() == before, name
            assert {h: world.counted(h)["dropped"] - n for h, n in counted.items()} == dict.fromkeys(counted, 1), name
        await world.still_works()


@dataclass(frozen=True)
class Ghost:
    """`hearer` must have counted it; None where nobody but its own topic's device would."""

    name: str
    topic: topics.Topic
    ident: str
    hearer: str | None
    make: Callable[[World], tuple[Frozen, dict[str, Any]]]

    def __str__(self) -> str:
        return f"{self.topic.role}-{self.topic.leaf}-{self.name.replace(' ', '-')}"


def _plain(topic: topics.Topic, device: str = "r1", **changes: Any) -> Callable[[World], tuple[Frozen, dict[str, Any]]]:
    return lambda world: (_body(topic, device).model_copy(update=changes), {})


def _stale(topic: topics.Topic, **changes: Any) -> Callable[[World], tuple[Frozen, dict[str, Any]]]:
    """Of an epoch before the one in force, or absurdly far after it."""
    return lambda world: (_body(topic), {"subtask": world.fleet.clock.uuid7(), **changes})


def _of_yesterday(world: World) -> tuple[Frozen, dict[str, Any]]:
    """A poll of a coordinator that is out of date; its clock is an hour off."""
    return _body(topics.POLL), {"epoch": EPOCH - 1, "sent_at": world.fleet.clock.now() - 3600}


def _of_tomorrow(world: World) -> tuple[Frozen, dict[str, Any]]:
    return _body(topics.POLL), {"epoch": 900_000, "sent_at": world.fleet.clock.now() + 3600}


def _ended(world: World, device: str) -> tuple[Frozen, dict[str, Any]]:
    """Another outcome of a subtask that has ended long since."""
    subtask = world.first.outcomes[0].subtask
    return m.OutcomeReport(device=device, subtask=str(subtask), outcome=Refused(reason="clock_unknown")), {}


GHOSTS = (
    Ghost("will of an old boot", topics.AGENT_CONNECTION, "agent-r1", "coordinator", _plain(topics.AGENT_CONNECTION, boot="b0")),
    Ghost(
        "goodbye of a boot that never was",
        topics.AGENT_CONNECTION,
        "agent-r1",
        "coordinator",
        _plain(topics.AGENT_CONNECTION, status="offline", boot="b9"),
    ),
    Ghost("will of an unknown agent", topics.AGENT_CONNECTION, "ghost", "coordinator", _plain(topics.AGENT_CONNECTION)),
    Ghost("unknown agent with our device", topics.AGENT_CONNECTION, "ghost", None, _plain(topics.AGENT_CONNECTION, status="online", heartbeat=1e-3)),
    Ghost("unknown device", topics.PROFILE, "ghost", None, _plain(topics.PROFILE, "ghost")),
    Ghost("unknown device", topics.STATE, "ghost", None, _plain(topics.STATE, "ghost")),
    Ghost("of an old boot", topics.STATE, "r1", "coordinator", _plain(topics.STATE, boot="b0")),
    Ghost("unknown device", topics.SUBTASK, "ghost", None, _plain(topics.SUBTASK, "ghost")),
    Ghost("without its id", topics.SUBTASK, "r1", "r1", _plain(topics.SUBTASK)),
    Ghost("of an old epoch", topics.SUBTASK, "r1", "r1", _stale(topics.SUBTASK, epoch=EPOCH - 1, seq=900)),
    Ghost("of an old number", topics.SUBTASK, "r1", "r1", _stale(topics.SUBTASK, epoch=EPOCH, seq=0)),
    Ghost("of an absurd epoch", topics.SUBTASK, "r1", "r1", _stale(topics.SUBTASK, epoch=5000, seq=900)),
    Ghost("unknown device", topics.CANCEL, "ghost", None, _plain(topics.CANCEL, "ghost")),
    Ghost("unknown subtask", topics.CANCEL, "r1", "r1", _plain(topics.CANCEL)),
    Ghost("unknown device", topics.STOP, "ghost", None, _plain(topics.STOP, "ghost")),
    Ghost("unknown device", topics.EPOCH_RESET, "ghost", None, _plain(topics.EPOCH_RESET, "ghost")),
    Ghost("to an old epoch", topics.EPOCH_RESET, "r1", "r1", _plain(topics.EPOCH_RESET, epoch=EPOCH - 1)),
    Ghost("unknown subtask", topics.OUTCOME, "r1", "coordinator", _plain(topics.OUTCOME)),
    Ghost("unknown device", topics.OUTCOME, "ghost", "coordinator", lambda world: _ended(world, "ghost")),
    Ghost("of a subtask that has ended", topics.OUTCOME, "r1", None, lambda world: _ended(world, "r1")),
    Ghost("unknown subtask", topics.TRACE, "r1", None, _plain(topics.TRACE)),
    Ghost("unknown device", topics.WINDOW, "ghost", None, _plain(topics.WINDOW, "ghost")),
    Ghost("unknown device", topics.WINDOW_REQUEST, "ghost", None, _plain(topics.WINDOW_REQUEST, "ghost")),
    Ghost("will of an old boot", topics.COORDINATOR_CONNECTION, "coordinator", None, _plain(topics.COORDINATOR_CONNECTION)),
    Ghost("of an unknown coordinator", topics.EPOCH, "ghost", "coordinator", _plain(topics.EPOCH, epoch=500)),
    Ghost("of a coordinator out of date", topics.EPOCH, "ghost", "coordinator", _plain(topics.EPOCH, epoch=EPOCH - 1)),
    Ghost("of a coordinator out of date", topics.POLL, "ghost", "r1", _of_yesterday),
    Ghost("of an absurd epoch", topics.POLL, "ghost", "r1", _of_tomorrow),
    Ghost("unknown device", topics.POLL, "ghost", None, _plain(topics.POLL, "ghost")),
    Ghost("unknown instruction", topics.PLAN, "ghost", None, lambda world: (_body(topics.PLAN), {"instruction": NOBODY})),
    Ghost("unknown instruction", topics.PROGRESS, "ghost", None, lambda world: (_body(topics.PROGRESS), {"instruction": NOBODY})),
    Ghost("unknown instruction", topics.ASK, "ghost", None, lambda world: (_body(topics.ASK), {"instruction": NOBODY})),
    Ghost("unknown instruction", topics.ANSWER, "ghost", None, lambda world: (_body(topics.ANSWER), {"instruction": NOBODY})),
    Ghost("of an unknown coordinator", topics.SITE, "ghost", None, _plain(topics.SITE)),
    Ghost("said before", topics.INSTRUCTION, "op", "coordinator", lambda world: (_body(topics.INSTRUCTION), {"id": world.fleet.asked})),
    Ghost("unasked", topics.REPLY, "anna", "coordinator", _plain(topics.REPLY)),
    Ghost("unknown instruction", topics.REPLY, "anna", "coordinator", lambda world: (_body(topics.REPLY), {"instruction": NOBODY})),
    Ghost("unknown device", topics.APPROVAL, "anna", "coordinator", _plain(topics.APPROVAL, "ghost")),
    Ghost("nothing to approve", topics.APPROVAL, "anna", "coordinator", _plain(topics.APPROVAL)),
    Ghost("cancel of nothing", topics.CONTROL, "anna", "coordinator", _plain(topics.CONTROL, action="cancel", target=NOBODY)),
    Ghost("pause of nothing", topics.CONTROL, "anna", "coordinator", _plain(topics.CONTROL, target=NOBODY)),
    Ghost("resume of nothing", topics.CONTROL, "anna", "coordinator", _plain(topics.CONTROL, action="resume", target=NOBODY)),
    Ghost("reset of another", topics.CONTROL, "anna", "coordinator", _plain(topics.CONTROL, action="reset_epoch", target="ghost")),
    Ghost("unknown expert", topics.EXPERT_CONNECTION, "ghost", None, _plain(topics.EXPERT_CONNECTION)),
)


def test_every_topic_has_its_ghosts() -> None:
    assert {g.topic for g in GHOSTS} == set(topics.TOPICS)


@pytest.mark.parametrize("ghost", GHOSTS, ids=str)
async def test_what_speaks_of_nothing_that_there_is_changes_nothing(ghost: Ghost) -> None:
    async with World().open() as world:
        before, counted = world.snapshot(), world.counted(*[ghost.hearer] * bool(ghost.hearer)).total()
        body, fields = ghost.make(world)
        await world.send(ghost.topic, ghost.ident, world.envelope(ghost.topic, body, **fields))
        await asyncio.sleep(20)
        assert world.snapshot() == before
        assert ghost.hearer is None or world.counted(ghost.hearer).total() > counted
        await world.still_works()


async def test_ghosts_in_the_middle_of_work_do_not_touch_it() -> None:
    """All of them at once while the robots work: the same effects as without, and the same answer."""
    quiet, haunted = World(), World()
    async with quiet.open():
        await quiet.still_works()
    async with haunted.open() as world:

        async def haunt() -> None:
            while True:
                for ghost in GHOSTS:
                    body, fields = ghost.make(world)
                    await world.send(ghost.topic, ghost.ident, world.envelope(ghost.topic, body, **fields))

        haunting = asyncio.create_task(haunt())
        await world.still_works()
        haunting.cancel()
        await asyncio.gather(haunting, return_exceptions=True)
    done = [Counter(function for r in w.fleet.robots.values() for _, function in r.effects) for w in (quiet, haunted)]
    assert done[0]["beep"] == done[1]["beep"] and done[0]["count"] == done[1]["count"]


@pytest.mark.parametrize("device", ["r2", "ghost"])
async def test_nobody_ends_the_work_of_another_device(device: str) -> None:
    """A well-formed outcome, and a state that holds one, of a subtask that runs on r1."""
    async with World().open() as world:
        told = asyncio.create_task(world.fleet.tell())
        await asyncio.sleep(1)
        mine = world.service("coordinator")._dispatcher.ledger.open_of("r1")
        lie = Done(verified=True, text="A lie.")
        outcome = m.OutcomeReport(device=device, subtask=mine[0].subtask, outcome=lie)
        await world.send(topics.OUTCOME, device, world.envelope(topics.OUTCOME, outcome, subtask=mine[0].subtask))
        status = m.SubtaskStatus(subtask=mine[0].subtask, state="ended", outcome=lie)
        state = m.State(device=device, boot="b0", subtasks=(status,))
        await world.send(topics.STATE, device, world.envelope(topics.STATE, state))
        answer = await told
        assert [o.outcome.text for o in answer.outcomes if o.outcome is not None and o.outcome.text == "A lie."] == []
