"""From the person's words to the answer, over a bus, in virtual time."""

from __future__ import annotations

from itertools import pairwise

from coordinator.scripted import ScriptedPlanner
from runtime.memory_bus import Faults
from schemas import messages as m
from schemas import topics
from schemas.outcomes import Done, Failed, NeedsAnswer
from schemas.plan import Control, Plan, Query, Step, Tell, Where, Who
from tests.unit.coordinator.conftest import FakeAgent, World, looks, robot

SURVEY = "Please check if there are vacant positions on the shelves."
CHECK = Plan(steps=(Step(who=Who(of="any"), each="s1", do=("Check {} for vacant positions.",)),), tell=Tell(what="vacant positions", as_="list"))
FREE = {f"shelf-{n}": n % 3 for n in range(1, 9)}


def three(act, **changes):
    return lambda hub, clock: [FakeAgent(hub, clock, (robot(1), robot(2), robot(3)), act, **changes)]


async def test_a_survey_is_shared_among_the_robots_and_answered_from_what_they_saw():
    async with World(ScriptedPlanner({SURVEY: CHECK}), three(looks(FREE))) as world:
        answer = await world.person.tell(SURVEY)
        agent = world.agents[0]
    assert answer.complete and answer.final
    assert answer.text == (
        "Shelves with vacant positions: shelf 1 (1), shelf 2 (2), shelf 4 (1), shelf 5 (2), shelf 7 (1), shelf 8 (2). "
        "No vacant positions: shelf 3 and shelf 6."
    )
    assert sorted(text for _, text in agent.texts) == [f"Check shelf {n} for vacant positions." for n in range(1, 9)]
    assert sorted(sum(d == f"robot-{n}" for d, _ in agent.texts) for n in (1, 2, 3)) == [2, 3, 3]
    assert {f.subject for f in answer.facts} == set(FREE)


async def test_a_device_has_at_most_one_subtask_at_a_time_and_sequence_numbers_rise():
    async with World(ScriptedPlanner({SURVEY: CHECK}), three(looks(FREE))) as world:
        await world.person.tell(SURVEY)
        received = world.agents[0].received
    for device in ("robot-1", "robot-2", "robot-3"):
        orders = [(e.epoch, e.seq) for d, e in received if d == device]
        assert orders == sorted(orders)
        times = sorted({e.subtask: e.sent_at for d, e in received if d == device}.values())
        assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


async def test_an_agent_that_does_not_know_the_time_is_polled_and_then_takes_the_same_subtask():
    async with World(ScriptedPlanner({SURVEY: CHECK}), three(looks(FREE), knows_time=False)) as world:
        answer = await world.person.tell(SURVEY)
        polls = world.agents[0].polls
    assert answer.complete
    assert polls


async def test_a_query_is_answered_from_states_and_nothing_moves():
    query = Query(who=Who(of="k1", n="all"), what="juice left", as_="max")
    async with World(ScriptedPlanner({"Which robot has the most juice left?": query}), three(looks(FREE))) as world:
        answer = await world.person.tell("Which robot has the most juice left?")
        assert world.agents[0].received == []
    assert answer.text == "Most juice left: robot 1 (80 %)."
    assert answer.complete


async def test_a_robot_that_fails_is_replaced_by_another_and_the_answer_says_so():
    good = looks(FREE)

    def act(device, body):
        return Failed(text="reported success but is at dock 1") if device == "robot-2" else good(device, body)

    async with World(ScriptedPlanner({SURVEY: CHECK}), three(act)) as world:
        answer = await world.person.tell(SURVEY)
    assert answer.complete
    assert {f.subject for f in answer.facts} == set(FREE)
    assert "robot 2 could not do 'Check shelf" in answer.text and "took over" in answer.text


async def test_of_everybody_who_is_meant_nobody_takes_the_part_of_another():
    everybody = Plan(steps=(Step(who=Who(of="any", where=Where(what="battery", op="<", v="95 %")), do=("Recharge.",)),))

    def act(device, body):
        return Failed(text="the dock is out of order") if device == "robot-2" else Done(verified=True)

    async with World(ScriptedPlanner({"Everybody under 95 % goes on charge.": everybody}), three(act)) as world:
        answer = await world.person.tell("Everybody under 95 % goes on charge.")
    assert "took over" not in answer.text
    assert "robot 2 could not do 'Recharge': the dock is out of order" in answer.text
    assert not answer.complete


async def test_lost_messages_are_sent_again_with_the_same_bytes_and_nothing_is_done_twice():
    done: list[str] = []
    see = looks(FREE)

    def act(device, body):
        done.append(body.text)
        return see(device, body)

    def planner(linked, summary):
        world.hub.faults = Faults(lose=0.4, duplicate=0.2, delay=0.5)
        return CHECK

    world = World(ScriptedPlanner(planner), three(act))
    async with world:
        await world.person.say(SURVEY)
        while not world.service.open_cases and not done:
            await world.clock.sleep(1)
        while world.service.open_cases:
            await world.clock.sleep(1)
        received = world.agents[0].received
    assert len(done) == len(set(done))
    assert len(received) > len({e.subtask for _, e in received})
    for subtask in {e.subtask for _, e in received}:
        assert len({e.id for _, e in received if e.subtask == subtask}) == 1


