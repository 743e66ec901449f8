"""What the coordinator knows beside the words narrows the choice; places said by their proper names need no model."""

from __future__ import annotations

import pytest

from device_agent.extraction import NAMED, named_places
from device_agent.mapper import NO_HINT, Hint, Mapped, offers
from device_agent.reader_mapper import SOUGHT, doubted, site_view, sought
from schemas.skills import Binding, Call, Catalogue, Function, PlaceRef, Returns, StateRead, parameters_of

SHELF = PlaceRef(prefix="shelf-", format="S{n:02d}")
CHARGE = Function(name="charge")
LEVEL = Function(name="level", safety="read", returns=(Returns(property="battery"),))
LOOK = Function(name="look", safety="read", returns=(Returns(property="free_slots"),))
PHOTO = Function(name="photo", safety="read", returns=(Returns(property="image"),))
CATALOGUE = Catalogue(
    kind="robot", functions=(CHARGE, LEVEL, LOOK, PHOTO), state=(StateRead(binding=Binding(), attributes=(Returns(property="battery"),)),)
)


@pytest.mark.parametrize(
    ("hint", "tried"),
    [
        (NO_HINT, ["charge level look photo"]),
        (Hint(purpose="act"), ["charge look photo"]),
        (Hint(purpose="observe"), ["level look photo", "charge level look photo"]),
        (Hint(purpose="observe", seeks="free_slots"), ["look", "level look photo", "charge level look photo"]),
        (Hint(purpose="observe", seeks="humidity"), ["level look photo", "charge level look photo"]),
    ],
)
def test_functions_are_tried_as_the_purpose_says(hint, tried):
    assert [" ".join(f.name for f in functions) for functions in offers(CATALOGUE, hint)] == tried


def parameters(*places: str):
    properties = {name: {"type": "string", "description": "Rack label."} for name in places}
    function = Function(
        name="go", parameters={"type": "object", "properties": properties, "required": list(places)}, places=dict.fromkeys(places, SHELF)
    )
    return parameters_of(site_view(function))


@pytest.mark.parametrize(
    ("sentence", "names", "found"),
    [
        ("Check whether shelf 2 is free.", ("rack",), {0: 2}),
        ("Go to Shelf 12, then wait at shelf 12.", ("rack",), {0: 12}),
        ("Carry it from shelf 2 to shelf 3.", ("rack",), {}),
        ("Carry it from shelf 2.", ("origin", "target"), {}),
        ("Wait 2 seconds.", ("rack",), {}),
        ("Go to shelf two.", ("rack",), {}),
    ],
)
def test_one_place_by_its_proper_name_is_the_argument(sentence, names, found):
    assert {p: (a.value, a.confidence) for p, a in named_places(sentence, parameters(*names)).items()} == {p: (n, NAMED) for p, n in found.items()}


@pytest.mark.parametrize(
    ("function", "seeks", "confidence", "decision"),
    [
        ("look", "free_slots", SOUGHT, "act"),
        ("look", "free_slots", SOUGHT - 0.01, "ask"),
        ("look", "image", 0.4, "ask"),
        ("look", None, 0.4, "ask"),
        ("charge", None, 0.4, "ask"),
    ],
)
def test_a_function_that_reads_what_is_sought_needs_less_confidence(function, seeks, confidence, decision):
    mapped = Mapped(call=Call(function=function), decision="ask", confidence=confidence)
    assert sought(mapped, CATALOGUE, Hint(purpose="observe", seeks=seeks)).decision == decision


@pytest.mark.parametrize(
    ("sentence", "function", "arguments", "decision"),
    [
        ("Carry the crate from shelf 3 to the station.", "station", {}, "ask"),
        ("Go to the station.", "station", {}, "act"),
        ("Go to shelf 3.", "go", {"rack": "S03"}, "act"),
        ("Go to shelf 4.", "go", {"rack": "S03"}, "ask"),
        ("Carry it from shelf 2 to shelf 3.", "go", {"rack": "S03"}, "ask"),
    ],
)
def test_a_named_place_that_the_call_does_not_use_is_asked_about(sentence, function, arguments, decision):
    go = Function(name="go", places={"rack": SHELF})
    catalogue = Catalogue(kind="robot", functions=(go, Function(name="station")))
    mapped = Mapped(call=Call(function=function, arguments=arguments), decision="act")
    assert doubted(sentence, mapped, catalogue).decision == decision
