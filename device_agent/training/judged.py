"""Authored sentences through the run-time code: what each should have become, and what became of it. `parley eval` counts; this is for fitting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from device_agent.hypothesis import Interpretation
from device_agent.interpreter import Interpreter
from device_agent.lists import items_in
from device_agent.quantities import find_quantities
from device_agent.training.data import Example, Kind, Mark, place
from device_agent.values import number_for, typed_number
from schemas.skills import Parameter, parameters_of


@dataclass(frozen=True)
class Judged:
    """One sentence: `why` as authored (None = ordinary call), what came out, and what was right about it."""

    kind: str
    text: str
    example: Example
    gold: dict[str, JsonValue]
    result: Interpretation

    @property
    def right_function(self) -> bool:
        return self.result.name == self.example.function

    @property
    def right_call(self) -> bool:
        return self.right_function and same_arguments(self.gold, self.result.arguments)

    @property
    def as_wanted(self) -> bool:
        """The right call, or the right reason for none."""
        return self.right_call if self.example.why is None else self.result.reason == self.example.why


def gold_value(mark: Mark, parameter: Parameter) -> JsonValue:
    """What the annotation says, typed by the schema; None when the surface cannot be read by code."""
    if parameter.type == "array":
        return _gold_list(mark, parameter)
    written = mark.value if mark.value is not None else mark.surface
    if parameter.choices:
        return next((c for c in parameter.choices if str(c) == written), None)
    if parameter.type == "boolean":
        return written.lower() == "true"
    if parameter.type not in ("number", "integer"):
        return written
    if mark.value is not None:
        return typed_number(float(mark.value), parameter)
    values = [v for q in find_quantities(mark.surface) if (v := number_for(q, parameter)) is not None]
    return typed_number(values[0], parameter) if values else None


def _gold_list(mark: Mark, parameter: Parameter) -> JsonValue:
    item = parameter.item or Parameter(path=parameter.path)
    if mark.value is not None:
        return [gold_value(Mark(mark.parameter, part, part), item) for part in mark.value.split("|")]
    read = items_in(mark.surface, 0, len(mark.surface), parameter)
    return list[JsonValue](read[0]) if read else None


def same_arguments(gold: Mapping[str, JsonValue], found: Mapping[str, object]) -> bool:
    """Numbers to a relative 1e-3, text without case and outer blanks (people speak names; the case they typed is kept)."""
    if set(gold) != set(found):
        return False
    return all(_same(gold[name], found[name]) for name in gold)


def _same(left: object, right: object) -> bool:
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) <= 1e-3 * max(1.0, abs(left))
    return str(left).strip().casefold() == str(right).strip().casefold()


def run_kind(kind: Kind, interpreter: Interpreter) -> list[Judged]:
    catalogue = interpreter.catalogue(kind.functions)
    parameters = {f.name: {p.name: p for p in parameters_of(f)} for f in kind.functions}
    out: list[Judged] = []
    for example in kind.examples:
        text = place(example.parts)[0]
        known = parameters.get(example.function or "", {})
        gold = {m.parameter: v for m in example.marks if m.parameter in known and (v := gold_value(m, known[m.parameter])) is not None}
        result = interpreter.interpret(text, catalogue)
        out.append(Judged(kind.kind, text, example, gold, result))
    return out
