"""Keys and clicks that choose what is looked at, pressed in a running dashboard."""

from __future__ import annotations

from schemas import topics
from schemas.messages import Instruction, OutcomeReport, PlanShown, SiteMessage, Subtask
from schemas.outcomes import Failed
from schemas.plan import Work
from schemas.site import Place, Site
from tests.dashboard.stage import Stage
from tests.dashboard.wire import PLAN, uid

SITE = Site(places=tuple(Place(id=f"p{n}", kind="spot", name=f"spot {n}", at=(10.0 * n, 0.0)) for n in (1, 2, 3)))


async def test_n_and_p_go_through_the_devices_in_every_view() -> None:
    async with Stage().open(devices=("r1", "r2", "r3")) as stage:
        await stage.pilot.press("4", "n")
        assert stage.app.device == "r2"
        await stage.pilot.press("6", "p", "p")
        assert stage.app.device == "r3"


async def test_on_the_map_the_arrows_choose_and_enter_opens_the_device() -> None:
    async with Stage().open(devices=("r1", "r2", "r3")) as stage:
        await stage.say(topics.SITE, "c", SiteMessage(site=SITE))
        for n in (1, 2, 3):
            await stage.has(f"r{n}", attributes={"at": f"p{n}"})
        await stage.pilot.press("6")
        await stage.until(lambda: "«r1»" in stage.text)
        await stage.pilot.press("right")
        await stage.until(lambda: "«r2»" in stage.text)
        await stage.pilot.press("right", "left", "enter")
        await stage.until(lambda: stage.app.active == "device" and stage.app.device == "r2")


async def test_a_click_on_the_map_chooses_the_device_there() -> None:
    async with Stage().open(devices=("r1", "r2")) as stage:
        await stage.say(topics.SITE, "c", SiteMessage(site=SITE))
        for device, at in (("r1", "p3"), ("r2", "p2")):
            await stage.has(device, attributes={"at": at})
        await stage.pilot.press("6")
        await stage.until(lambda: "●r2" in stage.text)
        row = next(n for n, line in enumerate(stage.text.split("\n")) if "●r2" in line)
        await stage.pilot.click(offset=(stage.text.split("\n")[row].index("●r2") + 1, row))
        await stage.until(lambda: stage.app.device == "r2")


async def test_enter_in_the_fleet_opens_the_device() -> None:
    async with Stage().open() as stage:
        await stage.pilot.press("down", "enter")
        await stage.until(lambda: stage.app.active == "device" and stage.app.device == "r2")


async def test_groups_have_headings_that_the_cursor_steps_over() -> None:
    async with Stage().open() as stage:
        await stage.has("r2", attributes={"at": "shelf-4"})
        await stage.pilot.press("g", "g", "g")
        await stage.until(lambda: "▾ shelf-4: 1" in stage.text and "▾ nowhere: 1" in stage.text)
        await stage.pilot.press("down")
        await stage.until(lambda: stage.app.device == "r2")
        await stage.pilot.press("up")
        await stage.until(lambda: stage.app.device == "r1")


async def test_a_plan_that_is_longer_than_the_screen_says_first_what_went_wrong() -> None:
    async with Stage().open((80, 24)) as stage:
        works = tuple(Work(device="r1", text=f"Check shelf {n}.") for n in range(1, 41))
        await stage.say(topics.INSTRUCTION, "o", Instruction(text="Check all."), instruction=uid(1))
        await stage.say(topics.PLAN, "c", PlanShown(text="", intent=PLAN, work=works), instruction=uid(1))
        given = Subtask(device="r1", text="Check shelf 39.", start_by=0, deadline=0)
        await stage.say(topics.SUBTASK, "r1", given, instruction=uid(1), subtask=uid(11))
        failed = OutcomeReport(device="r1", subtask=uid(11), outcome=Failed(text="The camera is dark."))
        await stage.say(topics.OUTCOME, "r1", failed, instruction=uid(1), subtask=uid(11))
        await stage.pilot.press("3")
        await stage.until(lambda: "39 r1: failed: The camera is dark." in stage.text)
