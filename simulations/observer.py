"""A window on the simulated world for people and judges, over HTTP: `/truth`, `/effects`, `/picture.svg`. No robot or agent uses it."""

from __future__ import annotations

import dataclasses

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulations.pace import PacedWorld
from simulations.picture import draw
from simulations.server import RobotServer


class Observer(RobotServer):
    """Start it like any service; `url` is where it answers."""

    def __init__(self, paced: PacedWorld, port: int = 0) -> None:
        super().__init__(paced, "observer", port)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/truth", self._truth), Route("/effects", self._effects), Route("/picture.svg", self._picture)])

    async def _truth(self, request: Request) -> Response:
        self.paced.sync()
        return JSONResponse(self.paced.world.truth())

    async def _effects(self, request: Request) -> Response:
        return JSONResponse([dataclasses.asdict(e) for e in self.paced.world.effects.effects])

    async def _picture(self, request: Request) -> Response:
        self.paced.sync()
        return Response(draw(self.paced.world), media_type="image/svg+xml")
