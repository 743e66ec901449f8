"""What the four makers' APIs share: routing, replies that may come later, and the actions of the body underneath. Pure; `simulations.server` puts HTTP around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulations.floor import Cell
from simulations.robot import Robot
from simulations.world import Shelf, World

Reply = Callable[[int, Any], None]
"""(HTTP status, JSON): called once, at once or later in simulated time; a silent robot never calls it."""


@dataclass(frozen=True)
class Request:
    """`params` are the path's; `key` is the caller's idempotency key, written to the effect log."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=lambda: dict[str, str]())
    body: dict[str, Any] = field(default_factory=lambda: dict[str, Any]())
    key: str = ""
    params: dict[str, str] = field(default_factory=lambda: dict[str, str]())


Handler = Callable[[Request, Reply], None]


class BadRequest(Exception):
    """A maker's complaint about what was asked; `status` is its HTTP status."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class MakerApi:
    """Subclasses fill `routes` with (method, path template) → handler and spell errors in their own way."""

    def __init__(self, world: World, robot: Robot) -> None:
        self.world, self.robot = world, robot
        self.routes: dict[tuple[str, str], Handler] = {}

    def error(self, text: str) -> Any:
        return {"error": text}

    def handle(self, request: Request, reply: Reply) -> None:
        """Route one request. Unknown paths are 404, wrong arguments 400; a silent robot says nothing."""
        if self.robot.silent(self.world.kernel.now):
            return
        for (method, template), handler in self.routes.items():
            params = _match(template, request.path)
            if method == request.method and params is not None:
                self._run(handler, Request(request.method, request.path, request.query, request.body, request.key, params), reply)
                return
        reply(404, self.error(f"no such resource: {request.method} {request.path}"))

    def _run(self, handler: Handler, request: Request, reply: Reply) -> None:
        if "refuses" in self.robot.faults and request.method != "GET":
            reply(409, self.error("operation rejected by device"))
            return
        try:
            handler(request, reply)
        except BadRequest as error:
            reply(error.status, self.error(str(error)))
        except (KeyError, ValueError, TypeError) as error:
            reply(400, self.error(f"bad or missing argument: {error}"))

    # What the body can do, in the site's own terms

    def drive_to(self, place: str, request: Request, ended: Callable[[bool, str], None]) -> None:
        """To a place id. BadRequest when there is none."""
        if place not in self.world.floor.access:
            raise BadRequest(f"unknown location {place}", 404)
        self.world.log(self.robot, "move", place, request.key)
        self.world.drive(self.robot, self.world.floor.access[place], ended)

    def drive_to_cell(self, cell: Cell, request: Request, ended: Callable[[bool, str], None]) -> None:
        self.world.log(self.robot, "move", f"{cell[0]},{cell[1]}", request.key)
        self.world.drive(self.robot, (cell,), ended)

    def dock(self, request: Request, ended: Callable[[bool, str], None]) -> None:
        """To its own dock, and plug in."""

        def arrived(ok: bool, why: str) -> None:
            ended(ok and (self.world.plug_in(self.robot) or "lies_about_moving" in self.robot.faults), why or ("" if ok else "cannot dock"))

        self.world.log(self.robot, "charge", self.robot.dock, request.key)
        self.world.drive(self.robot, self.world.floor.access[self.robot.dock], arrived)

    def look(self, shelf: str, request: Request, action: str = "look") -> Shelf:
        """The shelf in front. BadRequest when there is no such shelf or the robot does not stand beside it."""
        if shelf not in self.world.shelves:
            raise BadRequest(f"unknown shelf {shelf}", 404)
        seen = self.world.look(self.robot, shelf)
        if seen is None:
            raise BadRequest("shelf not in view: robot is not in front of it", 409)
        self.world.log(self.robot, action, shelf, request.key)
        return seen

    def act(self, action: str, detail: str, request: Request) -> None:
        """Record an effect without travel (speed, light, beep, picture, wifi)."""
        self.world.log(self.robot, action, detail, request.key)

    def halt(self, request: Request, *, latch: bool) -> None:
        self.world.log(self.robot, "stop", "latched" if latch else "once", request.key)
        self.world.halt(self.robot, latch=latch)

    @property
    def at(self) -> str:
        return self.world.floor.place_at(self.robot.cell)

    @property
    def battery(self) -> float:
        self.robot.settle(self.world.kernel.now)
        return self.robot.battery


def _match(template: str, path: str) -> dict[str, str] | None:
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    found = re.fullmatch(pattern, path)
    return None if found is None else found.groupdict()


def integer(value: Any, low: int, high: int, name: str) -> int:
    """An integer within bounds, or BadRequest in plain words."""
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value or not low <= value <= high:
        raise BadRequest(f"{name} must be an integer from {low} to {high}")
    return int(value)


def number(value: Any, low: float, high: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadRequest(f"{name} must be a number from {low:g} to {high:g}")
    return float(value)
