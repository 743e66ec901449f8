"""What becomes of an instruction when the person answers a question about it."""

from __future__ import annotations

import pytest

from coordinator.linker import link
from coordinator.mentions import Linked
from coordinator.replies import clarified
from coordinator.scripted import ScriptedPlanner
from runtime.yes_no import yes_or_no
from schemas import messages as m
from schemas.outcomes import Done, NeedsAnswer
from schemas.plan import Plan, Question, Step, Who
from tests.unit.coordinator.conftest import FakeAgent, World, looks, robot

FREE = {f"shelf-{n}": n % 3 for n in range(1, 9)}
DOCKS = Question(about="which_place", text="Which dock do you mean?", options=("dock 1", "dock 2"), mention="s1")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("dock 2", "robot 1 goes to dock 2 and beeps"),
        ("Dock 2.", "robot 1 goes to dock 2 and beeps"),
        ("2", "robot 1 goes to dock 2 and beeps"),
        ("the one on dock 1, please", "robot 1 goes to dock 1 and beeps"),
        ("both", "robot 1 goes to dock 1 and dock 2 and beeps"),
        ("shelf 3", "robot 1 goes to shelf 3 and beeps"),
        ("whichever is free", "robot 1 goes to the dock and beeps. whichever is free"),
        ("dock 2 if it is free", "robot 1 goes to the dock and beeps. dock 2 if it is free"),
    ],
)
def test_a_name_takes_the_place_of_what_was_unclear_and_more_than_a_name_is_added(reply, said, site, fleet):
    asked = link("robot 1 goes to the dock and beeps", site, fleet)
    assert asked.mention("s1") is not None
    assert clarified(asked, DOCKS, link(reply, site, fleet)) == said


def test_without_a_mention_the_reply_is_added(site, fleet):
    asked = Linked(text="go!")
    assert clarified(asked, None, link("robot 2", site, fleet)) == "go. robot 2"
    assert clarified(asked, DOCKS, link("robot 2", site, fleet)) == "go. robot 2"


@pytest.mark.parametrize(("reply", "meant"), [("Yes.", True), ("nein", False), ("yes but slowly", None), ("", None)])
def test_a_bare_yes_or_no(reply, meant):
    assert yes_or_no(reply) is meant


def trip(linked, _):
    place = next(x for x in linked.mentions if x.letter in "ps")
    one = place.letter == "p"
    return Plan(steps=(Step(who=Who(of="d1"), each=None if one else place.ref, do=(f"Go to {{{place.ref if one else ''}}}.",)),))


async def test_which_dock_is_answered_once():
    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), looks(FREE))]) as world:
        ident = await world.person.say("robot 1 goes to the dock")
        asked = await world.person.wait(m.Ask, ident)
        assert asked.options == ("dock 1", "dock 2")
        await world.person.reply(ident, "2")
        answer = await world.person.wait(m.Answer, ident, 2)
        assert answer.final
        assert world.agents[0].texts == [("robot-1", "Go to dock 2.")]


async def test_what_was_not_heeded_is_left_out_after_a_yes():
    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), looks(FREE))]) as world:
        ident = await world.person.say("robot 1 goes to dock 1 at half speed")
        asked = await world.person.wait(m.Ask, ident)
        assert asked.text == "You say 'half speed', but I do not see what part it plays. Do you mean: robot 1: Go to dock 1?"
        assert asked.options == ("yes", "no")
        await world.person.reply(ident, "yes")
        await world.person.wait(m.Answer, ident, 2)
        assert world.agents[0].texts == [("robot-1", "Go to dock 1.")]


PROPOSED = "a" * 64


def proposes(device, body):
    return Done(verified=True) if body.approval == PROPOSED else NeedsAnswer(text="I am not sure. Do you mean: Beep?", guess=PROPOSED)


