"""From an intent to sentences for devices, or to a question or refusal before anything moves."""

from __future__ import annotations

import pytest

from coordinator.preview import preview
from coordinator.resolve import check
from schemas.plan import Control, Goal, Intent, Pick, Plan, Query, Question, Refusal, Step, Tell, When, Where, Who
from tests.unit.coordinator.conftest import lamp, robot, scene_for


def one(do: str, who: Who, **more: object) -> Plan:
    return Plan(steps=(Step.model_validate({"who": who, "do": (do,), **more}),))


ROBOTS = ["robot-1", "robot-2", "robot-3", "robot-4"]
WORK = [
    ("robot 2, go to shelf 7", one("Go to {p1}.", Who(of="d1")), [("robot-2", "Go to shelf 7.")]),
    ("robots 1 and 2 go to dock 1", one("Go to {p1}.", Who(of=("d1", "d2"))), [("robot-1", "Go to dock 1."), ("robot-2", "Go to dock 1.")]),
    ("all robots go to dock 1", one("Go to {p1}.", Who(of="k1", n="all")), [(r, "Go to dock 1.") for r in ROBOTS]),
    ("the robots go to dock 1", one("Go to {p1}.", Who(of="k1")), [(r, "Go to dock 1.") for r in ROBOTS]),
    (
        "all robots except robot 2 go to dock 1",
        one("Go to {p1}.", Who(of="k1", n="all", but=("d1",))),
        [(r, "Go to dock 1.") for r in ROBOTS if r != "robot-2"],
    ),
    ("a robot should go to shelf 8", one("Go to {p1}.", Who(of="k1", n=1)), [("robot-4", "Go to shelf 8.")]),
    ("two robots to shelf 1", one("Go to {p1}.", Who(of="k1", n=2)), [("robot-1", "Go to shelf 1."), ("robot-2", "Go to shelf 1.")]),
    ("the robot nearest to shelf 8 goes to dock 1", one("Go to {p2}.", Who(of="k1", n=1, near="p1")), [("robot-4", "Go to dock 1.")]),
    ("the robot with the least juice goes to dock 1", one("Go to {p1}.", Who(of="k1", n=1, top=("min", "juice"))), [("robot-4", "Go to dock 1.")]),
    (
        "robots under half battery recharge",
        one("Recharge.", Who(of="k1", n="all", where=Where(what="battery", op="<", v="half"))),
        [("robot-3", "Recharge."), ("robot-4", "Recharge.")],
    ),
    (
        "someone check shelf 4 for vacant positions",
        one("Check {p1} for vacant positions.", Who()),
        [("robot-2", "Check shelf 4 for vacant positions.")],
    ),
    (
        "check shelves 1 and 8 for vacant positions",
        one("Check {} for vacant positions.", Who(), each="s1"),
        [("robot-1", "Check shelf 1 for vacant positions."), ("robot-4", "Check shelf 8 for vacant positions.")],
    ),
    (
        "check aisle A, only leave shelf 2 and shelf 3 alone",
        one("Check {}.", Who(but=("s1",)), each=("shelf 1", "shelf 2", "shelf 3")),
        [("robot-1", "Check shelf 1.")],
    ),
    (
        "robot 1 checks shelf 2 and shelf 4",
        one("Check {}.", Who(of="d1"), each="s1"),
        [("robot-1", "Check shelf 2."), ("robot-1", "Check shelf 4.")],
    ),
    (
        "lamps in the kitchen off except the stove lamp",
        one("Switch off.", Who(of="k1", n="all", at="p1", but=("d1",))),
        [("desk-lamp", "Switch off.")],
    ),
    ("the bots there to S7", one("Go to S7.", Who(of="the bots", n="all")), [(r, "Go to S7.") for r in ROBOTS]),
]


@pytest.mark.parametrize(("text", "plan", "work"), WORK, ids=[w[0] for w in WORK])
async def test_a_plan_becomes_sentences_for_devices(text, plan, work, site, fleet):
    scene = await scene_for(text, plan, site, fleet)
    assert check(plan, scene) is None
    found = preview(plan, scene)
    assert isinstance(found, tuple)
    assert sorted((w.device, w.text) for w in found) == sorted(work)


