"""From a validated call to a maker's request, and from the maker's JSON to facts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from pydantic import JsonValue

from schemas.base import Value
from schemas.observations import Evidence, Observation
from schemas.skills import Binding, Call, Function, Returns, parameters_of

_HOLE = re.compile(r"\{([\w.]+)\}")


def arguments_with_defaults(function: Function, call: Call) -> dict[str, JsonValue]:
    """The call's arguments, flattened by dotted name, with the schema's defaults where nothing was said."""
    flat: dict[str, JsonValue] = {}
    for parameter in parameters_of(function):
        value = _lookup(call.arguments, parameter.path)
        value = parameter.default if value is None else value
        if value is not None:
            flat[parameter.name] = value
    return flat


def _lookup(arguments: dict[str, JsonValue], path: tuple[str, ...]) -> JsonValue:
    node: Any = arguments
    for key in path:
        node = cast("dict[str, Any]", node).get(key) if isinstance(node, dict) else None
    return node


def fill(template: JsonValue, arguments: dict[str, JsonValue]) -> JsonValue:
    """`{argument}` replaced throughout; a string that is just a hole keeps the value's type; keys whose value was not given are left out."""
    if isinstance(template, str):
        whole = _HOLE.fullmatch(template)
        return arguments.get(whole[1]) if whole else _HOLE.sub(lambda m: _text(arguments.get(m[1])), template)
    if isinstance(template, dict):
        filled = {key: fill(value, arguments) for key, value in template.items()}
        return {key: value for key, value in filled.items() if value is not None or template[key] is None}
    if isinstance(template, list):
        return [fill(value, arguments) for value in template]
    return template


def _text(value: JsonValue) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def request(binding: Binding, arguments: dict[str, JsonValue]) -> tuple[str, str, dict[str, str], JsonValue]:
    """(method, path, query, body) of the maker's request."""
    query = {k: _text(fill(v, arguments)) for k, v in binding.query.items() if fill(v, arguments) is not None}
    body = None if binding.body is None else fill(binding.body, arguments)
    return binding.method, str(fill(binding.path, arguments)), query, body


def dig(value: JsonValue, path: str) -> JsonValue:
    """The value at a dotted path ("" = itself; list indices as numbers); None where there is nothing."""
    node: Any = value
    for key in path.split(".") if path else []:
        if isinstance(node, dict):
            node = cast("dict[str, Any]", node).get(key)
        elif isinstance(node, list) and key.isdigit() and int(key) < len(cast("list[Any]", node)):
            node = cast("list[Any]", node)[int(key)]
        else:
            return None
    return node


def observe(
    returns: Sequence[Returns], result: JsonValue, arguments: dict[str, JsonValue], now: float, evidence: Evidence
) -> tuple[Observation, ...]:
    """One observation for each `Returns` whose value is there."""
    made: list[Observation] = []
    for item in returns:
        value = reduce(item, dig(result, item.path))
        if value is not None:
            subject = _subject(item, arguments)
            made.append(Observation(subject=subject, property=item.property, value=value, unit=item.unit, time=now, evidence=evidence))
    return tuple(made)


def _subject(item: Returns, arguments: dict[str, JsonValue]) -> str:
    whole = _HOLE.fullmatch(item.subject)
    if whole is None:
        return str(fill(item.subject, arguments))
    value = arguments.get(whole[1])
    if item.place is not None and isinstance(value, int | float | str):
        return item.place.to_site(value) or str(value)
    return _text(value)


def reduce(item: Returns, raw: JsonValue) -> Value | tuple[Value, ...] | None:
    """A maker's shape as one value; None when it does not have the shape that was declared."""
    members = list(raw.values()) if isinstance(raw, dict) else raw if isinstance(raw, list) else None
    match item.reduce:
        case "count":
            return None if members is None else len(members)
        case "count_true" | "count_false":
            wanted = item.reduce == "count_true"
            return None if members is None else sum(1 for m in members if _truth(m, item) is wanted)
        case "list":
            return None if members is None else tuple(_scalar(m, item) for m in members if isinstance(m, bool | int | float | str))
        case "first":
            return _scalar(members[0], item) if members and isinstance(members[0], bool | int | float | str) else None
        case "not":
            return None if raw is None else not _truth(raw, item)
        case "value":
            return _scalar(raw, item) if isinstance(raw, bool | int | float | str) else None


def _truth(raw: JsonValue, item: Returns) -> bool:
    renamed = item.values.get(str(raw).lower() if isinstance(raw, bool) else str(raw), raw)
    return renamed is True or (isinstance(renamed, int | float) and not isinstance(renamed, bool) and renamed != 0) or renamed in ("true", "yes")


def _scalar(raw: Value, item: Returns) -> Value:
    renamed = item.values.get(str(raw).lower() if isinstance(raw, bool) else str(raw), raw)
    if item.place is not None:
        return item.place.to_site(renamed) or renamed
    if isinstance(renamed, int | float) and not isinstance(renamed, bool) and item.scale != 1.0:
        return round(renamed * item.scale, 6)
    return renamed
