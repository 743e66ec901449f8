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
    from schemas.errors import ConfigError

    settings = settings_for(config, broker, site)
    results, problems, known = run_async(_stop(settings, devices or [], latched=not resume))
    word = "resumed" if resume else "stopped"
    if json:
        emit_json({word: [d for d, r in results.items() if r == "confirmed"], "silent": [d for d, r in results.items() if r != "confirmed"]})
    for device, result in results.items():
        if result == "unknown":
            continue
        say(_line(device, word if result == "confirmed" else _NOT[result], problems.get(device, "")))
    unknown = [d for d, r in results.items() if r == "unknown"]
    if unknown:
        raise ConfigError(f"unknown device {', '.join(map(repr, unknown))}; known: {', '.join(known) or 'none'}")
    raise typer.Exit(0 if all(r == "confirmed" for r in results.values()) else 1)


_NOT = {"silent": "NO CONFIRMATION", "not_sent": "NOT SENT, the link is down"}


def _line(device: str, what: str, problem: str) -> str:
    from runtime.plain import clean

    return clean(f"{device}: {what}{f' ({problem})' if problem else ''}")


async def _stop(settings: Any, devices: list[str], *, latched: bool) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Device → result, device → why it could not be stopped, and the devices known."""
    from runtime.halting import Halting
    from runtime.operator import connect

    async with connect(settings.broker.addresses, settings.site, settings.broker.username, settings.broker.password) as operator:
        results = await Halting(operator, devices, latched).run()
        problems = {d: operator.live[d].stop_problem for d in results if d in operator.live}
        return dict(results), problems, sorted(operator.fleet.profiles)
