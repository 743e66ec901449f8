"""Ostara: one address for jobs, which are numbered and asked after. Centimetres, battery as a fraction, racks called S04, counts."""

from __future__ import annotations

from collections.abc import Callable

from simulations.facade import Answer, Args, Facade, Json, Kind, Reply, Route, seen
from simulations.jobs import Job
from simulations.robot import TOP_SPEED
from simulations.world import Refusal

Shape = Callable[[Job], Json]
_RACK = r"S(\d{2,3})"
_WORDS = {"running": "running", "done": "finished", "failed": "aborted", "cancelled": "aborted"}


class Ostara(Facade):
    maker = "ostara"

    def routes(self) -> tuple[Route, ...]:
        self._jobs: dict[str, tuple[Job, Shape]] = {}
        return (
            Route("GET", "/rpc/telemetry", "telemetry", self._telemetry, "read"),
            Route("GET", "/rpc/jobs/{job_id}", "job", self._job, "read"),
            Route("POST", "/rpc/abort", "abort", self._abort, "halt"),
            Route("GET", "/rpc/wifi", "scan_wifi", self._scan_wifi, "read"),
            self._op("goto_rack", self._goto_rack),
            self._op("goto_point", self._goto_point),
            self._op("goto_packing", self._goto_packing),
            self._op("rack_vacancy", self._vacancy, "look"),
            self._op("rack_inventory", self._inventory, "look"),
            self._op("snapshot", self._snapshot, "look"),
            self._op("return_to_charger", self._charger),
            self._op("dwell", self._dwell),
            self._op("format_storage", self._format),
            Route("POST", "/rpc/config/head", "turn_head", self._head),
            Route("POST", "/rpc/config/cruise", "set_cruise", self._cruise),
            Route("POST", "/rpc/config/lamp", "set_lamp", self._lamp),
            Route("POST", "/rpc/safety/halt", "halt_all", self._halt_all),
            Route("POST", "/rpc/safety/clear", "clear_halt", self._clear_halt),
        )

    def _op(self, name: str, handler: Callable[[Args], Answer], kind: Kind = "order") -> Route:
        return Route("POST", "/rpc/jobs", name, handler, kind, where=("op", name))

    def success(self, data: Json) -> Reply:
        return Reply(200, data)

    def refusal(self, refusal: Refusal) -> Reply:
        return Reply(404 if refusal.code == "not_found" else 400, {"fault": refusal.code.upper(), "detail": refusal.text})

    def failure(self, reason: str) -> Reply:
        return Reply(400, {"fault": "FAILED", "detail": reason})

    def _start(self, job: Job, shape: Shape = lambda job: {}) -> Reply:
        number = f"J-{job.number}"
        self._jobs[number] = (job, shape)
        return Reply(202, {"job_id": number})

    def _job(self, args: Args) -> Answer:
        job, shape = self._jobs.get(args.text("job_id"), (None, None))
        if job is None or shape is None:
            raise Refusal("not_found", "no such job")
        return Reply(200, {"state": _WORDS[job.state], "output": shape(job) if job.state == "done" else None, "why": job.reason})

    def _telemetry(self, args: Args) -> Answer:
        robot, (x, y) = self.robot, self.world.position(self.robot)
        return self.success(
            {
                "charge": round(self.world.battery(robot) / 100, 4),
                "x_cm": round(x * 100, 1),
                "y_cm": round(y * 100, 1),
                "place": self.place("S{n:02d}", "C{n:02d}", "PACK", "-"),
                "route_cm": [[round(x * 100, 1), round(y * 100, 1)] for x, y in self.world.way(robot)],
                "working": self.world.busy(robot),
                "on_charger": robot.charging,
                "cruise_cm_s": round(robot.speed * 100, 1),
                "halted": robot.locked,
                "head_deg": robot.pan,
                "lamp": robot.light,
            }
        )

    def _abort(self, args: Args) -> Answer:
        self.world.halt(self.robot)
        return self.success({"aborted": True})

    def _scan_wifi(self, args: Args) -> Answer:
        return self.success({"networks": [{"ssid": "warehouse", "dbm": -51}, {"ssid": "office", "dbm": -78}]})

    def _goto_rack(self, args: Args) -> Answer:
        return self._start(self.world.travel_to(self.robot, f"shelf-{args.labelled('rack', _RACK)}"))

    def _goto_point(self, args: Args) -> Answer:
        x, y = args.number("x_cm", 0, 100_000), args.number("y_cm", 0, 100_000)
        return self._start(self.world.travel_xy(self.robot, x / 100, y / 100))

    def _goto_packing(self, args: Args) -> Answer:
        return self._start(self.world.travel_to(self.robot, "station-1"))

    def _vacancy(self, args: Args) -> Answer:
        job = self.world.look(self.robot, args.labelled("rack", _RACK))
        return self._start(job, lambda job: {"empty": seen(job).free, "full": len(seen(job).items)})

    def _inventory(self, args: Args) -> Answer:
        job = self.world.look(self.robot, args.labelled("rack", _RACK))
        return self._start(job, lambda job: {"count": len(seen(job).items), "labels": [i.name for i in seen(job).items]})

    def _snapshot(self, args: Args) -> Answer:
        return self._start(self.world.photograph(self.robot), lambda job: {"image_ref": job.result})

    def _charger(self, args: Args) -> Answer:
        return self._start(self.world.charge(self.robot))

    def _dwell(self, args: Args) -> Answer:
        return self._start(self.world.timed(self.robot, "dwell", args.number("secs", 0, 600)))

    def _format(self, args: Args) -> Answer:
        return self._start(self.world.timed(self.robot, "format", 3.0))

    def _head(self, args: Args) -> Answer:
        self.robot.pan = args.number("degrees", -120, 120)
        return self.success({})

    def _cruise(self, args: Args) -> Answer:
        self.world.set_speed(self.robot, args.number("cm_per_s", 10, TOP_SPEED * 100) / 100)
        return self.success({})

    def _lamp(self, args: Args) -> Answer:
        self.robot.light = args.text("colour", "off|white|green|amber|red")
        return self.success({})

    def _halt_all(self, args: Args) -> Answer:
        self.world.lock(self.robot, True)
        return self.success({})

    def _clear_halt(self, args: Args) -> Answer:
        self.world.lock(self.robot, False)
        return self.success({})
