"""The shipped models on the simulated warehouse, in one process and as fast as it goes: the answer is what the world holds, or honestly less."""

from __future__ import annotations

import pytest

from schemas.messages import Answer
from simulations.faults import Fault
from simulations.fleet import LocalFleet, Models
from simulations.judge import disagreements
from simulations.scenario import Scenario

INSTRUCTION = "Please check if there are vacant positions on the shelves."


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.shipped()


def _free(answer: Answer) -> set[str]:
    return {f.subject for f in answer.facts if f.property == "free_slots" and isinstance(f.value, int) and f.value > 0}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("robots", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(20))
async def test_the_answer_lists_exactly_the_shelves_with_free_slots(models: Models, seed: int, robots: int) -> None:
    async with LocalFleet(Scenario(seed=seed, robots=robots, shelves=8, pace=0), models) as fleet:
        answer = await fleet.tell(INSTRUCTION)
        truth = fleet.truth
    assert answer.complete, answer.text
    assert _free(answer) == {name for name, shelf in truth["shelves"].items() if shelf["free_slots"] > 0}, answer.text
    assert {f.subject for f in answer.facts if f.property == "free_slots"} == set(truth["shelves"])
    assert disagreements(answer, truth) == []
    assert fleet.world.effects.repeated() == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("liar", ["robot-1", "robot-2"])
@pytest.mark.parametrize("seed", range(3))
async def test_a_robot_that_says_it_moved_and_did_not_is_found_out(models: Models, seed: int, liar: str) -> None:
    fault = Fault(robot=liar, kind="lies_about_moving")
    async with LocalFleet(Scenario(seed=seed, robots=2, shelves=4, faults=(fault,), pace=0), models) as fleet:
        moved = await fleet.tell(f"{liar.replace('-', ' ').capitalize()}, go to shelf 3.")
        truth = fleet.truth
        assert disagreements(moved, truth) == [] and not moved.complete, moved.text
        surveyed = await fleet.tell(INSTRUCTION)
        assert disagreements(surveyed, fleet.truth) == [], surveyed.text
