"""`parley record`: everything that a site says, into a file, until Ctrl-C."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, SiteOption, run_async, say, say_part, settings_for

RETURN = "\r"
QUIET = 60.0
"""Seconds between two lines of progress where nobody watches a terminal."""


def record(
    file: Annotated[Path, typer.Argument(help="A new file; packed when it ends in .gz.")],
    limit: Annotated[float | None, typer.Option("--limit", min=0.001, max=1e9, metavar="MB", help="End when the file is that large.")] = None,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
) -> None:
    """Record all messages of a site for `parley replay`, until Ctrl-C. It holds what the privacy level lets onto the bus: guard it as well."""
    from runtime.recorder import MB
    from schemas.errors import ConfigError

    settings = settings_for(config, broker, site)
    recorders: list[Any] = []
    with suppress(KeyboardInterrupt):  # the usual end
        run_async(_record(settings, file, round((limit or 0) * MB), recorders))
    for recorder in recorders:
        say(f"{_fresh()}{_progress(recorder)} → {file}{' (the limit is reached)' if recorder.full else ''}")
        if recorder.problem:
            raise ConfigError(recorder.problem)


async def _record(settings: Any, file: Path, limit: int, recorders: list[Any]) -> None:
    from runtime.clock import SystemClock
    from runtime.operator import connect
    from runtime.recorder import Recorder

    told, clock = settings.broker, SystemClock()
    async with connect(told.addresses, settings.site, told.username, told.password, role="dashboard") as operator:
        recorder = Recorder(settings.site, operator.name, clock)
        recorder.start(file, limit)
        recorders.append(recorder)
        operator.watchers.append(recorder.hear)
        say(f"Recording site {settings.site!r} in {file} until Ctrl-C")
        try:
            await _watch(recorder, operator.door, clock)
        finally:
            recorder.stop()


async def _watch(recorder: Any, door: Any, clock: Any) -> None:
    """Until it ends by itself; how far it is, and what is missing in it, is shown meanwhile."""
    terminal, shown, connected = sys.stderr.isatty(), 0.0, True
    while recorder.recording:
        await clock.sleep(0.5)
        recorder.flush()
        recorder.lost = door.counters["lost"]
        if door.bus.connected != connected:
            connected = not connected
            back = "is back; what was said meanwhile is not in the recording"
            say(f"{_fresh()}The broker {back if connected else 'is gone; the recording waits for it'}")
        if terminal:
            say_part(f"{_fresh()}{_progress(recorder)}")
        elif recorder.seconds - shown >= QUIET:
            shown = recorder.seconds
            say(_progress(recorder))


def _fresh() -> str:
    """What begins a line anew where progress stands in it."""
    return RETURN if sys.stderr.isatty() else ""


def _progress(recorder: Any) -> str:
    lost = f", {recorder.lost} LOST (they came too fast)" if recorder.lost else ""
    return f"{recorder.messages} messages, {recorder.bytes / 1000:.1f} kB, {recorder.seconds:.0f} s{lost}"
