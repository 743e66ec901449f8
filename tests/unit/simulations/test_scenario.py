"""Scenario files, the site model made of a world, and the picture."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from schemas.errors import ConfigError
from schemas.site import Site
from simulations.makers import MAKERS, catalogue_path
from simulations.picture import draw
from simulations.scenario import FOLDER, build_world, load_scenario
from simulations.site import profiles_of, site_of


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_every_shipped_scenario_builds_a_world(path: Path) -> None:
    scenario = load_scenario(path.stem)
    world = build_world(scenario)
    assert scenario.name == path.stem
    assert (len(world.robots), len(world.shelves)) == (scenario.robots, scenario.shelves)


def test_the_default_has_three_makers_eight_shelves_and_its_batteries() -> None:
    world = build_world(load_scenario("warehouse"))
    assert [r.maker for r in world.robots.values()] == ["norvik", "ostara", "kestrel"]
    assert [round(r.battery) for r in world.robots.values()] == [92, 64, 81]
    assert len(world.shelves) == 8
    assert all(4 <= len(s.slots) <= 8 for s in world.shelves.values())


def test_the_command_line_replaces_robots_shelves_and_seed() -> None:
    scenario = load_scenario("warehouse", robots=6, shelves=20, seed=99)
    world = build_world(scenario)
    assert (len(world.robots), len(world.shelves), scenario.seed) == (6, 20, 99)
    assert [r.maker for r in world.robots.values()] == [MAKERS[i % 4] for i in range(6)]
    assert build_world(scenario).truth() == world.truth()
    assert build_world(load_scenario("warehouse", robots=6, shelves=20, seed=98)).truth() != world.truth()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("robot = 3", "robot: unknown key"),
        ("robots = 0", "robots: Input should be greater"),
        ("robots = [", "not valid TOML"),
        ('makers = ["acme"]', "makers: there is no maker 'acme'"),
        ("slots = [8, 4]", "slots: the least number"),
        ('[[faults]]\nrobot = "robot-9"\nkind = "stuck"', "faults: there is no robot-9"),
        ('[[faults]]\nrobot = "robot-1"\nkind = "sulks"', "faults.0.kind"),
    ],
)
def test_a_mistake_in_a_scenario_is_one_line_with_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_scenario(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_scenario_and_maker_and_a_bad_option_are_told_clearly() -> None:
    with pytest.raises(ConfigError, match="neither a file nor a shipped scenario: liar, troubles, warehouse"):
        load_scenario("nothing-of-the-kind")
    with pytest.raises(ConfigError, match="no such file"):
        load_scenario("nothing-of-the-kind.toml")
    with pytest.raises(ConfigError, match="no maker"):
        catalogue_path("acme")
    with pytest.raises(ConfigError, match="command line: robots"):
        load_scenario("warehouse", robots=0)


def test_the_site_names_every_place_and_its_aisle() -> None:
    world = build_world(load_scenario("warehouse"))
    site = site_of(world, "hall")
    assert Site.model_validate_json(site.model_dump_json()) == site
    assert {k: len(site.of_kind(k)) for k in ("shelf", "dock", "station", "aisle")} == {"shelf": 8, "dock": 3, "station": 1, "aisle": 2}
    shelf = site.place("shelf-5")
    assert shelf is not None
    assert (shelf.name, shelf.zone, shelf.attributes["slots"]) == ("shelf 5", "aisle-b", len(world.shelves[5].slots))
    assert "rack 5" in shelf.aliases
    assert "rack" in site.kinds["shelf"]


def test_profiles_tell_abilities_and_properties_but_no_api() -> None:
    profiles = profiles_of(build_world(load_scenario("warehouse", robots=4)))
    assert [(p.device, p.name, p.device_kind, p.place) for p in profiles][1] == ("robot-2", "robot 2", "robot", "dock-2")
    for profile in profiles:
        assert "checks a shelf for free slots" in profile.abilities
        known = {p.name: p for p in profile.properties}
        assert known["battery"].in_state
        assert known["battery"].unit == "%"
        assert not known["free_slots"].in_state


def test_the_picture_shows_every_shelf_and_robot_and_is_the_same_each_time() -> None:
    world = build_world(load_scenario("warehouse"))
    picture = draw(world)
    assert picture == draw(build_world(load_scenario("warehouse")))
    root = ElementTree.fromstring(picture)
    texts = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [t for t in texts if t and t.startswith("shelf")] == [f"shelf {n}" for n in range(1, 9)]
    assert texts[-3:] == ["1", "2", "3"]
    world.travel_to(world.robots["robot-1"], "shelf-1")
    world.kernel.drain(100)
    assert draw(world) != picture


def test_the_site_tells_the_ground_that_each_place_fills() -> None:
    site = site_of(build_world(load_scenario("warehouse", robots=2, shelves=4)))
    shelf, dock = site.place("shelf-1"), site.place("dock-2")
    assert shelf is not None and shelf.vertices == ((3, 3), (5, 3), (5, 4), (3, 4)) and shelf.at == (4.0, 4.5)
    assert dock is not None and dock.vertices == ((1, 0), (2, 0), (2, 1), (1, 1)) and dock.at == (1.5, 0.5)