async def test_work_of_a_silent_robot_moves_on_when_it_is_idempotent_and_is_unknown_when_not():
    for idempotent in (True, None):
        see = looks(FREE)

        def agents(hub, clock, see=see, idempotent=idempotent):
            return [
                FakeAgent(hub, clock, (robot(1),), see),
                FakeAgent(hub, clock, (robot(2),), lambda d, b: None, "agent-2", idempotent=idempotent),
            ]

        async with World(ScriptedPlanner({SURVEY: CHECK}), agents) as world:
            instruction = await world.person.say(SURVEY)
            while not world.agents[1].received:
                await world.clock.sleep(0.5)
            await world.clock.sleep(6)  # one round: the report says whether it is idempotent
            world.agents[1].deaf = True
            answer = await world.person.wait(m.Answer, instruction)
        assert answer.complete is bool(idempotent), answer.text
        if idempotent:
            assert "robot 2 fell silent" in answer.text and "robot 1 took over" in answer.text
        else:
            assert not answer.final and "robot 2 is silent" in answer.text
            assert [o.state for o in answer.outcomes].count("unknown") == 1
            assert len({f.subject for f in answer.facts}) == 7


async def test_a_silent_robot_that_speaks_later_revises_the_answer():
    see = looks(FREE)

    def agents(hub, clock):
        return [FakeAgent(hub, clock, (robot(1),), see), FakeAgent(hub, clock, (robot(2),), see, "agent-2", work=60.0)]

    async with World(ScriptedPlanner({SURVEY: CHECK}), agents) as world:
        instruction = await world.person.say(SURVEY)
        while not world.agents[1].received:
            await world.clock.sleep(0.5)
        await world.agents[1].connection("connectionbroken")
        world.agents[1].deaf = True
        first = await world.person.wait(m.Answer, instruction)
        assert not first.final and not first.complete
        world.agents[1].deaf = False
        second = await world.person.wait(m.Answer, instruction, count=2)
    assert second.final and second.complete


async def test_an_unclear_device_is_asked_about_and_the_reply_is_put_in_its_place():
    def planner(linked, summary):
        vague = any(x.letter == "k" for x in linked.mentions)
        who = Who(of="k1", n="the") if vague else Who(of="d1")
        return Plan(steps=(Step(who=who, do=("Move to {p1}.",)),))

    async with World(ScriptedPlanner(planner), three(looks({}))) as world:
        instruction = await world.person.say("Move the robot to shelf 4")
        ask = await world.person.wait(m.Ask, instruction)
        assert ask.options == ("robot 1", "robot 2", "robot 3")
        assert world.agents[0].received == []
        await world.person.reply(instruction, "robot 2")
        answer = await world.person.wait(m.Answer, instruction, count=2)
        assert world.agents[0].texts == [("robot-2", "Move to shelf 4.")]
    assert answer.complete and answer.text == "Done and verified: Move to shelf 4 (robot 2)."


async def test_a_device_that_asks_back_gets_the_persons_answer_in_its_sentence():
    def act(device, body):
        return Done(verified=True) if "shelf 4" in body.text else NeedsAnswer(text="Which shelf?", missing=("shelf",))

    move = Plan(steps=(Step(who=Who(of="d1"), do=("Move to a shelf.",)),))
    async with World(ScriptedPlanner({"robot 1, move to a certain place": move}), three(act)) as world:
        instruction = await world.person.say("robot 1, move to a certain place")
        assert (await world.person.wait(m.Ask, instruction)).text == "robot 1 asks: Which shelf?"
        assert not (await world.person.wait(m.Answer, instruction)).final
        await world.person.reply(instruction, "shelf 4")
        answer = await world.person.wait(m.Answer, instruction, count=2)
        assert world.agents[0].texts[-1] == ("robot-1", "Move to a shelf: shelf 4.")
    assert answer.complete and answer.final


async def test_stop_reaches_every_device_and_is_confirmed_by_their_states():
    script = {SURVEY: CHECK, "Everybody freeze!": Control(action="stop"), "carry on": Control(action="resume")}
    async with World(ScriptedPlanner(script), three(looks(FREE), work=30.0)) as world:
        survey = await world.person.say(SURVEY)
        while len(world.agents[0].received) < 3:
            await world.clock.sleep(0.5)
        stopped = await world.person.tell("Everybody freeze!")
        assert stopped.complete and stopped.text == "Stopped: robot 1, robot 2 and robot 3."
        assert world.agents[0].stopped == {"robot-1", "robot-2", "robot-3"}
        interrupted = await world.person.wait(m.Answer, survey)
        assert not interrupted.complete and "cancelled" in interrupted.text
        count = len(world.agents[0].texts)
        resumed = await world.person.tell("carry on")
        assert resumed.complete and world.agents[0].stopped == set()
        assert len(world.agents[0].texts) == count


