"""The way that is reserved for a device: among its attributes a text, as those are scalars, in its state the corners themselves. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from schemas.base import Value
from schemas.messages import LONGEST_WAY

WAY = "way"
"""The attribute's name. Nobody is asked about it, so it does not travel as one."""
Point = tuple[float, float]


def as_text(points: Iterable[Point]) -> str:
    """`1.5,2 7.5,2`."""
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in list(points)[:LONGEST_WAY])


def way_of(attributes: Mapping[str, Value]) -> tuple[Point, ...]:
    """Empty where none is told, or what is told is none."""
    try:
        points = tuple((float(x), float(y)) for x, y in (part.split(",") for part in str(attributes.get(WAY, "")).split()))
    except ValueError:
        return ()
    return points[:LONGEST_WAY] if all(map(math.isfinite, (c for point in points for c in point))) else ()


def without_way(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in attributes.items() if name != WAY}
