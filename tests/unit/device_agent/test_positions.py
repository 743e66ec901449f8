"""A place whose position the coordinator tells: driven to by its coordinates, and not taken for another place."""

from __future__ import annotations

import pytest

from device_agent.mapper import Mapped
from device_agent.positions import Point, drives_there, in_coordinates, is_bare_trip, makes_use_of, other_facts, points_in
from device_agent.reader_mapper import doubted
from schemas.base import Condition
from schemas.skills import Call, Catalogue, Function, PlaceRef

CONTEXT = "packing station = x 10 m, y 9.5 m\nbay 7 = rack R7"
STATION = Point(name="packing station", x=10.0, y=9.5)
MILLIMETRES = Function(
    name="nav_xy",
    parameters={"type": "object", "properties": {"py": {"type": "number"}, "px": {"type": "number"}}, "required": ["py", "px"]},
    achieves=(
        Condition(attribute="x", value="{px}", scale=0.001, tolerance=0.1),
        Condition(attribute="y", value="{py}", scale=0.001, tolerance=0.1),
    ),
)
HOME = Function(name="nav_home", description="Return to the dock.")
PACKING = Function(name="goto_packing")
RACK = Function(name="nav_rack", places={"idx": PlaceRef(prefix="shelf-")})


def test_only_positions_of_places_that_are_said_count():
    assert points_in(CONTEXT, "Come on over to the Packing station.") == (STATION,)
    assert points_in(CONTEXT, "Go to bay 7.") == ()
    assert points_in("shelf 1 = x 1 m, y 2 m", "Go to shelf 10.") == ()
    assert other_facts(CONTEXT) == "bay 7 = rack R7"


def test_a_sentence_with_the_position_in_the_place_of_the_name():
    assert in_coordinates("Go to the packing station.", STATION) == "Go to x 10 m, y 9.5 m."


def test_a_drive_to_a_point_in_the_makers_unit_and_order():
    assert drives_there(MILLIMETRES, STATION) == Call(function="nav_xy", arguments={"px": 10000.0, "py": 9500.0})
    for other in (HOME, PACKING, RACK):
        assert drives_there(other, STATION) is None
    needy = MILLIMETRES.model_copy(update={"parameters": {**MILLIMETRES.parameters, "required": ["py", "px", "speed"]}})
    assert drives_there(needy, STATION) is None


@pytest.mark.parametrize(
    ("function", "arguments", "used"),
    [
        (HOME, {}, False),
        (PACKING, {}, True),
        (RACK, {"idx": 3}, False),
        (MILLIMETRES, {"px": 10000.0, "py": 9500.0}, True),
        (MILLIMETRES, {"px": 9500.0, "py": 10000.0}, False),
    ],
)
def test_a_call_that_has_no_use_for_the_place_is_asked_about(function, arguments, used):
    call = Call(function=function.name, arguments=arguments)
    assert makes_use_of(call, function, STATION) == used
    catalogue = Catalogue(kind="robot", functions=(HOME, PACKING, RACK, MILLIMETRES))
    mapped = doubted("Come on over to packing station.", Mapped(call=call, decision="act"), catalogue, (STATION,))
    assert mapped.decision == ("act" if used else "ask")


FULL = Function(name="is_full", safety="read")
WASH = Function(name="wash", safety="reversible")


@pytest.mark.parametrize(
    ("function", "arguments", "sentence", "decision"),
    [
        (RACK, {"idx": 3}, "Go to shelf 3.", "act"),
        (RACK, {"idx": 3}, "Go to shelf 3 at half speed.", "ask"),
        (FULL, {}, "Is the tank at least half full?", "act"),
        (WASH, {"half_load": True}, "Wash half a load.", "act"),
    ],
)
def test_a_share_of_which_an_action_takes_nothing_is_asked_about(function, arguments, sentence, decision):
    mapped = Mapped(call=Call(function=function.name, arguments=arguments), decision="act")
    assert doubted(sentence, mapped, Catalogue(kind="robot", functions=(HOME, RACK, FULL, WASH))).decision == decision


DOCK = Point(name="dock 2", x=10.0, y=9.5)


@pytest.mark.parametrize(
    ("function", "arguments", "home", "used"),
    [
        (HOME, {}, True, True),
        (HOME, {}, False, False),
        (Function(name="go_dock", description="Go to a dock."), {"number": 2}, False, True),
        (Function(name="go_dock", description="Go to a dock."), {"number": "D-02"}, False, True),
        (Function(name="go_dock", description="Go to a dock."), {"number": 1}, False, False),
        (Function(name="go_dock_2", description="Go there."), {}, False, True),
        (MILLIMETRES, {"px": 10000.0, "py": 9500.0}, False, True),
    ],
)
def test_its_own_dock_is_not_dock_2_unless_it_is(function, arguments, home, used):
    point = DOCK.model_copy(update={"home": home})
    assert makes_use_of(Call(function=function.name, arguments=arguments), function, point) == used


def test_a_position_says_where_the_device_belongs():
    assert points_in("dock 2 = x 10.000 m, y 9.500 m (home)", "Go to dock 2.") == (DOCK.model_copy(update={"home": True}),)
    assert other_facts("dock 2 = x 10.000 m, y 9.500 m (home)") == ""


def test_whole_numbers_where_the_maker_wants_them():
    whole = {"type": "object", "properties": {"py": {"type": "integer"}, "px": {"type": "integer"}}, "required": ["py", "px"]}
    call = drives_there(MILLIMETRES.model_copy(update={"parameters": whole}), Point(name="bay", x=1.23456, y=2.0))
    assert call is not None
    assert call.arguments == {"px": 1235, "py": 2000}


@pytest.mark.parametrize(
    ("sentence", "trip"),
    [
        ("Go to packing station.", True),
        ("Please come on over to the packing station", True),
        ("Drive back to packing station.", True),
        ("Leave packing station.", False),
        ("Do not go to the packing station.", False),
        ("Stay away from packing station.", False),
        ("Go past packing station.", False),
        ("Stop 2 metres before packing station.", False),
        ("Go to packing station and beep.", False),
        ("Bring the parcel to packing station.", False),
        ("Turn your camera towards packing station.", False),
        ("Go to the kitchen.", False),
    ],
)
def test_only_a_bare_trip_is_a_drive_to_the_position(sentence, trip):
    assert is_bare_trip(sentence, STATION) == trip
