"""What is done with a reading: zones opened into their places, guesses put to the person, and what each sentence is for."""

from __future__ import annotations

import pytest

from coordinator.choice import choose
from coordinator.linker import link
from coordinator.meaning import Meaning
from coordinator.names import build_names
from coordinator.preview import preview, proposed
from coordinator.purpose import purposes, seeks
from coordinator.resolve import check
from coordinator.scene import Scene
from coordinator.scripted import ScriptedPlanner
from runtime.llm.scripted import ScriptedEmbedder
from schemas import messages as m
from schemas.plan import Control, Intent, Pick, Plan, Query, Question, Refusal, Step, Tell, When, Where, Who
from tests.unit.coordinator.conftest import PROPERTIES, SAME, FakeAgent, World, looks, robot

AT = m.Property(name="at", description="where it is", in_state=True)
FREE = {f"shelf-{n}": n % 3 for n in range(1, 9)}
LOOK = Plan(steps=(Step(do=("Check {p1} for vacant positions.",)),), tell=Tell(what="vacant positions", as_="list"))
GO = Plan(steps=(Step(who=Who(of="d1"), do=("Go to {p1}.",)),))


async def chosen(text: str, site, fleet, *readings: Intent) -> tuple[Intent, Scene]:
    return await choose(readings, Scene(link(text, site, fleet), site, fleet), Meaning(ScriptedEmbedder(SAME)))


async def test_a_zone_that_is_looked_at_is_work_for_each_of_its_places(site, fleet):
    intent, scene = await chosen("anything vacant in aisle B", site, fleet, LOOK)
    assert check(intent, scene) is None
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert isinstance(works, tuple)
    assert sorted(w.text for w in works) == [f"Check shelf {n} for vacant positions." for n in (5, 6, 7, 8)]


async def test_to_go_to_a_zone_is_one_journey(site, fleet):
    intent, scene = await chosen("robot 1 to aisle B", site, fleet, GO)
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert [w.text for w in works if not isinstance(works, Question | Refusal)] == ["Go to aisle B."]


async def test_a_single_shelf_is_no_zone(site, fleet):
    intent, _ = await chosen("anything vacant on shelf 4", site, fleet, LOOK)
    assert intent == LOOK


async def test_a_guess_is_put_to_the_person_in_plain_words(site, fleet):
    intent, scene = await chosen("robot 2 dock 1", site, fleet, Question(about="what_action", guess=GO))
    assert isinstance(intent, Question)
    assert check(intent, scene) == intent
    asked = proposed(intent, scene)
    assert (asked.text, asked.options, asked.guess) == ("I am not sure. Do you mean: robot 2: Go to dock 1?", ("yes", "no"), GO)


async def test_a_guess_that_nobody_can_do_is_refused(site, fleet):
    bake = Plan(steps=(Step(who=Who(of="d1"), do=("Bake a pizza.",)),))
    intent, _ = await chosen("robot 2 bakes a pizza", site, fleet, Question(about="what_action", guess=bake))
    assert isinstance(intent, Refusal)
    assert intent.reason == "no_ability"


@pytest.mark.parametrize(("reply", "sent"), [("Yes.", [("robot-2", "Go to dock 1.")]), ("no", [])])
async def test_a_guess_is_done_after_a_yes_and_dropped_after_a_no(reply, sent):
    planner = ScriptedPlanner({"robot 2 dock 1": Question(about="what_action", guess=GO)})
    async with World(planner, lambda hub, clock: [FakeAgent(hub, clock, (robot(1), robot(2)), looks(FREE))]) as world:
        ident = await world.person.say("robot 2 dock 1")
        await world.person.wait(m.Ask, ident)
        await world.person.reply(ident, reply)
        answer = await world.person.wait(m.Answer, ident, 2)
        assert world.agents[0].texts == sent
    assert answer.complete == bool(sent)
    assert answer.final


def test_an_order_acts_and_a_survey_observes_with_its_last_sentence():
    survey = Plan(steps=(Step(do=("Go to {p1}.", "Count the items.")),), tell=Tell(what="items"))
    assert purposes(survey, 0, 2) == (None, "observe")
    assert purposes(GO, 0, 1) == ("act",)


