"""Function lists as people have them: with JSON Schema (also as OpenAI and MCP write tools), or the paper's catalogue (`input_argument`,
`input_type`, `output`, `notes`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from schemas.errors import ContractError
from schemas.skills import Function

_NOTHING = {"", "none", "null", "void", "n/a", "-"}
_COMMA = re.compile(r",(?![^\[(<{]*[\])>}])")
"""A comma outside brackets: `list[int, int], float` has one."""
_KINDS = (
    ("array", ("list", "array", "tuple", "vector", "[]", "slice")),
    ("object", ("dict", "map", "struct", "object", "json")),
    ("boolean", ("bool",)),
    ("string", ("str", "char", "text")),
    ("number", ("float", "double", "number", "real", "decimal")),
    ("integer", ("int", "long", "short", "byte")),
)


def read_functions(entries: object) -> tuple[Function, ...]:
    """Functions from decoded JSON, each entry in any of the formats; unknown fields are ignored, null is absent. Raises ContractError."""
    if entries is None:
        raise ContractError("functions is missing")
    if not isinstance(entries, list):
        raise ContractError("functions must be a list")
    return tuple(_function(entry, f"functions[{i}]") for i, entry in enumerate(cast("list[object]", entries)))


def _function(raw: object, where: str) -> Function:
    if not isinstance(raw, dict):
        raise ContractError(f"{where} must be an object")
    entry = _unwrapped(cast("dict[str, Any]", raw))
    plain = from_paper(entry) if is_paper(entry) else entry
    name, description, parameters = plain.get("name"), plain.get("description"), plain.get("parameters")
    if not isinstance(name, str) or not name:
        raise ContractError(f"{where}.name must be text")
    if not isinstance(description, str | None):
        raise ContractError(f"{where}.description must be text")
    if not isinstance(parameters, dict | None):
        raise ContractError(f"{where}.parameters must be a JSON Schema object")
    schema = cast("dict[str, Any] | None", parameters)
    return Function(name=name, description=description or "", parameters=schema or {"type": "object", "properties": {}})


def _unwrapped(entry: dict[str, Any]) -> dict[str, Any]:
    """`{"type": "function", "function": {...}}` of OpenAI's tools without its wrapper; `inputSchema` of an MCP tool as `parameters`."""
    inner = entry.get("function")
    if "name" not in entry and isinstance(inner, dict):
        return cast("dict[str, Any]", inner)
    schema = entry.get("inputSchema", entry.get("input_schema"))
    return {**entry, "parameters": schema} if schema is not None and entry.get("parameters") is None else entry


def is_paper(entry: Mapping[str, object]) -> bool:
    """Whether an entry is written as in the paper."""
    return entry.get("parameters") is None and ("input_argument" in entry or "input_type" in entry)


def from_paper(entry: Mapping[str, object]) -> dict[str, object]:
    """`{name, input_argument: "x, y", input_type: "float, float", output, notes}` → `{name, description, parameters}`; every argument is required."""
    names, types = _parts(entry.get("input_argument")), _parts(entry.get("input_type"))
    types += [""] * (len(names) - len(types))
    properties = {name: _schema(kind) for name, kind in zip(names, types, strict=False)}
    return {
        "name": entry.get("name"),
        "description": _description(entry),
        "parameters": {"type": "object", "properties": properties, "required": names},
    }


def _parts(value: object) -> list[str]:
    """Items of "x, y" or of a list; "none" and null are no items."""
    listed = [str(item) for item in cast("Sequence[object]", value)] if isinstance(value, list) else []
    pieces = _COMMA.split(value) if isinstance(value, str) else listed
    return [piece.strip() for piece in pieces if piece.strip().lower() not in _NOTHING]


def _schema(kind: str) -> dict[str, str]:
    """A maker's type name, in whatever language, as JSON Schema; an unknown one allows anything."""
    spelled = kind.lower()
    found = [name for name, marks in _KINDS if any(mark in spelled for mark in marks)]
    return {"type": found[0]} if found else {}


def _description(entry: Mapping[str, object]) -> str:
    """The notes; without them, what a maker says the result means."""
    notes = entry.get("notes") or entry.get("description")
    if isinstance(notes, str) and notes.strip():
        return notes.strip()
    output = entry.get("output")
    meanings = cast("dict[str, object]", output).values() if isinstance(output, dict) else ()
    return "; ".join(meaning for meaning in meanings if isinstance(meaning, str))
