"""`parley stop`: halt devices at once, past coordinator, queue and model; `--resume` lets them work again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, JsonOption, SiteOption, emit_json, run_async, say, settings_for


def stop(
    devices: Annotated[list[str] | None, typer.Argument(help="Device ids; none = every device.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Release the latch instead.")] = False,
    json: JsonOption = False,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
) -> None:
    """Stop devices; confirmed by their own state. Exit 1 when one did not confirm."""
    settings = settings_for(config, broker, site)
    named, silent = run_async(_stop(settings, devices or [], latched=not resume))
    word = "resumed" if resume else "stopped"
    if json:
        emit_json({word: [d for d in named if d not in silent], "silent": silent})
    for device in named:
        say(f"{device}: {'NO CONFIRMATION' if device in silent else word}")
    raise typer.Exit(1 if silent else 0)


async def _stop(settings: Any, devices: list[str], *, latched: bool) -> tuple[list[str], list[str]]:
    import asyncio

    from cli.operator import connect
    from schemas.errors import ConfigError

    async with connect(settings.broker.addresses, settings.site, settings.broker.username, settings.broker.password) as operator:
        await asyncio.sleep(0.3)  # retained profiles arrive
        known = sorted(operator.fleet.profiles)
        unknown = [d for d in devices if d not in known]
        if unknown:
            raise ConfigError(f"unknown device {unknown[0]!r}; known: {', '.join(known) or 'none'}")
        chosen = devices or known
        if not chosen:
            raise ConfigError(f"no device is known on site {settings.site!r}")
        return chosen, await operator.stop(chosen, latched)
