"""Function lists in the paper's format and in ours."""

from __future__ import annotations

from typing import Any

import pytest

from device_agent.paper_format import from_paper, read_functions
from schemas.errors import ContractError
from schemas.skills import parameters_of

GO = {"name": "go", "input_argument": "x, y", "input_type": "float, int", "output": {"0": "arrived", "1": "blocked"}, "notes": "Drives to a point."}


def test_arguments_and_types_pair_up_in_order_and_all_are_required() -> None:
    assert from_paper(GO) == {
        "name": "go",
        "description": "Drives to a point.",
        "parameters": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "integer"}}, "required": ["x", "y"]},
    }


@pytest.mark.parametrize(("argument", "kind"), [("none", "null"), (None, None), ("", ""), ("None", "Null"), ([], [])])
def test_a_function_without_arguments_has_no_properties(argument: Any, kind: Any) -> None:
    made = from_paper({"name": "stop", "input_argument": argument, "input_type": kind})
    assert made["parameters"] == {"type": "object", "properties": {}, "required": []}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("double", "number"), ("uint8_t", "integer"), ("std::string", "string"), ("bool", "boolean"), ("List[int]", "array"), ("Dict", "object")],
)
def test_types_of_many_languages_are_understood(kind: str, expected: str) -> None:
    (function,) = read_functions([{"name": "f", "input_argument": "a", "input_type": kind}])
    assert parameters_of(function)[0].type == expected


def test_a_comma_inside_brackets_is_part_of_the_type() -> None:
    (function,) = read_functions([{"name": "f", "input_argument": "at, speed", "input_type": "tuple[int, int], float"}])
    assert [p.type for p in parameters_of(function)] == ["array", "number"]


def test_a_missing_or_unknown_type_allows_anything() -> None:
    (function,) = read_functions([{"name": "f", "input_argument": "a, b", "input_type": "Quux"}])
    assert [(p.name, p.type, p.required) for p in parameters_of(function)] == [("a", "any", True), ("b", "any", True)]


def test_without_notes_the_meanings_of_the_result_describe_the_function() -> None:
    assert from_paper({**GO, "notes": None})["description"] == "arrived; blocked"


@pytest.mark.parametrize("key", ["inputSchema", "input_schema", "parameters"])
def test_tools_as_openai_and_mcp_write_them_are_functions(key: str) -> None:
    schema = {"type": "object", "properties": {"level": {"type": "integer"}}}
    tool = {"name": "set_level", "description": "Sets it.", key: schema}
    wrapped = {"type": "function", "function": {"name": "set_level", "description": "Sets it.", "parameters": schema}}
    assert read_functions([tool]) == read_functions([wrapped])
    assert read_functions([tool])[0].parameters == schema


def test_both_formats_may_stand_in_one_list_and_null_is_absent() -> None:
    ours = {"name": "beep", "description": None, "parameters": None, "colour": "red"}
    assert [f.name for f in read_functions([GO, ours])] == ["go", "beep"]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (None, "functions is missing"),
        ({}, "functions must be a list"),
        ([GO, 3], r"functions\[1\] must be an object"),
        ([{"description": "x"}], r"functions\[0\].name"),
        ([{"name": "f", "parameters": "none"}], r"functions\[0\].parameters"),
        ([{"name": "f", "description": 4}], r"functions\[0\].description"),
    ],
)
def test_an_odd_list_is_refused_naming_the_entry(entries: Any, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        read_functions(entries)
