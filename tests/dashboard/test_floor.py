"""The floor from above."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.floor.drawing import Drawing, draw, toward
from dashboard.floor.ground import ground_of, mentioned
from dashboard.picture import Picture
from schemas import topics
from schemas.messages import SiteMessage, SubtaskStatus
from schemas.site import Place, Site
from tests.dashboard.wire import Wire


def place(ident: str, x: float | None = None, y: float = 0.0, kind: str = "shelf", zone: str | None = None) -> Place:
    corners = ((x - 1, y), (x + 1, y), (x + 1, y + 1), (x - 1, y + 1)) if x is not None else ()
    at = (x, y - 0.5) if x is not None else None
    return Place(id=ident, kind=kind, name=ident.replace("-", " "), at=at, vertices=corners, zone=zone)


def told(*places: Place) -> Wire:
    wire = Wire()
    wire.say(topics.SITE, "c", SiteMessage(site=Site(places=places)))
    return wire


def drawn(wire: Wire, chosen: str = "", width: int = 80, height: int = 16) -> Drawing:
    return draw(Picture(wire.view, wire.now, True, chosen, "", wire.view.links(wire.now)), width, height)


def test_a_device_is_drawn_where_it_says_that_it_is() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 5), place("dock-1", 1, 0, "dock"))
    wire.device("r1", attributes={"x": 8.0, "y": 2.0})
    column, row = drawn(wire).marks["r1"]
    assert column > 40 and 4 <= row <= 12


def test_a_device_that_tells_no_coordinates_is_drawn_at_its_place() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 5))
    wire.device("r1", attributes={"at": "shelf-2"})
    assert drawn(wire).marks["r1"][0] > 40


def test_places_without_coordinates_stand_in_tidy_rows_that_are_said_not_to_be_to_scale() -> None:
    wire = told(place("shelf-1"), place("shelf-2"), place("dock-1", kind="dock"), place("hall", kind="zone"), place("bay", zone="hall"))
    wire.device("r1", attributes={"at": "dock-1", "x": 4000, "y": 2})
    picture = drawn(wire)
    text = picture.text.plain
    assert not picture.to_scale and all(name in text for name in ("shelf 1", "shelf 2", "dock 1", "●r1")) and "hall" not in text
    assert text == drawn(wire).text.plain


def test_a_device_that_nobody_can_place_is_told_beside_the_map() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 5))
    wire.device("r1", attributes={"at": "nowhere"})
    wire.device("r2", attributes={"x": 900.0, "y": 2.0})
    assert drawn(wire).away == ("r1", "r2")


@pytest.mark.parametrize(
    ("state", "mark"),
    [({"stopped": True}, "■"), ({"problem": "wheel"}, "!"), ({"busy": True}, "▶"), ({}, "●"), ({"busy": True, "stop_problem": "gone"}, "!")],
)  # fmt: skip
def test_each_state_has_its_mark(state: dict[str, object], mark: str) -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 0))
    wire.device("r1", attributes={"at": "shelf-1"}, **state)
    assert f"{mark}r1" in drawn(wire).text.plain


def test_a_device_whose_agent_is_away_has_a_mark_of_its_own() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 0))
    wire.device("r1", attributes={"at": "shelf-1"}, busy=True)
    wire.online("agent-r1", status="connectionbroken")
    assert "○r1" in drawn(wire).text.plain


def test_a_device_under_way_points_to_its_goal_and_the_chosen_ones_way_is_dotted() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 5))
    ident = wire.instruct(1, "Go")
    subtask = wire.give(ident, 11, "r1", "Drive from shelf 1 to Shelf 2.")
    wire.device("r1", attributes={"x": 1.0, "y": 4.5}, busy=True, subtasks=(SubtaskStatus(subtask=subtask, state="running"),))
    assert "→r1" in drawn(wire).text.plain and "·" not in drawn(wire).text.plain
    assert "→«r1» ·" in drawn(wire, "r1").text.plain


def test_without_a_known_goal_it_points_where_it_moves() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 0))
    for y in (4.0, 3.0):
        wire.device("r1", attributes={"x": 1.0, "y": y}, busy=True)
    assert "↓r1" in drawn(wire).text.plain


def test_devices_at_one_point_are_all_drawn() -> None:
    wire = told(place("shelf-1", 1, 5), place("shelf-2", 9, 0))
    for n in range(6):
        wire.device(f"r{n}", attributes={"at": "shelf-1"})
    assert len(set(drawn(wire).marks.values())) == 6


def test_the_arrows_choose_the_nearest_device_that_way() -> None:
    marks = {"a": (10, 5), "b": (20, 5), "c": (60, 6), "d": (12, 1)}
    assert toward(marks, "a", 1, 0) == "b" and toward(marks, "b", 1, 0) == "c" and toward(marks, "c", 1, 0) == "c"
    assert toward(marks, "a", 0, -1) == "d" and toward(marks, "", 1, 0) == "a" and toward({}, "", 1, 0) == ""


def test_the_last_place_that_a_sentence_names_is_where_it_leads() -> None:
    ground = ground_of(Site(places=(place("shelf-1"), place("shelf-11"), Place(id="gate", kind="gate", name="gate", aliases=("Tor (Nord)",)))))
    assert mentioned(ground, "From shelf 11 to SHELF 1!") == "shelf-1" and mentioned(ground, "shelf 11") == "shelf-11"
    assert mentioned(ground, "zum Tor (Nord)") == "gate" and mentioned(ground, "investigate") == ""


@given(st.lists(st.tuples(st.floats(-1e308, 1e308), st.floats(-1e308, 1e308)), min_size=1, max_size=6), st.integers(40, 200), st.integers(6, 60))
def test_a_floor_of_any_size_is_drawn_within_the_screen(points: list[tuple[float, float]], width: int, height: int) -> None:
    wire = told(*(Place(id=f"p{n}", kind="spot", name=f"spot {n}", at=point) for n, point in enumerate(points)))
    wire.device("r1", attributes={"at": "p0", "x": points[0][0], "y": points[0][1]})
    lines = drawn(wire, "r1", width, height).text.plain.split("\n")
    assert len(lines) <= height and all(len(line) <= width for line in lines)


def test_a_crowded_floor_still_shows_every_device() -> None:
    wire = told(*(place(f"shelf-{n}", 3.0 * (n % 20), 4.0 * (n // 20)) for n in range(200)))
    for n in range(60):
        wire.device(f"robot-{n}", attributes={"at": f"shelf-{3 * n}"})
    assert len(drawn(wire, "robot-7").marks) == 60 and "«robot-7»" in drawn(wire, "robot-7").text.plain


def test_ground_that_is_reserved_is_drawn_from_corner_to_corner_for_every_robot() -> None:
    wire = told(place("shelf-1", 1, 8), place("shelf-2", 9, 8), place("dock-1", 1, 0, "dock"))
    wire.device("r1", attributes={"x": 1.0, "y": 4.0}, busy=True, way=((1.0, 4.0), (9.0, 4.0), (9.0, 7.0)))
    wire.device("r2", attributes={"x": 4.0, "y": 2.0}, busy=True, way=((4.0, 2.0), (4.0, 1.0)))
    wire.device("r3", attributes={"x": 7.0, "y": 2.0}, busy=True)
    picture = drawn(wire, "r1", 80, 30)
    lines = picture.text.plain.split("\n")
    (_, row), corner = picture.marks["r1"], max(n for n, line in enumerate(lines) if "•" in line)
    assert lines[row].count("•") >= 20 and "·" not in picture.text.plain, "what is reserved is known, and nothing has to be guessed"
    east = lines[row].rindex("•")
    assert all(lines[r][east] == "•" for r in range(row - 3, row)) and corner > picture.marks["r2"][1]
    styles = {str(span.style) for span in picture.text.spans if "•" in picture.text.plain[span.start : span.end]}
    assert styles == {"bold", "dim"}
    wire.device("r1", attributes={"x": 9.0, "y": 7.0})
    wire.device("r2", attributes={"x": 4.0, "y": 1.0})
    assert "•" not in drawn(wire, "r1", 80, 30).text.plain


def test_a_way_that_leads_off_the_floor_is_drawn_as_far_as_it_is_on_it() -> None:
    wire = told(place("shelf-1", 1, 8), place("shelf-2", 9, 8))
    wire.device("r1", attributes={"x": 1.0, "y": 7.0}, way=((1.0, 7.0), (5.0, 7.0), (5000.0, 7.0)))
    assert drawn(wire).text.plain.count("•") > 3
    wire.device("r1", attributes={"x": 1.0, "y": 7.0}, way=((1.0, 7.0), (1e300, 7.0)))
    assert "•" not in drawn(wire).text.plain, "no coordinates at all"


def test_in_a_crowd_only_what_is_chosen_or_in_trouble_keeps_its_name() -> None:
    wire = told(place("shelf-1", 0, 0), place("shelf-2", 80, 80))
    for n in range(300):
        wire.device(f"robot-{n}", attributes={"x": 5.0 * (n % 16), "y": 4.2 * (n // 16)}, stopped=n == 99)
    found = drawn(wire, "robot-7", 120, 26)
    assert found.crowded and len(found.marks) == 300
    text = found.text.plain
    assert "robot-99" in text and "robot-98" not in text and "r98" not in text and not drawn(wire, "robot-7", 200, 60).crowded
