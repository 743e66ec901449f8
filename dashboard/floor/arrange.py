"""Where the places are drawn: as the site tells, or in tidy rows by kind where it tells no coordinates. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

from dashboard.floor.ground import Ground, Point, Spot

PITCH_X, PITCH_Y = 3.0, 2.0
"""Of the tidy rows, in their own unit: a place fills 2 × 1 of it, and devices stand below."""


@lru_cache(maxsize=4)
def laid_out(ground: Ground) -> tuple[tuple[Spot, ...], bool]:
    """The places that can be drawn, and whether they are to scale."""
    told = tuple(s for s in ground.spots if s.at is not None or s.corners)
    return (told, True) if told else (_rows(tuple(s for s in ground.spots if not s.zone)), False)


def stand(spot: Spot) -> Point:
    """Where a device that is there is drawn. The place has coordinates."""
    if spot.at is not None:
        return spot.at
    return sum(x for x, _ in spot.corners) / len(spot.corners), sum(y for _, y in spot.corners) / len(spot.corners)


def _rows(spots: tuple[Spot, ...]) -> tuple[Spot, ...]:
    """Kind after kind in the order of their first place, each beginning a row."""
    long = max(4, math.ceil(math.sqrt(len(spots) * 1.5)))
    kinds = {kind: [s for s in spots if s.kind == kind] for kind in dict.fromkeys(s.kind for s in spots)}
    rows = [of[i : i + long] for of in kinds.values() for i in range(0, len(of), long)]
    return tuple(_put(spot, column, row) for row, line in enumerate(rows) for column, spot in enumerate(line))


def _put(spot: Spot, column: int, row: int) -> Spot:
    west, north = column * PITCH_X, -row * PITCH_Y
    east, south = west + 2, north - 1
    return replace(spot, at=((west + east) / 2, south - 0.5), corners=((west, south), (east, south), (east, north), (west, north)))
