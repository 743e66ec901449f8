"""Catalogues, odd schemas, places and conditions."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.base import compare
from schemas.skills import Function, PlaceRef, parameters_of


def test_nested_parameters_are_flattened_in_order_with_their_bounds() -> None:
    function = Function(
        name="f",
        parameters={
            "type": "object",
            "required": ["target"],
            "properties": {
                "target": {
                    "type": "object",
                    "required": ["x"],
                    "properties": {"x": {"type": "number", "minimum": 0, "unit": "m"}, "y": {"type": ["number", "null"]}},
                },
                "mode": {"enum": ["eco", "boost"], "default": "eco"},
            },
        },
    )
    found = [(p.name, p.type, p.required, p.minimum, p.unit, p.choices) for p in parameters_of(function)]
    assert found == [
        ("target.x", "number", True, 0.0, "m", ()),
        ("target.y", "number", False, None, None, ()),
        ("mode", "string", False, None, None, ("eco", "boost")),
    ]


@pytest.mark.parametrize(
    "schema", [{}, {"properties": []}, {"properties": {"a": 3}}, {"properties": {"a": {"type": 7, "enum": "x"}}}, {"required": 1}]
)
def test_odd_schemas_never_raise(schema: dict[str, Any]) -> None:
    assert all(p.type == "any" for p in parameters_of(Function(name="f", parameters=schema)))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("float", "number"),
        ("int", "integer"),
        ("str", "string"),
        ("bool", "boolean"),
        ("list", "array"),
        ("dict", "object"),
        (["null", "int"], "integer"),
    ],
)
def test_types_by_other_names_are_understood(written: object, read: str) -> None:
    (found,) = parameters_of(Function(name="f", parameters={"properties": {"a": {"type": written}}}))
    assert found.type == read


@pytest.mark.parametrize(
    ("ref", "site", "maker"),
    [
        (PlaceRef(prefix="shelf-"), "shelf-4", 4),
        (PlaceRef(prefix="shelf-", offset=-1), "shelf-4", 3),
        (PlaceRef(prefix="shelf-", format="S{n:02d}"), "shelf-4", "S04"),
        (PlaceRef(prefix="shelf-", format="Z2-S{n:02d}"), "shelf-4", "Z2-S04"),
        (PlaceRef(prefix="shelf-", format="B1{n}", offset=2), "shelf-4", "B16"),
        (PlaceRef(prefix="shelf-", format="({n}.{n})"), "shelf-12", "(12.12)"),
    ],
)
def test_a_makers_numbering_and_the_sites_ids_convert_both_ways(ref: PlaceRef, site: str, maker: object) -> None:
    assert ref.to_maker(site) == maker
    assert ref.to_site(maker) == site  # type: ignore[arg-type]
    assert ref.to_site(site) == site
    assert ref.to_maker("dock-1") is None


@pytest.mark.parametrize(("form", "value"), [("Z2-S{n:02d}", "Z2-S4"), ("S.{n}", "Sx4"), ("{n}", "²"), ("dock", "dock"), ("S{n}", "S" + "9" * 5000)])
def test_what_is_no_place_of_this_maker_becomes_none(form: str, value: str) -> None:
    assert PlaceRef(prefix="shelf-", format=form).to_site(value) is None


@pytest.mark.parametrize(
    ("left", "op", "right", "expected"),
    [
        (1, "==", 1.0, True),
        ("20", "<", 30, True),
        ("A ", "==", "a", True),
        ("a", "<", "b", False),
        (None, "==", "x", False),
        (True, "==", "true", True),
        (True, "==", True, True),
    ],
)
def test_values_compare_as_numbers_where_both_are_and_as_text_otherwise(left: Any, op: Any, right: Any, expected: bool) -> None:
    assert compare(left, op, right) is expected


@pytest.mark.parametrize(
    ("schema", "kind", "choices"),
    [
        ({"anyOf": [{"type": "null"}, {"type": "integer"}], "default": None}, "integer", ()),
        ({"oneOf": [{"const": "eco"}, {"const": "turbo"}]}, "string", ("eco", "turbo")),
        ({"$ref": "#/$defs/Mode"}, "string", ("quiet", "loud")),
        ({"allOf": [{"$ref": "#/$defs/Mode"}], "description": "how"}, "string", ("quiet", "loud")),
        ({"$ref": "#/$defs/Loop"}, "any", ()),
        ({"$ref": "elsewhere.json"}, "any", ()),
        ({"anyOf": "nonsense"}, "any", ()),
    ],
)
def test_schemas_as_tools_write_them_are_understood(schema: dict[str, Any], kind: str, choices: tuple[str, ...]) -> None:
    named = {"Mode": {"type": "string", "enum": ["quiet", "loud"]}, "Loop": {"$ref": "#/$defs/Loop"}}
    (parameter,) = parameters_of(Function(name="f", parameters={"type": "object", "properties": {"p": schema}, "$defs": named}))
    assert (parameter.type, parameter.choices) == (kind, choices)


def test_a_named_object_has_its_own_leaves() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}, "required": ["x"]}
    schema = {"type": "object", "properties": {"to": {"$ref": "#/$defs/Point"}}, "required": ["to"], "$defs": {"Point": point}}
    assert [(p.name, p.required) for p in parameters_of(Function(name="f", parameters=schema))] == [("to.x", True), ("to.y", False)]


@pytest.mark.parametrize(
    ("description", "choices"),
    [
        ("Sort order, either 'asc' or 'desc'.", ("asc", "desc")),
        ('Options are "metric" and "imperial".', ("metric", "imperial")),
        ("Can be 'celsius', 'fahrenheit', or 'kelvin'. Default is 'celsius'.", ("celsius", "fahrenheit", "kelvin")),
        ("One of low, medium or high.", ("low", "medium", "high")),
        ("Possible values: small, medium, large", ("small", "medium", "large")),
        ("City, e.g. 'Paris' or 'Rome'", ()),
        ("one of the team's players", ()),
        ("either name or id", ()),
        ("can be used and reused", ()),
    ],
)
def test_members_that_only_a_description_lists_are_choices(description: str, choices: tuple[str, ...]) -> None:
    (parameter,) = parameters_of(Function(name="f", parameters={"properties": {"p": {"type": "string", "description": description}}}))
    assert parameter.choices == choices
