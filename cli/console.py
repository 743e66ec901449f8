"""What every command shares: stdout for results only, stderr for everything else, one clear line for a user's mistake."""

from __future__ import annotations

import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

T = TypeVar("T")

BrokerOption = Annotated[
    str | None, typer.Option("--broker", metavar="HOST:PORT", help="MQTT broker; default from the configuration, else 127.0.0.1:1883.")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON value on stdout.")]
SiteOption = Annotated[str | None, typer.Option("--site", help="Site id; default from the configuration, else 'site'.")]


def say(text: str = "") -> None:
    """A line for people, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def emit(text: str) -> None:
    """A line of result, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit_json(value: Any) -> None:
    emit(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; SIGTERM and SIGINT both cancel, so that services stop in order and nothing is left behind."""
    import asyncio
    import signal

    async def guarded() -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(guarded())


def settings_for(config: Path | None, broker: str | None = None, site: str | None = None) -> Any:
    """Settings with the command line's overrides, and logging set up accordingly."""
    from runtime import logs
    from runtime.mqtt_bus import parse_broker
    from runtime.settings import load

    settings = load(config)
    changes: dict[str, Any] = {}
    if broker is not None:
        host, port = parse_broker(broker)
        changes["broker"] = settings.broker.model_copy(update={"addresses": (f"{host}:{port}",)})
    if site is not None:
        changes["site"] = _wire_id(site)
    logs.configure(settings.logs.level, settings.logs.json_lines)
    return settings.model_copy(update=changes)


def _wire_id(text: str) -> str:
    from schemas.errors import ConfigError
    from schemas.ids import WIRE_ID

    if not WIRE_ID.fullmatch(text):
        raise ConfigError(f"--site {text!r}: use lower-case letters, digits, - and _, at most 63, starting with a letter or digit")
    return text
