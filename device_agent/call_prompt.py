"""A language model in the reader's place: what it is shown, what it may write, and what its writing means. Pure.

Any instruct model can read a sentence so; nested values and lists, which are not spans of the sentence, are its strength.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import JsonValue

from device_agent.hypothesis import Decision, Interpretation
from device_agent.values import in_range
from schemas.skills import Function, Parameter, parameters_of

_TASK = """Turn the sentence into one call of one of the functions, as compact JSON.
Write only arguments that the sentence says, numbers in the unit given.
If no function fits: {"name":null,"reason":"none_fits"}. If it asks for two different calls: {"name":null,"reason":"several"}.

Functions:
set_lamp(level: number, %; colour?: "warm" or "cold") Sets the lamp's brightness.
read_temperature() Reads the temperature.
Sentence: Could you dim the lamp to a third, please?
Call: {"name":"set_lamp","arguments":{"level":33}}
Sentence: How warm is it?
Call: {"name":"read_temperature","arguments":{}}
Sentence: Order a pizza.
Call: {"name":null,"reason":"none_fits"}
"""
_TYPES = ("string", "number", "integer", "boolean", "array", "object")


def call_prompt(functions: Sequence[Function], sentence: str, context: str = "") -> str:
    """What never changes first, then the functions, the sentence last."""
    told = "\n".join(_signature(f) for f in functions)
    facts = f"Facts: {_line(context)}\n" if context.strip() else ""
    return f"{_TASK}\nFunctions:\n{told}\n{facts}Sentence: {_line(sentence)}\nCall: "


def _signature(function: Function) -> str:
    arguments = "; ".join(_spoken(p) for p in parameters_of(function))
    return _line(f"{function.name}({arguments}) {function.description}").rstrip()


def _spoken(parameter: Parameter) -> str:
    item = parameter.item
    kind = f"list of {_kind(item)}" if item else _kind(parameter)
    told = ", ".join(filter(None, (kind, parameter.unit or (item.unit if item else None), parameter.description)))
    return f"{parameter.name}{'' if parameter.required else '?'}: {told}"


def _kind(parameter: Parameter) -> str:
    return " or ".join(json.dumps(c, ensure_ascii=False) for c in parameter.choices) or parameter.type


def _line(text: str) -> str:
    return " ".join(text.split())


def call_schema(functions: Sequence[Function]) -> dict[str, Any]:
    """JSON Schema of every call, and of none. No argument is required: what the sentence does not say shall be left out, not invented."""
    calls = [_object({"name": {"const": f.name}, "arguments": _nested(parameters_of(f))}) for f in functions]
    none = _object({"name": {"const": None}, "reason": {"enum": ["none_fits", "several"]}})
    return {"anyOf": [*calls, none]}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties)}


def _nested(parameters: Sequence[Parameter]) -> dict[str, Any]:
    root: dict[str, Any] = {"type": "object", "properties": {}}
    for parameter in parameters:
        at = root
        for key in parameter.path[:-1]:
            at = at["properties"].setdefault(key, {"type": "object", "properties": {}})
        at["properties"][parameter.path[-1]] = _leaf(parameter)
    return root


def _leaf(parameter: Parameter) -> dict[str, Any]:
    if parameter.choices:
        return {"enum": list(parameter.choices)}
    items = {"items": _leaf(parameter.item)} if parameter.item else {}
    return {"type": parameter.type, **items} if parameter.type in _TYPES else {}


def read_call(text: str, functions: Sequence[Function], probability: float | None, act: float) -> Interpretation:
    """The interpretation of what the model wrote; what is no call refuses. `probability` None counts as unsure."""
    confidence = min(1.0, max(0.0, probability or 0.0))
    written = _written(text)
    function = next((f for f in functions if f.name == written.get("name")), None)
    if function is None:
        reason = "several" if written.get("reason") == "several" else "none_fits"
        return Interpretation(name=None, decision="refuse", confidence=confidence, reason=reason)
    arguments = written.get("arguments")
    return _judged(function, _sober(arguments) if isinstance(arguments, dict) else {}, confidence, act)


def _written(text: str) -> dict[str, JsonValue]:
    """The object that was written; empty for anything else."""
    try:
        written = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, JsonValue]", written) if isinstance(written, dict) else {}


def _sober(arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Without empty objects and nulls: what is not said is omitted."""
    inner = {k: _sober(v) if isinstance(v, dict) else v for k, v in arguments.items()}
    return {k: v for k, v in inner.items() if v is not None and v != {}}


def _judged(function: Function, arguments: dict[str, JsonValue], confidence: float, act: float) -> Interpretation:
    parameters = parameters_of(function)
    missing = tuple(p.name for p in parameters if p.required and p.default is None and _at(arguments, p.path) is None)
    if missing:
        return Interpretation(name=None, decision="ask", confidence=confidence, reason="missing_argument", missing=missing)
    numbers = [n for p in parameters for n in _numbers(_at(arguments, p.path), p)]
    if not all(math.isfinite(value) and in_range(value, p) for value, p in numbers):
        return Interpretation(name=None, decision="refuse", confidence=confidence, reason="out_of_range")
    decision: Decision = "act" if confidence >= act else "ask"
    return Interpretation(name=function.name, arguments=arguments, decision=decision, confidence=confidence)


def _numbers(value: JsonValue, parameter: Parameter) -> list[tuple[int | float, Parameter]]:
    """The numbers of an argument, or of a list's items, each with whose bounds it has to keep."""
    if isinstance(value, list) and parameter.item:
        return [n for item in value for n in _numbers(item, parameter.item)]
    return [(value, parameter)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _at(arguments: JsonValue, path: tuple[str, ...]) -> JsonValue:
    for key in path:
        arguments = arguments.get(key) if isinstance(arguments, dict) else None
    return arguments