def test_what_a_branch_or_a_choice_needs_is_observed():
    first = Step(each="s1", do=("Check {} for room.",))
    branch = Step(do=("Go home.",), when=When(step=0, what="room", op=">", v="2"))
    choice = Step(do=("Go to {pick}.",), pick=Pick(from_=0, what="room"))
    for second in (branch, choice):
        plan = Plan(steps=(first, second))
        assert purposes(plan, 0, 1) == ("observe",)
        assert purposes(plan, 1, 1) == ("act",)


async def test_what_is_sought_is_named_by_its_standard_name_unless_states_tell_it(site, fleet):
    intent, scene = await chosen("anything vacant on shelf 4", site, fleet, LOOK)
    assert isinstance(intent, Plan)
    assert seeks(intent, 0, scene) == "free_slots"
    powered = Plan(steps=(Step(do=("Read the {x1}.",)),), tell=Tell(what="battery"))
    intent, scene = await chosen("battery of all", site, fleet, powered)
    assert isinstance(intent, Plan)
    assert seeks(intent, 0, scene) is None


@pytest.mark.parametrize(
    ("what", "v", "who"),
    [
        ("battery", "30 %", ["robot-4"]),
        ("", "30 percent", ["robot-4"]),
        ("robots", "half", ["robot-3", "robot-4"]),
        ("", "a third", ["robot-4"]),
        ("", "30", []),
    ],
)
async def test_a_unit_names_its_property_where_no_word_does(what, v, who, site, fleet):
    low = Plan(steps=(Step(who=Who(of="k1", n="all", where=Where(what=what, op="<", v=v)), do=("Recharge.",)),))
    intent, scene = await chosen(f"all robots below {v} recharge", site, fleet, low)
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert [w.device for w in works if not isinstance(works, Question | Refusal)] == who


async def test_a_question_with_a_unit_alone_is_answered_from_what_has_that_unit():
    asked = Query(who=Who(of="k1", n="all"), what="below", as_="count", where=Where(op="<", v="50 %"))
    text = "How many robots are below 50 %?"
    three = (robot(1), robot(2), robot(3))
    async with World(ScriptedPlanner({text: asked}), lambda hub, clock: [FakeAgent(hub, clock, three, looks(FREE))]) as world:
        answer = await world.person.tell(text)
    assert answer.text == "1 of 3 robots with battery below 50 %: robot 3."


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (Query(who=Who(of="k1", n="all"), as_="count", where=Where(op="<", v="50 %")), "1 of 3 robots with battery below 50 %: robot 3."),
        (Query(who=Who(of="k1", n="all"), as_="list", where=Where(op="==", v="idle")), "Robots with idle yes: robot 1, robot 2, robot 3."),
        (Query(who=Who(of="k1", n="all"), as_="count"), "3: robot 1, robot 2 and robot 3."),
        (Query(who=Who(of="k1", n="all"), as_="list"), "Robot 1, robot 2 and robot 3."),
        (Query(who=Who(of="k1", n="all"), what="wings", as_="count", where=Where(op=">", v="2")), "No device reports wings; "),
    ],
)
async def test_a_question_without_a_property_is_about_its_value_or_the_devices(query, text):
    asked, three = "How are the robots?", (robot(1), robot(2), robot(3))
    async with World(ScriptedPlanner({asked: query}), lambda hub, clock: [FakeAgent(hub, clock, three, looks(FREE))]) as world:
        answer = await world.person.tell(asked)
    assert answer.text.startswith(text)


@pytest.mark.parametrize(
    ("text", "as_", "told"),
    [
        ("Is robot 1 fuller than robot 3?", "max", "Yes: robot 1 80 %, robot 3 40 %."),
        ("Is robot 3 fuller than robot 1?", "max", "No: robot 3 40 %, robot 1 80 %."),
        ("Has robot 3 less charge than robot 1?", "min", "Yes: robot 3 40 %, robot 1 80 %."),
        ("Which is fuller, robot 1 or robot 3?", "max", "Most charge: robot 1 (80 %)."),
    ],
)
async def test_a_comparison_of_two_is_answered_with_yes_or_no(text, as_, told):
    query = Query.model_validate({"who": Who(of=("d1", "d2")), "what": "charge", "as": as_})
    async with World(ScriptedPlanner({text: query}), lambda hub, clock: [FakeAgent(hub, clock, (robot(1), robot(3)), looks(FREE))]) as world:
        assert (await world.person.tell(text)).text == told


