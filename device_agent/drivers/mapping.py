"""Between validated calls and a maker's JSON: requests out of bindings, facts out of replies. Pure."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from pydantic import JsonValue

from device_agent.conditions import bind
from device_agent.way import as_text
from schemas.base import Condition, Value, compare
from schemas.errors import DeviceError
from schemas.observations import Observation
from schemas.skills import Binding, Function, Returns, StateRead, parameters_of

_HOLE = re.compile(r"\{([\w.]+)\}")
_ABSENT: Any = object()


@dataclass(frozen=True)
class Request:
    """One HTTP request, ready to send. `path` is quoted already."""

    method: str
    path: str
    query: dict[str, str]
    body: JsonValue


def with_defaults(function: Function, arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments, and the schema's defaults for top-level parameters that were not given."""
    defaults = {p.path[0]: p.default for p in parameters_of(function) if len(p.path) == 1 and p.default is not None}
    return {**defaults, **arguments}


def request_for(binding: Binding, values: Mapping[str, JsonValue]) -> Request:
    """Fill the binding's holes. Query and body fields without a value are left out; a path needs all of its own, else DeviceError."""
    query = cast("dict[str, JsonValue]", _filled(binding.query, values))
    body = None if binding.body is None else cast("JsonValue", _filled(binding.body, values))
    return Request(binding.method, path_for(binding.path, values), {k: _text(v) for k, v in query.items()}, body)


def path_for(path: str, values: Mapping[str, JsonValue]) -> str:
    """The path with every `{hole}` filled and quoted. Raises DeviceError when a value is missing."""

    def value(match: re.Match[str]) -> str:
        found = dig(values, match[1])
        if found is None:
            raise DeviceError(f"the request to the device needs a value for {match[1]}")
        return quote(_text(found), safe="")

    return _HOLE.sub(value, path)


def _filled(template: Any, values: Mapping[str, JsonValue]) -> Any:
    if isinstance(template, dict):
        filled = {k: _filled(v, values) for k, v in cast("dict[str, Any]", template).items()}
        return {k: v for k, v in filled.items() if v is not _ABSENT}
    if isinstance(template, list):
        return [v for v in (_filled(item, values) for item in cast("list[Any]", template)) if v is not _ABSENT]
    return _filled_text(template, values) if isinstance(template, str) else template


