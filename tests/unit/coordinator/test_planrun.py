"""How a plan goes on: outcomes in, next work out."""

from __future__ import annotations

import pytest

from coordinator import planrun
from coordinator.answer import answer_run
from coordinator.run import Run, begin
from schemas.base import Value
from schemas.observations import Observation
from schemas.outcomes import Done, Failed, Outcome, Proof, Refused
from schemas.plan import Plan, Step, Tell
from tests.unit.coordinator.conftest import robot, scene_for

FLEET = (robot(1), robot(2), robot(3))
LOOK = {"who": {"of": "any"}, "each": "s1", "do": ["Check {} for free slots."]}


def plan_of(*steps: dict, tell: dict | None = None) -> Plan:
    return Plan(steps=tuple(Step.model_validate(s) for s in steps), tell=Tell.model_validate(tell) if tell else None)


def saw(subject: str, value: Value, name: str = "free_slots") -> Done:
    return Done(verified=True, observations=(Observation(subject=subject, property=name, value=value),))


class Play:
    """Plays a run by hand: `go()` issues what is ready, `end(text, outcome)` ends a piece."""

    def __init__(self, plan: Plan, scene) -> None:
        self.scene, self.run, self.count = scene, begin(plan), 0

    def go(self) -> list[tuple[str, str]]:
        self.run, ready = planrun.advance(self.run, self.scene)
        for index in ready:
            self.count += 1
            self.run = planrun.issued(self.run, index, f"s{self.count}")
        return [(self.run.pieces[i].work.device, self.run.pieces[i].work.text) for i in ready]

    def index(self, text: str) -> int:
        return next(i for i, p in enumerate(self.run.pieces) if p.work.text == text and p.status in ("sent", "unknown"))

    def end(self, text: str, outcome: Outcome) -> None:
        self.run = planrun.ended(self.run, self.index(text), outcome)


async def play(text: str, plan: Plan, site) -> Play:
    return Play(plan, await scene_for(text, plan, site, FLEET))


async def test_the_second_sentence_of_a_chain_waits_for_the_first_and_is_not_tried_when_it_failed(site):
    plan = plan_of({"who": {"of": "d1"}, "do": ["Go to {p1}.", "Count the items on {p1}."]})
    good = await play("robot 1 to shelf 2, count items", plan, site)
    assert good.go() == [("robot-1", "Go to shelf 2.")]
    good.end("Go to shelf 2.", Done(verified=True))
    assert good.go() == [("robot-1", "Count the items on shelf 2.")]
    bad = await play("robot 1 to shelf 2, count items", plan, site)
    bad.go()
    bad.end("Go to shelf 2.", Failed(text="It is stuck."))
    assert bad.go() == [] and bad.run.finished
    answer = answer_run(bad.run, bad.scene)
    assert not answer.complete
    assert answer.text == (
        "robot 1 could not do 'Go to shelf 2': It is stuck. Not tried: Count the items on shelf 2 (robot 1), because 'Go to shelf 2' was not done."
    )


async def test_the_first_free_place_is_picked_from_what_was_seen(site):
    for how, place in (("first", "shelf 2"), ("max", "shelf 3"), ("min", "shelf 1")):
        plan = plan_of(LOOK, {"who": {"of": "d1"}, "do": ["Move to {pick}."], "after": [0], "pick": {"from": 0, "what": "free slots", "as": how}})
        game = await play("find one of shelves 1 to 3 with free slots and send robot 1", plan, site)
        assert len(game.go()) == 3
        for n, free in ((3, 5), (1, 0), (2, 1)):
            assert "Move" not in str(game.run.works)
            game.end(f"Check shelf {n} for free slots.", saw(f"shelf-{n}", free))
            sent = game.go()
        assert sent == [("robot-1", f"Move to {place}.")]


async def test_nothing_is_picked_where_nothing_qualifies_and_the_answer_says_so(site):
    plan = plan_of(LOOK, {"who": {"of": "d1"}, "do": ["Move to {pick}."], "pick": {"from": 0, "what": "free slots"}})
    game = await play("find one of shelves 1 to 2 with free slots and send robot 1", plan, site)
    game.go()
    for n in (1, 2):
        game.end(f"Check shelf {n} for free slots.", saw(f"shelf-{n}", 0))
    assert game.go() == [] and game.run.finished
    answer = answer_run(game.run, game.scene)
    assert not answer.complete and "none has free slots" in answer.text


@pytest.mark.parametrize(("value", "goes"), [(1, True), (4, False)])
async def test_a_branch_follows_what_was_observed(value, goes, site):
    plan = plan_of(
        {"who": {"of": "d1"}, "do": ["Check {p1} for free slots."]},
        {"who": {"of": "d2"}, "do": ["Move to {p1}."], "after": [0], "if": {"step": 0, "what": "free slots", "op": "<", "v": "two"}},
    )
    game = await play("robot 1 checks shelf 4 for free slots; below two robot 2 moves to shelf 4", plan, site)
    game.go()
    game.end("Check shelf 4 for free slots.", saw("shelf-4", value))
    assert bool(game.go()) is goes
    if not goes:
        answer = answer_run(game.run, game.scene)
        assert answer.complete and "The condition that free slots is below two did not hold (shelf 4: 4)." in answer.text


