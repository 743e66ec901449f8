"""What every maker's API does alike: match a request to an order, log its effect, answer now or later. How it looks from outside is the maker's own.

Pure: a late answer is a `Pending` that tells whoever asks; simulations.pace waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import JsonValue

from simulations.effects import Effect, without_secrets
from simulations.jobs import Job
from simulations.robot import Robot
from simulations.sensors import window_of
from simulations.stock import Shelf
from simulations.world import Refusal, World

Json = dict[str, JsonValue]


@dataclass(frozen=True)
class Reply:
    """An HTTP status and the JSON body."""

    status: int
    json: JsonValue


class Pending:
    """A reply that comes when a job has ended; without a job it never comes."""

    def __init__(self, job: Job | None = None, render: Callable[[Job], Reply] | None = None) -> None:
        self._job, self._render = job, render

    def then(self, tell: Callable[[Reply], None]) -> None:
        render = self._render
        if self._job is not None and render is not None:
            self._job.then(lambda job: tell(render(job)))


Answer = Reply | Pending


class Args:
    """The arguments of one request, from path, query and body. Wrong ones raise Refusal("bad_request")."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        value = self.values.get(name, default)
        try:
            number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
        except ValueError:
            number = None
        if number is None or not low <= number <= high:
            raise Refusal("bad_request", f"{name} must be a number between {low:g} and {high:g}")
        return number

    def whole(self, name: str, low: int = 0, high: int = 10_000, default: int | None = None) -> int:
        number = self.number(name, low, high, default)
        if number != int(number):
            raise Refusal("bad_request", f"{name} must be a whole number")
        return int(number)

    def text(self, name: str, pattern: str = r".{1,63}") -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise Refusal("bad_request", f"{name} is missing or has the wrong form")
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise Refusal("bad_request", f"{name} must be true or false")
        return value

    def labelled(self, name: str, pattern: str) -> int:
        """The number in a label such as S04; `pattern` holds one group."""
        found = re.fullmatch(pattern, str(self.values.get(name, "")))
        if found is None:
            raise Refusal("bad_request", f"{name} has the wrong form")
        return int(found[1])


Handler = Callable[[Args], Answer]
Kind = Literal["order", "look", "read", "halt"]
"""order: has an effect. look: has none, but is carried out like an order. read: telemetry. halt: always obeyed."""


@dataclass(frozen=True)
class Route:
    """`path` may hold `{name}` parts. `function` is the API function's name in the effect log. `where`: a field the body must have, and its value."""

    method: str
    path: str
    function: str
    handler: Handler
    kind: Kind = "order"
    where: tuple[str, str] | None = None

    def match(self, method: str, path: str, body: Json) -> dict[str, str] | None:
        if method != self.method or (self.where and body.get(self.where[0]) != self.where[1]):
            return None
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


class Facade:
    """One robot behind its maker's API. A maker supplies `routes`, `success`, `refusal` and `failure`."""

    maker: ClassVar[str]

    def __init__(self, world: World, robot: Robot) -> None:
        self.world, self.robot = world, robot
        self._routes = (*self.routes(), Route("GET", "/sensors/{what}", "sensors", self._window, "read"))

    def routes(self) -> tuple[Route, ...]:
        raise NotImplementedError

    def _window(self, args: Args) -> Reply:
        """Alike for all makers: raw data has no dialect."""
        return Reply(200, window_of(self.world, self.robot, args.text("what", r"[a-z_]{1,40}")))

    def success(self, data: Json) -> Reply:
        raise NotImplementedError

    def refusal(self, refusal: Refusal) -> Reply:
        raise NotImplementedError

    def failure(self, reason: str) -> Reply:
        """An order that was begun and did not end well."""
        raise NotImplementedError

    def handle(self, method: str, path: str, query: Mapping[str, str], body: JsonValue, key: str | None = None) -> Answer:
        """Answer one request; never raises. `key` is the sender's name for the effect, only written down."""
        now, faults = self.world.now, self.robot.faults
        if faults.mute(now):
            self.world.halt(self.robot)
            return Pending()
        try:
            route, args = self._find(method, path, query, body)
            answer = self._obey(route, args, key)
        except Refusal as refusal:
            return self.refusal(refusal)
        return Pending() if faults.active("lost_reply", now) and route.kind in ("order", "look") else answer

    def _find(self, method: str, path: str, query: Mapping[str, str], body: JsonValue) -> tuple[Route, Args]:
        fields: Json = body if isinstance(body, dict) else {}
        for route in self._routes:
            in_path = route.match(method, path, fields)
            if in_path is not None:
                return route, Args({**fields, **query, **in_path})
        raise Refusal("not_found", "there is no such request")

    def _obey(self, route: Route, args: Args, key: str | None) -> Answer:
        if route.kind in ("order", "look") and self.robot.faults.active("refuses", self.world.now):
            raise Refusal("refused", "the order is declined")
        answer = route.handler(args)
        if route.kind == "order":
            arguments = without_secrets(args.values)
            self.world.effects.add(Effect(self.robot.id, route.function, arguments, key, self.world.now))
        return answer

    def blocking(self, job: Job, shape: Callable[[Job], Json] = lambda job: {}) -> Pending:
        """The reply comes with the job's end."""
        return Pending(job, lambda ended: self.success(shape(ended)) if ended.state == "done" else self.failure(ended.reason))

    def place(self, shelf: str, dock: str, station: str, elsewhere: str) -> str:
        """Where it stands, in the maker's words: `shelf` and `dock` are formats of `n`."""
        spot = self.world.at(self.robot)
        if spot is None:
            return elsewhere
        return {"shelf": shelf, "dock": dock}.get(spot.kind, station).format(n=spot.number)


def seen(job: Job) -> Shelf:
    """What a look has found."""
    assert isinstance(job.result, Shelf)
    return job.result
