"""A coordinator's consultant before real experts behind a real MCP server on loopback; one of them can be made to fail in several ways."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.experts_questions import Question
from benchmarks.stats import Times, times
from coordinator.consultant import Consultant
from coordinator.experts import Asked
from coordinator.linker import link
from coordinator.meaning import Meaning
from coordinator.registry import Device
from coordinator.scene import Scene
from experts.catalogue import Unusable, names, open_expert
from experts.server import Judge, build
from experts.sources import NoWindow, parse
from experts.window import Window
from runtime.clock import SystemClock
from runtime.llm.protocol import Embedder
from runtime.mcp import McpServer
from runtime.mcp_http import listen, serve
from runtime.mcp_session import McpSession, Target
from schemas.errors import ModelError
from schemas.experts import ExpertCard, Verdict
from schemas.messages import ExpertConnection
from schemas.site import Site

DEADLINE = 1.0
"""s for a verdict here, as hanging experts are part of it."""
BROKEN = "line_of_sight"
SITE = Site(id="site")
FLEET = tuple(Device(id=f"robot-{n}", kind="robot", name=f"robot {n}", online=True) for n in range(1, 7))


class Showing:
    """The window of the question at hand, whichever device is asked for it."""

    def __init__(self) -> None:
        self.window: Window | None = None

    async def fetch(self, handle: str) -> Window:
        _, what = parse(handle)
        if self.window is None or self.window.kind != what:
            raise NoWindow(f"{handle}: there is no such window")
        return self.window


class Hanging:
    def __init__(self, name: str) -> None:
        self.card = open_expert(name).card

    def judge(self, window: Window) -> Verdict:
        time.sleep(3 * DEADLINE)
        raise AssertionError("its answer comes too late")


class Lying:
    """Says the next label than the likeliest, and is very sure of it."""

    def __init__(self, name: str) -> None:
        self._expert = open_expert(name)
        self.card = self._expert.card

    def judge(self, window: Window) -> Verdict:
        told, labels = self._expert.judge(window), self.card.labels
        wrong = labels[(labels.index(told.likeliest) + 1) % len(labels)] if told.likeliest else labels[0]
        return told.model_copy(update={"label": wrong, "likeliest": wrong, "confidence": 0.99, "abstained": None})


class Switch:
    """The expert that fails, or does not yet."""

    def __init__(self, name: str) -> None:
        self.now: Judge = open_expert(name)
        self.card = self.now.card

    def judge(self, window: Window) -> Verdict:
        return self.now.judge(window)


FAILURES: dict[str, Callable[[str], Judge] | None] = {"down": None, "hanging": Hanging, "altered": Unusable, "confidently wrong": Lying}
"""What stands in the place of the expert; None: nothing, it has left the bus."""


@dataclass
class Desk:
    """A coordinator's consultant with experts behind a real MCP server; `switch` is one of them."""

    consultant: Consultant
    showing: Showing
    switch: Switch
    url: str
    calls: int = 0
    ms: list[float] = field(default_factory=list[float])

    def present(self, without: str | None = None) -> None:
        """Says on the bus which experts are there."""
        there = tuple(name for name in names() if name != without)
        self.consultant.hear("bench", ExpertConnection(status="online", boot="1", tells=there, endpoint=self.url))

    async def consult(self, question: Question) -> list[Asked]:
        self.showing.window = question.window
        found = await self.consultant.consult(*seen(question.text)) or []
        self.calls += len(found)
        return found

    async def ask(self, question: Question, name: str, card: ExpertCard) -> Asked:
        """One expert, whatever the question sounds like."""
        self.showing.window = question.window
        began = time.perf_counter()
        window = {"window": f"robot-1/{question.window.kind}"}
        try:
            told = await McpServer(self.url).call(name, window)
        except ModelError:  # a busy machine may be late once
            told = await McpServer(self.url).call(name, window)
        finally:
            self.ms.append((time.perf_counter() - began) * 1e3)
        return Asked(card, "robot-1", Verdict.model_validate(told))

    async def in_one_session(self, questions: Sequence[Question]) -> Times:
        """Round trips of the same calls within a session that stays open."""
        session, ms = McpSession(Target(url=self.url), SystemClock()), list[float]()
        try:
            for question in questions:
                self.showing.window = question.window
                began = time.perf_counter()
                await session.call(question.expert, {"window": f"robot-1/{question.window.kind}"})
                ms.append((time.perf_counter() - began) * 1e3)
        finally:
            await session.close()
        return times(ms[1:])  # the first opens it


def seen(text: str) -> tuple[Any, Scene]:
    linked = link(text, SITE, FLEET)
    return linked, Scene(linked, SITE, FLEET)


@contextlib.asynccontextmanager
async def desk(embedder: Embedder) -> AsyncIterator[Desk]:
    showing, switch, listening = Showing(), Switch(BROKEN), listen("127.0.0.1", 0)
    judges: list[Judge] = [switch if name == BROKEN else open_expert(name) for name in names()]
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    serving = asyncio.create_task(serve(build(judges, showing, DEADLINE), listening))
    try:
        consultant = Consultant(Meaning(embedder), SystemClock(), McpServer)
        made = Desk(consultant, showing, switch, url)
        made.present()
        if not await consultant.learn(lambda: seen("")[1]):
            raise ModelError("the experts' cards could not be read over MCP on loopback")
        yield made
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
