"""Answers: aggregates over facts, queries from states, and the instruction without a bus."""

from __future__ import annotations

import pytest

from coordinator.answer import answer_query
from coordinator.environment import places_in, read_status
from coordinator.meaning import Meaning
from coordinator.offline import plan_case
from coordinator.scripted import ScriptedPlanner
from coordinator.telling import Asked, tell
from runtime.llm.scripted import ScriptedEmbedder
from schemas.observations import Observation
from schemas.plan import Control, Goal, Plan, Query, Question, Step, Where, Who
from tests.unit.coordinator.conftest import SAME, robot, scene_for

NUMBERS = tuple(Observation(subject=f"shelf-{n}", property="free_slots", value=v) for n, v in ((1, 2), (2, 0), (3, 5)))
FLAGS = tuple(Observation(subject=f"shelf-{n}", property="dusty", value=v) for n, v in ((1, True), (2, False)))
WORDS = tuple(Observation(subject=f"shelf-{n}", property="item_names", value=v) for n, v in ((1, ("nuts", "bolts")), (2, ())))
LEVELS = tuple(Observation(subject=f"shelf-{n}", property="battery", value=v, unit="%") for n, v in ((1, 20.0), (2, 30.0)))
MORE = Where(op=">", v="1")
TELLS = [
    ("free slots", "list", None, NUMBERS, "Shelves with free slots: shelf 1 (2), shelf 3 (5). No free slots: shelf 2."),
    ("free slots", "list", MORE, NUMBERS, "Shelves with free slots above 1: shelf 1 (2), shelf 3 (5). Not so: shelf 2."),
    ("free slots", "count", None, NUMBERS, "Free slots: 7 in all (shelf 1: 2, shelf 2: 0, shelf 3: 5)."),
    ("free slots", "count", MORE, NUMBERS, "2 of 3 shelves with free slots above 1: shelf 1 and shelf 3."),
    ("free slots", "max", None, NUMBERS, "Most free slots: shelf 3 (5)."),
    ("free slots", "min", None, NUMBERS, "Least free slots: shelf 2 (0)."),
    ("free slots", "mean", None, NUMBERS, "Mean free slots of 3 shelves: 2.33."),
    ("free slots", "any", None, NUMBERS, "Yes: shelf 1 (2), shelf 3 (5)."),
    ("a free slot", "any", None, NUMBERS[1:2], "No: no free slot (shelf 2)."),
    ("free slots", "all", None, NUMBERS, "No: shelf 2 (0) has not."),
    ("free slots", "all", None, NUMBERS[:1], "Yes, all: shelf 1 (2)."),
    ("free slots", "value", None, NUMBERS, "Free slots – shelf 1: 2; shelf 2: 0; shelf 3: 5."),
    ("dust", "list", None, FLAGS, "Shelves with dust: shelf 1. Not so: shelf 2."),
    ("dust", "count", None, FLAGS, "1 of 2 shelves with dust: shelf 1."),
    ("contents", "list", None, WORDS, "Contents – shelf 1: 2 (nuts and bolts); shelf 2: none."),
    ("charge", "count", None, LEVELS, "Charge – shelf 1: 20 %; shelf 2: 30 %."),
    ("charge", "count", None, LEVELS[:1], "Charge: 20 % in all."),
    ("free slots", "list", None, (), "Nothing was found out about free slots."),
]


@pytest.mark.parametrize(("what", "as_", "where", "facts", "text"), TELLS)
async def test_facts_are_told_as_asked(what, as_, where, facts, text, site, fleet):
    scene = await scene_for("", Question(about="what_action"), site, fleet)
    assert tell(Asked(what, as_, where, ()), facts, scene).text == text


async def test_whoever_could_not_be_asked_is_named_and_the_answer_is_incomplete(site, fleet):
    scene = await scene_for("", Question(about="what_action"), site, fleet)
    told = tell(Asked("free slots", "any", None, ("shelf-1", "shelf-4")), NUMBERS[:1], scene)
    assert told.text == "Yes: shelf 1 (2). Unknown for shelf 4." and not told.answered


QUERIES = [
    ("battery of robot 2", Query(who=Who(of="d1"), what="battery"), "Battery – robot 2: 60 %.", True),
    (
        "which robots have over 50 juice",
        Query.model_validate({"who": {"of": "k1", "n": "all"}, "what": "juice", "as": "list", "where": {"op": ">", "v": "50"}}),
        "Robots with juice above 50: robot 1 (80 %), robot 2 (60 %). Not so: robot 3 and robot 4.",
        True,
    ),
    (
        "are all robots online",
        Query.model_validate({"who": {"of": "k1", "n": "all"}, "what": "online", "as": "all"}),
        "Yes, all: robot 1, robot 2, robot 3, robot 4.",
        True,
    ),
    (
        "how many robots",
        Query.model_validate({"who": {"of": "k1", "n": "all"}, "what": "xyzzy", "as": "count"}),
        "4: robot 1, robot 2, robot 3 and robot 4.",
        True,
    ),
    ("toner of robot 1", Query(who=Who(of="d1"), what="toner"), "No device reports toner; one would have to go and look.", False),
]


