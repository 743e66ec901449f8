"""Requests out of calls, and facts out of makers' JSON."""

from __future__ import annotations

from typing import Any

import pytest

from device_agent.drivers.mapping import arguments_with_defaults, dig, observe, reduce, request
from schemas.skills import Binding, Call, Function, PlaceRef, Returns

FUNCTION = Function(
    name="f",
    parameters={
        "type": "object",
        "properties": {"target": {"type": "object", "properties": {"x": {"type": "number"}}}, "mode": {"type": "string", "default": "eco"}, "note": {"type": "string"}},
    },
)


def test_arguments_are_flattened_and_defaults_filled() -> None:
    assert arguments_with_defaults(FUNCTION, Call(function="f", arguments={"target": {"x": 2.5}})) == {"target.x": 2.5, "mode": "eco"}


def test_a_request_keeps_types_and_leaves_out_what_was_not_given() -> None:
    binding = Binding(method="PUT", path="/go/{target.x}", query={"m": "{mode}", "n": "{note}"}, body={"x": "{target.x}", "note": "{note}", "in": {"m": "is {mode}"}})
    made = request(binding, {"target.x": 2.5, "mode": "eco"})
    assert made == ("PUT", "/go/2.5", {"m": "eco"}, {"x": 2.5, "in": {"m": "is eco"}})


@pytest.mark.parametrize(
    ("item", "raw", "expected"),
    [
        (Returns(property="p", reduce="count_true"), [True, False, True], 2),
        (Returns(property="p", reduce="count_false"), {"a": True, "b": False}, 1),
        (Returns(property="p", reduce="count_true", values={"free": True, "used": False}), {"a": "free", "b": "used", "c": "free"}, 2),
        (Returns(property="p", reduce="count"), ["x", "y"], 2),
        (Returns(property="p", reduce="list"), ["x", 3], ("x", 3)),
        (Returns(property="p", reduce="first"), ["x", "y"], "x"),
        (Returns(property="p", reduce="not"), False, True),
        (Returns(property="p", scale=100), 0.5, 50),
        (Returns(property="p", values={"DCK": "dock-1"}), "DCK", "dock-1"),
        (Returns(property="at", place=PlaceRef(prefix="shelf-", offset=-1)), 3, "shelf-4"),
        (Returns(property="p", reduce="count_true"), "not a list", None),
        (Returns(property="p"), {"a": 1}, None),
        (Returns(property="p"), None, None),
    ],
)
def test_makers_shapes_become_one_value_or_nothing(item: Returns, raw: Any, expected: Any) -> None:
    assert reduce(item, raw) == expected


def test_the_subject_is_the_sites_word_for_an_argument() -> None:
    item = Returns(property="free_slots", subject="{rack}", place=PlaceRef(prefix="shelf-", format="S{n:02d}"))
    assert observe((item,), 3, {"rack": "S04"}, 1.0, "measured")[0].subject == "shelf-4"


@pytest.mark.parametrize(("path", "expected"), [("", {"a": [{"b": 1}]}), ("a.0.b", 1), ("a.1.b", None), ("x", None), ("a.b", None)])
def test_digging_finds_or_gives_nothing(path: str, expected: Any) -> None:
    assert dig({"a": [{"b": 1}]}, path) == expected
