"""A site at work, as messages alone: many agents with several devices each, and a coordinator whose instructions they follow.

`python -m benchmarks.dashboard_load` sends them over real connections at a steady rate, and says on stdout how many the broker has taken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from runtime import logs
from runtime.clock import Clock, SystemClock
from runtime.door import Door
from runtime.mqtt_bus import MqttBus
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import seal_message
from schemas.messages import (
    Answer,
    Connection,
    Instruction,
    OutcomeReport,
    PlanShown,
    Profile,
    Progress,
    Property,
    State,
    Subtask,
    SubtaskStatus,
    Trace,
)
from schemas.outcomes import Done, Outcome, Proof, Refused
from schemas.plan import Plan, Step, Work

SITE, HOSTED, WORKS = "bench", 20, 24
"""Devices of one agent; sentences of one instruction."""
TALK, BROKEN = 0.3, 0.002
"""Shares of the traffic: what belongs to instructions, and what no door lets in."""
MAKERS = ("norvik", "halden", "kestrel", "ostra")
PLAN = Plan(steps=(Step(do=("Check the shelf.",)),))
TICK, HEARTBEAT = 0.02, 5.0
"""s between looking what is due; between two words of the same agent."""


@dataclass(frozen=True)
class Said:
    """`sender`: whose connection it goes over."""

    sender: str
    topic: topics.Topic
    ident: str
    body: Frozen | None
    """None: bytes that are no message."""
    instruction: str | None = None
    subtask: str | None = None


@dataclass
class Crowd:
    """What is said next, for ever; the same seed says the same."""

    devices: int
    clock: Clock
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self.names = [f"robot-{n:04}" for n in range(1, self.devices + 1)]
        self.hosts = {name: f"agent-{n // HOSTED + 1:03}" for n, name in enumerate(self.names)}
        self._talk = self._jobs()

    @property
    def senders(self) -> list[str]:
        return ["coordinator", "operator-1", *dict.fromkeys(self.hosts.values())]

    def greetings(self) -> Iterator[Said]:
        yield Said("coordinator", topics.COORDINATOR_CONNECTION, "coordinator", Connection(status="online", boot="b"))
        for agent in dict.fromkeys(self.hosts.values()):
            yield self.beat(agent)
        for n, name in enumerate(self.names):
            yield Said(self.hosts[name], topics.PROFILE, name, _profile(n, name))
            yield self.state(name)

    def beat(self, agent: str) -> Said:
        hosted = tuple(name for name, host in self.hosts.items() if host == agent)
        return Said(agent, topics.AGENT_CONNECTION, agent, Connection(status="online", boot="b", devices=hosted))

    def traffic(self) -> Iterator[Said]:
        while True:
            drawn = self.rng.random()
            if drawn < BROKEN:
                yield Said("operator-1", topics.INSTRUCTION, "operator-1", None)
            elif drawn < BROKEN + TALK:
                yield next(self._talk)
            else:
                yield self.state(self.rng.choice(self.names))

    def state(self, name: str, *subtasks: SubtaskStatus) -> Said:
        rng = self.rng
        attributes = {"battery": round(rng.uniform(5, 100), 1), "x": round(rng.uniform(0, 40), 2), "y": round(rng.uniform(0, 30), 2)}
        place = {"at": f"shelf-{rng.randint(1, 40)}"}
        problem = "The left wheel is blocked." if rng.random() < 0.01 else ""
        body = State(
            device=name, boot="b", attributes={**attributes, **place}, busy=bool(subtasks), normal=not problem, problem=problem, subtasks=subtasks
        )
        return Said(self.hosts[name], topics.STATE, name, body)

    def _jobs(self) -> Iterator[Said]:
        while True:
            yield from self._job(self.clock.uuid7())

    def _job(self, ident: str) -> Iterator[Said]:
        """One instruction from its first word to its answer."""
        rng = self.rng
        works = tuple(
            Work(device=d, text=f"Check shelf {rng.randint(1, 40)} for free space.") for d in rng.sample(self.names, min(WORKS, self.devices))
        )
        yield Said("operator-1", topics.INSTRUCTION, "operator-1", Instruction(text="Check the shelves for free space."), ident)
        yield Said("coordinator", topics.PLAN, "coordinator", PlanShown(text=f"{len(works)} subtasks", intent=PLAN, work=works), ident)
        for index, work in enumerate(works):
            yield from self._work(ident, index, work)
        yield Said("coordinator", topics.ANSWER, "coordinator", Answer(text="Shelf 3 has free space.", intent="plan", complete=True), ident)

    def _work(self, ident: str, index: int, work: Work) -> Iterator[Said]:
        name, subtask, now = work.device, self.clock.uuid7(), self.clock.now()
        yield Said("coordinator", topics.SUBTASK, name, Subtask(device=name, text=work.text, start_by=now + 60, deadline=now + 600), ident, subtask)
        yield self.state(name, SubtaskStatus(subtask=subtask, state="running"))
        trace = Trace(device=name, subtask=subtask, sentence=work.text, function="scan", arguments={"shelf": 3}, confidence=0.9)
        yield Said(self.hosts[name], topics.TRACE, name, trace, ident, subtask)
        ended = OutcomeReport(device=name, subtask=subtask, outcome=self._outcome(), ended_at=now)
        yield Said(self.hosts[name], topics.OUTCOME, name, ended, ident, subtask)
        yield Said("coordinator", topics.PROGRESS, "coordinator", Progress(text=f"{index + 1} ended", work={index: "done"}), ident)

    def _outcome(self) -> Outcome:
        proof = (Proof(condition="at == shelf-3", held=True, seen="shelf-3"),)
        return Done(verified=True, text="3 free slots", proof=proof) if self.rng.random() < 0.9 else Refused(reason="busy", text="It is busy.")


def _profile(number: int, name: str) -> Profile:
    properties = (Property(name="free_slots", unit="1"),)
    abilities = ("drive to a place", "look at a shelf")
    maker = MAKERS[number % len(MAKERS)]
    return Profile(
        device=name,
        device_kind="robot",
        maker=maker,
        name=name.replace("-", " "),
        place=f"dock-{number % 9 + 1}",
        abilities=abilities,
        properties=properties,
    )


class Load:
    """Sends over one connection for each sender. `sent` counts what the broker has acknowledged."""

    def __init__(self, crowd: Crowd, doors: dict[str, Door]) -> None:
        self.crowd, self.doors, self.sent = crowd, doors, 0

    async def say(self, said: Said) -> None:
        """At least once, whatever the kind: none may be lost unseen, and what the protocol sends at most once a broker may drop."""
        door = self.doors[said.sender]
        await door.bus.publish(said.topic.build(SITE, said.ident), self._bytes(door, said), qos=1, retain=said.topic.retain)
        self.sent += 1

    def _bytes(self, door: Door, said: Said) -> bytes:
        if said.body is None:
            return b"{broken"
        message = said.instruction if said.topic is topics.INSTRUCTION else None
        return seal_message(door.wrap(said.body, instruction=said.instruction, subtask=said.subtask, message_id=message))

    async def greet(self) -> None:
        for said in self.crowd.greetings():
            await self.say(said)

    async def run(self, rate: float, seconds: float) -> float:
        """As even as it goes; the seconds that it took."""
        clock, coming = self.crowd.clock, self.crowd.traffic()
        began, given = clock.monotonic(), 0
        beats, going = self._beats(), set[asyncio.Task[None]]()
        while (passed := clock.monotonic() - began) < seconds:
            due = min(int(passed * rate) - given, int(rate))
            given += due
            for said in (*(next(coming) for _ in range(due)), *beats(passed)):
                task = asyncio.create_task(self.say(said))
                going.add(task)
                task.add_done_callback(going.discard)
            await clock.sleep(TICK)
        await asyncio.gather(*going)
        return clock.monotonic() - began

    def _beats(self) -> Callable[[float], list[Said]]:
        """Each agent's heartbeat, every five seconds, one after the other."""
        agents = list(dict.fromkeys(self.crowd.hosts.values()))
        given = 0

        def due(passed: float) -> list[Said]:
            nonlocal given
            before, given = given, int(passed * len(agents) / HEARTBEAT)
            return [self.crowd.beat(agents[n % len(agents)]) for n in range(before, given)]

        return due


async def _main(broker: str, devices: int, rate: float, seconds: float) -> None:
    logs.configure("error")
    logging.getLogger("mqtt").setLevel(logging.CRITICAL)  # it warns of every ten messages under way
    clock = SystemClock()
    crowd = Crowd(devices, clock)
    async with AsyncExitStack() as stack:
        doors: dict[str, Door] = {}
        for sender in crowd.senders:
            bus = await stack.enter_async_context(MqttBus((broker,), sender))
            doors[sender] = Door(bus, SITE, sender, clock)
        load = Load(crowd, doors)
        await load.greet()
        _tell({"greeted": load.sent})
        took = await load.run(rate, seconds)
        _tell({"sent": load.sent, "seconds": took})


def _tell(value: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--broker", required=True)
    for name in ("devices", "rate", "seconds"):
        asked.add_argument(f"--{name}", type=float, required=True)
    given = asked.parse_args()
    asyncio.run(_main(given.broker, int(given.devices), given.rate, given.seconds))
