"""Journeys: robots follow their reserved ways cell by cell, wait where there is none yet, and make room in the books when one breaks its word."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count

from simulations.floor import Cell, centre
from simulations.jobs import Job
from simulations.kernel import Event, Kernel
from simulations.robot import Robot
from simulations.traffic import Leg, Traffic

PATIENCE = 60.0
"""How long a robot waits in all for a free way, s."""
RETRY = 1.0
STUCK_AFTER = 2
"""Cells that a stuck robot still manages."""
SLIPPING = 10.0
"""How long a stuck robot tries before it gives up, s."""


@dataclass
class Journey:
    """`order` decides who plans first. `cells` counts what is done; `waited` adds up to PATIENCE."""

    robot: Robot
    job: Job
    goals: frozenset[Cell]
    offset: tuple[float, float]
    order: int
    cells: int = 0
    waited: float = 0.0
    event: Event | None = None


class Travel:
    """Moves the robots of one world. Pure but for the kernel's events."""

    def __init__(self, kernel: Kernel, traffic: Traffic) -> None:
        self._kernel, self._traffic = kernel, traffic
        self._journeys: dict[str, Journey] = {}
        self._order = count()

    def place(self, robot: Robot, cell: Cell) -> None:
        """Put a robot on the floor before anything moves."""
        self._traffic.put(robot.id, (Leg(cell, 0.0, 0.0),))

    def go(self, robot: Robot, job: Job, goals: Collection[Cell], offset: tuple[float, float] = (0.0, 0.0)) -> None:
        """Begin the journey that `job` stands for; it ends with the job."""
        robot.offset = (0.0, 0.0)
        journey = Journey(robot, job, frozenset(goals), offset, next(self._order))
        self._journeys[robot.id] = journey
        job.then(lambda _: self._over(journey))
        self._set_out(journey)

    def cells(self, robot: Robot) -> tuple[Cell, ...]:
        """The cell that the robot is in; two while it moves from the first into the second."""
        return tuple(leg.cell for leg in self._traffic.present(robot.id, self._kernel.now))

    def moving(self, robot: Robot) -> bool:
        return len(self.cells(robot)) == 2

    def position(self, robot: Robot) -> tuple[float, float]:
        """x, y in m."""
        present = self._traffic.present(robot.id, self._kernel.now)
        x, y = centre(present[-1].cell)
        if len(present) == 1:
            return x + robot.offset[0], y + robot.offset[1]
        before, leg = centre(present[0].cell), present[1]
        done = (self._kernel.now - leg.start) / (leg.arrival - leg.start)
        return before[0] + (x - before[0]) * done, before[1] + (y - before[1]) * done

    def way(self, robot: Robot) -> tuple[tuple[float, float], ...]:
        """The corners of the way that is reserved for it, from where it is to where it goes, x, y in m; empty where it stands."""
        now = self._kernel.now
        ahead = [centre(leg.cell) for leg in self._traffic.way(robot.id) if leg.arrival > now]
        points = [self.position(robot), *ahead] if ahead else []
        straight = {n for n in range(1, len(points) - 1) if _in_line(*points[n - 1 : n + 2])}
        return tuple(point for n, point in enumerate(points) if n not in straight)

    def _step(self, robot: Robot) -> float:
        return robot.faults.slowness(self._kernel.now) / robot.speed

    def _set_out(self, journey: Journey) -> None:
        """Reserve a way now, or look again in a while."""
        now, robot = self._kernel.now, journey.robot
        self._traffic.forget_before(now)
        way = self._traffic.plan(robot.id, journey.goals, now, self._step(robot))
        if way is not None:
            self._traffic.put(robot.id, way)
            self._follow(journey)
        elif journey.waited >= PATIENCE:
            journey.job.fail("no free way to the target")
        else:
            journey.waited += RETRY
            self._wake(journey, now + RETRY, lambda: self._set_out(journey))

    def _follow(self, journey: Journey) -> None:
        """Wait for the end of the next leg."""
        way, now = self._traffic.way(journey.robot.id), self._kernel.now
        ahead = [leg for leg in way[1:] if leg.arrival > now]
        if ahead:
            self._wake(journey, ahead[0].arrival, lambda: self._entered(journey))
        else:
            self._wake(journey, now, lambda: self._arrived(journey))

    def _wake(self, journey: Journey, time: float, action: Callable[[], None]) -> None:
        if journey.event is not None:
            journey.event.cancel()
        journey.event = self._kernel.at(time, action)

    def _entered(self, journey: Journey) -> None:
        robot, now = journey.robot, self._kernel.now
        robot.settle(now)
        robot.drive(1.0)
        journey.cells += 1
        if robot.faults.active("dies", now):
            journey.job.cancel("died")
        elif robot.battery <= 0.0:
            journey.job.fail("battery empty")
        elif robot.faults.active("stuck", now) and journey.cells >= STUCK_AFTER:
            self._break(robot)
            self._wake(journey, now + SLIPPING, lambda: journey.job.fail("wheels blocked"))
        else:
            self._follow(journey)

    def _arrived(self, journey: Journey) -> None:
        journey.robot.offset = journey.offset
        journey.job.finish()

    def _over(self, journey: Journey) -> None:
        """The journey has ended, well or not; unless it has arrived, what it reserved ahead is given back."""
        if journey.event is not None:
            journey.event.cancel()
        if self._journeys.get(journey.robot.id) is journey:
            del self._journeys[journey.robot.id]
        if self._traffic.way(journey.robot.id)[-1].arrival > self._kernel.now:
            self._break(journey.robot)

    def _break(self, robot: Robot) -> None:
        """Stand at the end of the present leg, and have everyone plan anew whose way leads through there."""
        broken: dict[str, None] = {}
        self._stand(robot.id, broken)
        others = [self._journeys[r] for r in broken if r != robot.id and r in self._journeys]
        for journey in sorted(others, key=lambda j: j.order):
            if journey.job.running:
                self._set_out(journey)

    def _stand(self, robot: str, broken: dict[str, None]) -> None:
        broken[robot] = None
        present = self._traffic.present(robot, self._kernel.now)
        self._traffic.put(robot, present)
        for other in self._traffic.crossing(robot, present[-1].cell, self._kernel.now):
            if other not in broken:
                self._stand(other, broken)


def _in_line(before: tuple[float, float], here: tuple[float, float], after: tuple[float, float]) -> bool:
    """Robots drive along the cells: a way turns where both coordinates have changed."""
    return before[0] == here[0] == after[0] or before[1] == here[1] == after[1]