async def test_how_many_is_answered_with_the_sum_beside_the_list():
    text = "How many vacant positions are on shelves 1 to 3?"
    plan = Plan(steps=(Step(each="s1", do=("Check {} for vacant positions.",)),), tell=Tell(what="vacant positions", as_="list"))
    async with World(ScriptedPlanner({text: plan}), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), looks(FREE))]) as world:
        answer = await world.person.tell(text)
    assert answer.text == "3 in all. Shelves with vacant positions: shelf 1 (1), shelf 2 (2). No vacant positions: shelf 3."


async def test_everybody_but_one_is_all_others(site, fleet):
    go = Plan(steps=(Step(who=Who(but=("d1",)), do=("Go to {p1}.",)),))
    intent, scene = await chosen("everybody but robot 1 goes to dock 1", site, fleet[:4], go)
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert [w.device for w in works if not isinstance(works, Question | Refusal)] == ["robot-2", "robot-3", "robot-4"]


async def test_a_zone_that_is_mentioned_bounds_the_places(site, fleet):
    plan = Plan(steps=(Step(each="s1", do=("Count the items on {}.",)),), tell=Tell(what="items", as_="list"))
    intent, scene = await chosen("do an inventory of aisle A, I need to know the items on each shelf there", site, fleet, plan)
    assert check(intent, scene) is None
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert sorted(w.text for w in works if not isinstance(works, Question | Refusal)) == [f"Count the items on shelf {n}." for n in (1, 2, 3, 4)]


async def test_a_zone_that_the_same_sentence_names_bounds_the_places(site, fleet):
    plan = Plan(steps=(Step(each="s1", do=("Count the items on {} in {p1}.",)),), tell=Tell(what="items", as_="list"))
    intent, scene = await chosen("in aisle A, count the items on each shelf", site, fleet, plan)
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert sorted(w.text for w in works if not isinstance(works, Question | Refusal)) == [
        f"Count the items on shelf {n} in aisle A." for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("everyone under 50 % recharges", ["robot-3", "robot-4"]),
        ("anything under 50 % recharges", ["robot-3", "robot-4"]),
        ("somebody under 50 % recharges", ["robot-3"]),
    ],
)
async def test_everyone_who_fulfils_a_condition_or_anyone_of_them(text, who, site, fleet):
    low = Plan(steps=(Step(who=Who(where=Where(op="<", v="50 %")), do=("Recharge.",)),))
    intent, scene = await chosen(text, site, fleet[:4], low)
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert [w.device for w in works if not isinstance(works, Question | Refusal)] == who


@pytest.mark.parametrize(("v", "text"), [("90 %", "Recharge."), ("70 %", "Go to shelf 8.")])
async def test_otherwise_follows_where_nobody_met_the_condition(v, text):
    said = f"if robot 1 is below {v} it recharges, otherwise it goes to shelf 8"
    first = Step(who=Who(of="d1", where=Where(what="battery", op="<", v=v)), do=("Recharge.",))
    second = Step(who=Who(of="d1"), do=("Go to {p1}.",), after=(0,), when=When(step=0, ended="failed"))
    planner = ScriptedPlanner({said: Plan(steps=(first, second))})
    async with World(planner, lambda hub, clock: [FakeAgent(hub, clock, (robot(1), robot(2)), looks(FREE))]) as world:
        await world.person.tell(said)
        assert world.agents[0].texts == [("robot-1", text)]


class _Fixed(ScriptedEmbedder):
    """One direction for each of some words, and another for all the rest."""

    WORDS = ("carr", "go", "charge")

    def __init__(self) -> None:
        super().__init__(())

    async def embed(self, texts):
        return [[float(w in t.lower()) for w in self.WORDS] + [0.1] for t in texts]


async def test_what_only_other_devices_do_is_beyond_a_fleet():
    walker, carrier = robot(1, abilities=("goes to a shelf",), properties=()), robot(2, abilities=("carries crates",), properties=())
    meaning = Meaning(_Fixed())
    assert (await meaning.able("Carry the crate to the dock.", (walker,)))["robot-1"] == 0.0
    assert (await meaning.able("Go to the dock.", (walker,)))["robot-1"] > 0.9
    assert (await meaning.able("Carry the crate to the dock.", (walker, carrier)))["robot-2"] > 0.9


