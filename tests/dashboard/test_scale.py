"""A thousand devices cost what is in sight of them, and counters tell every message."""

from __future__ import annotations

import gc
import time

import pytest

from benchmarks import dashboard_eval
from benchmarks.dashboard_load import Crowd
from dashboard.app import Dashboard
from dashboard.feed import Feed
from dashboard.widgets.fleet import Fleet
from dashboard.widgets.rows import Rows
from runtime.clock import LoopClock, SystemClock
from runtime.memory_bus import MemoryBroker
from runtime.operator import Operator
from schemas import topics
from schemas.messages import State
from tests.dashboard.wire import Wire


def crowd(devices: int) -> Wire:
    wire = Wire()
    for said in Crowd(devices, SystemClock()).greetings():
        assert said.body is not None
        wire.say(said.topic, said.ident, said.body)
    return wire


async def frame_s(devices: int, frames: int = 12) -> float:
    """Processor seconds of one frame of the fleet in which sixty devices have changed."""
    wire = crowd(devices)
    names = sorted(wire.view.fleet)
    async with MemoryBroker().client() as bus:
        app = Dashboard(Feed(Operator(bus, "site", "me", LoopClock(1))), read_only=True)
        app.feed.view = wire.view
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            spent = 0.0
            for frame in range(frames):
                for name in names[:60]:
                    wire.say(*_state(name, frame))
                app.feed.view = wire.view
                began = time.process_time()
                app.draw(anew=True)
                await pilot.pause()
                spent += time.process_time() - began
            return spent / frames


def _state(name: str, frame: int) -> tuple[topics.Topic, str, State]:
    return topics.STATE, name, State(device=name, boot="b", attributes={"battery": frame, "at": f"shelf-{frame}"})


async def test_a_frame_of_a_thousand_devices_costs_little_more_than_one_of_sixty() -> None:
    few, many = await frame_s(60), await frame_s(1000)
    assert many < 4 * few, f"{1000 * many:.1f} ms after {1000 * few:.1f} ms"


async def test_only_the_rows_in_sight_are_made() -> None:
    wire, made = crowd(500), list[str]()
    async with MemoryBroker().client() as bus:
        app = Dashboard(Feed(Operator(bus, "site", "me", LoopClock(1))), read_only=True)
        app.feed.view = wire.view
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            fleet = app.query_one(Fleet)
            cells = fleet._cells
            fleet._cells = lambda device, picture: (made.append(device.device), cells(device, picture))[1]  # type: ignore[method-assign]
            app.draw(anew=True)
            assert 0 < len(set(made)) < 30
            await pilot.press("end")
            await pilot.pause()
            assert app.query_one("#devices", Rows).cursor == "robot-0500" and "robot-0500" in made


async def test_keys_that_are_gone_from_the_line_are_let_go_of() -> None:
    async with MemoryBroker().client() as bus:
        app = Dashboard(Feed(Operator(bus, "site", "me", LoopClock(1))))
        async with app.run_test(size=(100, 30)) as pilot:
            for number in range(20):
                app.label({"stop": f"Stop robot-{number}"})
                await pilot.pause()
            gc.collect()
            assert sum(type(found).__name__ == "FooterKey" for found in gc.get_objects()) <= 3 * len(app.query("FooterKey"))


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_under_the_load_of_a_thousand_devices_it_draws_counts_every_message_and_does_not_grow() -> None:
    """What must hold on a busy machine, too; ms and frames a second are for an idle one (`parley bench dashboard`)."""
    report = await dashboard_eval.evaluate(1000, 200, 25)
    assert report.exact, dashboard_eval.as_text(report)
    assert report.dropped > 0 and report.growth < 1.3 and max(report.memory_mb) < dashboard_eval.RESIDENT_MB
    assert report.frames > 0 and report.key_ms.n > 0
