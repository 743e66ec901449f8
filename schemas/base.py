"""The base of every type: frozen and closed. What a newer minor version adds is stripped, and counted, at the door (schemas.envelope)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

Value = bool | int | float | str
"""A scalar that a device can be asked for, told, or observed to have."""


class Frozen(BaseModel):
    """Immutable; an unknown key is an error, and so is a number that is not finite: JSON cannot carry it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


Op = Literal["==", "!=", "<", "<=", ">", ">="]


class Condition(Frozen):
    """`attribute op value` over a state, standard attribute names and SI units. A value such as `{shelf}` stands for an argument of the call."""

    attribute: str
    op: Op = "=="
    value: Value
    tolerance: float = 0.0
    """Absolute, for numbers."""
    scale: float = 1.0
    """Multiplies a numeric argument into the attribute's unit: 0.001 for millimetres against metres."""


def compare(left: JsonValue | Any, op: Op, right: Value, tolerance: float = 0.0) -> bool:
    """Whether `left op right` holds; numbers within `tolerance`, everything else as trimmed case-folded text. Incomparable means False."""
    numeric = [_number(left), _number(right)]
    if numeric[0] is not None and numeric[1] is not None:
        a, b = numeric[0], numeric[1]
        return {
            "==": abs(a - b) <= tolerance,
            "!=": abs(a - b) > tolerance,
            "<": a < b,
            "<=": a <= b + tolerance,
            ">": a > b,
            ">=": a >= b - tolerance,
        }[op]
    same = str(left).strip().casefold() == str(right).strip().casefold()
    return same if op == "==" else (not same if op == "!=" else False)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None