class _Places(_Fixed):
    """The place weighs more than the verb, as in real sentence embeddings."""

    WORDS = ("fl", "go", "charge", "shelf", "shelf")


async def test_another_verb_is_another_action_however_near_the_place_is(site):
    walker = robot(1, abilities=("goes to a shelf",), properties=())
    meaning, names = Meaning(_Places()), build_names(site, (walker,))
    assert (await meaning.able("Fly to the shelf.", (walker,)))["robot-1"] > 0.9
    assert (await meaning.able("Fly to the shelf.", (walker,), names))["robot-1"] == 0.0
    assert (await meaning.able("Go to the shelf.", (walker,), names))["robot-1"] > 0.9


async def test_a_state_word_is_a_condition(site, fleet):
    rest = Plan(steps=(Step(who=Who(of="k1", n="all", where=Where(op="==", v="busy")), do=("Recharge.",)),))
    intent, scene = await chosen("all busy robots recharge", site, (robot(1, busy=True), *fleet[1:]), rest)
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert [w.device for w in works if not isinstance(works, Question | Refusal)] == ["robot-1"]


async def test_the_robot_is_a_certain_one_where_there_are_several(site, fleet):
    for n, text in ((None, "the robot goes to dock 1"), (1, "the robot goes to dock 1"), (1, "send the weakest robot to dock 1")):
        intent, scene = await chosen(text, site, fleet, Plan(steps=(Step(who=Who(of="k1", n=n), do=("Go to {p1}.",)),)))
        problem = check(intent, scene)
        assert isinstance(problem, Question)
        assert problem.about == "which_device"
    for text in ("a robot goes to dock 1", "from the kitchen a robot goes to dock 1", "in the aisle any robot goes to dock 1"):
        intent, scene = await chosen(text, site, fleet, Plan(steps=(Step(who=Who(of="k1", n=1), do=("Go to dock 1.",)),)))
        problem = check(intent, scene)
        assert problem is None or "Which robot" not in problem.text


TURNED = [
    ("all robots except those above 60 % recharge", ">", True),
    ("all robots except the ones below half recharge", "<", True),
    ("all robots except those above 60 % recharge", "<=", False),
    ("don't bother the ones under half, all other robots recharge", "<", True),
    ("don't bother the ones under half, all other robots recharge", ">=", False),
    ("all robots above 60 % recharge, except robot 2", ">", False),
    ("All robots but robot 2. Then those above 60 % recharge", ">", False),
]


@pytest.mark.parametrize(("text", "op", "asked"), TURNED, ids=[f"{t[0]} {t[1]}" for t in TURNED])
async def test_a_condition_that_excepts_is_not_taken_for_one_that_selects(text, op, asked, site, fleet):
    v = "half" if "half" in text else "60 %"
    but = ("d1",) if "robot 2" in text else ()
    plan = Plan(steps=(Step.model_validate({"who": Who(of="k1", n="all", where=Where(what="battery", op=op, v=v), but=but), "do": ("Recharge.",)}),))
    intent, scene = await chosen(text, site, fleet, plan)
    problem = check(intent, scene)
    assert (isinstance(problem, Question) and v in problem.text) == asked


async def test_a_guessed_stop_is_named(site, fleet):
    intent, scene = await chosen("robot 1 enough", site, fleet, Question(about="what_action", guess=Control(action="stop", who=Who(of="d1"))))
    assert isinstance(intent, Question)
    assert "stop robot 1" in proposed(intent, scene).text


