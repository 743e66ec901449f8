"""A simulated robot's API over real HTTP on loopback, for agents in other processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Generator

import uvicorn
from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.service import Service
from schemas.errors import ConfigError
from simulations.pace import PacedWorld

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class RobotServer(Service):
    """Serves one robot at `url` once started; port 0 takes any free one. The paced world must be running."""

    def __init__(self, paced: PacedWorld, robot: str, port: int = 0, host: str = "127.0.0.1") -> None:
        super().__init__(f"server.{robot}")
        self.paced, self._robot, self._address = paced, robot, (host, port)
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        assert self._socket is not None, "not started"
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Listening when this returns. Raises ConfigError when the port is taken."""
        host, port = self._address
        try:
            self._socket = socket.create_server((host, port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does it for named protocols only
        except OSError as error:
            raise ConfigError(f"{host}:{port}: cannot listen there ({error.strerror})") from None
        await super().start()

    async def stop(self) -> None:
        """Requests that are still waiting for their robot are dropped."""
        if self._server is not None:
            self._server.should_exit = True
            await self.wait()
        await super().stop()
        if self._socket is not None:
            self._socket.close()

    async def _run(self) -> None:
        assert self._socket is not None
        config = uvicorn.Config(self.app(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=0)
        self._server = _Server(config)
        await self._server.serve(sockets=[self._socket])

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=_METHODS)])

    async def _answer(self, request: Request) -> Response:
        try:
            body: JsonValue = json.loads(await request.body() or b"null")
        except ValueError:
            return JSONResponse({"message": "the body is not JSON"}, 400)
        query, key = dict(request.query_params), request.headers.get("Idempotency-Key")
        asked = asyncio.ensure_future(self.paced.ask(self._robot, request.method, request.scope["path"], query, body, key))
        gone = asyncio.ensure_future(_hung_up(request))
        try:
            await asyncio.wait((asked, gone), return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                return Response(status_code=499)
            status, reply = asked.result()
        finally:  # also when the server drops the request as it stops
            for task in (asked, gone):
                task.cancel()
            await asyncio.gather(asked, gone, return_exceptions=True)
        return Response(status_code=status) if status == 204 else JSONResponse(reply, status)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    """Leaves signals to the process that it is part of."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield
