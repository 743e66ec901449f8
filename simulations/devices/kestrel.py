"""Kestrel: terse commands, all in the query; status 200 always, errors in `rc`. Millimetres, milliseconds, millivolts; racks counted from 0."""

from __future__ import annotations

from simulations.facade import Answer, Args, Facade, Json, Reply, Route, seen
from simulations.stock import Shelf
from simulations.world import Refusal

_CODES = {"bad_request": 2, "not_found": 4, "busy": 16, "locked": 32, "not_beside": 17, "low_battery": 33, "refused": 64}
_EMPTY_MV = 21_000
_SPAN_MV = 8_400


class Kestrel(Facade):
    maker = "kestrel"

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/tm", "tm", self._telemetry, "read"),
            Route("PUT", "/cmd/abort", "abort", self._abort, "halt"),
            Route("PUT", "/cmd/nav/rack", "nav_rack", self._nav_rack),
            Route("PUT", "/cmd/nav/xy", "nav_xy", self._nav_xy),
            Route("PUT", "/cmd/nav/home", "nav_home", self._nav_home),
            Route("GET", "/sense/bays", "bay_state", self._bays, "look"),
            Route("GET", "/sense/tags", "bay_read", self._tags, "look"),
            Route("GET", "/cam/grab", "cam_grab", self._grab, "look"),
            Route("PUT", "/cam/gimbal", "cam_gimbal", self._gimbal),
            Route("PUT", "/drv/vmax", "vel_limit", self._vmax),
            Route("PUT", "/drv/sto", "safe_torque_off", self._torque_off),
            Route("PUT", "/drv/on", "torque_on", self._torque_on),
            Route("PUT", "/cmd/hold", "hold", self._hold),
            Route("PUT", "/cmd/buzzer", "buzzer", self._buzzer),
            Route("GET", "/sys/selftest", "selftest", self._selftest, "look"),
            Route("PUT", "/sys/nvm_erase", "nvm_erase", self._erase),
        )

    def success(self, data: Json) -> Reply:
        return Reply(200, {"rc": 0, "data": data})

    def refusal(self, refusal: Refusal) -> Reply:
        return Reply(200, {"rc": _CODES[refusal.code], "msg": refusal.text})

    def failure(self, reason: str) -> Reply:
        return Reply(200, {"rc": 99, "msg": reason})

    def _telemetry(self, args: Args) -> Answer:
        robot, (x, y) = self.robot, self.world.position(self.robot)
        spot = self.world.at(robot)
        return self.success(
            {
                "vbat": round(_EMPTY_MV + _SPAN_MV * self.world.battery(robot) / 100),
                "px": round(x * 1000),
                "py": round(y * 1000),
                "rack": spot.number - 1 if spot and spot.kind == "shelf" else -1,
                "loc": spot.kind.upper() if spot else "FLOOR",
                "home": spot.number - 1 if spot and spot.kind == "dock" else -1,
                "st": "RUN" if self.world.busy(robot) else "IDLE",
                "chg": int(robot.charging),
                "vmax": round(robot.speed * 1000),
                "sto": int(robot.locked),
                "yaw": robot.pan,
                "pitch": robot.tilt,
            }
        )

    def _abort(self, args: Args) -> Answer:
        self.world.halt(self.robot)
        return self.success({})

    def _nav_rack(self, args: Args) -> Answer:
        return self.blocking(self.world.travel_to(self.robot, f"shelf-{args.whole('idx') + 1}"))

    def _nav_xy(self, args: Args) -> Answer:
        x, y = args.number("px", 0, 1_000_000), args.number("py", 0, 1_000_000)
        return self.blocking(self.world.travel_xy(self.robot, x / 1000, y / 1000))

    def _nav_home(self, args: Args) -> Answer:
        return self.blocking(self.world.charge(self.robot))

    def _bays(self, args: Args) -> Answer:
        return self.blocking(self.world.look(self.robot, args.whole("idx") + 1), lambda job: _labels(seen(job)))

    def _tags(self, args: Args) -> Answer:
        job = self.world.look(self.robot, args.whole("idx") + 1)
        return self.blocking(job, lambda job: {"tags": [{"code": i.barcode, "desc": i.name} for i in seen(job).items]})

    def _grab(self, args: Args) -> Answer:
        return self.blocking(self.world.photograph(self.robot), lambda job: {"frame": job.result})

    def _gimbal(self, args: Args) -> Answer:
        self.robot.pan, self.robot.tilt = args.number("yaw", -180, 180), args.number("pitch", -45, 45, 0)
        return self.success({})

    def _vmax(self, args: Args) -> Answer:
        self.world.set_speed(self.robot, args.number("mm_s", 100, 1500) / 1000)
        return self.success({})

    def _torque_off(self, args: Args) -> Answer:
        self.world.lock(self.robot, True)
        return self.success({})

    def _torque_on(self, args: Args) -> Answer:
        self.world.lock(self.robot, False)
        return self.success({})

    def _hold(self, args: Args) -> Answer:
        return self.blocking(self.world.timed(self.robot, "hold", args.number("ms", 0, 600_000) / 1000))

    def _buzzer(self, args: Args) -> Answer:
        args.number("hz", 100, 8000, 2000)
        return self.blocking(self.world.timed(self.robot, "buzzer", args.number("ms", 10, 10_000) / 1000))

    def _selftest(self, args: Args) -> Answer:
        return self.blocking(self.world.timed(self.robot, "selftest", 5.0), lambda job: {"faults": []})

    def _erase(self, args: Args) -> Answer:
        return self.success({})


def _labels(shelf: Shelf) -> Json:
    """Slots are called A, B, C … from the left."""
    names = [(chr(ord("A") + i), slot) for i, slot in enumerate(shelf.slots)]
    return {"free": [n for n, slot in names if slot is None], "used": [n for n, slot in names if slot is not None]}
