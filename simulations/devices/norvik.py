"""Norvik: plain REST. Every call answers when the robot is done; metres, seconds and percent; shelves by number; one boolean per slot."""

from __future__ import annotations

from simulations.facade import Answer, Args, Facade, Json, Reply, Route, seen
from simulations.world import Refusal

_STATUS = {"bad_request": 422, "not_found": 404, "busy": 409, "locked": 423, "not_beside": 409, "low_battery": 409, "refused": 403}


class Norvik(Facade):
    maker = "norvik"

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/api/status", "status", self._status, "read"),
            Route("POST", "/api/halt", "halt", self._halt, "halt"),
            Route("POST", "/api/move", "move_to_shelf", self._move),
            Route("POST", "/api/goto", "move_to_position", self._goto),
            Route("GET", "/api/shelves/{shelf}/vacancy", "check_vacancy", self._vacancy, "look"),
            Route("GET", "/api/shelves/{shelf}/items", "count_items", self._items, "look"),
            Route("POST", "/api/camera/photo", "take_photo", self._photo, "look"),
            Route("PUT", "/api/camera/angle", "set_camera_angle", self._angle),
            Route("PUT", "/api/speed", "set_speed", self._speed),
            Route("GET", "/api/map", "get_map", self._map, "read"),
            Route("POST", "/api/charge", "charge", self._charge),
            Route("POST", "/api/estop", "emergency_stop", self._estop),
            Route("DELETE", "/api/estop", "release_emergency_stop", self._release),
            Route("POST", "/api/wait", "wait", self._wait),
            Route("POST", "/api/beep", "beep", self._beep),
            Route("POST", "/api/wifi/connect", "connect_wifi", self._wifi),
            Route("DELETE", "/api/logs", "clear_logs", self._clear_logs),
        )

    def success(self, data: Json) -> Reply:
        return Reply(200, {"ok": True, **data})

    def refusal(self, refusal: Refusal) -> Reply:
        return Reply(_STATUS[refusal.code], {"ok": False, "error": {"code": refusal.code, "message": refusal.text}})

    def failure(self, reason: str) -> Reply:
        return Reply(409, {"ok": False, "error": {"code": "failed", "message": reason}})

    def _status(self, args: Args) -> Answer:
        robot, (x, y), spot = self.robot, self.world.position(self.robot), self.world.at(self.robot)
        return self.success(
            {
                "battery": round(self.world.battery(robot), 2),
                "pose": {"x": round(x, 3), "y": round(y, 3)},
                "at_shelf": spot.number if spot and spot.kind == "shelf" else None,
                "at_dock": spot.number if spot and spot.kind == "dock" else None,
                "at_station": bool(spot and spot.kind == "station"),
                "path": [{"x": round(x, 3), "y": round(y, 3)} for x, y in self.world.way(robot)],
                "busy": self.world.busy(robot),
                "charging": robot.charging,
                "max_speed": robot.speed,
                "estop": robot.locked,
                "camera": {"pan": robot.pan, "tilt": robot.tilt},
                "wifi": robot.wifi_ssid,
            }
        )

    def _halt(self, args: Args) -> Answer:
        self.world.halt(self.robot)
        return self.success({})

    def _move(self, args: Args) -> Answer:
        return self.blocking(self.world.travel_to(self.robot, f"shelf-{args.whole('shelf', 1)}"))

    def _goto(self, args: Args) -> Answer:
        return self.blocking(self.world.travel_xy(self.robot, args.number("x", 0, 1000), args.number("y", 0, 1000)))

    def _vacancy(self, args: Args) -> Answer:
        return self.blocking(self.world.look(self.robot, args.whole("shelf", 1)), lambda job: {"occupied": [s is not None for s in seen(job).slots]})

    def _items(self, args: Args) -> Answer:
        job = self.world.look(self.robot, args.whole("shelf", 1))
        return self.blocking(job, lambda job: {"items": [{"name": i.name, "barcode": i.barcode} for i in seen(job).items]})

    def _photo(self, args: Args) -> Answer:
        return self.blocking(self.world.photograph(self.robot), lambda job: {"photo": {"handle": job.result}})

    def _angle(self, args: Args) -> Answer:
        self.robot.pan, self.robot.tilt = args.number("pan", -90, 90), args.number("tilt", -30, 45)
        return self.success({})

    def _speed(self, args: Args) -> Answer:
        self.world.set_speed(self.robot, args.number("speed", 0.1, 1.5))
        return self.success({})

    def _map(self, args: Args) -> Answer:
        floor = self.world.floor
        return self.success({"width": floor.width, "height": floor.height, "shelves": [s.number for s in floor.of_kind("shelf")]})

    def _charge(self, args: Args) -> Answer:
        return self.blocking(self.world.charge(self.robot))

    def _estop(self, args: Args) -> Answer:
        self.world.lock(self.robot, True)
        return self.success({})

    def _release(self, args: Args) -> Answer:
        self.world.lock(self.robot, False)
        return self.success({})

    def _wait(self, args: Args) -> Answer:
        return self.blocking(self.world.timed(self.robot, "wait", args.number("seconds", 0, 600)))

    def _beep(self, args: Args) -> Answer:
        return self.blocking(self.world.timed(self.robot, "beep", 0.5 * args.whole("times", 1, 10, 1)))

    def _wifi(self, args: Args) -> Answer:
        ssid = args.text("ssid")
        args.text("password")
        self.robot.wifi_mode, self.robot.wifi_ssid = "client", ssid
        return self.success({})

    def _clear_logs(self, args: Args) -> Answer:
        return self.success({})
