"""Each view as plain text at two sizes. `PARLEY_REWRITE=1` writes the pictures anew; look at what has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.app import VIEWS, Dashboard
from runtime.clock import LoopClock
from runtime.memory_bus import MemoryBroker
from runtime.operator import Operator
from schemas import topics
from schemas.messages import Epoch, ExpertConnection, Profile, Property
from schemas.outcomes import Done, Failed, Proof
from tests.dashboard.stage import drawn
from tests.dashboard.wire import NOON, Wire

PICTURES = Path(__file__).parent / "pictures"


class Noon(LoopClock):
    """It is always the same time."""

    def now(self) -> float:
        return NOON + 5


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def warehouse() -> Wire:
    """A fleet at work, with everything that a view can show."""
    wire = Wire()
    wire.coordinator()
    wire.say(topics.EPOCH, "c", Epoch(epoch=7))
    properties = (Property(name="free_slots", unit="1"),)
    abilities = ("drive to a place", "look at a shelf")
    profile = Profile(device="robot-1", device_kind="robot", maker="norvik", name="robot 1", abilities=abilities, properties=properties)
    wire.device("robot-1", attributes={"battery": 81.4, "at": "shelf-2"}, busy=True)
    wire.say(topics.PROFILE, "robot-1", profile)
    wire.device("robot-2", attributes={"battery": 12, "at": "dock-2"}, stopped=True)
    wire.device(
        "robot-3", attributes={"battery": 50}, problem="[red]The left wheel\x1b[2J is blocked[/red], says a very long text about it", normal=False
    )
    wire.online("agent-robot-3", boot="b", status="connectionbroken")
    wire.say(topics.EXPERT_CONNECTION, "experts", ExpertConnection(status="online", boot="b", tells=("fading", "snr"), endpoint="http://h:8765"))
    earlier = wire.instruct(1, "How many robots are there?", source="operator-2")
    wire.answer(earlier, "Three.", intent="query")
    ident = wire.instruct(2, "Check shelves 2 to 4 for free space.")
    wire.plan(ident, *((f"robot-{n}", f"Check shelf {n + 1} for free space.") for n in (1, 2, 3)))
    first = wire.give(ident, 11, "robot-1", "Check shelf 2 for free space.")
    proof = (Proof(condition="at == shelf-2", held=True, seen="shelf-2"),)
    wire.end(ident, first, "robot-1", Done(verified=True, text="shelf 2 has 3 free slots", proof=proof))
    wire.end(ident, wire.give(ident, 12, "robot-2", "Check shelf 3 for free space."), "robot-2", Failed(text="The camera is [dark]."))
    wire.give(ident, 13, "robot-3", "Check shelf 4 for free space.")
    wire.ask(ident, "robot 1 asks: Which end of shelf 2?", "left", "right")
    return wire


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_view_looks_as_it_did(size: tuple[int, int]) -> None:
    async with MemoryBroker().client() as bus:
        app = Dashboard(Operator(bus, "site", "me", Noon(1)))
        app.feed.view = warehouse().view
        async with app.run_test(size=size) as pilot:
            for number, view in enumerate(VIEWS, 1):
                await pilot.press(str(number))
                await pilot.pause()
                app.draw(anew=True)
                await pilot.pause()
                _compare(f"{view}-{size[0]}x{size[1]}.txt", drawn(app))


def _compare(name: str, text: str) -> None:
    if os.environ.get("PARLEY_REWRITE"):
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / name).write_text(text, encoding="utf-8")
    assert text == (PICTURES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", ["textual-light", "textual-dark"])
async def test_the_largest_and_the_smallest_terminal_show_the_same_devices(theme: str) -> None:
    async with MemoryBroker().client() as bus:
        app = Dashboard(Operator(bus, "site", "me", Noon(1)), read_only=True)
        app.feed.view, app.theme = warehouse().view, theme
        async with app.run_test(size=(200, 60)) as pilot:
            for size in ((200, 60), (80, 24)):
                await pilot.resize_terminal(*size)
                app.draw(anew=True)
                await pilot.pause()
                text = drawn(app)
                assert all(word in text for word in ("robot-1", "■ STOPPED", "✗ broken", "! problem"))
