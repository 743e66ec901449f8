"""A person's end of the bus: send an instruction, follow its progress, get the answer; see the devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from runtime.bus import Bus, Message
from runtime.clock import Clock, SystemClock
from runtime.door import Door
from runtime.mailbox import Mailbox
from runtime.mqtt_bus import MqttBus
from runtime.yes_no import yes_or_no
from schemas import topics
from schemas.approval import Signature, ToSign
from schemas.base import Frozen
from schemas.envelope import Envelope
from schemas.errors import ConfigError, LinkError
from schemas.ids import to_wire_id
from schemas.messages import Answer, Approval, Ask, Connection, ControlRequest, Instruction, Profile, Reply, State

Listener = Callable[[topics.Address, Envelope], Awaitable[None] | None]
Watcher = Callable[[Message, tuple[topics.Address, Envelope] | None], None]
"""Hears of every message, and what it holds; None where it was dropped."""
Replier = Callable[[str], Awaitable[str | None]]
"""A question in, the person's answer out; None when there is none."""
Sign = Callable[[bytes], str]
"""A statement in, its signature by this person's key out (runtime.keys)."""

SIGNED_FOR = 300
"""Seconds for which a signed answer is good: for its way, for work that the device ends first, and for clocks that differ."""
NO_KEY = "This device takes only a signed yes, and no key is given: start this with --key FILE."


@dataclass(frozen=True)
class Told:
    """An instruction by its id, and the answer to it; `asked` where that is a question."""

    instruction: str
    answer: Answer
    asked: Ask | None = None