OBJECTIONS: list[tuple[str, Intent, type, str, str]] = [
    ("robot 1 to shelf 99", one("Go to {p1}.", Who(of="d1")), Refusal, "unknown_place", "There is no shelf 99; there are shelf 1, "),
    ("robot 9 to shelf 1", one("Go to {p1}.", Who(of="d1")), Refusal, "unknown_device", "There is no robot 9; there are robot 1, "),
    ("the robot goes to shelf 1", one("Go to {p1}.", Who(of="k1", n="the")), Question, "which_device", "robot 1, robot 2, robot 3 or robot 4?"),
    ("robot 1 bakes a pizza", one("Bake a pizza.", Who(of="d1")), Refusal, "no_ability", "robot 1 cannot do this: Bake a pizza."),
    ("bake a pizza", one("Bake a pizza.", Who()), Refusal, "no_ability", "No device here can do this"),
    ("robot 1 and robot 2 to shelf 4", one("Go to {p1}.", Who(of="d1")), Question, "which_device", "You mention robot 2"),
    ("robot 1 to shelf 4, not shelf 5", one("Go to {p1}.", Who(of="d1")), Question, "which_place", "You mention shelf 5"),
    ("keep battery above 20", Goal(what="battery", v="20"), Refusal, "not_yet", "not built yet"),
    ("do it", Question(about="what_action"), Question, "what_action", "What exactly"),
    ("ram the shelf", Refusal(reason="unsafe"), Refusal, "unsafe", "harm"),
    ("robot 1", Plan(steps=()), Question, "what_action", "What exactly"),
    ("robot 1 go", one("Go to {p7}.", Who(of="d1")), Question, "what_action", "What exactly"),
    ("robot 1 go", one("Go.", Who(of="d1"), after=(3,)), Question, "what_action", "What exactly"),
    ("lamps at dock 1 off", one("Switch off.", Who(of="k1", n="all", at="p1")), Refusal, "unknown_device", "There is no lamp at dock 1."),
    ("the frobnicators go to shelf 1", one("Go to {p1}.", Who(of="the frobnicators", n="all")), Question, "which_device", "frobnicators"),
]


@pytest.mark.parametrize(("text", "intent", "kind", "reason", "words"), OBJECTIONS, ids=[o[0] for o in OBJECTIONS])
async def test_what_is_unclear_or_impossible_is_said_before_anything_moves(text, intent, kind, reason, words, site, fleet):
    problem = check(intent, await scene_for(text, intent, site, fleet))
    assert isinstance(problem, kind)
    assert reason == (problem.about if isinstance(problem, Question) else problem.reason)
    assert words in problem.text


async def test_a_stop_is_never_held_up_by_a_mention_that_it_does_not_use(site, fleet):
    stop = Control(action="stop")
    assert check(stop, await scene_for("stop, robot 2 hits shelf 3!", stop, site, fleet)) is None
    resume = Control(action="resume")
    assert isinstance(check(resume, await scene_for("carry on, robot 2", resume, site, fleet)), Question)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"online": False}, "robot 2 is offline"),
        ({"stopped": True}, "robot 2 is stopped"),
        ({"normal": False, "problem": "wheel"}, "a problem (wheel)"),
    ],
)
async def test_a_named_device_that_is_not_available_is_refused_with_the_reason(change, why, site):
    plan = one("Go to {p1}.", Who(of="d1"))
    problem = check(plan, await scene_for("robot 2 to shelf 1", plan, site, (robot(1), robot(2, **change))))
    assert isinstance(problem, Refusal) and problem.reason == "unavailable" and why in problem.text