def _filled_text(template: str, values: Mapping[str, JsonValue]) -> Any:
    whole = _HOLE.fullmatch(template)
    if whole:
        found = dig(values, whole[1])
        return _ABSENT if found is None else found
    return _HOLE.sub(lambda m: _text(dig(values, m[1])), template)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def dig(value: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none. A number goes into a list; `*` takes the rest of the path for every element."""
    steps = path.split(".") if path else []
    for i, step in enumerate(steps):
        if step == "*":
            return [dig(element, ".".join(steps[i + 1 :])) for element in _elements(value)]
        value = _child(value, step)
    return value


def _child(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value).get(step)
    if isinstance(value, list) and step.isdigit() and int(step) < len(cast("list[Any]", value)):
        return cast("list[Any]", value)[int(step)]
    return None


def _elements(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(cast("Mapping[str, Any]", value).values())
    return cast("list[Any]", value) if isinstance(value, list) else []


def holds_on(condition: Condition, reply: Any) -> bool:
    """Whether a condition on a dotted field holds on a reply."""
    return compare(dig(reply, condition.attribute), condition.op, condition.value, condition.tolerance)


def reading(returns: Returns, result: Any) -> Value | tuple[Value, ...] | None:
    """One fact out of a result, in the standard unit; None when the result does not hold it."""
    raw = dig(result, returns.path)
    if raw is None:
        return None
    if returns.reduce in ("count", "count_true", "count_false"):
        return _count(returns, raw)
    if returns.reduce == "points":
        return _points(returns, raw)
    if returns.reduce == "list":
        values = (_scalar(returns, v) for v in _elements(raw))
        return tuple(v for v in values if v is not None)
    if returns.reduce == "first":
        raw = next(iter(_elements(raw)), None)
    value = _scalar(returns, raw)
    return (not value if isinstance(value, bool) else None) if returns.reduce == "not" else value


def _count(returns: Returns, raw: Any) -> int | None:
    if not isinstance(raw, list | Mapping):
        return None
    if returns.reduce == "count":
        return len(cast("list[Any]", raw))
    wanted = returns.reduce == "count_true"
    return sum(1 for element in _elements(cast("Any", raw)) if _renamed(returns, element) is wanted)


def _points(returns: Returns, raw: Any) -> str | None:
    """As text (`device_agent.way`); None where something else is there."""
    pairs = [[_scalar(returns, c) for c in _elements(element)] for element in _elements(raw)]
    points = [(float(pair[0]), float(pair[1])) for pair in pairs if len(pair) == 2 and all(_is_number(c) for c in pair)]  # type: ignore[arg-type]
    return as_text(points) if isinstance(raw, list) and len(points) == len(pairs) else None


def _is_number(value: Value | None) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _renamed(returns: Returns, raw: Any) -> Any:
    return returns.values.get(_text(raw), raw)


def _scalar(returns: Returns, raw: Any) -> Value | None:
    value = _renamed(returns, raw)
    if not isinstance(value, bool | int | float | str) or (isinstance(value, int | float) and not abs(value) <= sys.float_info.max):
        return None  # what is not finite cannot be told
    if returns.place is not None:
        return returns.place.to_site(value)
    if isinstance(value, str | bool) or (returns.scale == 1.0 and returns.offset == 0.0):
        return value
    return round(value * returns.scale + returns.offset, 6)


def observations_of(function: Function, arguments: Mapping[str, JsonValue], result: Any, device: str, time: float) -> tuple[Observation, ...]:
    """What a call's result says, under standard names. A read is measured; what an action returns is its device's word."""
    evidence = "measured" if function.safety == "read" else "reported"
    found: dict[tuple[str, str], Observation] = {}
    for returns in function.returns:
        subject, value = _subject(returns, function, arguments, device), reading(returns, result)
        if subject is not None and value is not None:
            seen = Observation(
                subject=subject, property=returns.property, value=value, unit=returns.unit, time=time, evidence=evidence, device=device
            )
            found.setdefault((subject, returns.property), seen)
    return tuple(found.values())


def _subject(returns: Returns, function: Function, arguments: Mapping[str, JsonValue], device: str) -> str | None:
    if returns.subject == "self":
        return device
    bound = bind(Condition(attribute="subject", value=returns.subject), function, dict(arguments))
    if bound is None:
        return None
    return returns.place.to_site(bound.value) if returns.place is not None else str(bound.value)


def attributes_of(read: StateRead, reply: Any) -> dict[str, Value]:
    """Standard attributes out of one reply; those it does not hold are left out."""
    found: dict[str, Value] = {}
    result = dig(reply, read.binding.result)
    for returns in read.attributes:
        value = reading(returns, result)
        if value is not None and not isinstance(value, tuple):
            found.setdefault(returns.property, value)
    return found


_TELLING = ("message", "reason", "detail", "why", "msg", "error", "problem")


def words_of(reply: Any) -> str:
    """The device's own explanation in an error reply, one line; "" when it gives none."""
    if isinstance(reply, str):
        return " ".join(reply.split())[:200]
    if not isinstance(reply, Mapping):
        return ""
    fields = cast("Mapping[str, Any]", reply)
    texts = (words_of(fields[name]) for name in _TELLING if name in fields)
    nested = (words_of(v) for v in fields.values() if isinstance(v, Mapping))
    return next((t for t in (*texts, *nested) if t), "")


_SECRET_NAMES = ("password", "passphrase", "psk", "secret")


def secrets_in(function: Function, arguments: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Values that must never show in an error or log: parameters of format password, or named like one."""
    marked = {p.path[0] for p in parameters_of(function) if any(s in p.name.lower() for s in _SECRET_NAMES)}
    marked |= {name for name in arguments if dig(function.parameters, f"properties.{name}.format") == "password"}
    return tuple(str(arguments[name]) for name in sorted(marked) if arguments.get(name))
