"""The dashboard in a browser, each page a process of its own: the only importer of textual_serve and aiohttp.

Only this machine's own pages get in: the address has a secret in it, and a request that names another host (DNS rebinding) or comes from another page
(cross-site websockets) is refused. What a page may do is bound by its content security policy: it loads nothing from elsewhere and opens no windows,
so an address in a device's text is text.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from textual_serve.server import Server

PAGE = Path(__file__).parent / "page"
MOST = 8
"""Pages that are open at a time."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-same-origin"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Trouble = Callable[[], Awaitable[str]]
"""Why a page cannot be opened now; empty when it can."""


class _Pages(Server):
    """`command` is a shell's: it starts one page's dashboard."""

    def __init__(self, command: str, origin: str, trouble: Trouble) -> None:
        super().__init__(command, title="Parley", public_url=origin, templates_path=PAGE)
        self._trouble, self._open = trouble, 0

    async def app(self) -> web.Application:
        return await self._make_app()

    async def on_startup(self, app: web.Application) -> None:
        """Whoever starts it says where it is."""

    async def handle_index(self, request: web.Request) -> web.StreamResponse:  # type: ignore[override]
        if trouble := await self._trouble():
            return web.Response(status=503, text=f"{trouble}\nLoad this page again when it is there.\n")
        return await super().handle_index(request)  # type: ignore[return-value]

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        if self._open >= MOST:
            raise web.HTTPServiceUnavailable(text=f"{MOST} pages are open already")
        self._open += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._open -= 1


def _guard(origin: str) -> Middleware:
    """Lets in what is asked of this very address, by nobody else's page."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.getall("Host", []) != [origin.removeprefix("http://")]:
            return web.Response(status=421, text=f"this is {origin}\n")
        asking = request.headers.getall("Origin", [])
        websocket = "websocket" in request.headers.get("Upgrade", "").lower()
        if asking != [origin] and (asking or websocket or request.method not in ("GET", "HEAD")):
            return web.Response(status=403, text="another page may not ask for this\n")
        return await handler(request)

    return guard


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


async def serve(listening: socket.socket, command: str, trouble: Trouble, told: Callable[[str], None]) -> None:
    """Until cancelled; `told` hears the address. `listening` takes connections of this machine only."""
    origin, key = "http://{}:{}".format(*listening.getsockname()), secrets.token_urlsafe(16)
    site = web.Application(middlewares=[_guard(origin)])
    site.on_response_prepare.append(_harden)
    site.add_subapp(f"/{key}", await _Pages(command, origin, trouble).app())
    runner = web.AppRunner(site, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        told(f"{origin}/{key}/")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
