"""Palisade: missions for what moves or looks, settings for the rest. Places by name ("shelf 4"), speed in percent of the top speed, nested maps."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from simulations.facade import Answer, Args, Facade, Json, Kind, Reply, Route, seen
from simulations.jobs import Job
from simulations.robot import TOP_SPEED
from simulations.world import Refusal

Shape = Callable[[Job], Json]
_STATUS = {"running": "ACTIVE", "done": "SUCCEEDED", "failed": "FAILED", "cancelled": "CANCELLED"}
_SHELF = r"[Ss]helf (\d{1,3})"


class Palisade(Facade):
    maker = "palisade"

    def routes(self) -> tuple[Route, ...]:
        self._missions: dict[str, tuple[Job, Shape]] = {}
        return (
            Route("GET", "/v2/state", "state", self._state, "read"),
            Route("GET", "/v2/missions/{number}", "mission", self._mission, "read"),
            Route("DELETE", "/v2/missions", "cancel", self._cancel, "halt"),
            self._kind("visit_shelf", self._visit),
            self._kind("visit_packing", self._packing),
            self._kind("drive_to", self._drive_to),
            self._kind("inspect_shelf", self._inspect, "look"),
            self._kind("list_contents", self._contents, "look"),
            self._kind("go_charge", self._charge),
            self._kind("stand_by", self._stand_by),
            self._kind("restore_factory_settings", self._restore),
            Route("POST", "/v2/camera/picture", "picture", self._picture, "look"),
            Route("PATCH", "/v2/settings/camera", "tilt_camera", self._tilt),
            Route("PATCH", "/v2/settings/speed", "set_speed_percent", self._speed),
            Route("PATCH", "/v2/settings/headlights", "headlights", self._headlights),
            Route("PATCH", "/v2/settings/radio", "host_network", self._host),
            Route("PUT", "/v2/safety/freeze", "freeze", self._freeze),
            Route("DELETE", "/v2/safety/freeze", "unfreeze", self._unfreeze),
        )

    def _kind(self, name: str, handler: Callable[[Args], Answer], kind: Kind = "order") -> Route:
        return Route("POST", "/v2/missions", name, handler, kind, where=("mission", name))

    def success(self, data: Json) -> Reply:
        return Reply(200, data)

    def refusal(self, refusal: Refusal) -> Reply:
        return Reply(422 if refusal.code == "bad_request" else 409, {"problem": {"title": refusal.code, "reason": refusal.text}})

    def failure(self, reason: str) -> Reply:
        return Reply(409, {"problem": {"title": "failed", "reason": reason}})

    def _start(self, job: Job, shape: Shape = lambda job: {}) -> Reply:
        self._missions[str(job.number)] = (job, shape)
        return Reply(202, {"mission": self._report(job, shape)})

    def _report(self, job: Job, shape: Shape) -> Json:
        outcome: JsonValue = shape(job) if job.state == "done" else None
        return {"id": job.number, "status": _STATUS[job.state], "detail": job.reason, "outcome": outcome}

    def _mission(self, args: Args) -> Answer:
        found = self._missions.get(args.text("number"))
        if found is None:
            raise Refusal("not_found", "no such mission")
        return self.success({"mission": self._report(*found)})

    def _state(self, args: Args) -> Answer:
        robot, (x, y) = self.robot, self.world.position(self.robot)
        return self.success(
            {
                "power": {"percent": round(self.world.battery(robot), 1), "plugged_in": robot.charging},
                "motion": {
                    "east": round(x, 3),
                    "north": round(y, 3),
                    "speed_percent": round(100 * robot.speed / TOP_SPEED, 1),
                    "active": self.world.busy(robot),
                    "ahead": [[round(east, 3), round(north, 3)] for east, north in self.world.way(robot)],
                },
                "whereabouts": self.place("shelf {n}", "dock {n}", "packing station", "open floor"),
                "safety": {"frozen": robot.locked},
                "camera": {"tilt": robot.tilt},
                "headlights": robot.light == "white",
                "radio": {"mode": robot.wifi_mode, "network": robot.wifi_ssid},
            }
        )

    def _cancel(self, args: Args) -> Answer:
        self.world.halt(self.robot)
        return Reply(204, None)

    def _visit(self, args: Args) -> Answer:
        return self._start(self.world.travel_to(self.robot, f"shelf-{args.labelled('target', _SHELF)}"))

    def _packing(self, args: Args) -> Answer:
        return self._start(self.world.travel_to(self.robot, "station-1"))

    def _drive_to(self, args: Args) -> Answer:
        return self._start(self.world.travel_xy(self.robot, args.number("east", 0, 1000), args.number("north", 0, 1000)))

    def _inspect(self, args: Args) -> Answer:
        job = self.world.look(self.robot, args.labelled("target", _SHELF))
        return self._start(job, lambda job: {"bays": {str(i): "carton" if s else "free" for i, s in enumerate(seen(job).slots, 1)}})

    def _contents(self, args: Args) -> Answer:
        job = self.world.look(self.robot, args.labelled("target", _SHELF))
        return self._start(job, _contents)

    def _charge(self, args: Args) -> Answer:
        return self._start(self.world.charge(self.robot))

    def _stand_by(self, args: Args) -> Answer:
        return self._start(self.world.timed(self.robot, "stand by", 60 * args.number("minutes", 0, 10)))

    def _restore(self, args: Args) -> Answer:
        return self._start(self.world.timed(self.robot, "restore", 5.0))

    def _picture(self, args: Args) -> Answer:
        return self.blocking(self.world.photograph(self.robot), lambda job: {"media": {"id": job.result, "type": "image/jpeg"}})

    def _tilt(self, args: Args) -> Answer:
        self.robot.tilt = args.number("angle", -20, 60)
        return self.success({})

    def _speed(self, args: Args) -> Answer:
        self.world.set_speed(self.robot, args.number("percent", 10, 100) / 100 * TOP_SPEED)
        return self.success({})

    def _headlights(self, args: Args) -> Answer:
        self.robot.light = "white" if args.flag("on") else "off"
        return self.success({})

    def _host(self, args: Args) -> Answer:
        args.text("passphrase", ".{8,63}")
        self.robot.wifi_mode, self.robot.wifi_ssid = "access_point", args.text("name")
        return self.success({})

    def _freeze(self, args: Args) -> Answer:
        self.world.lock(self.robot, True)
        return self.success({})

    def _unfreeze(self, args: Args) -> Answer:
        self.world.lock(self.robot, False)
        return self.success({})


def _contents(job: Job) -> Json:
    slots = enumerate(seen(job).slots, 1)
    return {"contents": {str(i): {"label": s.name, "code": s.barcode} for i, s in slots if s is not None}}