async def test_a_stop_that_one_robot_does_not_confirm_is_told_honestly():
    def agents(hub, clock):
        return [FakeAgent(hub, clock, (robot(1),), looks({})), FakeAgent(hub, clock, (robot(2),), looks({}), "agent-2", deaf=True)]

    async with World(ScriptedPlanner({"halt": Control(action="stop")}), agents) as world:
        answer = await world.person.tell("halt")
    assert not answer.complete
    assert answer.text == "Stopped: robot 1. robot 2 has not confirmed the stop."


async def test_pause_holds_back_new_work_until_resume():
    script = {SURVEY: CHECK, "hold on": Control(action="pause"), "carry on": Control(action="resume")}
    async with World(ScriptedPlanner(script), three(looks(FREE), work=5.0)) as world:
        survey = await world.person.say(SURVEY)
        while len(world.agents[0].received) < 3:
            await world.clock.sleep(0.2)
        await world.person.tell("hold on")
        await world.clock.sleep(60)
        assert len(world.agents[0].texts) == 3
        await world.person.tell("carry on")
        assert (await world.person.wait(m.Answer, survey)).complete


async def test_a_cancelled_instruction_ends_by_the_devices_word():
    async with World(ScriptedPlanner({SURVEY: CHECK}), three(looks(FREE), work=30.0)) as world:
        survey = await world.person.say(SURVEY)
        while len(world.agents[0].received) < 3:
            await world.clock.sleep(0.5)
        await world.person.door.send(topics.CONTROL, "anna", m.ControlRequest(action="cancel", target=survey))
        answer = await world.person.wait(m.Answer, survey)
        assert len(world.agents[0].texts) == 3
    assert not answer.complete
    assert [o.outcome.end for o in answer.outcomes if o.outcome] == ["cancelled"] * 3


async def test_a_dry_run_shows_the_plan_and_sends_nothing():
    async with World(ScriptedPlanner({SURVEY: CHECK}), three(looks(FREE))) as world:
        instruction = await world.person.say(SURVEY, dry_run=True)
        plan = await world.person.wait(m.PlanShown, instruction)
        answer = await world.person.wait(m.Answer, instruction)
        assert world.agents[0].received == []
    assert len(plan.work) == 8 and answer.complete


async def test_after_a_crash_the_coordinator_takes_a_higher_epoch_and_finishes_what_was_open():
    done: list[str] = []
    see = looks(FREE)

    def act(device, body):
        done.append(body.text)
        return see(device, body)

    async with World(ScriptedPlanner({SURVEY: CHECK}), three(act, work=5.0)) as world:
        survey = await world.person.say(SURVEY)
        while len(world.agents[0].ended) < 4:
            await world.clock.sleep(0.2)
        await world.kill_coordinator()
        await world.clock.sleep(20)
        await world.start_coordinator()
        answer = await world.person.wait(m.Answer, survey)
        epochs = [b.epoch for b in world.person.bodies(m.Epoch)]
    assert answer.complete and {f.subject for f in answer.facts} == set(FREE)
    assert len(done) == len(set(done)) == 8
    assert epochs == [1, 2]


async def test_malformed_messages_change_nothing_but_a_counter():
    async with World(ScriptedPlanner({SURVEY: CHECK}), three(looks(FREE))) as world:
        for payload in (b"", b"{", b"[1]", b'{"schema":"9.0"}', b"\xff\xfe", b"x" * 300_000):
            await world.person.door.bus.publish("parley/v1/site/operator/anna/instruction", payload)
            await world.person.door.bus.publish("parley/v1/site/device/robot-1/outcome", payload)
        answer = await world.person.tell(SURVEY)
        assert world.service.counters["dropped"] == 10
    assert answer.complete


async def test_a_planner_that_fails_leads_to_an_honest_question():
    from schemas.errors import ModelError

    def planner(linked, summary):
        raise ModelError("the model answered outside its grammar")

    async with World(ScriptedPlanner(planner), three(looks({}))) as world:
        answer = await world.person.tell("whatever")
    assert answer.intent == "question" and "other words" in answer.text and not answer.complete


async def test_several_instructions_are_worked_on_at_once():
    move = Plan(steps=(Step(who=Who(of="d1"), do=("Move to {p1}.",)),))
    script = {"robot 1 to shelf 1": move, "robot 2 to shelf 2": move, SURVEY: CHECK}
    async with World(ScriptedPlanner(script), three(looks(FREE))) as world:
        ids = [await world.person.say(text) for text in script]
        answers = [await world.person.wait(m.Answer, i) for i in ids]
    assert all(a.complete for a in answers)
