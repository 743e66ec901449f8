"""Who may be in which cell when: every journey is reserved from start to end before it begins, so that no two robots ever meet.

Ways are found by safe-interval path planning (Phillips and Likhachev, ICRA 2011): a search over (cell, gap between reservations) that yields the
earliest arrival. A moving robot holds the cell it leaves and the cell it enters, which rules out swaps; a standing one holds its cell for ever. A
reservation stands until a robot breaks its word (halts, dies); then everyone whose way it crosses plans anew.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count, pairwise

from simulations.floor import Cell, Floor, neighbours

INF = math.inf


@dataclass(frozen=True)
class Leg:
    """From `start` on the robot enters `cell`, and is all there at `arrival` (s)."""

    cell: Cell
    start: float
    arrival: float


Way = tuple[Leg, ...]


@dataclass(frozen=True)
class Hold:
    start: float
    end: float
    robot: str


class Traffic:
    """The reservations of all robots. Times in simulated seconds."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._holds: dict[Cell, list[Hold]] = {}
        self._ways: dict[str, Way] = {}

    def way(self, robot: str) -> Way:
        """The legs of this robot from where it last stood; the first is that place."""
        return self._ways[robot]

    def put(self, robot: str, way: Way) -> None:
        """Replace the robot's reservations: each cell from its leg's start to the arrival in the next, the last for ever."""
        self._release(robot)
        self._ways[robot] = way
        for leg, after in pairwise(way):
            self._hold(leg.cell, Hold(leg.start, after.arrival, robot))
        self._hold(way[-1].cell, Hold(way[-1].start, INF, robot))

    def plan(self, robot: str, goals: Collection[Cell], now: float, step: float) -> Way | None:
        """The earliest way from the end of the robot's present leg to one of `goals`, at `step` s a cell; None when there is none for now."""
        kept = self.present(robot, now)
        legs = _search(self, robot, kept[-1], frozenset(goals), max(now, kept[-1].arrival), step)
        return None if legs is None else (*kept, *legs)

    def present(self, robot: str, now: float) -> Way:
        """The leg in which the robot is: one cell when it stands, two while it moves from the first into the second."""
        way = self._ways[robot]
        index = max(i for i, leg in enumerate(way) if i == 0 or leg.start <= now)
        if index > 0 and way[index].arrival > now:
            return way[index - 1 : index + 1]
        return (way[index],)

    def crossing(self, robot: str, cell: Cell, since: float) -> list[str]:
        """The other robots that meant to be in `cell` after `since`."""
        return sorted({h.robot for h in self._holds.get(cell, ()) if h.robot != robot and h.end > since})

    def gaps(self, cell: Cell, robot: str) -> list[tuple[float, float]]:
        """When nobody but `robot` holds the cell, in order."""
        free, gaps = 0.0, list[tuple[float, float]]()
        for hold in sorted((h for h in self._holds.get(cell, ()) if h.robot != robot), key=lambda h: h.start):
            if hold.start > free:
                gaps.append((free, hold.start))
            free = max(free, hold.end)
        return [*gaps, (free, INF)] if free < INF else gaps

    def enterable(self, cell: Cell, goals: frozenset[Cell]) -> bool:
        return cell in self._floor.lanes or (cell in goals and cell in self._floor.bays)

    def forget_before(self, now: float) -> None:
        """Drop reservations that are over."""
        for cell in list(self._holds):
            kept = [h for h in self._holds[cell] if h.end > now]
            if kept:
                self._holds[cell] = kept
            else:
                del self._holds[cell]

    def _hold(self, cell: Cell, hold: Hold) -> None:
        self._holds.setdefault(cell, []).append(hold)

    def _release(self, robot: str) -> None:
        for cell in {leg.cell for leg in self._ways.get(robot, ())}:
            self._holds[cell] = [h for h in self._holds.get(cell, ()) if h.robot != robot]


@dataclass(frozen=True)
class _Node:
    leg: Leg
    until: float
    """End of the gap in which the robot stands here."""
    back: _Node | None


def _search(traffic: Traffic, robot: str, base: Leg, goals: frozenset[Cell], ready: float, step: float) -> Way | None:
    here = next((end for start, end in traffic.gaps(base.cell, robot) if start <= ready < end), INF)
    order = count()
    first = _Node(Leg(base.cell, base.start, ready), here, None)
    queue = [(ready + _distance(base.cell, goals) * step, next(order), first)]
    seen: set[tuple[Cell, float]] = set()
    while queue:
        _, _, node = heapq.heappop(queue)
        if node.leg.cell in goals and node.until == INF:
            return _legs(node)
        if (node.leg.cell, node.until) in seen:
            continue
        seen.add((node.leg.cell, node.until))
        for reached in _moves(traffic, robot, node, goals, step):
            heapq.heappush(queue, (reached.leg.arrival + _distance(reached.leg.cell, goals) * step, next(order), reached))
    return None


def _moves(traffic: Traffic, robot: str, node: _Node, goals: frozenset[Cell], step: float) -> list[_Node]:
    """Into each neighbour, once per gap that can be entered before this cell must be left."""
    reached: list[_Node] = []
    for cell in neighbours(node.leg.cell):
        if not traffic.enterable(cell, goals):
            continue
        for gap_start, gap_end in traffic.gaps(cell, robot):
            start = max(node.leg.arrival, gap_start)
            if start + step <= min(node.until, gap_end):
                reached.append(_Node(Leg(cell, start, start + step), gap_end, node))
    return reached


def _distance(cell: Cell, goals: Collection[Cell]) -> int:
    return min(abs(cell[0] - g[0]) + abs(cell[1] - g[1]) for g in goals)


def _legs(node: _Node) -> Way:
    legs: list[Leg] = []
    while node.back is not None:
        legs.append(node.leg)
        node = node.back
    return tuple(reversed(legs))