@pytest.mark.parametrize(
    ("wanted", "outcome", "goes"),
    [
        ("done", Done(verified=True), True),
        ("done", Failed(), False),
        ("failed", Failed(), True),
        ("failed", Done(verified=True), False),
    ],
)
async def test_a_branch_follows_how_a_step_ended(wanted, outcome, goes, site):
    plan = plan_of(
        {"who": {"of": "d1"}, "do": ["Move to {p1}."]}, {"who": {"of": "d2"}, "do": ["Move to {p2}."], "after": [0], "if": {"step": 0, "is": wanted}}
    )
    game = await play("robot 1 to shelf 1, else robot 2 to shelf 2", plan, site)
    game.go()
    game.end("Move to shelf 1.", outcome)
    assert bool(game.go()) is goes


async def test_a_step_after_one_that_wholly_failed_does_not_begin(site):
    plan = plan_of({"who": {"of": "d1"}, "do": ["Move to {p1}."]}, {"who": {"of": "d2"}, "do": ["Move to {p2}."], "after": [0]})
    game = await play("robot 1 to shelf 1, then robot 2 to shelf 2", plan, site)
    game.go()
    game.end("Move to shelf 1.", Failed())
    assert game.go() == []
    assert "Not done: Move to shelf 2, because step 1 did not succeed." in answer_run(game.run, game.scene).text


async def test_work_moves_only_where_it_cannot_happen_twice(site):
    table: list[tuple[Outcome | None, bool | None, bool]] = [
        (Failed(), None, True),
        (Failed(uncertain=True), None, False),
        (Failed(uncertain=True), True, True),
        (Refused(reason="none_fits"), None, True),
        (Refused(reason="forbidden"), None, False),
        (None, None, False),
        (None, True, True),
    ]
    for outcome, idempotent, moves in table:
        game = await play("check shelf 1 and shelf 2", plan_of({**LOOK, "each": "s1"}), site)
        game.go()
        index = game.index("Check shelf 1 for free slots.")
        first = game.run.pieces[index].work.device
        if outcome is None:
            game.run = planrun.lost(game.run, index, idempotent)
        else:
            game.run = planrun.ended(game.run, index, outcome, idempotent)
        sent = game.go()
        assert bool(sent) is moves, (outcome, idempotent)
        assert not sent or sent[0][0] != first


async def test_work_of_a_named_device_never_moves(site):
    game = await play("robot 1 to shelf 1", plan_of({"who": {"of": "d1"}, "do": ["Move to {p1}."]}), site)
    game.go()
    game.end("Move to shelf 1.", Failed())
    assert game.go() == [] and game.run.finished


async def test_a_piece_moves_at_most_twice(site):
    game = await play("check shelf 1 for free slots", plan_of({"who": {}, "do": ["Check {p1} for free slots."]}), site)
    had = []
    for _ in range(3):
        ((device, _),) = game.go()
        had.append(device)
        game.end("Check shelf 1 for free slots.", Failed(text="no"))
    assert sorted(had) == ["robot-1", "robot-2", "robot-3"]
    assert game.go() == [] and game.run.finished


async def test_a_late_word_of_a_silent_device_revises_the_run(site):
    game = await play("robot 1 to shelf 1", plan_of({"who": {"of": "d1"}, "do": ["Move to {p1}."]}), site)
    game.go()
    game.run = planrun.lost(game.run, 0, None)
    assert game.go() == [] and game.run.finished and not answer_run(game.run, game.scene).final
    game.run = planrun.ended(game.run, 0, Done(verified=True))
    game.go()
    answer = answer_run(game.run, game.scene)
    assert answer.final and answer.complete


async def test_a_run_survives_as_json(site):
    game = await play("check the shelves for free slots", plan_of(LOOK, tell={"what": "free slots", "as": "list"}), site)
    game.go()
    game.end("Check shelf 2 for free slots.", saw("shelf-2", 3))
    assert Run.model_validate_json(game.run.model_dump_json(by_alias=True)) == game.run


async def test_unverified_work_is_done_but_not_complete(site):
    game = await play("robot 1 to shelf 1", plan_of({"who": {"of": "d1"}, "do": ["Move to {p1}."]}), site)
    game.go()
    game.end("Move to shelf 1.", Done(verified=False))
    game.go()
    answer = answer_run(game.run, game.scene)
    assert answer.text == "Done, but not verified: Move to shelf 1 (robot 1)." and not answer.complete


async def test_what_spoke_against_it_is_told(site):
    game = await play("check the shelves for free slots", plan_of(LOOK, tell={"what": "free slots", "as": "list"}), site)
    game.go()
    against = Proof(condition="the expert for shelf vacancy sees the same", held=False, seen="4 free")
    game.end("Check shelf 2 for free slots.", saw("shelf-2", 3).model_copy(update={"verified": False, "proof": (against,)}))
    game.go()
    answer = answer_run(game.run, game.scene)
    assert "it does not hold that the expert for shelf vacancy sees the same: it saw 4 free)" in answer.text and not answer.complete


async def test_work_that_finds_several_things_which_nobody_named_is_told_with_all_of_them(site):
    plan = plan_of({"who": {"of": "d1"}, "do": ["Look around."]}, tell={"what": ""})
    game = await play("robot 1: look around", plan, site)
    game.go()
    found = (("total", 42), ("exact", True), ("free_slots", 3))
    game.end("Look around.", Done(verified=True, observations=tuple(Observation(subject="self", property=name, value=v) for name, v in found)))
    game.go()
    answer = answer_run(game.run, game.scene)
    assert answer.text == "Total – robot 1: 42. Exact – robot 1: yes. Free slots – robot 1: 3." and answer.complete
