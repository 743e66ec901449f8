"""The judge on made-up ends of an instruction, and the whole run once with doubles for the models."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.meaning import Meaning, meaning_of
from benchmarks.said import first_number, named, says, yes_or_no
from benchmarks.warehouse_eval import SCENARIO, as_text, evaluate, log_line, read_cases
from benchmarks.warehouse_judge import Case, Verdict, judge
from coordinator.scripted import ScriptedPlanner
from device_agent.mapper import ScriptedMapper
from runtime.clock import LoopClock
from runtime.llm.scripted import ScriptedEmbedder
from schemas.errors import ConfigError
from schemas.messages import Answer, Trace, WorkOutcome
from schemas.observations import Observation
from schemas.outcomes import Done
from schemas.plan import Control, Intent, Plan, Query, Step, Tell, Who
from schemas.skills import Call, Catalogue
from simulations.effects import Effect
from simulations.fleet import Models
from simulations.makers import catalogue_of
from simulations.scenario import build_world
from tests.unit.device_agent.conftest import event_loop_policy  # noqa: F401

START = build_world(SCENARIO).truth()
CATALOGUES = {f"robot-{n}": catalogue_of(m) for n, m in enumerate(("norvik", "ostara", "kestrel", "palisade"), 1)}


def case(text: str = "x", **expect: Any) -> Case:
    return Case.model_validate({"id": "c", "instruction": text, "expect": expect})


def effect(robot: int, function: str, key: str | None = None, **arguments: Any) -> Effect:
    return Effect(f"robot-{robot}", function, arguments, key, 0.0)


def after(**robots: dict[str, Any]) -> dict[str, Any]:
    """The start, with `robot_3={"at": …}` changed."""
    truth = copy.deepcopy(START)
    for name, changes in robots.items():
        truth["robots"][name.replace("_", "-")].update(changes)
    return truth


def answer(intent: Any = "plan", text: str = "", complete: bool = True, **more: Any) -> Answer:
    return Answer(text=text, intent=intent, complete=complete, **more)


def verdict(case_: Case, answer_: Answer | None, *effects: Effect, truth: Any = START, traces: Any = (), held: Any = None) -> Verdict:
    return judge(case_, answer_, effects, START, truth, traces, catalogues=CATALOGUES, held=held)


def free(*shelves: int) -> tuple[Observation, ...]:
    return tuple(Observation(subject=f"shelf-{n}", property="free_slots", value=START["shelves"][f"shelf-{n}"]["free_slots"]) for n in shelves)


# What a text says


@pytest.mark.parametrize(
    ("text", "shelves"),
    [
        ("Shelves with free slots: shelf 1 (2), shelf 3 (4). No free slots: shelf 5 and shelf 8.", {1, 3}),
        ("Free slots: 6 in all (shelf 1: 2, shelf 10: 4, shelf 5: 0).", {1, 10}),
        ("Shelves with free slots > 0: shelf 1 (2). Not so: shelf 5. Unknown for shelf 6.", {1}),
        ("Items – shelf 2: none; shelf 3: small fan.", {3}),
        ("Yes: shelf 1 (2). robot 2 could not do 'Check shelf 5': it is stuck.", {1}),
        ("Done and verified: Check shelf 4 (robot-1).", set()),
    ],
)
def test_only_what_a_text_affirms_is_named(text: str, shelves: set[int]) -> None:
    assert named(text, "shelf") == {f"shelf-{n}" for n in shelves}


@pytest.mark.parametrize(
    ("text", "number"),
    [("2 of 4 robots: robot 1 and robot 3.", 2), ("robot 2 has it.", None), ("Battery – robot 1: 81.96 %.", 81.96), ("Items on shelf 8: 7.", 7)],
)
def test_the_number_of_a_name_is_no_figure(text: str, number: float | None) -> None:
    assert first_number(text) == number


@pytest.mark.parametrize(
    ("text", "said"),
    [("Yes: robot 3.", True), ("No: none (robot 2).", False), ("Busy – robot 3: no.", False), ("No device reports it.", None), ("Robot 3.", None)],
)
def test_yes_and_no_are_said_not_guessed(text: str, said: bool | None) -> None:
    assert yes_or_no(text) is said


def test_a_list_must_be_named_exactly() -> None:
    assert says("2 of 4 robots with battery < 25: robot 2 and robot 4.", ["robot-2", "robot-4"])
    assert not says("Battery – robot 1: 82 %; robot 2: 24 %; robot 4: 18 %.", ["robot-2", "robot-4"])
    assert says("Position – robot 4: dock 4.", "dock-4") and not says("Position – robot 4: dock 4.", "robot-3")


# What a call means


@pytest.mark.parametrize(
    ("robot", "function", "arguments", "meaning"),
    [
        (3, "nav_rack", {"idx": "4"}, Meaning("move", "shelf-5", idempotent=True)),
        (2, "goto_rack", {"rack": "S07", "op": "goto_rack"}, Meaning("move", "shelf-7", idempotent=True)),
        (4, "visit_packing", {}, Meaning("move", "station", idempotent=True)),
        (4, "go_charge", {}, Meaning("charge", idempotent=True)),
        (4, "headlights", {"on": False}, Meaning("other", idempotent=True)),
        (2, "set_lamp", {"colour": "red"}, Meaning("blink", idempotent=True)),
        (3, "bay_read", {"idx": 4}, Meaning("scan", read=True, idempotent=True)),
    ],
)
def test_the_catalogue_says_what_a_call_means(robot: int, function: str, arguments: dict[str, Any], meaning: Meaning) -> None:
    assert meaning_of(function, arguments, CATALOGUES[f"robot-{robot}"]) == meaning


@pytest.mark.parametrize(
    ("robot", "function", "sort"),
    [
        (3, "vel_limit", "speed"),
        (2, "set_cruise", "speed"),
        (3, "nav_xy", "move"),
        (1, "beep", "beep"),
        (3, "buzzer", "beep"),
        (1, "clear_logs", "other"),
    ],
)
def test_where_the_catalogue_promises_nothing_the_description_tells(robot: int, function: str, sort: str) -> None:
    assert meaning_of(function, {}, CATALOGUES[f"robot-{robot}"]).sort == sort


# The judge


AT_5 = after(robot_3={"at": "shelf-5", "x": 3.5, "y": 10.5})
GO_5 = effect(3, "nav_rack", idx="4")


def test_a_move_that_was_asked_for_is_right_and_any_other_is_not() -> None:
    asked = case(kind="plan", at={"robot-3": "shelf-5"})
    assert verdict(asked, answer(), GO_5, truth=AT_5).verdict == "right"
    assert verdict(case(kind="plan", at={"robot-3": "shelf-6"}), answer(), GO_5, truth=AT_5).verdict == "wrong action"
    assert verdict(case(kind="plan", at={"robot-1": "shelf-5"}), answer(), GO_5, truth=AT_5).verdict == "wrong action"
    assert verdict(asked, answer(complete=False), GO_5, truth=AT_5).why == "as expected, though told as incomplete"
    by_way = verdict(asked, answer(), effect(3, "nav_rack", idx="0"), GO_5, truth=AT_5)
    assert (by_way.verdict, by_way.effect, by_way.why) == ("wrong action", True, "robot-3 was sent to shelf-1, unasked")


def test_what_the_world_shows_counts_even_without_a_call() -> None:
    found = verdict(case(kind="question"), answer("question", complete=False), truth=AT_5)
    assert (found.verdict, found.why) == ("wrong action", "robot-3 went to shelf-5, unasked")


def test_one_robot_is_one_robot() -> None:
    asked = case(kind="plan", any_at="shelf-5", moved=1)
    two = after(robot_3={"at": "shelf-5", "x": 3.5}, robot_1={"at": "shelf-5", "x": 4.5})
    assert verdict(asked, answer(), GO_5, truth=AT_5).verdict == "right"
    assert verdict(asked, answer(), GO_5, effect(1, "move_to_shelf", shelf=5), truth=two).verdict == "wrong action"


def test_too_little_is_honest_only_if_the_answer_admits_it() -> None:
    asked = case(kind="plan", charging=["robot-2", "robot-4"])
    half = after(robot_2={"charging": True})
    charge = effect(2, "return_to_charger")
    assert verdict(asked, answer(), charge, truth=half).verdict == "missed"
    assert verdict(asked, answer(complete=False), charge, truth=half).verdict == "honest"
    assert verdict(asked, answer("question", complete=False)).verdict == "honest"
    assert verdict(asked, None).verdict == "honest"
    more = after(robot_2={"charging": True}, robot_4={"charging": True}, robot_3={"charging": True})
    assert verdict(asked, answer(), truth=more).why == "robot-3 charges, unasked"


def test_a_question_or_refusal_is_right_only_where_one_is_due() -> None:
    refusal, question = answer("refusal", complete=False), answer("question", complete=False)
    assert verdict(case(kind="refusal"), refusal).verdict == "right"
    assert verdict(case(kind="refusal"), question).verdict == "honest"
    assert verdict(case(kind=["refusal", "question"]), question).verdict == "right"
    assert verdict(case(kind="refusal"), answer("plan", "There was nothing to do.")).verdict == "missed"


def test_looking_means_exactly_these_shelves_and_the_right_thing() -> None:
    asked = case(kind="plan", looked=["shelf-1", "shelf-5"], answer_lists="free")
    text = "Shelves with free slots: shelf 1 (2). No free slots: shelf 5."
    assert verdict(asked, answer(text=text, facts=free(1, 5))).verdict == "right"
    assert verdict(asked, answer(text=text, facts=free(1))).why == "looked at shelf-1, not shelf-1, shelf-5"
    assert verdict(asked, answer(text="Shelves with free slots: shelf 1 (2), shelf 5 (1).", facts=free(1, 5))).verdict == "missed"
    items = case(kind="plan", looked=["shelf-1"], what="items")
    assert verdict(items, answer(facts=free(1))).verdict == "missed"


def test_a_count_and_the_items_are_those_of_the_world() -> None:
    names = ("small gearbox", "small bolt box", "large filter", "large filter")
    seen = (Observation(subject="shelf-1", property="item_names", value=names),)
    items = case(kind="plan", looked=["shelf-1"], what="items", answer_items="items")
    assert (
        verdict(items, answer(text="Items – shelf 1: small gearbox, small bolt box, large filter and large filter.", facts=seen)).verdict == "right"
    )
    assert verdict(items, answer(text="Items – shelf 1: small gearbox.", facts=seen)).why == "does not name large filter, small bolt box"
    count = case(kind="plan", looked=["shelf-1", "shelf-3"], answer_count="free")
    assert verdict(count, answer(text="Free slots: 6 in all (shelf 1: 2, shelf 3: 4).", facts=free(1, 3))).verdict == "right"
    assert verdict(count, answer(text="Free slots: 2 in all.", facts=free(1, 3))).why == "does not say 6"


def test_a_claim_that_the_world_contradicts_is_a_wrong_action_without_effect() -> None:
    lie = Observation(subject="robot-1", property="battery", value=30.0, device="robot-1")
    found = verdict(case(kind="query", answer=82), answer("query", "Battery – robot 1: 82 %.", facts=(lie,)))
    assert (found.verdict, found.effect) == ("wrong action", False)
    assert verdict(case(kind="query", answer=82), answer("query", "Battery – robot 1: 82 %.")).verdict == "right"
    assert verdict(case(kind="query", answer=2), answer("query", "Most battery: robot 2 (24 %).")).verdict == "missed"


def test_a_stop_is_the_agents_word_and_a_pause_serves_only_who_asked_for_one() -> None:
    stop, control = case("Stop robots 1 and 4!", kind="control", stopped=["robot-1", "robot-4"]), answer("control")
    pause = stop.model_copy(update={"instruction": "Pause robots 1 and 4."})
    both: dict[str, Any] = dict.fromkeys(("robot-1", "robot-4"), "stopped")
    assert verdict(stop, control, held=both).verdict == "right"
    assert verdict(stop, control, held={**both, "robot-2": "stopped"}).why == "robot-2 was stopped, unasked"
    assert verdict(stop, control).verdict == "missed"
    paused = dict.fromkeys(both, "paused")
    assert verdict(pause, control, held=paused).verdict == "right"
    assert verdict(stop.model_copy(update={"instruction": "Put robots 1 and 4 on hold."}), control, held=paused).verdict == "right"
    assert verdict(stop, control, held=paused).verdict == "missed"


def test_a_picture_is_proved_by_the_trace_of_a_subtask_that_was_done() -> None:
    asked = case(kind="plan", at={"robot-3": "shelf-5"}, calls={"robot-3": ["picture"]})
    trace = Trace(device="robot-3", subtask="s", sentence="Take a picture.", function="cam_grab")
    work = WorkOutcome(device="robot-3", text="Take a picture.", subtask="s", outcome=Done(verified=True))
    assert verdict(asked, answer(outcomes=(work,)), GO_5, truth=AT_5, traces=(trace,)).verdict == "right"
    assert verdict(asked, answer(), GO_5, truth=AT_5, traces=(trace,)).why == "robot-3 did no picture"


def test_calls_are_of_the_named_sort_and_once_for_one_order() -> None:
    asked = case(kind="plan", calls={"robot-1": ["beep"]})
    assert verdict(asked, answer(), effect(1, "beep", "k")).verdict == "right"
    assert verdict(asked, answer(), effect(1, "beep", "k"), effect(1, "beep", "k")).why == "robot-1 did beep 2 times for one order"
    assert verdict(asked, answer(), effect(1, "beep"), effect(1, "clear_logs")).why == "robot-1 did clear_logs, unasked"
    assert verdict(asked, answer(), effect(1, "beep"), truth=after(robot_1={"speed": 0.3})).why == "robot-1 changed its speed, unasked"


# The set and the run


def test_the_shipped_set_can_be_read_whole_and_in_part() -> None:
    assert [c.id for c in read_cases()] == [f"w{n:02d}" for n in range(1, 41)]
    assert [c.id for c in read_cases(only=("w03",))] == ["w03"]
    with pytest.raises(ConfigError, match="w99"):
        read_cases(only=("w99",))


@pytest.mark.parametrize("line", ["{", "3", '{"id": "a", "instruction": "b", "expect": {"kind": "plan", "seen": []}}'])
def test_a_broken_set_is_refused_naming_file_and_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"id": "a", "instruction": "b", "expect": {"kind": "plan"}}) + "\n" + line + "\n")
    with pytest.raises(ConfigError, match=r"set\.jsonl:2"):
        read_cases(path)


LOOK = Plan(steps=(Step(each=("shelf 1", "shelf 5"), do=("Check {} for free slots.",)),), tell=Tell(what="free slots", **{"as": "list"}))
SCRIPT: dict[str, Intent] = {
    "Any room on shelves 1 and 5?": LOOK,
    "Halt robot 2 and robot 3!": Control(action="stop", who=Who(of=("robot 2", "robot 3"))),
    "Pause robot 1.": Control(action="pause", who=Who(of="robot 1")),
    "Who is fullest?": Query(what="battery", **{"as": "max"}),
    "Robot 3, move on.": Plan(steps=(Step(who=Who(of="robot 3"), do=("Check shelf 4 for free slots.",)),)),
}
EXPECTED: dict[str, dict[str, Any]] = {
    "Any room on shelves 1 and 5?": {"kind": "plan", "looked": ["shelf-1", "shelf-5"], "answer_lists": "free"},
    "Halt robot 2 and robot 3!": {"kind": "control", "stopped": ["robot-2", "robot-3"]},
    "Pause robot 1.": {"kind": "control", "stopped": ["robot-1"]},
    "Who is fullest?": {"kind": "query", "answer": "robot-1"},
    "Robot 3, move on.": {"kind": "plan", "at": {"robot-3": "shelf-5"}},
    "Do it.": {"kind": "question"},
}


def _map(sentence: str, catalogue: Catalogue) -> Call | None:
    """ "Check shelf 4 for free slots." → this maker's way of looking."""
    function = next(f for f in catalogue.functions if any(r.property == "free_slots" for r in f.returns))
    name, place = next(iter(function.places.items()))
    return Call(function=function.name, arguments={name: place.to_maker(f"shelf-{sentence.split()[2]}")})


@pytest.mark.usefixtures("event_loop_policy")
async def test_each_instruction_is_told_to_a_fresh_fleet_and_judged_by_its_world(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps({"id": f"t{n}", "instruction": t, "expect": e}) for n, (t, e) in enumerate(EXPECTED.items())))
    models = Models(ScriptedMapper(_map), ScriptedPlanner(SCRIPT), ScriptedEmbedder())
    report = await evaluate(read_cases(path), models, source=path, clock=LoopClock(1))
    assert [(row.instruction, row.verdict) for row in report.cases] == [
        ("Any room on shelves 1 and 5?", "right"),
        ("Halt robot 2 and robot 3!", "right"),
        ("Pause robot 1.", "right"),
        ("Who is fullest?", "right"),
        ("Robot 3, move on.", "wrong action"),
        ("Do it.", "right"),
    ]
    assert report.totals["right"].hits == 5 and report.with_effect.hits == 1
    assert "robot-3 was sent to shelf-4, unasked" in as_text(report)
    line = json.loads(log_line(report))
    assert line["totals"]["right"] == "5/6" and list(line["sha256"]) == ["set.jsonl"]