async def test_otherwise_without_another_side_is_asked_about(site, fleet):
    said = "if robot 1 is below 30 % it recharges, otherwise it goes to shelf 8"
    same = Where(what="battery", op="<", v="30 %")
    steps = tuple(Step(who=Who(of="d1", where=same), do=(do,)) for do in ("Recharge.", "Go to {p1}."))
    intent, scene = await chosen(said, site, fleet, Plan(steps=steps))
    problem = check(intent, scene)
    assert isinstance(problem, Question)
    assert "otherwise" in problem.text
    other = steps[1].model_copy(update={"who": Who(of="d1", where=same.model_copy(update={"op": ">="}))})
    intent, scene = await chosen(said, site, fleet, Plan(steps=(steps[0], other)))
    assert check(intent, scene) is None


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("Is robot 1 at its dock?", None, "Yes: robot 1 is at dock 2."),
        ("Is robot 1 at dock 1?", "p1", "No: robot 1 is at dock 2."),
        ("Is robot 1 at the packing station?", "p1", "No: robot 1 is at dock 2."),
        ("Is robot 1 at dock 2?", "p1", "Yes: robot 1 is at dock 2."),
    ],
)
async def test_whether_a_device_is_at_a_place(text, at, told):
    query = Query.model_validate({"who": Who(of="d1", at=at), "what": "" if at else "location", "as": "any" if at else "value"})
    docked = robot(1, attributes={"at": "dock-2"}, properties=(AT,))
    async with World(ScriptedPlanner({text: query}), lambda hub, clock: [FakeAgent(hub, clock, (docked,), looks(FREE))]) as world:
        assert (await world.person.tell(text)).text == told


async def test_that_nobody_is_at_a_place_is_an_answer():
    text, query = "How many robots are at dock 1?", Query(who=Who(of="k1", n="all", at="p1"), as_="count")
    async with World(
        ScriptedPlanner({text: query}), lambda hub, clock: [FakeAgent(hub, clock, (robot(1, attributes={"at": "dock-2"}),), looks(FREE))]
    ) as world:
        answer = await world.person.tell(text)
    assert (answer.intent, answer.text, answer.complete) == ("query", "There is no robot at dock 1.", True)


async def test_which_one_has_the_most_asks_about_all():
    text, query = "Which robot has the most charge?", Query.model_validate({"who": Who(of="k1", n="the"), "what": "charge", "as": "max"})
    three = (robot(1), robot(2), robot(3))
    async with World(ScriptedPlanner({text: query}), lambda hub, clock: [FakeAgent(hub, clock, three, looks(FREE))]) as world:
        assert (await world.person.tell(text)).text == "Most charge: robot 1 (80 %)."


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("is there any space on those two shelves", True),
        ("look at these shelves", True),
        ("look at this shelf", True),
        ("look at those shelves that are in aisle A", False),
        ("look at shelf 2 and all those shelves", False),
        ("check that shelves are full", False),
        ("look at all shelves", False),
        ("look at these 3 shelves: shelves 1, 2 and 3", True),
    ],
)
async def test_what_a_person_points_at_is_asked_for(text, asked, site, fleet):
    plan = Plan(steps=(Step(each="s1", do=("Look at {}.",)),))
    intent, scene = await chosen(text, site, fleet, plan)
    problem = check(intent, scene)
    pointed = isinstance(problem, Question) and problem.text.startswith(("Which shelves do you mean", "Which shelf do you mean"))
    assert pointed == asked
    if isinstance(problem, Question) and pointed:
        assert problem.options[:2] == ("shelf 1", "shelf 2")


@pytest.mark.parametrize("action", ["stop", "pause"])
async def test_a_stop_where_nobody_is_may_be_meant_for_all(action):
    text = f"somebody is up a ladder in aisle B, {action} all robots"
    control = Control(action=action, who=Who(of="k1", n="all", at="p1"))
    away = tuple(robot(n, attributes={"at": "dock-1"}) for n in (1, 2))
    async with World(ScriptedPlanner({text: control}), lambda hub, clock: [FakeAgent(hub, clock, away, looks(FREE))]) as world:
        ident = await world.person.say(text)
        ask = await world.person.wait(m.Ask, ident)
        assert ask.text == f"There is no robot at aisle B. Do you mean: {action} robot 1 and robot 2?"
        await world.person.reply(ident, "yes")
        answer = await world.person.wait(m.Answer, ident, 2)
    assert answer.intent == "control"
    assert "robot 1 and robot 2" in answer.text


