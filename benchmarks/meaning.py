"""What a call does in the warehouse, read from the maker's catalogue: what it achieves, what it returns. Pure.

Only a function of which the catalogue promises neither is told by its description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from schemas.base import Value
from schemas.skills import Catalogue, Function

Sort = Literal["move", "charge", "lock", "speed", "blink", "beep", "picture", "scan", "other"]

_ACHIEVED: dict[str, Sort] = {
    "at": "move", "x": "move", "y": "move", "charging": "charge", "locked": "lock", "speed": "speed", "speed_percent": "speed",
    "light": "blink", "headlights": "blink",
}  # fmt: skip
_RETURNED: dict[str, Sort] = {"image": "picture", "items": "scan", "networks": "scan"}
_DESCRIBED: dict[Sort, str] = {"speed": r"\b(speed|velocity)\b", "beep": r"\b(horn|buzzer|beep)\b", "move": r"\b(navigate|travel|drive)\b"}
"""The first that fits."""


@dataclass(frozen=True)
class Meaning:
    """`place`: the id of the place that a move ends at, where the catalogue says it; `read`: the call changes nothing."""

    sort: Sort
    place: str | None = None
    read: bool = False
    idempotent: bool = False


def meaning_of(function: str, arguments: Mapping[str, JsonValue], catalogue: Catalogue) -> Meaning:
    """A function that the catalogue does not know is "other"."""
    known = catalogue.function(function)
    if known is None:
        return Meaning("other")
    read = known.safety == "read"
    for condition in known.achieves:
        sort = _ACHIEVED.get(condition.attribute, "other")
        value = _filled(condition.value, known, arguments)
        if sort == "blink" and value in (False, "off"):
            sort = "other"
        return Meaning(sort, plain_place(str(value)) if condition.attribute == "at" else None, read, known.idempotent)
    returned: Sort | None = next((_RETURNED[r.property] for r in known.returns if r.property in _RETURNED), None)
    return Meaning(returned or ("other" if known.returns else _described(known)), None, read, known.idempotent)


def plain_place(place: str) -> str:
    """There is one packing station; a set calls it "station"."""
    return "station" if place.startswith("station") else place


def _filled(template: Value, function: Function, arguments: Mapping[str, JsonValue]) -> Value | None:
    """`{shelf}` as the site's place id, another argument as it was given."""
    name = template[1:-1] if isinstance(template, str) and re.fullmatch(r"\{\w+\}", template) else None
    if name is None:
        return template
    given = arguments.get(name)
    if not isinstance(given, bool | int | float | str):
        return None
    place = function.places.get(name)
    return place.to_site(given) if place else given


def _described(function: Function) -> Sort:
    described = function.description.lower()
    for sort, pattern in _DESCRIBED.items():
        if re.search(pattern, described):
            return sort
    return "other"
