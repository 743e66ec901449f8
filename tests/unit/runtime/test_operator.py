"""A person's end of the bus: what counts as a confirmation, whose conversation is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import LoopClock
from runtime.door import Door
from runtime.halting import Halting
from runtime.keys import approvers, new_key, signer
from runtime.memory_bus import MemoryBroker
from runtime.operator import NO_KEY, Operator, Sign
from runtime.yes_no import yes_or_no
from schemas import topics
from schemas.approval import ToSign
from schemas.envelope import Envelope
from schemas.errors import ConfigError, LinkError
from schemas.messages import Answer, Ask, Connection, Instruction, Profile, Progress, Reply, State, Stop
from tests.unit.device_agent.conftest import event_loop_policy  # noqa: F401

pytestmark = pytest.mark.usefixtures("event_loop_policy")


class Site:
    """Devices that obey as told: device → the states that it tells after each stop; nothing means silence."""

    def __init__(self) -> None:
        self.broker, self.clock = MemoryBroker(), LoopClock(1)
        self.answers: dict[str, list[State]] = {}
        self.heard: list[tuple[str, float]] = []

    @asynccontextmanager
    async def open(self, sign: Sign | None = None) -> AsyncIterator[Operator]:
        async with self.broker.client() as bus, self.broker.client() as devices, devices.subscribe(topics.everything("site")) as stops:
            self.door = Door(devices, "site", "a", self.clock)
            operator = Operator(bus, "site", "op", self.clock, sign)
            async with bus.subscribe(topics.everything("site")) as stream:
                tasks = [asyncio.create_task(operator.read(stream)), asyncio.create_task(self._obey(stops))]
                try:
                    yield operator
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _obey(self, stops: AsyncIterator[Any]) -> None:
        async for message in stops:
            arrived = self.door.receive(message)
            if arrived is None or not isinstance(arrived[1].body, Stop):
                continue
            device = arrived[1].body.device
            self.heard.append((device, self.clock.monotonic()))
            if self.answers.get(device):
                await self.door.send(topics.STATE, device, self.answers[device].pop(0))

    async def has(self, device: str, state: State | None = None) -> None:
        await self.door.send(topics.PROFILE, device, Profile(device=device, device_kind="robot"))
        if state is not None:
            await self.door.send(topics.STATE, device, state)


def _state(device: str, stopped: bool = True, problem: str = "") -> State:
    return State(device=device, boot="b", stopped=stopped, stop_problem=problem)


async def test_a_kept_state_confirms_nothing() -> None:
    site = Site()
    async with site.broker.client() as early:
        await Door(early, "site", "a", site.clock).send(topics.STATE, "r1", _state("r1"))
        await Door(early, "site", "a", site.clock).send(topics.PROFILE, "r1", Profile(device="r1", device_kind="robot"))
    async with site.open() as operator:
        assert await Halting(operator, ["r1"], True).run() == {"r1": "silent"}
        assert len(site.heard) >= 4, "told again every second"


async def test_a_state_told_before_the_stop_was_sent_confirms_nothing() -> None:
    site = Site()
    async with site.open() as operator:
        await site.has("r1", _state("r1"))
        await asyncio.sleep(1)
        assert await Halting(operator, ["r1"], True).run() == {"r1": "silent"}


async def test_a_device_that_was_told_but_not_stopped_does_not_count_until_it_is() -> None:
    site = Site()
    site.answers = {"r1": [_state("r1", problem="unreachable"), _state("r1")], "r2": [_state("r2", problem="unreachable")] * 9}
    async with site.open() as operator:
        await site.has("r1")
        await site.has("r2")
        assert await Halting(operator, ["r1", "r2", "r1"], True).run() == {"r1": "confirmed", "r2": "silent"}


async def test_a_named_device_is_told_at_once_without_asking_whether_it_exists() -> None:
    site = Site()
    site.answers = {"r1": [_state("r1")]}
    async with site.open() as operator:
        begun = site.clock.monotonic()
        assert await Halting(operator, ["r1"], True).run() == {"r1": "confirmed"}
        assert site.clock.monotonic() - begun < 0.5
        results = await Halting(operator, ["ghost", "A b"], True).run()
        assert results == {"ghost": "unknown", "A b": "unknown"} and site.clock.monotonic() - begun < 3
        assert ("ghost" in {d for d, _ in site.heard}) and "A b" not in {d for d, _ in site.heard}


async def test_every_device_includes_one_whose_profile_comes_late() -> None:
    site = Site()
    site.answers = {"r1": [_state("r1")], "r2": [_state("r2")]}
    async with site.open() as operator:
        await site.has("r1")
        running = asyncio.create_task(Halting(operator, [], True).run())
        await asyncio.sleep(0.8)
        await site.has("r2")
        assert await running == {"r1": "confirmed", "r2": "confirmed"}


async def test_an_empty_site_is_said_to_be_empty() -> None:
    async with Site().open() as operator:
        with pytest.raises(ConfigError, match="no device is known"):
            await Halting(operator, [], True).run()


async def test_a_stop_that_was_never_sent_is_not_called_silence() -> None:
    site = Site()
    async with site.open() as operator:
        await site.has("r1")
        await asyncio.sleep(0.1)
        site.broker.up = False
        assert await Halting(operator, ["r1"], True).run() == {"r1": "not_sent"}


async def test_a_resume_is_confirmed_only_when_no_stop_is_pending() -> None:
    site = Site()
    site.answers = {"r1": [_state("r1", False, "The stop is on its way."), _state("r1", False)]}
    async with site.open() as operator:
        await site.has("r1")
        assert await Halting(operator, ["r1"], False).run() == {"r1": "confirmed"} and len(site.heard) == 2


async def _coordinator(site: Site) -> None:
    await site.door.send(topics.COORDINATOR_CONNECTION, "c", Connection(status="online", boot="b"))


async def test_only_the_conversation_of_ones_own_instruction_is_shown() -> None:
    site = Site()
    async with site.open() as operator:
        await _coordinator(site)
        shown: list[str] = []
        operator.listeners.append(lambda _, e: mine.append(e.instruction) if isinstance(e.body, Instruction) else None)
        mine: list[Any] = []
        telling = asyncio.create_task(operator.tell("Go.", show=lambda _, e: shown.append(e.body.text) if isinstance(e.body, Progress) else None))
        await asyncio.sleep(1)
        for instruction, text in ((site.clock.uuid7(), "another's"), (None, "nobody's"), (mine[0], "mine")):
            await site.door.send(topics.PROGRESS, "c", Progress(text=text), instruction=instruction)
        await site.door.send(topics.ANSWER, "c", Answer(text="Done.", intent="plan", complete=True), instruction=mine[0])
        assert (await telling).text == "Done." and shown == ["mine"]


async def test_a_question_is_answered_under_the_same_instruction_until_there_is_an_answer() -> None:
    site = Site()
    asked: list[str] = []
    replies = iter(["which?", "yes"])

    async def reply(question: str) -> str:
        asked.append(question)
        return next(replies)

    async def coordinate(_: object, envelope: Envelope) -> None:
        mine, body = envelope.instruction, envelope.body
        if isinstance(body, Reply) and body.text == "yes":
            await site.door.send(topics.ANSWER, "c", Answer(text="Done.", intent="plan", complete=True), instruction=mine)
        elif isinstance(body, Instruction | Reply):
            await site.door.send(topics.ASK, "c", Ask(text="Do you mean this?", options=("yes", "no")), instruction=mine)
            await site.door.send(
                topics.ANSWER, "c", Answer(text="Do you mean this?", intent="question", complete=False, final=False), instruction=mine
            )

    async with site.open() as operator:
        await _coordinator(site)
        operator.listeners.append(coordinate)
        assert (await operator.tell("Go.", reply=reply)).text == "Done."
        assert asked == ["Do you mean this? (yes, no)"] * 2


async def test_a_question_is_the_answer_where_nobody_replies() -> None:
    site = Site()

    async def coordinate(_: object, envelope: Envelope) -> None:
        if isinstance(envelope.body, Instruction):
            await site.door.send(topics.ASK, "c", Ask(text="Which one?"), instruction=envelope.instruction)

    async def nothing(_: str) -> None:
        return None

    async with site.open() as operator:
        await _coordinator(site)
        operator.listeners.append(coordinate)
        for reply in (None, nothing):
            answer = await operator.tell("Go.", reply=reply)
            assert (answer.text, answer.intent, answer.complete) == ("Which one?", "question", False)


TO_SIGN = ToSign(device="r1", digest="a" * 64, nonce="01890a5d-ac96-774b-bcce-b302099a8057", text="Shall it really be done?")


@pytest.mark.parametrize("said", ["yes", "no", "Ja!", "what?"])
@pytest.mark.parametrize("key", [True, False])
async def test_a_yes_to_what_is_to_be_signed_is_signed_or_not_sent(tmp_path: Path, said: str, key: bool) -> None:
    """And the device's own words are shown, whatever was put around them."""
    site, keys = Site(), new_key(tmp_path / "anna")
    replies: list[Reply] = []
    asked: list[str] = []

    async def reply(question: str) -> str:
        asked.append(question)
        return said

    async def coordinate(_: object, envelope: Envelope) -> None:
        mine, body = envelope.instruction, envelope.body
        if isinstance(body, Instruction):
            await site.door.send(topics.ASK, "c", Ask(text="Shall I sing?", about="a" * 64, approval=True, to_sign=TO_SIGN), instruction=mine)
        elif isinstance(body, Reply):
            replies.append(body)
            await site.door.send(topics.ANSWER, "c", Answer(text="Done.", intent="plan", complete=True), instruction=mine)

    async with site.open(keys.sign if key else None) as operator:
        await _coordinator(site)
        operator.listeners.append(coordinate)
        meant = yes_or_no(said)
        if meant and not key:
            with pytest.raises(ConfigError, match="--key FILE"):
                await operator.tell("Go.", reply=reply)
        else:
            assert (await operator.tell("Go.", reply=reply)).text == "Done."
        assert asked == [" ".join(["r1 asks: Shall it really be done?", *([] if key else [NO_KEY])])]
        signatures = [r.signature for r in replies]
        if meant is None or not key:
            assert signatures == ([] if meant else [None])
        else:
            (made,) = signatures
            assert made is not None and made.expires > operator.clock.now()
            statement = TO_SIGN.statement("site", meant, made.expires)
            assert signer(statement, made.value, approvers([keys.public("anna")])) == "anna"


async def test_an_instruction_that_cannot_be_sent_is_told_at_once() -> None:
    site = Site()
    async with site.open() as operator:
        await _coordinator(site)
        await asyncio.sleep(0.1)
        site.broker.up = False
        begun = site.clock.monotonic()
        with pytest.raises(LinkError, match="could not be sent"):
            await operator.tell("Go.")
        assert site.clock.monotonic() - begun < 1
