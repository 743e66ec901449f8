"""Whatever is in the text of others: each view draws it as text, and stays whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextvars import copy_context
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from rich.cells import cell_len

from dashboard.app import VIEWS, Dashboard
from dashboard.feed import Feed
from dashboard.view import ViewState
from dashboard.widgets.dialogs import Confirm
from dashboard.widgets.rows import fitted
from runtime.clock import LoopClock
from runtime.memory_bus import MemoryBroker
from runtime.operator import Operator
from runtime.plain import clean
from tests.dashboard.hostile import WIDE, everything, forbidden, hostile
from tests.dashboard.wire import Wire

SIZES = ((80, 24), (132, 43))
META = {"offset", "@click", "@mouse.down", "@mouse.up"}
"""What Textual's own parts put under the mouse."""


class Theatre:
    """One dashboard for many examples; the loop runs only while somebody looks."""

    def __init__(self) -> None:
        self.loop, self._context = asyncio.new_event_loop(), copy_context()
        self._opened = self._open()
        self.app, self.pilot = self.run(anext(self._opened))
        self.own = self.run(self._clicks())
        """What can be clicked before anybody has said anything."""

    def run(self, work: Awaitable[Any]) -> Any:
        """In one context: the app finds itself through it."""
        return self.loop.run_until_complete(self.loop.create_task(self._in_time(work), context=self._context))

    async def _in_time(self, work: Awaitable[Any]) -> Any:
        async with asyncio.timeout(60):
            return await work

    def close(self) -> None:
        self.run(self._opened.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def _open(self):
        async with MemoryBroker().client() as bus:
            app = Dashboard(Feed(Operator(bus, "site", "me", LoopClock(1))))
            async with app.run_test(size=SIZES[0]) as pilot:
                yield app, pilot

    async def _clicks(self) -> set[str]:
        found: set[str] = set()
        for view in range(1, len(VIEWS) + 1):
            await self._show(view)
            found |= {str(style.meta["@click"]) for _, style in _segments(self.app) if style is not None and "@click" in style.meta}
        return found

    async def _show(self, view: int) -> None:
        self.app.action_view(list(VIEWS)[view - 1])
        self.app.draw(anew=True)
        await self.pilot.pause()

    async def look(self, view: ViewState) -> None:
        self.app.feed.view, self.app.thread = view, None
        for size in SIZES:
            await self.pilot.resize_terminal(*size)
            for number in range(1, len(VIEWS) + 1):
                await self._show(number)
                self.judge(size)
        await self._dialog(SIZES[-1])

    async def _dialog(self, size: tuple[int, int]) -> None:
        """The question whether to do what cannot be undone."""
        thread, question = next((t, q) for t, q in self.app.open_questions() if q.approval)
        self.app._approve(thread, question)
        await self.pilot.pause()
        assert isinstance(self.app.screen, Confirm)
        self.judge(size)
        self.app.pop_screen()
        await self.pilot.pause()

    def judge(self, size: tuple[int, int]) -> None:
        lines = self.app.screen._compositor.render_strips()
        assert [sum(cell_len(s.text) for s in line) for line in lines] == [size[0]] * size[1], "each line is exactly as wide as the screen"
        for shown, style in _segments(self.app):
            assert forbidden(shown) == [] and "\x1b" not in shown
            if style is not None:
                assert style.link is None and str(style.meta.get("@click", "")) in {"", *self.own} and set(style.meta) <= META


def _segments(app: Dashboard) -> Iterator[tuple[str, Any]]:
    for line in app.screen._compositor.render_strips():
        for segment in line:
            assert segment.control is None
            yield segment.text, segment.style


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    stage = Theatre()
    yield stage
    stage.close()


@settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(hostile)
@example("")
def test_each_view_draws_any_text_as_text_and_stays_whole(theatre: Theatre, said: str) -> None:
    wire = Wire()
    everything(wire, said)
    ident = wire.instruct(2, said[:8192])
    wire.plan(ident, ("r1", said[:8192]))
    wire.ask(ident, said[:8192], said, approval=True)
    wire.ask(ident, f"x{said}"[:8192], said)
    theatre.run(theatre.look(wire.view))


@settings(max_examples=100, deadline=None)
@given(hostile)
def test_a_cell_is_as_wide_as_its_column_whatever_stands_in_it(said: str) -> None:
    assert cell_len(fitted(clean(said, 63), 11)) == 11


def test_what_terminals_do_not_agree_on_moves_nothing() -> None:
    assert clean("👍🏽 ☰ \u0301x") == "👍 ? x" and clean("का" * 3) == "का" * 3 and clean("क\u0903\u0903") == "क\u0903"
    for tricky in WIDE:
        assert not clean(tricky)[:1] or cell_len(clean(tricky)[0]) > 0


def test_the_example_texts_are_forbidden_before_they_are_cleaned() -> None:
    """The judge can find what it looks for."""
    assert forbidden("\x1b[31m") and forbidden("\u202e") and forbidden("\x9b") and not forbidden(clean("\x1b[31m\u202e\x9b"))
