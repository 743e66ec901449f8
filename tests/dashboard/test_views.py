"""Each view as plain text at two sizes. `PARLEY_REWRITE=1` writes the pictures anew; look at what has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.app import VIEWS, Dashboard
from dashboard.feed import Feed
from runtime.clock import LoopClock
from runtime.memory_bus import MemoryBroker
from runtime.operator import Operator
from schemas import topics
from schemas.experts import Consulted
from schemas.messages import (
    Answer,
    Candidate,
    Connection,
    Epoch,
    ExpertConnection,
    PlanShown,
    Profile,
    Property,
    SiteMessage,
    SubtaskStatus,
    Trace,
    Use,
    WindowReply,
    WindowRequest,
)
from schemas.outcomes import Done, Failed, Proof
from schemas.plan import Work
from schemas.site import Place, Site
from tests.dashboard.stage import drawn
from tests.dashboard.wire import NOON, PLAN, Wire

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


def _box(west: float, south: float, wide: float) -> tuple[tuple[float, float], ...]:
    return (west, south), (west + wide, south), (west + wide, south + 1), (west, south + 1)


def _site() -> Site:
    shelves = (Place(id=f"shelf-{n}", kind="shelf", name=f"shelf {n}", at=(3.0 * n, 4.5), vertices=_box(3.0 * n - 1, 5, 2)) for n in (1, 2, 3, 4))
    docks = (Place(id=f"dock-{n}", kind="dock", name=f"dock {n}", at=(2.0 * n, 0.5), vertices=_box(2.0 * n - 0.5, 0, 1)) for n in (1, 2))
    return Site(places=(*shelves, *docks, Place(id="gate", kind="gate", name="gate", at=(12.0, 0.5))))


def warehouse() -> Wire:
    """A fleet at work, with everything that a view can show."""
    wire = Wire()
    wire.say(topics.SITE, "c", SiteMessage(site=_site()))
    wire.coordinator()
    wire.say(topics.EPOCH, "c", Epoch(epoch=7))
    properties = (Property(name="free_slots", unit="1"),)
    abilities = ("drive to a place", "look at a shelf")
    profile = Profile(device="robot-1", device_kind="robot", maker="norvik", name="robot 1", abilities=abilities, properties=properties)
    wire.device("robot-1", attributes={"battery": 81.4, "at": "floor", "x": 3.5, "y": 2.5}, busy=True)
    wire.say(topics.PROFILE, "robot-1", profile)
    wire.device("robot-2", attributes={"battery": 12, "at": "dock-2"}, stopped=True)
    wire.device(
        "robot-3", attributes={"battery": 50}, problem="[red]The left wheel\x1b[2J is blocked[/red], says a very long text about it", normal=False
    )
    wire.online("agent-robot-3", boot="b", status="connectionbroken")
    use = Use(tokens=5210, busy=1.55, left=0)
    wire.say(topics.COORDINATOR_CONNECTION, "c", Connection(status="online", boot="b", use=use))
    wire.say(topics.EXPERT_CONNECTION, "experts", ExpertConnection(status="online", boot="b", tells=("fading", "snr"), endpoint="http://h:8765"))
    earlier = wire.instruct(1, "How many robots are there?", source="operator-2")
    wire.answer(earlier, "Three.", intent="query")
    ident = wire.instruct(2, "Check shelves 2 to 4 for free space.")
    works = [Work(device=f"robot-{n}", text=f"Check shelf {n + 1} for free space.", item=f"shelf-{n + 1}") for n in (1, 2, 3)]
    works += [Work(device="robot-1", text="Drive to the gate.", after=(0, 1, 2)), Work(device="robot-2", text="Count the boxes.", after=(3,))]
    wire.say(topics.PLAN, "c", PlanShown(text="The plan.", intent=PLAN, work=tuple(works)), instruction=ident)
    first = wire.give(ident, 11, "robot-1", "Check shelf 2 for free space.")
    proof = (Proof(condition="at == shelf-2", held=True, seen="shelf-2"),)
    wire.end(ident, first, "robot-1", Done(verified=True, text="shelf 2 has 3 free slots", proof=proof))
    wire.end(ident, wire.give(ident, 12, "robot-2", "Check shelf 3 for free space."), "robot-2", Failed(text="The camera is [dark]."))
    wire.give(ident, 13, "robot-3", "Check shelf 4 for free space.")
    drive = wire.give(ident, 14, "robot-1", "Drive to the gate.")
    program = 'start\npreprocessing:\n    pass\ncall_pending:\n    result = drive_to(place="gate")\npostprocessing:\n    verify(read_state())\nend'
    candidates = (Candidate(name="drive_to", score=0.81, match=0.95), Candidate(name="dock", score=0.4))
    trace = Trace(device="robot-1", subtask=drive, sentence="Drive to the gate.", candidates=candidates, function="drive_to")
    wire.say(topics.TRACE, "robot-1", trace.model_copy(update={"arguments": {"place": "gate"}, "confidence": 0.93, "program": program}))
    running = SubtaskStatus(subtask=drive, state="running", run="call_pending")
    way = ((4.5, 2.5), (10.5, 2.5), (10.5, 0.5), (12.0, 0.5))
    wire.device("robot-1", attributes={"battery": 81.4, "at": "floor", "x": 4.5, "y": 2.5}, busy=True, subtasks=(running,), way=way)
    wire.say(topics.PROFILE, "robot-1", profile)
    wire.say(topics.WINDOW_REQUEST, "robot-1", WindowRequest(device="robot-1", handle="csi/1", what="csi"), source="experts")
    wire.now += 0.04
    wire.say(topics.WINDOW, "robot-1", WindowReply(device="robot-1", handle="csi/1"), source="a")
    fading = Consulted(expert="fading", device="robot-1", finding="rayleigh", confidence=0.93, seconds=0.12)
    said = (fading, Consulted(expert="snr", device="robot-2"))
    wire.say(topics.ANSWER, "c", Answer(text="Robot 1: rayleigh.", intent="query", complete=False, consulted=said), instruction=earlier)
    wire.ask(ident, "robot 1 asks: Which end of shelf 2?", "left", "right")
    return wire


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_view_looks_as_it_did(size: tuple[int, int]) -> None:
    async with MemoryBroker().client() as bus:
        app = Dashboard(Feed(Operator(bus, "site", "me", Noon(1))))
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
        app = Dashboard(Feed(Operator(bus, "site", "me", Noon(1))), read_only=True)
        app.feed.view, app.theme = warehouse().view, theme
        async with app.run_test(size=(200, 60)) as pilot:
            for size in ((200, 60), (80, 24)):
                await pilot.resize_terminal(*size)
                app.draw(anew=True)
                await pilot.pause()
                text = drawn(app)
                assert all(word in text for word in ("robot-1", "■ STOPPED", "✗ broken", "! problem"))


@pytest.mark.parametrize("theme", ["textual-light", "textual-dark"])
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_both_themes_say_the_same(size: tuple[int, int], theme: str) -> None:
    async with MemoryBroker().client() as bus:
        app = Dashboard(Feed(Operator(bus, "site", "me", Noon(1))))
        app.feed.view, app.theme = warehouse().view, theme
        async with app.run_test(size=size) as pilot:
            for number, view in enumerate(VIEWS, 1):
                await pilot.press(str(number))
                await pilot.pause()
                app.draw(anew=True)
                await pilot.pause()
                _compare(f"{view}-{size[0]}x{size[1]}.txt", drawn(app))