async def test_the_system_passes_over_devices_that_are_offline_or_low_and_others_are_left_out_aloud(site):
    fleet = (robot(1, online=False), robot(2, attributes={"battery": 4.0}), robot(3))
    free = one("Go to {p1}.", Who(of="k1", n=1))
    work = preview(free, await scene_for("a robot to shelf 1", free, site, fleet))
    assert isinstance(work, tuple) and [w.device for w in work] == ["robot-3"]
    everyone = one("Go to {p1}.", Who(of="k1", n="all"))
    from coordinator.resolve import resolve_step

    found = resolve_step(everyone.steps[0], await scene_for("all robots to shelf 1", everyone, site, fleet), None)
    assert [g.device for g in found.groups] == ["robot-2", "robot-3"]
    assert found.notes == ("robot 1 is offline, so it was left out.",)


async def test_several_sentences_are_a_chain_on_one_device_and_later_steps_name_their_predecessors(site, fleet):
    plan = Plan(
        steps=(
            Step(who=Who(of="d1"), do=("Go to {p1}.", "Count the items on {p1}.")),
            Step(who=Who(of="d2"), do=("Go to {p1}.",), after=(0,)),
        )
    )
    scene = await scene_for("robot 1 goes to shelf 2 and counts the items on shelf 2, then robot 2 goes to shelf 2", plan, site, fleet)
    work = preview(plan, scene)
    assert isinstance(work, tuple) and [w.after for w in work] == [(), (0,), (0, 1)]


async def test_conditions_and_choices_are_told_in_a_previews_sentences(site, fleet):
    look = Step(who=Who(), each="s1", do=("Check {} for free slots.",))
    pick = Step(who=Who(of="d1"), do=("Move to {pick}.",), after=(0,), pick=Pick.model_validate({"from": 0, "what": "free slots", "as": "first"}))
    when = Step(who=Who(of="d1"), do=("Move to {p1}.",), after=(0,), when=When(step=0, what="free slots", op="<", v="2"))  # pyright: ignore[reportCallIssue]
    for step, text in ((pick, "Move to the first shelf with free slots."), (Step.model_validate({**when.model_dump(by_alias=True)}), None)):
        plan = Plan(steps=(look, step), tell=Tell(what="free slots"))
        work = preview(plan, await scene_for("check shelves 1 and 2 for free slots, then robot 1 to dock 1", plan, site, fleet))
        assert isinstance(work, tuple)
        assert work[2].after == (0, 1)
        assert text is None or work[2].text == text


async def test_a_query_about_the_unknown_is_refused(site, fleet):
    query = Query(who=Who(of="d1"), what="battery")
    assert isinstance(check(query, await scene_for("battery of robot 77", query, site, fleet)), Refusal)


async def test_charge_compared_with_a_number_is_the_battery_and_not_whether_it_charges(site):
    fleet = (robot(1, attributes={"battery": 80.0, "charging": False}), robot(2, attributes={"battery": 10.0, "charging": True}))
    plan = one("Recharge.", Who(of="k1", n="all", where=Where(what="charge", op="<", v="30")))
    work = preview(plan, await scene_for("robots under 30 charge recharge", plan, site, fleet))
    assert isinstance(work, tuple) and [w.device for w in work] == ["robot-2"]


async def test_only_devices_that_are_able_are_chosen_when_nobody_is_named(site):
    fleet = (lamp("a-lamp", "a lamp"), robot(1))
    plan = one("Switch off.", Who())
    work = preview(plan, await scene_for("switch off", plan, site, fleet))
    assert isinstance(work, tuple) and [w.device for w in work] == ["a-lamp"]


@pytest.mark.parametrize("text", ["stop everybody except robot 2", "everyone freeze, apart from robot 1 and robot 2"])
async def test_a_plan_that_acts_on_the_excepted_is_a_question(text, site, fleet):
    scene = await scene_for(text, Control(action="stop"), site, fleet)
    excepted = next(m.ref for m in reversed(scene.linked.mentions))
    assert isinstance(check(Control(action="stop", who=Who(of=excepted)), scene), Question)
    assert check(Control(action="stop", who=Who(of="any", but=tuple(m.ref for m in scene.linked.mentions))), scene) is None