@pytest.mark.parametrize(("text", "query", "answer", "complete"), QUERIES, ids=[q[0] for q in QUERIES])
async def test_a_query_is_answered_from_states(text, query, answer, complete, site, fleet):
    told = answer_query(query, await scene_for(text, query, site, fleet), 0.0)
    assert (told.text, told.complete) == (answer, complete)


async def test_last_words_of_an_offline_device_are_called_so(site):
    query = Query(who=Who(of="d1"), what="battery")
    told = answer_query(query, await scene_for("battery of robot 2", query, site, (robot(1), robot(2, online=False))), 0.0)
    assert told.text == "Battery – robot 2: 60 %. robot 2 is offline: last known." and not told.complete


# Without a bus

MEANING = Meaning(ScriptedEmbedder(SAME))
FLEET = [
    {"device": "R/1", "kind": "robot", "capabilities": ["checks a shelf", "moves to a shelf"], "attributes": {"battery": 20}},
    {"device": "R/2", "kind": "robot", "capabilities": ["checks a shelf", "moves to a shelf"], "status": "idle, battery 80 %"},
]


async def offline(instruction: str, intent, **case):
    given = {"id": "c", "instruction": instruction, "environment": "There are shelves 1 to 3.", "fleet": FLEET, **case}
    return await plan_case(given, ScriptedPlanner({instruction: intent}), MEANING)


async def test_a_case_becomes_subtasks_with_its_own_ids():
    plan = Plan(steps=(Step(who=Who(), each="s1", do=("Check {}.",)),))
    made = await offline("check the shelves", plan)
    assert made["id"] == "c" and made["kind"] == "plan" and "error" not in made
    assert [(s["device"], s["text"], s["after"]) for s in made["subtasks"]] == [
        ("R/1", "Check shelf 1.", []), ("R/2", "Check shelf 2.", []), ("R/1", "Check shelf 3.", []),
    ]  # fmt: skip


async def test_prose_status_counts_as_attributes():
    plan = Plan(steps=(Step(who=Who(of="k1", n="all", where=Where(what="battery", op=">", v="50 %")), do=("Move to {p1}.",)),))
    made = await offline("robots over 50 % battery move to shelf 1", plan)
    assert [s["device"] for s in made["subtasks"]] == ["R/2"]


async def test_control_query_goal_and_objections_have_their_own_kinds():
    stop = await offline("halt", Control(action="stop"))
    assert stop["kind"] == "control" and [s["text"] for s in stop["subtasks"]] == ["Stop.", "Stop."]
    query = await offline("battery of the robots", Query(who=Who(of="k1", n="all"), what="battery"))
    assert query["kind"] == "query" and query["subtasks"] == []
    goal = await offline("keep R/1 battery above 10", Goal(who=Who(of="d1"), what="battery", op=">", v="10"))
    assert goal["kind"] == "goal" and goal["subtasks"] == [{"device": "R/1", "text": "Report the battery.", "after": []}]
    unknown = await offline("move to shelf 9", Plan(steps=(Step(do=("Move to {p1}.",)),)))
    assert unknown["kind"] == "refusal" and "no shelf 9" in unknown["refusal"]
    ask = await offline("do it", Question(about="what_action"))
    assert ask["kind"] == "question" and ask["question"]


@pytest.mark.parametrize("case", [{}, {"instruction": 3, "fleet": []}, {"instruction": "x"}, {"instruction": "x", "fleet": [{"device": ""}]}])
async def test_a_broken_case_is_an_error_and_no_exception(case):
    made = await plan_case(case, ScriptedPlanner({}), MEANING)
    assert made["error"] and made["subtasks"] == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A warehouse with 3 shelves.", ["shelf 1", "shelf 2", "shelf 3"]),
        ("Shelves 2-3 and dock 7", ["shelf 2", "shelf 3", "dock 7"]),
        ("Rooms: kitchen, living room and hall.", ["kitchen", "living room", "hall"]),
        ("aisles A, B and C", ["aisle A", "aisle B", "aisle C"]),
        ("Use the Loading Bay.", ["Loading Bay"]),
        ("", []),
    ],
)
def test_places_are_read_from_prose(text, names):
    assert [p.name for p in places_in(text, [])] == names


async def test_a_status_in_prose_becomes_attributes():
    assert await read_status("idle, battery 35%", MEANING) == {"busy": False, "battery": 35.0}
    assert await read_status("offline", MEANING) == {"online": False}
