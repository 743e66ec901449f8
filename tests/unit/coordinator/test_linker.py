"""What the linker marks, and what it leaves alone."""

from __future__ import annotations

import pytest

from coordinator.linker import link

ALL = tuple(f"shelf-{n}" for n in range(1, 9))
SHELVES = {
    "check the shelves": ALL,
    "all the racks": ALL,
    "every bay": ALL,
    "shelves 2, 4 and 7": ("shelf-2", "shelf-4", "shelf-7"),
    "racks four six and eight": ("shelf-4", "shelf-6", "shelf-8"),
    "shelves 3 to 6": ("shelf-3", "shelf-4", "shelf-5", "shelf-6"),
    "shelves 3-6": ("shelf-3", "shelf-4", "shelf-5", "shelf-6"),
    "bays three through five": ("shelf-3", "shelf-4", "shelf-5"),
    "the first three shelves": ("shelf-1", "shelf-2", "shelf-3"),
    "the last two shelves": ("shelf-7", "shelf-8"),
    "every second shelf": ("shelf-2", "shelf-4", "shelf-6", "shelf-8"),
    "every other shelf": ("shelf-1", "shelf-3", "shelf-5", "shelf-7"),
    "all shelves in aisle B": ("shelf-5", "shelf-6", "shelf-7", "shelf-8"),
    "all shelves except shelf 3": tuple(s for s in ALL if s != "shelf-3"),
    "the racks, but not rack 1 and 2": ALL[2:],
}


@pytest.mark.parametrize(("text", "ids"), SHELVES.items())
def test_a_set_of_places_is_marked_as_one_mention(text, ids, site, fleet):
    (mention,) = link(text, site, fleet).mentions
    assert mention.letter == "s"
    assert mention.ids == ids and mention.count == len(ids)


ONE = {
    "robot 2": "robot-2",
    "Robot two": "robot-2",
    "robot-2": "robot-2",
    "ROBOT #2": "robot-2",
    "bot 2": "robot-2",
    "the second robot": "robot-2",
    "robot 2's battery": "robot-2",
    "stove lamp": "stove-lamp",
    "shelf 4": "shelf-4",
    "rack no 4": "shelf-4",
    "S4": "shelf-4",
    "the fourth shelf": "shelf-4",
    "the kitchen": "kitchen",
    "packing station": "packing",
    "number 2": "robot-2",
}


@pytest.mark.parametrize(("text", "ident"), ONE.items())
def test_one_device_or_place_is_found_by_name_alias_number_and_ordinal(text, ident, site, fleet):
    (mention,) = link(text, site, fleet).mentions
    assert mention.ids == (ident,) and mention.letter in "dp"


def test_the_text_is_tagged_as_the_prompt_shows_it(site, fleet):
    linked = link("Robot 3, check the shelves near shelf 4 with the bots.", site, fleet)
    assert linked.tagged() == "[d1 robot: Robot 3], check [s1 shelf 8: the shelves] near [p1 shelf: shelf 4] with [k1 robot 4: the bots]."


def test_two_or_three_devices_in_a_list_are_mentions_of_their_own_and_a_range_is_a_group(site, fleet):
    assert [m.ids for m in link("robots 2 and 4 to dock 1", site, fleet).mentions] == [("robot-2",), ("robot-4",), ("dock-1",)]
    (group,) = link("robots 2 to 4, go home", site, fleet).mentions
    assert group.letter == "k" and group.ids == ("robot-2", "robot-3", "robot-4")


@pytest.mark.parametrize(
    ("text", "missing"),
    {"go to shelf 99": ("shelf 99",), "shelves 7 to 10": ("shelf 9", "shelf 10"), "robot 9": ("robot 9",), "aisle D": ("aisle D",)}.items(),
)
def test_a_number_that_does_not_exist_is_remembered_as_missing(text, missing, site, fleet):
    (mention,) = link(text, site, fleet).mentions
    assert mention.missing == missing


@pytest.mark.parametrize("text", ["move the robot 2 metres forward", "drive the robot 30 percent slower"])
def test_a_quantity_after_a_noun_is_no_number_of_it(text, site, fleet):
    (mention,) = link(text, site, fleet).mentions
    assert mention.letter == "k" and mention.count == 4


@pytest.mark.parametrize("text", ["", "???", "say hello", "robotics is fun", "the shelfish gene", "🤖" * 50, "a" * 9000])
def test_nothing_is_marked_in_the_middle_of_words_or_where_nothing_is_meant(text, site, fleet):
    assert link(text, site, fleet).mentions == ()


def test_moving_from_one_place_to_another_is_no_range(site, fleet):
    first, *rest = link("move the box from shelf 3 to 6", site, fleet).mentions
    assert first.ids == ("shelf-3",) and not rest


def test_mentions_never_overlap_and_surfaces_are_the_text(site, fleet):
    text = "Send robots 2 and 4 to shelves 3 to 6 in aisle A, all lamps in the kitchen except the stove lamp off, robot 1 to the packing station"
    linked = link(text, site, fleet)
    assert all(a.end <= b.start for a, b in zip(linked.mentions, linked.mentions[1:], strict=False))
    assert all(text[m.start : m.end] == m.surface for m in linked.mentions)


def test_ids_come_back_unchanged_even_when_they_do_not_fit_the_wire(site):
    from coordinator.registry import Device

    odd = Device(id="R2-D2/Ünit_7", kind="droid", name="Artoo")
    assert [m.ids for m in link("Artoo, and R2-D2/Ünit_7", site, (odd,)).mentions] == [("R2-D2/Ünit_7",)] * 2
