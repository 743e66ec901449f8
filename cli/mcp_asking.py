"""A running request and its client: the conversation goes to it as progress, and its person is asked back, in the way of the client's revision.

2025-11-25 asks within the request. 2026-07-28 ends it with what is needed, and the repeated request brings that.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Any

from mcp.server.mcpserver import Context
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field

from runtime.plain import clean
from runtime.transcript import Transcript
from schemas.envelope import Envelope
from schemas.topics import Address

LONGEST = 2000
"""Characters of what a person says."""
LINES, LAST = 200, 1.0
"""Lines of progress that wait for a client; seconds for the last ones to leave."""
THINKING = 600.0
"""Seconds that a person has for an answer; then the question is the answer to the request."""


class Said(BaseModel):
    """What an elicited answer is."""

    answer: str = Field(description="your answer, in plain language")


class Progressing:
    """The conversation about one instruction, line by line, as progress of one request.

    A client that does not read misses lines, and keeps nobody waiting: the reader of the bus calls `show`.
    """

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context, self._transcript, self._count = context, Transcript(), 0
        self._lines, self._telling = asyncio.Queue[str](LINES), asyncio.Future[None]()

    async def __aenter__(self) -> Progressing:
        self._telling = asyncio.create_task(self._tell(), name="mcp.progress")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lines.join(), LAST)
        self._telling.cancel()

    def show(self, address: Address, envelope: Envelope) -> None:
        line = self._transcript.line(address, envelope) if address.topic.role != "operator" else None
        if line and not self._lines.full():
            self._lines.put_nowait(clean(" ".join(line.split())))

    async def _tell(self) -> None:
        while True:
            line = await self._lines.get()
            self._count += 1
            await self._context.report_progress(self._count, None, line)
            self._lines.task_done()


def can_be_asked(context: Context[Any, Any]) -> bool:
    """With a form. Who does not say by what means can do that."""
    able = context.client_capabilities.elicitation if context.client_capabilities is not None else None
    return able is not None and (able.form is not None or able.url is None)


def repeats(context: Context[Any, Any]) -> bool:
    """Whether its client repeats a request with what is needed."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


async def elicited(context: Context[Any, Any], question: str) -> str | None:
    """The person's answer; None when there is none, or none in time."""
    try:
        async with asyncio.timeout(THINKING):
            result = await context.elicit(clean(question, LONGEST), Said)
    except TimeoutError:
        return None
    return result.data.answer.strip()[:LONGEST] or None if result.action == "accept" else None


def input_needed(question: str, instruction: str) -> InputRequiredResult:
    schema = {"type": "object", "properties": {"answer": {"type": "string", "description": "your answer, in plain language"}}, "required": ["answer"]}
    params = ElicitRequestFormParams.model_validate({"message": clean(question, LONGEST), "requestedSchema": schema})
    return InputRequiredResult(input_requests={"answer": ElicitRequest(params=params)}, request_state=instruction)


def brought(context: Context[Any, Any]) -> str | None:
    """The person's answer that the repeated request brings; None when there is none."""
    given = (context.input_responses or {}).get("answer")
    if not isinstance(given, ElicitResult) or given.action != "accept":
        return None
    said = (given.content or {}).get("answer")
    return said.strip()[:LONGEST] or None if isinstance(said, str) else None
