"""What simulated robots sense agrees with where they are."""

from __future__ import annotations

import numpy as np
import pytest

from experts.catalogue import cards, open_expert
from experts.wire import from_wire
from simulations.facade import Reply
from simulations.makers import MAKERS, catalogue_of, facade_for
from simulations.scenario import build_world, load_scenario
from simulations.sensors import SENSES, access_point, link_of, shelves_between, window_of
from simulations.world import Refusal, World


def world() -> World:
    return build_world(load_scenario("warehouse"))


def test_a_shelf_between_robot_and_access_point_takes_the_line_of_sight() -> None:
    made = world()
    shelf = max(made.floor.of_kind("shelf"), key=lambda s: s.body[0][1])
    behind = (shelf.body[0][0] + 0.5, shelf.body[0][1] + 2.5)
    assert shelves_between(made, access_point(made), access_point(made)) == 0
    assert shelves_between(made, behind, access_point(made)) > 0


def test_links_at_the_docks_have_a_line_of_sight_and_those_behind_shelves_none() -> None:
    made, rng = world(), np.random.default_rng(1)
    robot = made.robots["robot-1"]
    assert link_of(made, robot, rng).k_db is not None
    hidden = 0
    for spot in made.floor.of_kind("shelf"):
        made._travel.place(robot, spot.bays[0])
        crossed = shelves_between(made, made.position(robot), access_point(made))
        hidden += crossed > 0
        assert (link_of(made, robot, rng).k_db is None) == (crossed > 0)
    assert hidden > 0


def test_the_same_moment_gives_the_same_window() -> None:
    first, second = (window_of(w, w.robots["robot-1"], "csi") for w in (world(), world()))
    assert first == second


def test_what_a_robot_cannot_sense_is_refused_with_what_it_can() -> None:
    made = world()
    with pytest.raises(Refusal, match="it has csi, energy, frame"):
        window_of(made, made.robots["robot-1"], "smell")


def test_a_camera_sees_the_shelf_that_the_robot_stands_at_and_nothing_elsewhere() -> None:
    made = world()
    robot = made.robots["robot-1"]
    with pytest.raises(Refusal, match="no shelf"):
        window_of(made, robot, "frame")
    spot = made.floor.of_kind("shelf")[0]
    made._travel.place(robot, spot.bays[0])
    window = from_wire(window_of(made, robot, "frame"))
    assert len(window.arrays["slots"]) == len(made.shelves[spot.number].slots)


def test_what_the_camera_sees_agrees_with_the_shelves() -> None:
    made, expert, right, answered = world(), open_expert("shelf_vacancy"), 0, 0
    robot = made.robots["robot-1"]
    for spot in made.floor.of_kind("shelf"):
        made._travel.place(robot, spot.bays[0])
        truth = ["free" if slot is None else "occupied" for slot in made.shelves[spot.number].slots]
        for moment in range(4):
            made.kernel.run_until(made.now + 1.0 + moment)
            parts = expert.judge(from_wire(window_of(made, robot, "frame"))).parts
            answered += sum(p.label is not None for p in parts)
            right += sum(p.label == t for p, t in zip(parts, truth, strict=True))
    assert answered > 0
    assert right / answered > 0.93


def test_a_microwave_oven_in_the_hall_is_heard() -> None:
    made = build_world(load_scenario("warehouse").model_copy(update={"interference": "microwave"}))
    heard = []
    for moment in range(12):
        made.kernel.run_until(1.0 + moment)
        heard.append(open_expert("interference").judge(from_wire(window_of(made, made.robots["robot-1"], "energy"))).label)
    assert heard.count("microwave") >= 8


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("what", SENSES)
def test_every_maker_gives_data_as_its_catalogue_says(maker: str, what: str) -> None:
    made = build_world(load_scenario("warehouse", robots=4))
    robot = next(r for r in made.robots.values() if r.maker == maker)
    made._travel.place(robot, made.floor.of_kind("shelf")[0].bays[0])
    binding = catalogue_of(maker).windows[what]
    reply = facade_for(made, robot.id).handle(binding.method, binding.path, {}, None)
    assert isinstance(reply, Reply) and reply.status == 200
    window = from_wire(reply.json)  # type: ignore[arg-type]
    experts = [open_expert(card.name) for card in cards() if card.window == what]
    assert experts
    assert all(expert.judge(window).abstained != "unreadable" for expert in experts)
