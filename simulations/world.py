"""The warehouse: what robots can do in it and what is true of it. Pure and seeded; the same orders at the same times give the same history."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Literal

from simulations.effects import EffectLog
from simulations.faults import Fault, Faults
from simulations.floor import Floor, Spot, cell_of, centre, lay_out
from simulations.jobs import Job
from simulations.kernel import Kernel
from simulations.robot import TOP_SPEED, Robot
from simulations.stock import Shelf, fill
from simulations.traffic import Traffic
from simulations.travel import Travel

RefusalCode = Literal["bad_request", "not_found", "busy", "locked", "not_beside", "low_battery", "refused"]
LOWEST_BATTERY = 1.0
"""% under which a robot does not set out."""
LOOK_TIME = 0.4
"""s per slot."""
SLOWEST = 0.1
"""m/s."""


class Refusal(Exception):
    """The robot declines an order at once; each maker words it in its own way."""

    def __init__(self, code: RefusalCode, text: str) -> None:
        super().__init__(text)
        self.code: RefusalCode = code
        self.text = text


class World:
    """`makers` and `batteries` (%) go round among the robots, which are called robot-1 …; each begins in its dock.

    `interference`: what disturbs the radio channel, a label of the expert for it.
    """

    def __init__(
        self,
        *,
        robots: int,
        shelves: int,
        seed: int = 0,
        makers: Sequence[str] = ("norvik",),
        batteries: Sequence[float] = (),
        slots: Sequence[int] = (4, 8),
        faults: Sequence[Fault] = (),
        interference: str = "none",
    ) -> None:
        self.seed, self.kernel = seed, Kernel(seed)
        self.interference = interference
        self.floor: Floor = lay_out(shelves, robots)
        self.shelves: dict[int, Shelf] = fill(shelves, self.kernel.rng, slots)
        self.effects = EffectLog()
        self._travel = Travel(self.kernel, Traffic(self.floor))
        self._numbers = count(1)
        self.robots: dict[str, Robot] = {}
        for n in range(1, robots + 1):
            self._add(n, makers[(n - 1) % len(makers)], self._battery(n, batteries), tuple(f for f in faults if f.robot == f"robot-{n}"))

    def _battery(self, number: int, batteries: Sequence[float]) -> float:
        drawn = float(self.kernel.rng.randint(55, 100))
        return batteries[(number - 1) % len(batteries)] if batteries else drawn

    def _add(self, number: int, maker: str, battery: float, faults: tuple[Fault, ...]) -> None:
        robot = Robot(f"robot-{number}", number, maker, f"dock-{number}", battery, Faults(faults))
        self.robots[robot.id] = robot
        self._travel.place(robot, self._spot(robot.home).bays[0])

    # What can be seen from outside.

    @property
    def now(self) -> float:
        return self.kernel.now

    def battery(self, robot: Robot) -> float:
        """% now."""
        robot.settle(self.now)
        return robot.battery

    def position(self, robot: Robot) -> tuple[float, float]:
        """x, y in m."""
        return self._travel.position(robot)

    def way(self, robot: Robot) -> tuple[tuple[float, float], ...]:
        """Corners of the way that is reserved for it, x, y in m."""
        return self._travel.way(robot)

    def cells(self, robot: Robot) -> tuple[tuple[int, int], ...]:
        return self._travel.cells(robot)

    def moving(self, robot: Robot) -> bool:
        return self._travel.moving(robot)

    def busy(self, robot: Robot) -> bool:
        return robot.busy or self.moving(robot)

    def at(self, robot: Robot) -> Spot | None:
        """The place it stands at; None on the open floor and while it moves."""
        return None if self.moving(robot) else self.floor.bays.get(self.cells(robot)[0])

    def truth(self) -> dict[str, Any]:
        """What is really so: shelves by id with free slots and items, robots by id with their attributes."""
        return {
            "time": round(self.now, 3),
            "shelves": {f"shelf-{n}": _shelf_truth(s) for n, s in self.shelves.items()},
            "robots": {r.id: self._robot_truth(r) for r in self.robots.values()},
        }

    def _robot_truth(self, robot: Robot) -> dict[str, Any]:
        x, y = self.position(robot)
        spot = self.at(robot)
        return {
            "at": spot.id if spot else "floor",
            "x": round(x, 3),
            "y": round(y, 3),
            "battery": round(self.battery(robot), 3),
            "busy": self.busy(robot),
            "charging": robot.charging,
            "locked": robot.locked,
            "speed": robot.speed,
        }

    # What robots do.

    def travel_to(self, robot: Robot, spot_id: str) -> Job:
        """Drive to one of the place's bays. Raises Refusal."""
        spot = self.floor.spot(spot_id)
        if spot is None:
            raise Refusal("not_found", f"there is no {spot_id.replace('-', ' ')}")
        job = self._set_out(robot, f"to {spot_id}")
        self._drive(robot, job, spot.bays, (0.0, 0.0))
        return job

    def travel_xy(self, robot: Robot, x: float, y: float) -> Job:
        """Drive to a point, m. Raises Refusal."""
        cell = cell_of(x, y)
        if not self.floor.drivable(cell):
            raise Refusal("bad_request", f"the point {x:g}, {y:g} m cannot be driven to")
        middle = centre(cell)
        job = self._set_out(robot, "to a point")
        self._drive(robot, job, (cell,), (x - middle[0], y - middle[1]))
        return job

    def charge(self, robot: Robot) -> Job:
        """Drive to its own dock and begin to charge; the job ends when it charges. Raises Refusal."""
        job = self._job(robot, "charge", moves=True)
        leg = Job(job.number, "to the charger")
        job.then(lambda ended: leg.cancel(ended.reason))
        leg.then(lambda ended: self._plug_in(robot, job, ended))
        self._drive(robot, leg, self._spot(robot.home).bays, (0.0, 0.0))
        return job

    def _plug_in(self, robot: Robot, job: Job, leg: Job) -> None:
        if leg.state == "done":
            robot.settle(self.now)
            robot.charging = not robot.faults.active("lies_about_moving", self.now) or self.at(robot) == self._spot(robot.home)
            job.finish()
        elif leg.state == "failed":
            job.fail(leg.reason)

    def look(self, robot: Robot, number: int) -> Job:
        """Look at a shelf from beside it; the result is the Shelf as seen. Raises Refusal."""
        shelf = self.shelves.get(number)
        if shelf is None:
            raise Refusal("not_found", f"there is no shelf {number}")
        spot = self.at(robot)
        if spot is None or spot.id != f"shelf-{number}":
            raise Refusal("not_beside", "the shelf can only be seen from beside it")
        return self.timed(robot, "look", LOOK_TIME * len(shelf.slots), lambda: self._seen(robot, shelf))

    def _seen(self, robot: Robot, shelf: Shelf) -> Shelf:
        if not robot.faults.active("sensor_wrong", self.now):
            return shelf
        ghost = next((slot for slot in shelf.slots if slot is not None), None)
        return Shelf(shelf.number, (None if shelf.slots[0] is not None else ghost, *shelf.slots[1:]))

    def photograph(self, robot: Robot) -> Job:
        """The result is the image's handle. Raises Refusal."""
        robot.images += 1
        handle = f"{robot.id}-image-{robot.images}"
        return self.timed(robot, "photograph", 1.0, lambda: handle)

    def timed(self, robot: Robot, name: str, seconds: float, result: Callable[[], Any] = lambda: None) -> Job:
        """Something that just takes time. Raises Refusal."""
        job = self._job(robot, name)
        event = self.kernel.after(seconds * robot.faults.slowness(self.now), lambda: job.finish(result()))
        job.then(lambda _: event.cancel())
        return job

    def set_speed(self, robot: Robot, speed: float) -> None:
        """m/s. Raises Refusal."""
        if not SLOWEST <= speed <= TOP_SPEED:
            raise Refusal("bad_request", f"the speed must be between {SLOWEST} and {TOP_SPEED} m/s")
        robot.speed = speed

    def halt(self, robot: Robot) -> None:
        """End whatever it does; it comes to a stand within the metre it is in."""
        if robot.job is not None:
            robot.job.cancel()

    def lock(self, robot: Robot, locked: bool) -> None:
        """The emergency stop: halts, and refuses to move until it is released."""
        if locked:
            self.halt(robot)
        robot.locked = locked

    def _set_out(self, robot: Robot, name: str) -> Job:
        job = self._job(robot, name, moves=True)
        robot.settle(self.now)
        robot.charging = False
        return job

    def _drive(self, robot: Robot, job: Job, goals: Sequence[tuple[int, int]], offset: tuple[float, float]) -> None:
        if robot.faults.active("lies_about_moving", self.now):
            event = self.kernel.after(self._distance(robot, goals[0]) / robot.speed, job.finish)
            job.then(lambda _: event.cancel())
        else:
            self._travel.go(robot, job, goals, offset)

    def _distance(self, robot: Robot, goal: tuple[int, int]) -> float:
        (x, y), (gx, gy) = self.position(robot), centre(goal)
        return math.fabs(gx - x) + math.fabs(gy - y)

    def _job(self, robot: Robot, name: str, *, moves: bool = False) -> Job:
        """The robot's next job, if it may have one. Raises Refusal."""
        if robot.busy:
            raise Refusal("busy", "another order is being carried out")
        if moves and robot.locked:
            raise Refusal("locked", "the emergency stop is engaged")
        if moves and self.battery(robot) < LOWEST_BATTERY:
            raise Refusal("low_battery", "the battery is too low")
        robot.job = Job(next(self._numbers), name)
        return robot.job

    def _spot(self, spot_id: str) -> Spot:
        spot = self.floor.spot(spot_id)
        assert spot is not None
        return spot


def _shelf_truth(shelf: Shelf) -> Mapping[str, Any]:
    names = [i.name for i in shelf.items]
    return {"slots": len(shelf.slots), "free_slots": shelf.free, "items": len(names), "item_names": names}