@pytest.mark.parametrize(
    ("text", "what", "found"),
    [
        ("what items are on shelf 1", "items", "item_names"),
        ("which items are on shelf 1", "items", "item_names"),
        ("what have we got lying on shelf 1, I mean items", "items", "item_names"),
        ("how many items are on shelf 1", "items", "items"),
        ("which shelves have items", "items", "items"),
        ("hello, any slots? be quick", "hello", None),
        ("free slots any, be quick", "any", "free_slots"),
    ],
)
async def test_what_is_asked_is_named_by_its_words_or_by_their_clause(text, what, found, site):
    looker = robot(1, properties=(*PROPERTIES, m.Property(name="item_names", description="names of the items")))
    plan = Plan(steps=(Step(do=("Check {p1}.",)),), tell=Tell(what=what, as_="list"))
    _, scene = await chosen(text, site, (looker,), plan)
    assert next(iter(scene.meanings.properties[what]), None) == found


async def test_the_dock_is_everybodys_own(site, fleet):
    plan = Plan(steps=(Step(who=Who(of=("d1", "d2")), each="s1", do=("Go to {}.",)),))
    homed = tuple(robot(n, place=f"dock-{n}", attributes={"at": "shelf-1"}) for n in (1, 2))
    intent, scene = await chosen("robot 1 and robot 2 go to the dock", site, homed, plan)
    assert check(intent, scene) is None
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    assert [(w.device, w.text) for w in works if not isinstance(works, Question | Refusal)] == [
        ("robot-1", "Go to the dock."),
        ("robot-2", "Go to the dock."),
    ]
    intent, scene = await chosen("robot 1 and robot 2 go to the dock", site, fleet[:2], plan)
    problem = check(intent, scene)
    assert isinstance(problem, Question)
    assert problem.text == "Which dock do you mean: dock 1 or dock 2?"


@pytest.mark.parametrize(
    ("phrase", "direction", "asked"),
    [
        ("the fullest", "min", True),
        ("fullest", "max", False),
        ("battery", "min", True),
        ("the emptiest", "max", True),
        ("the emptiest", "min", False),
    ],
)
async def test_most_is_not_taken_for_least(phrase, direction, asked, site, fleet):
    said = "the robot with the most battery goes to dock 1" if phrase == "battery" else f"{phrase} robot goes to dock 1"
    plan = Plan(steps=(Step(who=Who(of="k1", n=1, top=(direction, phrase)), do=("Go to {p1}.",)),))
    intent, scene = await chosen(said, site, fleet[:4], plan)
    problem = check(intent, scene)
    assert (isinstance(problem, Question) and "I had read the opposite" in problem.text) == asked
    if isinstance(problem, Question):
        assert isinstance(problem.guess, Plan)
        assert problem.guess.steps[0].who.top == ({"min": "max", "max": "min"}[direction], phrase)


@pytest.mark.parametrize(
    ("text", "do", "asked"),
    [
        ("robot 1 to shelf 8, but at half speed", "Go to {p1}.", True),
        ("robot 1 to shelf 8, but at half speed", "Go to {p1} at half speed.", False),
        ("robot 1 waits ten seconds at shelf 8", "Wait at {p1}.", True),
        ("robot 1 waits one minute at shelf 8", "Wait at {p1}.", True),
        ("for the third time, robot 1 to shelf 8", "Go to {p1}.", False),
        ("robot 1 waits ten seconds at shelf 8", "Wait ten seconds at {p1}.", False),
        ("robot 1 goes to shelf 8, the truck is number 5", "Go to {p1}.", False),
    ],
)
async def test_a_quantity_that_no_sentence_heeds_is_asked_about(text, do, asked, site, fleet):
    intent, scene = await chosen(text, site, fleet, Plan(steps=(Step(who=Who(of="d1"), do=(do,)),)))
    problem = check(intent, scene)
    assert (isinstance(problem, Question) and problem.about == "which_value") == asked


@pytest.mark.parametrize(
    ("tops", "asked"), [((("min", "emptiest"),), True), ((("min", "emptiest"), ("max", "fullest")), False)], ids=["one rank", "both"]
)
async def test_two_ranks_are_two_choices(tops, asked, site, fleet):
    text = "the two emptiest robots recharge and the fullest one goes to shelf 1, it may take at most an hour"
    steps = tuple(Step(who=Who(of="k1", n=2, top=top), do=("Recharge.", "Go to {p1}.")) for top in tops)
    intent, scene = await chosen(text, site, fleet[:4], Plan(steps=steps))
    problem = check(intent, scene)
    assert (isinstance(problem, Question) and "only one of them" in problem.text) == asked


