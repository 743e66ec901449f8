"""The warehouse floor: 1 m cells, lanes two cells wide, and bays beside them where robots may stand.

The floor is a well-formed infrastructure (Čáp, Vokřínek, Kleiner, ICAPS 2015): between any two bays there is a way that enters no third one.
A robot standing in a bay is therefore in nobody's way, and orders planned one after another always find a way to a free bay.

From the bottom: a row of docks and the station's bays, a corridor, then one block per aisle: shelves, bays, two lanes, bays, shelves. Corridors run
along both sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Cell = tuple[int, int]
SHELF_WIDTH = 2
STATION_BAYS = 3
BLOCK_ROWS = 6
FIRST_ROW = 3


@dataclass(frozen=True)
class Spot:
    """A named place: what it fills, and the cells from which it is reached. `number` counts within its kind from 1."""

    id: str
    kind: str
    number: int
    body: tuple[Cell, ...]
    bays: tuple[Cell, ...]
    aisle: str | None = None


@dataclass(frozen=True)
class Floor:
    """`width` × `height` cells. Lanes may be crossed; a bay is entered only by a robot that is going there."""

    width: int
    height: int
    lanes: frozenset[Cell]
    spots: tuple[Spot, ...]
    bays: dict[Cell, Spot] = field(default_factory=dict[Cell, Spot])

    def spot(self, spot_id: str) -> Spot | None:
        return next((s for s in self.spots if s.id == spot_id), None)

    def of_kind(self, kind: str) -> tuple[Spot, ...]:
        return tuple(s for s in self.spots if s.kind == kind)

    def at(self, cell: Cell) -> str:
        """Id of the place that a robot in this cell stands at; "floor" in a lane."""
        spot = self.bays.get(cell)
        return spot.id if spot else "floor"

    def drivable(self, cell: Cell) -> bool:
        return cell in self.lanes or cell in self.bays


def centre(cell: Cell) -> tuple[float, float]:
    """x, y of the cell's middle, m."""
    return cell[0] + 0.5, cell[1] + 0.5


def cell_of(x: float, y: float) -> Cell:
    return math.floor(x), math.floor(y)


def neighbours(cell: Cell) -> tuple[Cell, ...]:
    x, y = cell
    return (x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)


def lay_out(shelves: int, robots: int) -> Floor:
    """The floor for so many shelves and one dock per robot."""
    per_side = 2 if shelves <= 16 else math.ceil(math.sqrt(shelves / 2))
    aisles = max(1, math.ceil(shelves / (2 * per_side)))
    width = max(4 + per_side * (SHELF_WIDTH + 1) + 1, robots + 1 + STATION_BAYS)
    spots = (*_shelves(shelves, per_side), *_docks(robots), _station(width))
    height = FIRST_ROW + aisles * BLOCK_ROWS
    return Floor(width, height, _lanes(width, height, aisles), spots, {bay: spot for spot in spots for bay in spot.bays})


def aisle_name(index: int) -> str:
    """aisle-a … aisle-z, aisle-aa …"""
    letters = ""
    while index >= 0:
        letters = chr(ord("a") + index % 26) + letters
        index = index // 26 - 1
    return f"aisle-{letters}"


def _shelves(shelves: int, per_side: int) -> list[Spot]:
    spots: list[Spot] = []
    for n in range(shelves):
        aisle, place = divmod(n, 2 * per_side)
        side, column = divmod(place, per_side)
        base = FIRST_ROW + aisle * BLOCK_ROWS
        x = 3 + column * (SHELF_WIDTH + 1)
        rack, bay = (base, base + 1) if side == 0 else (base + 5, base + 4)
        cells = range(x, x + SHELF_WIDTH)
        spots.append(Spot(f"shelf-{n + 1}", "shelf", n + 1, tuple((c, rack) for c in cells), tuple((c, bay) for c in cells), aisle_name(aisle)))
    return spots


def _docks(robots: int) -> list[Spot]:
    return [Spot(f"dock-{n + 1}", "dock", n + 1, ((n, 0),), ((n, 0),)) for n in range(robots)]


def _station(width: int) -> Spot:
    bays = tuple((x, 0) for x in range(width - STATION_BAYS, width))
    return Spot("station-1", "station", 1, bays, bays)


def _lanes(width: int, height: int, aisles: int) -> frozenset[Cell]:
    columns = {(x, y) for y in range(1, height) for x in (0, 1, width - 2, width - 1)}
    rows = [1, 2] + [FIRST_ROW + a * BLOCK_ROWS + r for a in range(aisles) for r in (2, 3)]
    return frozenset(columns | {(x, y) for y in rows for x in range(width)})
