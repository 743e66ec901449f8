"""A window on the simulated world for people and judges, over HTTP on loopback: `/truth`, `/effects`, `/picture.svg`. Robots and agents never use it."""

from __future__ import annotations

import dataclasses

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulations.pace import PacedWorld
from simulations.picture import floor_svg
from simulations.server import LoopbackServer


def observer(paced: PacedWorld, port: int = 0) -> LoopbackServer:
    """The server; start it like any service."""

    async def truth(request: Request) -> Response:
        paced.sync()
        return JSONResponse(paced.world.truth())

    async def effects(request: Request) -> Response:
        return JSONResponse([dataclasses.asdict(e) for e in paced.world.effects])

    async def picture(request: Request) -> Response:
        paced.sync()
        return Response(floor_svg(paced.world), media_type="image/svg+xml")

    return LoopbackServer("observer", Starlette(routes=[Route("/truth", truth), Route("/effects", effects), Route("/picture.svg", picture)]), port)
