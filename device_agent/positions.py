"""Places with their positions, told by the coordinator beside a sentence: for a device that drives to points and knows no such place. Pure.

In a context a position is the line `packing station = x 10 m, y 9.5 m`, with ` (home)` where the device belongs there.
"""

from __future__ import annotations

import math
import re

from device_agent.extraction import read_facts
from schemas.base import Frozen
from schemas.skills import Call, Catalogue, Condition, Function, parameters_of

_POSITION = re.compile(r"x (-?\d+(?:\.\d+)?) m, y (-?\d+(?:\.\d+)?) m( \(home\))?")
_SAME = 0.01
"""Share of a coordinate, and least difference in the maker's unit, within which two are one."""


class Point(Frozen):
    """`name` as the sentence says it, lower case; x, y in m on the site's floor."""

    name: str
    x: float
    y: float
    home: bool = False

    @property
    def spoken(self) -> str:
        return f"x {self.x:g} m, y {self.y:g} m"


def points_in(context: str, sentence: str) -> tuple[Point, ...]:
    """The places of the context that the sentence names."""
    found: list[Point] = []
    for name, meant in read_facts(context).items():
        position = _POSITION.fullmatch(meant)
        if position is not None and _said(name).search(sentence):
            found.append(Point(name=name, x=float(position[1]), y=float(position[2]), home=bool(position[3])))
    return tuple(found)


def other_facts(context: str) -> str:
    """The context without its positions."""
    return "\n".join(f"{name} = {meant}" for name, meant in read_facts(context).items() if not _POSITION.fullmatch(meant))


def in_coordinates(sentence: str, point: Point) -> str:
    """The sentence with the place's position in its name's place."""
    return _said(point.name).sub(point.spoken, sentence)


_TRIP = re.compile(
    r"(?:please )?(?:go|drive|move|come|head|travel|proceed|navigate|return|roll|ride)(?: on)?(?: (?:over|back|up|down|along|across|straight))?"
    r"(?: to| towards)? ?",
    re.IGNORECASE,
)


def is_bare_trip(sentence: str, point: Point) -> bool:
    """Whether the sentence asks for nothing but to go there: "Leave the station." and "Go there and beep." do not."""
    before, place, after = sentence.strip().partition(found[0]) if (found := _said(point.name).search(sentence)) else ("", "", "")
    return bool(place) and _TRIP.fullmatch(before) is not None and after.strip(" .!") == ""


def drives_there(function: Function, point: Point) -> Call | None:
    """The call that takes the device to the point, of a function that achieves its arguments as x and y; None for any other function."""
    axes = {c.attribute: (c, _argument(c)) for c in function.achieves if c.attribute in ("x", "y") and c.op == "=="}
    names = [name for _, name in axes.values()]
    if set(axes) != {"x", "y"} or None in names or set(function.parameters.get("required", ())) - set(names):
        return None
    whole = {p.name for p in parameters_of(function) if p.type == "integer"}
    metres = {str(name): _unscaled(getattr(point, axis), c) for axis, (c, name) in axes.items()}
    return Call(function=function.name, arguments={name: round(value) if name in whole else value for name, value in metres.items()})


def makes_use_of(call: Call, function: Function, point: Point) -> bool:
    """Whether the call is about the place at all: the function speaks of it, has a place of its kind, or goes to its position."""
    if any(isinstance(value, str) and point.name in value.lower() for value in call.arguments.values()):
        return True
    words, numbers = {w for w in re.findall(r"[a-z]+", point.name) if len(w) > 2}, set(re.findall(r"\d+", point.name))
    told = f"{function.name.replace('_', ' ')} {function.description}".lower()
    values = {n.lstrip("0") for v in call.arguments.values() for n in re.findall(r"\d+", str(v))}
    another = bool(numbers) and not point.home and not {n.lstrip("0") for n in numbers} <= values | set(re.findall(r"\d+", told))
    if any(ref.prefix.strip("-_ ") in words for ref in function.places.values()) or (any(re.search(rf"\b{w}", told) for w in words) and not another):
        return True
    there = drives_there(function, point)
    return there is not None and all(_near(call.arguments.get(name), value) for name, value in there.arguments.items())


def point_drives(catalogue: Catalogue, point: Point) -> tuple[tuple[Function, Call], ...]:
    return tuple((f, call) for f in catalogue.functions if (call := drives_there(f, point)) is not None)


def _said(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?:\bthe )?(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _argument(condition: Condition) -> str | None:
    hole = re.fullmatch(r"\{(\w+)\}", str(condition.value))
    return hole[1] if hole else None


def _unscaled(metres: float, condition: Condition) -> float:
    """The maker's number: what is observed is `scale` times it."""
    return round(metres / condition.scale, 6)


def _near(value: object, wanted: object) -> bool:
    return isinstance(value, int | float) and isinstance(wanted, int | float) and math.isclose(value, wanted, rel_tol=_SAME, abs_tol=_SAME)