class Unanswered(LinkError):
    """It was sent, and what comes of it may still be told."""

    def __init__(self, instruction: str, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")
        self.instruction = instruction


@dataclass
class Fleet:
    """What the retained topics say now."""

    profiles: dict[str, Profile] = field(default_factory=lambda: dict[str, Profile]())
    states: dict[str, State] = field(default_factory=lambda: dict[str, State]())
    agents: dict[str, Connection] = field(default_factory=lambda: dict[str, Connection]())
    coordinators: dict[str, Connection] = field(default_factory=lambda: dict[str, Connection]())

    def take(self, address: topics.Address, envelope: Envelope) -> None:
        body = envelope.body
        if isinstance(body, Profile):
            self.profiles[body.device] = body
        elif isinstance(body, State):
            self.states[body.device] = body
        elif isinstance(body, Connection):
            _greet(self.agents if address.topic is topics.AGENT_CONNECTION else self.coordinators, address.ident, body)

    def online(self, device: str) -> bool:
        return any(c.status == "online" and device in c.devices for c in self.agents.values())

    def devices_online(self) -> frozenset[str]:
        return frozenset(device for c in self.agents.values() if c.status == "online" for device in c.devices)

    @property
    def coordinator_online(self) -> bool:
        return any(c.status == "online" for c in self.coordinators.values())


def _greet(known: dict[str, Connection], name: str, body: Connection) -> None:
    """A will of an older boot is ignored."""
    before = known.get(name)
    if body.status == "online" or before is None or before.boot == body.boot:
        known[name] = body


class Operator:
    """Use as `async with connect(...) as operator`. `sign`: this person's key, where one is given."""

    def __init__(self, bus: Bus, site: str, name: str, clock: Clock | None = None, sign: Sign | None = None) -> None:
        self.clock = clock or SystemClock()
        self._sign = sign
        self.name, self.site = name, site
        self.door = Door(bus, site, name, self.clock)
        self.fleet = Fleet()
        self.live: dict[str, State] = {}
        """Device → its last state that was sent while we listened, and not kept by the broker from before."""
        self.listeners: list[Listener] = []
        self.watchers: list[Watcher] = []
        self._answers: dict[str, asyncio.Future[Answer | Ask]] = {}

    async def read(self, stream: Mailbox[Message]) -> None:
        async for message in stream:
            self.door.counters["lost"] = stream.dropped
            await self._on(message)
            await asyncio.sleep(0)  # a flood leaves others their turn

    async def _on(self, message: Message) -> None:
        arrived = self.door.receive(message)
        for watcher in self.watchers:
            watcher(message, arrived)
        if arrived is None:
            return
        address, envelope = arrived
        self.fleet.take(address, envelope)
        if isinstance(envelope.body, State) and not message.retained:
            self.live[envelope.body.device] = envelope.body
        for listener in self.listeners:
            result = listener(address, envelope)
            if result is not None:
                await result
        body = envelope.body
        waiting = self._answers.get(envelope.instruction or "")
        if waiting is None or waiting.done():
            return
        if isinstance(body, Ask) or (isinstance(body, Answer) and (body.final or body.intent != "question")):
            waiting.set_result(body)

    async def coordinators(self) -> list[str]:
        """Those that are online. LinkError when there is none."""
        missing = f"no coordinator is online on site {self.site!r}; start one with `parley coordinator`"
        await self.until(lambda: self.fleet.coordinator_online, 5.0, missing)
        return sorted(name for name, c in self.fleet.coordinators.items() if c.status == "online")

    async def tell(
        self, text: str, *, dry_run: bool = False, timeout: float = 600.0, show: Listener | None = None, reply: Replier | None = None
    ) -> Answer:
        """The answer to one instruction; `show` hears its conversation and no other, `reply` answers questions (None: the question is the answer).

        LinkError without coordinator, link, or an answer in time.
        """
        told = await self.instruct(text, dry_run=dry_run, timeout=timeout, show=show)
        while reply is not None and told.answer.intent == "question" and (said := await reply(told.answer.text)) is not None:
            told = await self.reply(told, said, timeout=timeout, show=show)
        return told.answer

    async def instruct(
        self, text: str, *, instruction: str | None = None, dry_run: bool = False, timeout: float = 600.0, show: Listener | None = None
    ) -> Told:
        """As `tell`, without answering questions; `instruction`: its id. Raises LinkError."""
        await self.coordinators()
        instruction = instruction or self.clock.uuid7()
        return await self._told(topics.INSTRUCTION, Instruction(text=text, dry_run=dry_run), timeout, show, instruction)

    async def reply(self, asked: Told, text: str, *, timeout: float = 600.0, show: Listener | None = None) -> Told:
        """What comes of answering the question that it was answered with. Raises LinkError, and ConfigError as `replied` does."""
        ask = asked.asked
        body = self.replied(text, ask.about, ask.to_sign) if ask is not None else Reply(text=text)
        return await self._told(topics.REPLY, body, timeout, show, asked.instruction)

    def lacks_key(self, to_sign: ToSign | None) -> bool:
        """Whether a yes to this question would count for nothing."""
        return to_sign is not None and self._sign is None

    def replied(self, text: str, about: str | None, to_sign: ToSign | None) -> Reply:
        """The reply to a question about the call `about`; a yes or no to what is `to_sign` is signed. Raises ConfigError for a yes without a key."""
        meant = yes_or_no(text)
        if meant and self.lacks_key(to_sign):
            raise ConfigError(NO_KEY)
        if to_sign is None or meant is None or self._sign is None:
            return Reply(text=text, about=about)
        expires = int(self.clock.now()) + SIGNED_FOR
        value = self._sign(to_sign.statement(self.site, meant, expires))
        return Reply(text=text, about=about, signature=Signature(nonce=to_sign.nonce, expires=expires, value=value))

    async def cancel(self, instruction: str) -> None:
        """Raises LinkError."""
        await self.send(topics.CONTROL, ControlRequest(action="cancel", target=instruction))

    async def send(self, topic: topics.Topic, body: Frozen, instruction: str | None = None) -> None:
        """Say it and do not wait for what comes of it; an instruction's id is its message's. Raises LinkError."""
        first = instruction if not isinstance(body, Reply | Approval) else None
        if not await self.door.send(topic, self.name, body, message_id=first, instruction=instruction):
            raise LinkError("it could not be sent: the link to the broker is down; try again")

    async def reset_epoch(self, coordinator: str, timeout: float = 30.0) -> Answer:
        """What came of it, told by that coordinator. LinkError without link, or an answer in time."""
        return (await self._told(topics.CONTROL, ControlRequest(action="reset_epoch", target=coordinator), timeout, None, self.clock.uuid7())).answer

    async def _told(self, topic: topics.Topic, body: Frozen, timeout: float, show: Listener | None, instruction: str) -> Told:
        waiting = self._answers[instruction] = asyncio.get_running_loop().create_future()
        listener = _only(instruction, show) if show is not None else None
        if listener is not None:
            self.listeners.append(listener)
        try:
            await self.send(topic, body, instruction)
            told = await asyncio.wait_for(waiting, timeout)
        except TimeoutError:
            raise Unanswered(instruction, timeout) from None
        finally:
            if self._answers.get(instruction) is waiting:  # and nobody else waits since
                del self._answers[instruction]
            if listener is not None:
                self.listeners.remove(listener)
        if isinstance(told, Answer):
            return Told(instruction, told)
        missing = [NO_KEY] if self.lacks_key(told.to_sign) else []
        question = Answer(text=" ".join([told.words, *_choices(told), *missing]), intent="question", complete=False)
        return Told(instruction, question, told)

    async def until(self, condition: Callable[[], bool], timeout: float, otherwise: str) -> None:
        """Wait for the retained picture to fulfil `condition`. Raises LinkError(`otherwise`)."""
        deadline = self.clock.monotonic() + timeout
        while not condition():
            if self.clock.monotonic() > deadline:
                raise LinkError(otherwise)
            await asyncio.sleep(0.02)


def _only(instruction: str, listener: Listener) -> Listener:
    return lambda address, envelope: listener(address, envelope) if envelope.instruction == instruction else None


def _choices(ask: Ask) -> list[str]:
    return [f"({', '.join(ask.options)})"] if ask.options else []


@asynccontextmanager
async def connect(
    addresses: tuple[str, ...],
    site: str,
    username: str | None = None,
    password: str | None = None,
    *,
    patient: bool = False,
    role: str = "operator",
    sign: Sign | None = None,
) -> AsyncGenerator[Operator]:
    """An operator with the retained picture of the site coming in; `role` begins its name, `sign` is its person's key.

    LinkError at once when no broker is there; `patient`: one is starting.
    """
    name = to_wire_id(f"{role}-{SystemClock().uuid7()[-12:]}")
    async with MqttBus(addresses, name, username=username, password=password, patient=patient) as bus:
        operator = Operator(bus, site, name, sign=sign)
        async with bus.subscribe(topics.everything(site)) as stream:
            reader = asyncio.get_running_loop().create_task(operator.read(stream), name="operator.reader")
            try:
                yield operator
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