@pytest.mark.parametrize(
    ("replies", "approvals", "complete"),
    [(["yes"], [None, PROPOSED], True), (["no"], [None], False), (["louder", "no"], [None, None], False), (["a", "b"], [None] * 3, False)],
)
async def test_what_a_device_proposes_is_done_after_a_yes_and_left_after_a_no(replies, approvals, complete):
    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), proposes)]) as world:
        ident = await world.person.say("robot 1 goes to dock 1")
        for n, reply in enumerate(replies, 1):
            asked = await world.person.wait(m.Ask, ident, n)
            assert asked.text == "robot 1 asks: I am not sure. Do you mean: Beep?"
            assert asked.options == ("yes", "no")
            await world.person.reply(ident, reply)
        answer = await world.person.wait(m.Answer, ident, len(replies) + 1)
        assert (answer.complete, answer.final) == (complete, True)
        assert list({e.subtask: e.body.approval for _, e in world.agents[0].received}.values()) == approvals


async def test_the_same_question_is_not_asked_for_ever():
    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), looks(FREE))]) as world:
        ident = await world.person.say("robot 1 goes to dock 1 at half speed")
        await world.person.wait(m.Ask, ident)
        await world.person.reply(ident, "quickly, I said half speed")
        answer = await world.person.wait(m.Answer, ident, 2)
        assert answer.final
        assert answer.text.startswith("I still do not understand. You say 'half speed'")
        assert world.agents[0].texts == []


def irreversible(device, body):
    if body.approval == PROPOSED:
        return Done(verified=True)
    return NeedsAnswer(text="This cannot be undone. Shall it really be done: Wipe?", guess=PROPOSED, approval=True)


@pytest.mark.parametrize(
    ("change", "approvals", "complete"),
    [
        ({}, [None, PROPOSED], True),
        ({"allow": False}, [None], False),
        ({"digest": "b" * 64}, [None], None),
        ({"device": "robot-2"}, [None], None),
        ({"late": -1.0}, [None], None),
    ],
)
async def test_an_approval_moves_exactly_what_waits_for_it_once(change, approvals, complete):
    """Forged, altered, expired: nothing moves, and the question stays open. A second one finds nothing that waits."""
    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), irreversible)]) as world:
        ident = await world.person.say("robot 1 goes to dock 1")
        asked = await world.person.wait(m.Ask, ident)
        assert asked.approval and asked.options == ("yes", "no")
        open_ = await world.person.wait(m.Answer, ident)
        assert not open_.final
        for _ in range(2):
            late = change.get("late", 60.0)
            told = {"device": "robot-1", "digest": PROPOSED, "allow": True, **{k: v for k, v in change.items() if k != "late"}}
            await world.person.approve(m.Approval(**told, expires=world.clock.now() + late))
        await world.clock.sleep(5.0)
        assert list({e.subtask: e.body.approval for _, e in world.agents[0].received}.values()) == approvals
        if complete is not None:
            answer = await world.person.wait(m.Answer, ident, 2)
            assert (answer.complete, answer.final) == (complete, True)


@pytest.mark.parametrize(("about", "approvals"), [(PROPOSED, [None, PROPOSED]), (None, [None]), ("b" * 64, [None])])
async def test_a_yes_allows_what_cannot_be_undone_only_if_it_says_that_it_is_about_this(about, approvals):
    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), irreversible)]) as world:
        ident = await world.person.say("robot 1 goes to dock 1")
        asked = await world.person.wait(m.Ask, ident)
        assert asked.about == PROPOSED
        await world.person.reply(ident, "yes", about)
        await world.clock.sleep(5.0)
        assert list({e.subtask: e.body.approval for _, e in world.agents[0].received}.values()) == approvals


async def test_a_device_that_has_forgotten_that_it_asked_asks_again_and_is_answered_again():
    """It was restarted between its question and the yes; what cannot be undone is not done on a yes that it does not know."""
    asked: list[str | None] = []

    def forgetful(device, body):
        asked.append(body.approval)
        return irreversible(device, body) if len(asked) != 2 else irreversible(device, body.model_copy(update={"approval": None}))

    async with World(ScriptedPlanner(trip), lambda hub, clock: [FakeAgent(hub, clock, (robot(1),), forgetful)]) as world:
        ident = await world.person.say("robot 1 goes to dock 1")
        for count in (1, 2):
            await world.person.wait(m.Ask, ident, count)
            await world.person.reply(ident, "yes", PROPOSED)
        await world.clock.sleep(5.0)
        assert asked == [None, PROPOSED, PROPOSED]
        assert world.person.bodies(m.Answer, ident)[-1].complete
