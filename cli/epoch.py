"""`parley epoch reset`: make coordinator and devices agree again on whose orders count."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, JsonOption, SiteOption, emit, emit_json, run_async, settings_for

app = typer.Typer(help="Whose orders the devices obey.", no_args_is_help=True)


@app.callback()
def epoch() -> None:
    """Whose orders the devices obey."""


@app.command("reset")
def reset(
    coordinator: Annotated[str | None, typer.Option("--coordinator", metavar="ID", help="The one to be obeyed, where several are online.")] = None,
    json: JsonOption = False,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
) -> None:
    """Make every device believe the coordinator again, when its orders are refused as out of date or implausible. Exit 1 when one did not."""
    from runtime.plain import clean

    answer = run_async(_reset(settings_for(config, broker, site), coordinator))
    if json:
        emit_json({"complete": answer.complete, "text": answer.text})
    else:
        emit(clean(answer.text))
    raise typer.Exit(0 if answer.complete else 1)


async def _reset(settings: Any, named: str | None) -> Any:
    import asyncio

    from runtime.operator import connect

    async with connect(settings.broker.addresses, settings.site, settings.broker.username, settings.broker.password) as operator:
        await asyncio.sleep(0.4)  # retained topics arrive
        return await operator.reset_epoch(one_of(await operator.coordinators(), named))


def one_of(online: list[str], named: str | None) -> str:
    """The coordinator that is meant. Raises ConfigError."""
    from schemas.errors import ConfigError

    if named is None and len(online) > 1:
        raise ConfigError(f"coordinators {', '.join(online)} are online; name the one to be obeyed with --coordinator ID, or stop the others")
    if named is not None and named not in online:
        raise ConfigError(f"--coordinator {named!r}: not online; there is {', '.join(online)}")
    return named or online[0]
