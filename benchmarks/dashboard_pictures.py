"""`python -m benchmarks.dashboard_pictures FOLDER`: the dashboard's views as SVG, of one instruction to a simulated warehouse with a robot that lies.

Same seed, same words, same moments: what differs from run to run are seconds.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from dashboard.actions import VIEWS
from dashboard.app import Dashboard
from dashboard.feed import Feed
from runtime import logs
from runtime.clock import LoopClock
from runtime.operator import Operator
from schemas import topics
from simulations.faults import Fault
from simulations.fleet import SITE, LocalFleet, Models
from simulations.scenario import Scenario

NOON = 1_800_014_400.0
SIZE = (120, 32)
PATIENCE = 500.0
"""s for each moment to come."""
LIAR = Fault(robot="robot-2", kind="lies_about_moving")
SCENARIO = Scenario(seed=7, robots=4, shelves=8, batteries=(92, 64, 81, 73), pace=0.5, faults=(LIAR,))
INSTRUCTION = "Please check if there are vacant positions on the shelves."


class Stage:
    """The dashboard beside a fleet. `save` draws a view into the folder."""

    def __init__(self, app: Dashboard, pilot: Pilot[None], folder: Path) -> None:
        self.app, self.pilot, self.folder = app, pilot, folder

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def save(self, view: str) -> None:
        await self.pilot.press(str(list(VIEWS).index(view) + 1))
        await self.pilot.pause()
        self.app.draw(anew=True)
        await self.pilot.pause()
        drawn = without_links(self.app.export_screenshot(title=f"parley dashboard: {view}"))
        (self.folder / f"dashboard-{view}.svg").write_text(drawn, encoding="utf-8")

    def under_way(self) -> bool:
        """All are there, and two move."""
        view = self.app.feed.view
        moving = sum(d.life.motion is not None and d.busy for d in view.fleet.values())
        return moving >= 2 and set(view.links(self.app.feed.now()).values()) == {"online"}

    def answered(self) -> bool:
        return any(t.complete is not None for t in self.app.feed.view.instructions())


def without_links(svg: str) -> str:
    """A picture that fetches nothing: the reader's own fixed-width font is as good."""
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


@asynccontextmanager
async def staged(fleet: LocalFleet, clock: LoopClock, folder: Path) -> AsyncIterator[Stage]:
    async with fleet.client() as bus, bus.subscribe(topics.everything(SITE)) as stream:
        operator = Operator(bus, SITE, "dashboard", clock)
        app = Dashboard(Feed(operator))
        reader = asyncio.get_running_loop().create_task(operator.read(stream), name="pictures.reader")
        try:
            async with app.run_test(size=SIZE) as pilot:
                yield Stage(app, pilot, folder)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)


async def pictures(folder: Path) -> None:
    models = Models.shipped()
    clock = LoopClock(7, epoch=NOON - asyncio.get_running_loop().time())
    async with LocalFleet(SCENARIO, models, clock) as fleet, staged(fleet, clock, folder) as stage:
        await stage.until(lambda: len(stage.app.feed.view.fleet) == SCENARIO.robots)
        await stage.pilot.press("i", *INSTRUCTION, "enter", "escape")
        await stage.until(stage.under_way)
        await stage.save("map")
        await stage.save("fleet")
        await stage.until(stage.answered)
        await stage.save("plan")
        await stage.save("conversation")


if __name__ == "__main__":
    logs.configure("error")
    os.environ["TZ"] = "UTC"
    time.tzset()
    asyncio.run(pictures(Path(sys.argv[1])))
