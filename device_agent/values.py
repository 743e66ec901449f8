"""From words of the sentence to the typed value of one parameter. Pure; the reader has already said which words."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from device_agent.quantities import Quantity
from device_agent.scripts import runs_on
from device_agent.units import convert, unit_of
from schemas.base import Value
from schemas.skills import Parameter

_SHARE = re.compile(
    r"\bas an? (?:decimal|fraction)\b|\bdecimal (?:form|fraction)\b|\bfraction (?:of|between|from)\b"
    r"|(?:between|from) 0(?:\.0)? (?:and|to) 1(?:\.0)?(?!\.?\d)"
    r"|\b0?\.\d+\s*(?:for|=|means|is)\s*\d+(?:\.\d+)?\s*(?:%|percent)",
    re.IGNORECASE,
)
"""What a maker's description says of a number that is a share of one, not of a hundred ("0.05 for 5%")."""


def number_for(quantity: Quantity, parameter: Parameter) -> float | None:
    """The quantity in the parameter's unit, unrounded; None when its unit is of another dimension."""
    unit = unit_of(parameter.unit) if parameter.unit else None
    if quantity.unit and quantity.unit.startswith("percent/") and (unit == "percent" or parameter.unit is None):
        quantity = replace(quantity, unit="percent")  # "5 % a year" for a yearly rate
    if quantity.fraction and unit == "percent":
        return quantity.value * 100.0
    if quantity.unit == "percent" and unit is None:
        return float(f"{quantity.value / 100.0:.12g}") if is_share(parameter) else quantity.value
    if unit is None and parameter.unit is None and quantity.unit not in (None, "degree"):
        return _unitless(quantity, parameter)
    return convert(quantity.value, quantity.unit, parameter.unit)


def is_share(parameter: Parameter) -> bool:
    """Whether it is told as a share of one ("as a decimal", "between 0 and 1")."""
    return (parameter.maximum is not None and parameter.maximum <= 1.0) or bool(_SHARE.search(parameter.description))


def _unitless(quantity: Quantity, parameter: Parameter) -> float:
    """A maker that declares no unit often names it in prose ("delay in seconds")."""
    converted = _in_prose(quantity, parameter)
    return quantity.value if converted is None else converted


def _in_prose(quantity: Quantity, parameter: Parameter) -> float | None:
    words = f"{parameter.name} {parameter.description}".lower().replace("_", " ").split()
    named = [u for w in words if (u := unit_of(w.strip(".,()"), True))]
    return next((c for u in named if (c := convert(quantity.value, quantity.unit, u)) is not None), None)


def suits_prose(quantity: Quantity, parameter: Parameter) -> bool:
    """Whether the description of a parameter without a unit names one that this quantity is measured in ("weight in kilograms")."""
    return quantity.unit is not None and parameter.unit is None and _in_prose(quantity, parameter) is not None


def typed_number(value: float, parameter: Parameter) -> int | float:
    """Integers are rounded (halves away from zero); numbers keep twelve digits."""
    if parameter.type == "integer" or (parameter.type == "any" and value.is_integer()):
        return int(math.copysign(math.floor(abs(value) + 0.5), value))
    return float(f"{value:.12g}")


def in_range(value: float, parameter: Parameter) -> bool:
    low = parameter.minimum is None or value >= parameter.minimum - 1e-9
    return low and (parameter.maximum is None or value <= parameter.maximum + 1e-9)


_BEFORE, _AFTER = " \t\"'“”‘’«»(,;:，；：、（《「", " \t\"'“”‘’«»),;:.!?，；：。！？、）》」"


_SPECIAL = "!#$*~"


def literal(text: str, start: int, end: int) -> tuple[int, int]:
    """Characters [start, end) widened to whole identifiers ("QX-7f3A", "lab_2") and freed of quotes and closing punctuation."""
    while start > 0 and _joined(text, start):
        start -= 1
    while end < len(text) and _joined(text, end):
        end += 1
    while start < end and text[start] in _BEFORE:
        start += 1
    while end > start and text[end - 1] in _AFTER and not _closes(text, start, end):
        end -= 1
    if text[end : end + 1] == ")" and text.count("(", start, end) > text.count(")", start, end):
        end += 1
    return start, end


def _closes(text: str, start: int, end: int) -> bool:
    """Whether the last character closes a bracket that is opened in the same words ("sin(x)")."""
    return text[end - 1] == ")" and text.count("(", start, end) == text.count(")", start, end)


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and after position `at` belong to one identifier."""
    left, right = text[at - 1], text[at]
    if _parts_times(text, at) or _parts_times(text, at - 1):
        return False
    if (left in _SPECIAL and _solid(right) and at > 1 and _solid(text[at - 2])) or (right in _SPECIAL and _solid(left) and _goes_on(text, at)):
        return True  # a password
    inner = (_solid(left) or left in "-_./:@") and (_solid(right) or right in "-_./:@")
    return inner and (_solid(left) or _solid(right)) and not (right in ".:" and _ends(text, at)) and not (left in ".:" and right.isspace())


def _parts_times(text: str, at: int) -> bool:
    """Whether the dash there divides two times of day ("08:00-18:30")."""
    return text[at] in "-–" and bool(re.search(r":\d\d$", text[max(0, at - 3) : at])) and bool(re.match(r"\d{1,2}:\d\d", text[at + 1 : at + 6]))


def _goes_on(text: str, at: int) -> bool:
    return at + 1 < len(text) and _solid(text[at + 1])


def _solid(char: str) -> bool:
    """A letter or digit that a blank would divide from the next word; Chinese and Japanese write none."""
    return char.isalnum() and not runs_on(char)


def _ends(text: str, at: int) -> bool:
    return at + 1 >= len(text) or text[at + 1].isspace()


def typed_text(surface: str, parameter: Parameter) -> Value:
    """A free string verbatim; an untyped parameter becomes a number when the words are one."""
    if parameter.type == "any":
        try:
            number = float(surface)
            return typed_number(number, parameter) if math.isfinite(number) else surface  # "nan" and "Infinity" are words
        except ValueError:
            return surface
    return surface
