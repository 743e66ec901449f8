"""The gateway between MCP clients and a coordinator that is played here: questions, two who answer, what is cancelled, and what comes late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import ElicitResult

from cli.mcp_reports import report_of
from cli.mcp_server import build
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.keys import approvers, new_key, signer
from runtime.memory_bus import MemoryBroker
from runtime.operator import NO_KEY, Operator, Sign, Told
from schemas import topics
from schemas.approval import ToSign
from schemas.messages import Answer, Ask, Connection, ControlRequest, Instruction, Reply
from schemas.observations import Observation

DONE = Answer(text="Done.", intent="plan", complete=True)


@dataclass
class Played:
    """A coordinator that asks back, and answers when it is told to. `heard`: what came from clients, by its kind."""

    door: Door
    heard: asyncio.Queue[tuple[str, str]] = field(default_factory=lambda: asyncio.Queue[tuple[str, str]]())
    asks: bool = True
    question: Ask = field(default_factory=lambda: Ask(text="Which shelf?"))
    replies: list[Reply] = field(default_factory=lambda: list[Reply]())

    async def listen(self, stream: AsyncIterator[Any]) -> None:
        await self.door.send(topics.COORDINATOR_CONNECTION, "c", Connection(status="online", boot="b"))
        async for message in stream:
            arrived = self.door.receive(message)
            if arrived is None:
                continue
            body, instruction = arrived[1].body, arrived[1].instruction or ""
            if isinstance(body, Instruction):
                await self.heard.put(("instruction", instruction))
                if self.asks:
                    await self.door.send(topics.ASK, "c", self.question, instruction=instruction)
            elif isinstance(body, Reply):
                self.replies.append(body)
                await self.heard.put(("reply", instruction))
            elif isinstance(body, ControlRequest):
                await self.heard.put((body.action, body.target or ""))

    async def answer(self, instruction: str) -> None:
        await self.door.send(topics.ANSWER, "c", DONE, instruction=instruction)

    async def hears(self, kind: str) -> str:
        async with asyncio.timeout(5):
            while True:
                heard, instruction = await self.heard.get()
                if heard == kind:
                    return instruction


@asynccontextmanager
async def site(sign: Sign | None = None, **settings: Any) -> AsyncIterator[tuple[Client, Played]]:
    broker = MemoryBroker()
    async with broker.client() as ours, broker.client() as theirs:
        operator, played = Operator(ours, "site", "op", sign=sign), Played(Door(theirs, "site", "c", SystemClock()))
        async with ours.subscribe(topics.everything("site")) as inbox, theirs.subscribe(topics.everything("site")) as stream:
            tasks = [asyncio.create_task(operator.read(inbox)), asyncio.create_task(played.listen(stream))]
            try:
                async with Client(build(operator), **settings) as client:
                    yield client, played
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    return await client.call_tool(tool, arguments)


async def test_of_two_who_answer_a_question_at_a_time_one_is_heard_and_the_other_told_so() -> None:
    async with site() as (client, played):
        asked = (await call(client, "send_instruction", instruction="Go there.")).structured_content
        assert asked is not None and asked["kind"] == "question"
        both = [asyncio.create_task(call(client, "answer_question", instruction=asked["instruction"], answer="shelf 2")) for _ in range(2)]
        await played.answer(await played.hears("reply"))
        async with asyncio.timeout(5):
            results = await asyncio.gather(*both)
        (refused,) = [result for result in results if result.is_error]
        assert "no question is open" in refused.content[0].text
        (done,) = [result.structured_content for result in results if not result.is_error]
        assert done["complete"] and done["answer"] == "Done."
        assert played.heard.empty()


@pytest.mark.parametrize("replying", [False, True])
async def test_a_request_that_is_cancelled_cancels_its_instruction(replying: bool) -> None:
    async with site() as (client, played):
        if replying:
            asked = (await call(client, "send_instruction", instruction="Go there.")).structured_content
            running = asyncio.create_task(call(client, "answer_question", instruction=asked["instruction"], answer="shelf 2"))
        else:
            played.asks = False
            running = asyncio.create_task(call(client, "send_instruction", instruction="Go there."))
        instruction = await played.hears("reply" if replying else "instruction")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert await played.hears("cancel") == instruction


async def test_an_answer_that_comes_too_late_can_be_read_where_the_error_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.mcp_gateway.PATIENCE", 0.2)
    async with site() as (client, played):
        played.asks = False
        result = await call(client, "send_instruction", instruction="Go there.")
        instruction = await played.hears("instruction")
        where = f"parley://answer/{instruction}"
        assert result.is_error and "no answer within 0.2 s" in result.content[0].text and where in result.content[0].text
        async with client.listen(resource_subscriptions=[where]) as listening, asyncio.timeout(5):
            await played.answer(instruction)
            assert await anext(aiter(listening))
        assert "Done." in (await client.read_resource(where)).contents[0].text  # type: ignore[union-attr]


async def test_a_question_that_could_not_be_answered_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site() as (client, played):
        asked = (await call(client, "send_instruction", instruction="Go there.")).structured_content
        monkeypatch.setattr("cli.mcp_gateway.PATIENCE", 0.1)
        assert (await call(client, "answer_question", instruction=asked["instruction"], answer="shelf 2")).is_error
        monkeypatch.undo()
        again = asyncio.create_task(call(client, "answer_question", instruction=asked["instruction"], answer="shelf 2"))
        await played.hears("reply")
        await played.answer(await played.hears("reply"))
        assert (await again).structured_content["complete"]


async def test_a_person_who_does_not_answer_leaves_the_question_as_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.mcp_asking.THINKING", 0.2)

    async def ponder(context: Any, params: Any) -> ElicitResult:
        await asyncio.Event().wait()
        return ElicitResult(action="decline")

    async with site(mode="legacy", elicitation_callback=ponder) as (client, played), asyncio.timeout(10):
        told = (await call(client, "send_instruction", instruction="Go there.")).structured_content
        assert told["kind"] == "question" and told["answer"] == "Which shelf?"
        answered = asyncio.create_task(call(client, "answer_question", instruction=told["instruction"], answer="shelf 2"))
        await played.answer(await played.hears("reply"))
        assert (await answered).structured_content["complete"]


async def test_a_question_that_somebody_else_has_answered_meanwhile_is_not_answered_again() -> None:
    asking, go_on = asyncio.Event(), asyncio.Event()

    async def ponder(context: Any, params: Any) -> ElicitResult:
        asking.set()
        await go_on.wait()
        return ElicitResult(action="accept", content={"answer": "shelf 3"})

    async with site(mode="legacy", elicitation_callback=ponder) as (client, played), asyncio.timeout(10):
        running = asyncio.create_task(call(client, "send_instruction", instruction="Go there."))
        instruction = await played.hears("instruction")
        await asking.wait()
        await played.answer(instruction)
        while "Done." not in (await client.read_resource(f"parley://answer/{instruction}")).contents[0].text:  # type: ignore[union-attr]
            pass
        go_on.set()
        assert (await running).structured_content["complete"]
        assert played.heard.empty()


TO_SIGN = ToSign(device="r1", digest="a" * 64, nonce="01890a5d-ac96-774b-bcce-b302099a8057", text="Shall it really be done?")


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("key", [True, False])
async def test_what_the_person_at_the_client_says_is_signed_with_the_key_of_the_gateway(tmp_path: Path, mode: Any, key: bool) -> None:
    """Without one the question says so, a yes is an error that says it, too, and the question stays."""
    keys, asked = new_key(tmp_path / "anna"), list[str]()

    async def agree(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"answer": "yes"})

    async with site(keys.sign if key else None, mode=mode, elicitation_callback=agree) as (client, played), asyncio.timeout(10):
        played.question = Ask(text="Shall I sing?", about="a" * 64, approval=True, to_sign=TO_SIGN)
        running = asyncio.create_task(call(client, "send_instruction", instruction="Go there."))
        if key:
            await played.answer(await played.hears("reply"))
            assert (await running).structured_content["complete"]
            signature = played.replies[0].signature
            assert signature is not None
            assert signer(TO_SIGN.statement("site", True, signature.expires), signature.value, approvers([keys.public("anna")])) == "anna"
        else:
            told = await running
            assert told.is_error and NO_KEY in told.content[0].text and played.replies == []
        assert asked == [" ".join(["r1 asks: Shall it really be done?", *([] if key else [NO_KEY])])]


def test_facts_that_are_lists_are_cleaned_too() -> None:
    seen = Observation(subject="shelf-1", property="items", value=("nut\x1b[2J", "bo\u202elt"))
    (fact,) = report_of(Told("i", DONE.model_copy(update={"facts": (seen,)})), None).facts
    assert fact["value"] == ["nut[2J", "bolt"]