@pytest.mark.parametrize(("do", "asked"), [(("Go to {p1}.",), True), (("Go to {p1}.", "Beep."), False)])
async def test_what_the_fleet_does_and_no_sentence_says_is_asked_about(do, asked, site):
    beeper = robot(1, abilities=("moves to a shelf", "beeps", "takes a picture"))
    plan = Plan(steps=(Step(who=Who(of="d1"), do=do),))
    intent, scene = await chosen("robot 1 goes to shelf 2, have it beep there, we take it from there", site, (beeper,), plan)
    problem = check(intent, scene)
    assert (isinstance(problem, Question) and "'beep'" in problem.text) == asked


async def test_the_last_word_of_a_kind_names_it_and_a_word_that_fits_several_names_means_them_all(site):
    fleet = tuple(robot(n, kind="warehouse_robot") for n in (1, 2))
    linked = link("which robot has the most charge", site, fleet)
    assert [(m.letter, m.ids) for m in linked.mentions] == [("k", ("robot-1", "robot-2"))]
    two = (*fleet, robot(3, kind="lawn_robot"))
    assert link("which robot has the most charge", site, two).mentions == ()
    meant = await Meaning(ScriptedEmbedder((*SAME, ("helper", "robot")))).reference("helper", build_names(site, fleet))
    assert meant is not None
    assert (meant.letter, meant.ids) == ("k", ("robot-1", "robot-2"))


async def test_a_plan_that_tells_what_its_work_finds_needs_no_name_for_it(site):
    text = "Check vacant positions on shelf 2."
    plan = Plan(steps=(Step(do=("Check vacant positions on {p1}.",)),), tell=Tell(as_="list"))
    async with World(ScriptedPlanner({text: plan}), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), looks(FREE))]) as world:
        answer = await world.person.tell(text)
    assert answer.complete
    assert answer.text == "Shelves with free slots: shelf 2 (2)."
    intent, scene = await chosen(text, site, (robot(1),), plan)
    assert isinstance(intent, Plan)
    assert seeks(intent, 0, scene) == "free_slots"


@pytest.mark.parametrize(
    ("text", "control", "asked"),
    [
        ("robots 3 and 4 keep running, stop the others", Control(action="stop", who=Who(of=("d1", "d2"))), True),
        ("robots 3 and 4 keep running, stop everyone else", Control(action="stop", who=Who(but=("d1", "d2"))), False),
        ("stop robots 3 and 4", Control(action="stop", who=Who(of=("d1", "d2"))), False),
        ("stop robots 3 and 4 before they hit the others", Control(action="stop", who=Who(of=("d1", "d2"))), False),
        ("stop robots 3 and 4, the others can carry on", Control(action="stop", who=Who(of=("d1", "d2"))), False),
    ],
)
async def test_the_others_are_not_the_named_ones(text, control, asked, site, fleet):
    intent, scene = await chosen(text, site, fleet[:4], control)
    problem = check(intent, scene)
    assert (isinstance(problem, Question)) == asked
    if isinstance(problem, Question):
        assert proposed(problem, scene).text == "It is hardly robot 3 and robot 4 that shall stop. Do you mean: stop robot 1 and robot 2?"


async def test_a_number_is_shown_as_it_was_said(site, fleet):
    plan = Plan(steps=(Step(who=Who(of="d1"), do=("Go to {p1}.",)),))
    intent, scene = await chosen("robot 1 to shelf 5, slowly, 0.3 metres a second", site, fleet, plan)
    problem = check(intent, scene)
    assert problem is not None
    assert "'0.3 metres'" in problem.text


@pytest.mark.parametrize(
    ("text", "as_", "right"),
    [("which robot is the warmest", "min", "max"), ("which robot is the coldest", "min", "min"), ("which robot has the lowest charge", "max", "min"),
     ("the most drained", "min", "min"), ("which one is it", "min", "min")],
)  # fmt: skip
async def test_a_question_has_the_direction_of_its_superlative(text, as_, right, site, fleet):
    query = Query.model_validate({"who": Who(of="k1", n="all"), "what": "charge", "as": as_})
    intent, _ = await chosen(text, site, fleet[:4], query)
    assert isinstance(intent, Query)
    assert intent.as_ == right
