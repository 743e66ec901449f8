"""Aisla: a clean REST style. Shelves by number, metres, per cent, booleans for each slot; motion calls block until the robot stands."""

from __future__ import annotations

from typing import Any

from simulations.devices.api import MakerApi, Reply, Request, integer, number
from simulations.robot import Robot
from simulations.world import World


class Aisla(MakerApi):
    def __init__(self, world: World, robot: Robot) -> None:
        super().__init__(world, robot)
        self.routes = {
            ("GET", "/v1/status"): self._status,
            ("POST", "/v1/motion/shelf"): self._to_shelf,
            ("POST", "/v1/motion/point"): self._to_point,
            ("POST", "/v1/motion/station"): self._to_station,
            ("POST", "/v1/motion/dock"): self._dock,
            ("POST", "/v1/motion/halt"): self._halt,
            ("POST", "/v1/motion/speed"): self._speed,
            ("GET", "/v1/shelves/{n}/slots"): self._slots,
            ("GET", "/v1/shelves/{n}/items"): self._items,
            ("POST", "/v1/camera/capture"): self._capture,
            ("POST", "/v1/camera/angle"): self._angle,
            ("GET", "/v1/map"): self._map,
            ("POST", "/v1/signals/beep"): self._beep,
            ("POST", "/v1/signals/light"): self._light,
            ("POST", "/v1/wifi/connect"): self._wifi,
            ("POST", "/v1/system/factory_reset"): self._reset,
        }

    def _done(self, reply: Reply) -> Any:
        return lambda ok, why: reply(200 if ok else 409, {"result": "ok"} if ok else self.error(why))

    def _status(self, request: Request, reply: Reply) -> None:
        x, y = self.robot.cell
        reply(200, {"location": self.at, "x_m": x, "y_m": y, "battery_pct": round(self.battery, 1), "moving": self.robot.order is not None,
                    "charging": self.robot.charging, "speed_mps": self.robot.speed, "camera_deg": self.robot.camera_deg, "light": self.robot.lights})  # fmt: skip

    def _to_shelf(self, request: Request, reply: Reply) -> None:
        self.drive_to(f"shelf-{integer(request.body['shelf_number'], 1, 999, 'shelf_number')}", request, self._done(reply))

    def _to_point(self, request: Request, reply: Reply) -> None:
        x, y = (round(number(request.body[k], 0, 1000, k)) for k in ("x", "y"))
        self.drive_to_cell((x, y), request, self._done(reply))

    def _to_station(self, request: Request, reply: Reply) -> None:
        self.drive_to("station", request, self._done(reply))

    def _dock(self, request: Request, reply: Reply) -> None:
        self.dock(request, self._done(reply))

    def _halt(self, request: Request, reply: Reply) -> None:
        self.halt(request, latch=False)
        reply(200, {"result": "ok"})

    def _speed(self, request: Request, reply: Reply) -> None:
        self.robot.speed = number(request.body["speed"], 0.1, 2.0, "speed")
        self.act("speed", f"{self.robot.speed:g}", request)
        reply(200, {"result": "ok"})

    def _slots(self, request: Request, reply: Reply) -> None:
        shelf = self.look(f"shelf-{request.params['n']}", request)
        reply(200, {"shelf": int(request.params["n"]), "vacant": [s is None for s in shelf.slots]})

    def _items(self, request: Request, reply: Reply) -> None:
        shelf = self.look(f"shelf-{request.params['n']}", request, "scan")
        reply(200, {"shelf": int(request.params["n"]), "items": [s for s in shelf.slots if s is not None]})

    def _capture(self, request: Request, reply: Reply) -> None:
        self.robot.pictures += 1
        self.act("picture", str(self.robot.pictures), request)
        reply(200, {"image_id": f"{self.robot.id}-img-{self.robot.pictures}"})

    def _angle(self, request: Request, reply: Reply) -> None:
        self.robot.camera_deg = number(request.body["degrees"], -90, 90, "degrees")
        self.act("camera", f"{self.robot.camera_deg:g}", request)
        reply(200, {"result": "ok"})

    def _map(self, request: Request, reply: Reply) -> None:
        floor = self.world.floor
        reply(200, {"width": floor.width, "height": floor.height, "places": sorted(floor.access)})

    def _beep(self, request: Request, reply: Reply) -> None:
        self.act("beep", str(integer(request.body.get("times", 1), 1, 10, "times")), request)
        reply(200, {"result": "ok"})

    def _light(self, request: Request, reply: Reply) -> None:
        colour = request.body["colour"]
        if colour not in ("off", "white", "red", "green", "blue"):
            reply(400, self.error("unknown colour"))
            return
        self.robot.lights = colour
        self.act("light", colour, request)
        reply(200, {"result": "ok"})

    def _wifi(self, request: Request, reply: Reply) -> None:
        self.robot.wifi = str(request.body["ssid"])
        self.act("wifi", self.robot.wifi, request)
        reply(200, {"result": "ok"})

    def _reset(self, request: Request, reply: Reply) -> None:
        self.act("factory_reset", "", request)
        reply(200, {"result": "ok"})
