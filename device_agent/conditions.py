"""Conditions with holes: bind them to arguments, judge them on a state, solve them backwards for the arguments that make them true."""

from __future__ import annotations

import re
from typing import Any

from pydantic import JsonValue

from schemas.base import Condition, Value, compare
from schemas.outcomes import Proof
from schemas.skills import Function, parameters_of

_HOLE = re.compile(r"\{(\w+)\}")


def bind(condition: Condition, function: Function, arguments: dict[str, JsonValue]) -> Condition | None:
    """The condition with `{parameter}` replaced by the site's word for the argument; None when an argument it needs was not given."""
    if not isinstance(condition.value, str):
        return condition
    whole = _HOLE.fullmatch(condition.value)
    if whole:
        value = _site_value(function, whole[1], arguments)
        return None if value is None else condition.model_copy(update={"value": _scaled(value, condition.scale), "scale": 1.0})
    names = _HOLE.findall(condition.value)
    values = {name: _site_value(function, name, arguments) for name in names}
    if any(v is None for v in values.values()):
        return None
    return condition.model_copy(update={"value": _HOLE.sub(lambda m: str(values[m[1]]), condition.value)})


def _scaled(value: Value, scale: float) -> Value:
    return round(value * scale, 9) if scale != 1.0 and isinstance(value, int | float) and not isinstance(value, bool) else value


def _site_value(function: Function, name: str, arguments: dict[str, JsonValue]) -> Value | None:
    value = arguments.get(name)
    if value is None:
        value = next((p.default for p in parameters_of(function) if p.name == name), None)
    place = function.places.get(name)
    if place is not None and isinstance(value, int | float | str):
        return place.to_site(value)
    return value if isinstance(value, bool | int | float | str) else None


def holds(condition: Condition, state: dict[str, Value]) -> bool:
    """Whether a bound condition holds; an attribute that the state does not have does not hold."""
    return condition.attribute in state and compare(state[condition.attribute], condition.op, condition.value, condition.tolerance)


def prove(conditions: tuple[Condition, ...], state: dict[str, Value]) -> tuple[Proof, ...]:
    """Each bound condition with what was seen."""
    return tuple(Proof(condition=words(c), held=holds(c, state), seen=_seen(c, state)) for c in conditions)


def _seen(condition: Condition, state: dict[str, Value]) -> str | None:
    value = state.get(condition.attribute)
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def words(condition: Condition) -> str:
    """`at is shelf-4`, `battery >= 20`."""
    op = {"==": "is", "!=": "is not"}.get(condition.op, condition.op)
    return f"{condition.attribute} {op} {condition.value}"


_RELATIONS = {"==": "", "!=": "other than ", ">=": "at least ", "<=": "at most ", ">": "more than ", "<": "less than "}


def needed(condition: Condition) -> str:
    """For people: "I have to be at shelf-4", "my battery has to be at least 20"."""
    if condition.attribute == "at" and condition.op == "==":
        return f"I have to be at {condition.value}"
    return f"my {condition.attribute.replace('_', ' ')} has to be {_RELATIONS.get(condition.op, f'{condition.op} ')}{_said(condition.value)}"


def found(condition: Condition, state: dict[str, Value]) -> str:
    """For people: "I am at dock-2", "it is 12"."""
    if (value := state.get(condition.attribute)) is None:
        return "I cannot tell where I am" if condition.attribute == "at" else "it is not known"
    return f"I am at {value}" if condition.attribute == "at" else f"it is {_said(value)}"


def _said(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def solve(achieves: Condition, wanted: Condition, function: Function) -> dict[str, Any] | None:
    """Arguments of `function` under which `achieves` becomes the bound condition `wanted`; None when it cannot."""
    if achieves.attribute != wanted.attribute or achieves.op != wanted.op:
        return None
    if not isinstance(achieves.value, str) or not _HOLE.search(achieves.value):
        return {} if compare(achieves.value, "==", wanted.value, achieves.tolerance) else None
    if achieves.scale != 1.0:
        return _solve_number(achieves.value, wanted.value, achieves.scale, function)
    pattern = "".join(f"(?P<{p[1:-1]}>.+)" if _HOLE.fullmatch(p) else re.escape(p) for p in re.split(r"(\{\w+\})", achieves.value))
    found = re.fullmatch(pattern, str(wanted.value))
    if found is None:
        return None
    solved = {name: _maker_value(function, name, text, wanted.value) for name, text in found.groupdict().items()}
    return None if any(v is None for v in solved.values()) else solved


def _solve_number(hole: str, wanted: Value, scale: float, function: Function) -> dict[str, Any] | None:
    whole = _HOLE.fullmatch(hole)
    if whole is None or isinstance(wanted, bool | str):
        return None
    text = f"{wanted / scale:.9g}"
    return {whole[1]: _maker_value(function, whole[1], text, text)}


def _maker_value(function: Function, name: str, text: str, whole: Value) -> Any:
    place = function.places.get(name)
    if place is not None:
        return place.to_maker(text)
    kind = next((p.type for p in parameters_of(function) if p.name == name), "any")
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return None
    return whole if str(whole) == text else text
