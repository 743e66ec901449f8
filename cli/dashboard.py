"""`parley dashboard`: watch a fleet and steer it, in the terminal."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, SiteOption, run_async, settings_for


def dashboard(
    read_only: Annotated[bool, typer.Option("--read-only", help="Only watch: nothing can be told, answered or stopped.")] = False,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
) -> None:
    """Watch and steer a running fleet: devices, conversation, plans, questions; s stops one device, S all of them."""
    from schemas.errors import ConfigError

    settings = settings_for(config, broker, site)
    if not on_terminal():
        raise ConfigError("the dashboard needs a terminal; `parley devices` and `parley tell` do without")
    run_async(_dashboard(settings, read_only))


async def _dashboard(settings: Any, read_only: bool) -> None:
    from runtime.operator import connect

    told = settings.broker
    async with connect(told.addresses, settings.site, told.username, told.password, role="dashboard") as operator:
        await show(feed_of(operator), read_only=read_only)


def on_terminal() -> bool:
    """Whether there is a screen to draw on, and somebody who types."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def feed_of(operator: Any) -> Any:
    """To be made before the operator's first message."""
    from dashboard.feed import Feed

    return Feed(operator)


async def show(source: Any, *, read_only: bool = False, opening: str = "") -> None:
    """The dashboard on the bus or on a recording, until the person leaves."""
    from dashboard.app import Dashboard
    from runtime import logs

    logs.silence()
    try:
        await Dashboard(source, read_only=read_only, opening=opening).run_async()
    finally:
        if source.recorder is not None:
            source.recorder.stop()
