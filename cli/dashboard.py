"""`parley dashboard`: watch a fleet and steer it, in the terminal or in a browser."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, KeyOption, SiteOption, run_async, say, settings_for, sign_of

PORT = 8780
LOOK = 1.0
"""s between two looks at whether a page's server, or the terminal, is still there."""


def dashboard(
    port: Annotated[int | None, typer.Argument(min=0, max=65535, metavar="[PORT]", help=f"Of --web; default {PORT}, 0: any that is free.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only watch: nothing can be told, answered or stopped.")] = False,
    web: Annotated[bool, typer.Option("--web", help="Serve it to this machine's browser instead, to watch.")] = False,
    steer: Annotated[bool, typer.Option("--steer", help="With --web: tell, answer and stop there, too.")] = False,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
    key: KeyOption = None,
) -> None:
    """Watch and steer a running fleet: devices, conversation, plans, questions; s stops one device, S all of them."""
    from schemas.errors import ConfigError

    settings = settings_for(config, broker, site)
    sign = sign_of(settings, key)
    if (steer or port is not None) and not web:
        raise ConfigError("--steer and a port go with --web")
    if steer and read_only:
        raise ConfigError("--steer and --read-only: only one of them")
    if web:
        run_async(_serve(settings, PORT if port is None else port, _command(steer, broker, site, config, key)))
        return
    if not on_terminal() and "TEXTUAL_DRIVER" not in os.environ:
        raise ConfigError("the dashboard needs a terminal; `parley dashboard --web`, `parley devices` and `parley tell` do without")
    run_async(_dashboard(settings, read_only, sign))


async def _dashboard(settings: Any, read_only: bool, sign: Any) -> None:
    async with _connected(settings, sign) as operator, _served():
        await show(feed_of(operator), read_only=read_only, broker=settings.broker.addresses[0])


@asynccontextmanager
async def _served() -> AsyncIterator[None]:
    """A page's dashboard ends with the server that started it, also where that was killed and could tell it nothing."""
    parent = os.getppid()
    looking = _looking(lambda: os.getppid() != parent, lambda: os._exit(1))  # there is no screen any more, and nobody who could be told
    async with looking if "TEXTUAL_DRIVER" in os.environ else nullcontext():
        yield


@asynccontextmanager
async def _looking(gone: Callable[[], bool], end: Callable[[], None]) -> AsyncIterator[None]:
    """Meanwhile it is looked now and then whether something has gone; then all ends."""
    import asyncio

    async def look() -> None:
        while not gone():  # noqa: ASYNC110
            await asyncio.sleep(LOOK)
        end()

    looking = asyncio.create_task(look(), name="look")
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


def _of_terminal() -> AbstractAsyncContextManager[None]:
    """A terminal may go without a signal to those on it, as where an ssh server is killed."""
    if not on_terminal():
        return nullcontext()
    return _looking(lambda: not on_terminal(), partial(os.kill, os.getpid(), signal.SIGHUP))


def on_terminal() -> bool:
    """Whether there is a screen to draw on, and somebody who types."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def feed_of(operator: Any) -> Any:
    """To be made before the operator's first message."""
    from dashboard.feed import Feed

    return Feed(operator)


async def show(source: Any, *, read_only: bool = False, opening: str = "", broker: str = "", key: str = "") -> None:
    """The dashboard on the bus or on a recording, until the person leaves. A recording that is opened in it is left for what was there before."""
    from dashboard.app import Dashboard
    from runtime import logs
    from runtime.pauses import keep_short

    keep_short()
    logs.silence()
    shown, notice = source, ""
    try:
        while True:
            app = Dashboard(shown, read_only=read_only, opening=opening, behind=shown is not source, broker=broker, key=key, notice=notice)
            async with _of_terminal():
                await app.run_async()
            opening = notice = ""
            if app.wanted is not None:
                shown, notice = await _opened(app.wanted, shown)
            elif shown is not source and app.return_code == 0:
                shown = source
            else:
                return
    finally:
        if source.recorder is not None:
            source.recorder.stop()


async def _opened(path: Path, otherwise: Any) -> tuple[Any, str]:
    """A recording's source and nothing to be told; where it cannot be shown, the other one and why."""
    import asyncio

    from runtime.recording import read
    from schemas.errors import ConfigError

    try:
        recording = await asyncio.to_thread(read, path)
    except ConfigError as error:
        return otherwise, str(error)
    if not recording.entries:
        return otherwise, f"{path.name}: holds no message"
    shown = await asyncio.to_thread(replayed, recording, path)
    return shown, f"{path.name}: {recording.flaws}" if recording.flaws else ""


def replayed(recording: Any, path: Path, speed: float = 1.0, told: Callable[[int], None] | None = None) -> Any:
    from dashboard.reel import Reel
    from dashboard.replay import Replay
    from runtime.clock import SystemClock

    return Replay(Reel(recording, told), SystemClock(), speed=speed, name=path.name)


def _connected(settings: Any, sign: Any = None) -> Any:
    from runtime.operator import connect

    told = settings.broker
    return connect(told.addresses, settings.site, told.username, told.password, role="dashboard", sign=sign)


# In a browser


def _command(steer: bool, broker: str | None, site: str | None, config: Path | None, key: Path | None) -> str:
    """What a shell becomes for each page. A password is in the configuration, a key in its file, and neither on a command line."""
    import shlex

    given = {"--broker": broker, "--site": site, "--config": config, "--key": key if steer else None}
    options = [part for name, value in given.items() if value is not None for part in (name, str(value))]
    only = [] if steer else ["--read-only"]
    return f"exec {shlex.join([sys.executable, '-c', 'from cli.main import run; run()', 'dashboard', *only, *options])}"


async def _serve(settings: Any, port: int, command: str) -> None:
    from dashboard.web import serve
    from runtime.mcp_http import listen
    from schemas.errors import LinkError

    async def trouble() -> str:
        try:
            async with _connected(settings):
                return ""
        except LinkError as error:
            return str(error)

    if said := await trouble():
        raise LinkError(said)
    with listen("127.0.0.1", port) as listening:
        await serve(listening, command, trouble, lambda url: say(f"the dashboard is at {url} for this machine's browser; Ctrl-C ends it"))
