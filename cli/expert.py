"""`parley expert`: the experts that one can ask, what their cards say, and serving them over MCP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, JsonOption, SiteOption, emit, emit_json, run_async, say, settings_for
from cli.http_options import HostOption, TokensOption, check_reach, read_tokens

app = typer.Typer(help="Small trained models that sense what a language model cannot.", no_args_is_help=True)


@app.command("list")
def list_experts(json: JsonOption = False) -> None:
    """What each expert tells, from which window of data, and how well it does on windows unlike its training ones."""
    from experts.catalogue import cards

    found = cards()
    if json:
        emit_json([{"name": card.name, "card": card.model_dump(mode="json")} for card in found])
        return
    for card in found:
        emit(f"{card.name:<18} {card.title}: {', '.join(card.labels)} (from {card.window})")
        emit(f"{'':<18} {_shown(card.figures)}")


def _shown(figures: dict[str, dict[str, Any]]) -> str:
    """Of each split: right of all, and right of those it answers."""
    parts = [
        f"{split} {row['balanced_accuracy']:.0%}, answers {row['coverage']:.0%}"
        + (f" ({row['answered_right']:.0%} right)" if row["coverage"] else "")
        for split, row in figures.items()
    ]
    return " · ".join(parts)


@app.command("serve")
def serve(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Experts to serve; all of them by default.")] = None,
    http: Annotated[int | None, typer.Option("--http", metavar="PORT", min=1, max=65535, help="Serve MCP over streamable HTTP at /mcp.")] = None,
    stdio: Annotated[bool, typer.Option("--stdio", help="Serve MCP over standard input and output (the default).")] = False,
    mqtt: Annotated[
        bool, typer.Option("--mqtt", help="Serve MCP over MQTT 5, on the broker (Mosquitto; the embedded one does not speak it).")
    ] = False,
    host: HostOption = "127.0.0.1",
    tokens: TokensOption = None,
    windows: Annotated[
        Path | None,
        typer.Option("--windows", metavar="DIR", help="Recorded windows, DIR/<device>/<what>.json, instead of those of devices on the bus."),
    ] = None,
    ident: Annotated[str, typer.Option("--id", help="Id of this process on the bus.")] = "experts",
    config: ConfigOption = None,
    broker: BrokerOption = None,
    site: SiteOption = None,
) -> None:
    """Serve experts as MCP tools: each takes the handle of a window of data and says what it sees, how sure it is, or that it cannot tell."""
    from schemas.errors import ConfigError

    if (http is not None) + stdio + mqtt > 1:
        raise ConfigError("--http, --stdio and --mqtt: only one of them")
    if windows is not None and not windows.is_dir():
        raise ConfigError(f"--windows {windows}: no such folder")
    known = read_tokens(tokens)
    check_reach(http, host, known)
    opened = _opened(names or None)
    way = Way(http, host, known, mqtt)
    settings = settings_for(config, broker, site, service=True)
    run_async(_live(opened, settings, ident, way) if windows is None else _recorded(opened, settings, ident, way, windows))


@dataclass(frozen=True)
class Way:
    """How the experts are reached: over HTTP at this port, over MQTT, else over stdio."""

    http: int | None
    host: str
    tokens: list[str]
    mqtt: bool

    def endpoint(self, server: str) -> str:
        """As it is told on the bus. `server`: the name over MQTT."""
        if self.mqtt:
            return f"mqtt:{server}"
        return f"http://{self.host}:{self.http}/mcp" if self.http is not None else ""


def _opened(names: list[str] | None) -> list[Any]:
    """An altered expert is shown without verdicts, with a line here, unless it was asked for by name. Raises ConfigError."""
    from experts.catalogue import Unusable, open_expert
    from experts.catalogue import names as all_names
    from schemas.errors import ConfigError

    found = list[Any]()
    for name in names or all_names():
        try:
            found.append(open_expert(name))
        except ConfigError as error:
            if names:
                raise
            say(f"no verdicts from {name}: {error}")
            found.append(Unusable(name))
    return found


async def _recorded(opened: list[Any], settings: Any, ident: str, way: Way, windows: Path) -> None:
    from experts.server import build
    from experts.sources import FolderSource
    from runtime.clock import SystemClock

    await _spoken(build(opened, FolderSource(windows)), settings, way, f"{ident}-{SystemClock().uuid7()}", opened)


async def _live(opened: list[Any], settings: Any, ident: str, way: Way) -> None:
    from experts.server import build
    from experts.service import ExpertIdentity, ExpertService, expert_will
    from runtime.clock import SystemClock
    from runtime.mqtt_bus import MqttBus

    clock = SystemClock()
    boot, names = clock.uuid7(), [e.card.name for e in opened]
    identity = ExpertIdentity(site=settings.site, expert=ident, boot=boot, endpoint=way.endpoint(server_name(settings.site, names)))
    told = settings.broker
    bus = MqttBus(told.addresses, ident, will=expert_will(identity, clock), username=told.username, password=told.password)
    async with bus, ExpertService(identity, bus, names, clock) as service:
        await _spoken(build(opened, service.source), settings, way, f"{ident}-{boot}", opened)


def server_name(site: str, names: list[str]) -> str:
    """Of MCP over MQTT: processes with the same experts are instances of one server."""
    from experts.catalogue import names as all_names

    return f"parley/{site}/experts" if set(names) == set(all_names()) else f"parley/{site}/experts/{'.'.join(sorted(names))}"


async def _spoken(server: Any, settings: Any, way: Way, instance: str, opened: list[Any]) -> None:
    from runtime.mcp_http import listen
    from runtime.mcp_http import serve as serve_http
    from runtime.mcp_mqtt_served import MqttServed
    from runtime.mcp_stdio import serve_stdio

    if way.mqtt:
        name = server_name(settings.site, [e.card.name for e in opened])
        about = f"Small trained experts: {', '.join(e.card.title for e in opened)}."
        say(f"{len(opened)} experts as {name}, over MQTT")
        await MqttServed(server, settings.broker, instance, name, about).serve()
    elif way.http is None:
        await serve_stdio(server)
    else:
        listening = listen(way.host, way.http)
        say(f"{len(opened)} experts at {way.endpoint('')}")
        await serve_http(server, listening, way.tokens)
