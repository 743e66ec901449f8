"""What every command shares: stdout for results only, stderr for everything else, one clear line for a user's mistake."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer

T = TypeVar("T")

LONGEST = 2000
"""Characters of an instruction."""

BrokerOption = Annotated[
    str | None, typer.Option("--broker", metavar="HOST:PORT", help="MQTT broker; default from the configuration, else 127.0.0.1:1883.")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print exactly one JSON value on stdout.")]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="Your key (parley key new), where devices take only a signed yes."),
]
SiteOption = Annotated[str | None, typer.Option("--site", help="Site id; default from the configuration, else 'site'.")]


def say(*lines: str) -> None:
    """Lines for people, on stderr; an empty one without any."""
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def say_part(text: str) -> None:
    """The beginning of a line for people."""
    sys.stderr.write(text)
    sys.stderr.flush()


def emit(text: str) -> None:
    """A line of result, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def emit_json(value: Any) -> None:
    emit(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


@contextmanager
def sink(out: Path | None) -> Iterator[TextIO]:
    """The output file or stdout; half a surrogate pair, as in an id, leaves as the JSON escape that it came as."""
    if out is not None:
        with out.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield file
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    yield sys.stdout
    sys.stdout.flush()


def make_folder(out: Path) -> None:
    """The folder of `--out`. Raises ConfigError."""
    from schemas.errors import ConfigError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: no folder can be made there ({error.strerror})") from None


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. Ctrl-C, SIGTERM and a closed terminal cancel it, so that services stop in order and nothing is left behind.

    Logs go to stderr even where a command has no settings of its own.
    """
    import asyncio
    import signal

    from runtime import logs

    logs.configure_once("error")

    async def guarded() -> T:
        task, loop = asyncio.ensure_future(work), asyncio.get_running_loop()
        asked = asyncio.Event()

        def stop() -> None:
            """Only once: a second, impatient Ctrl-C must not interrupt the tidying up."""
            if not asked.is_set():
                asked.set()
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        try:
            return await task
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    return asyncio.run(guarded())


def settings_for(config: Path | None, broker: str | None = None, site: str | None = None, *, service: bool = False) -> Any:
    """Settings with the command line's overrides, and logging set up: a person's command shows errors only, unless the configuration sets a level."""
    from runtime import logs
    from runtime.settings import load

    settings = load(config)
    changes: dict[str, Any] = {}
    if broker is not None:
        changes["broker"] = settings.broker.model_copy(update={"addresses": (broker_address(broker),)})
    if site is not None:
        changes["site"] = wire_id(site)
    told = service or "level" in settings.logs.model_fields_set
    logs.configure(settings.logs.level if told else "error", settings.logs.json_lines)
    return settings.model_copy(update=changes)


def sign_of(settings: Any, key: Path | None) -> Any:
    """How this person signs: with the key of the command line, else the configuration's; None without one. Raises ConfigError."""
    from runtime.keys import read_key

    path = key or settings.operator.key
    return None if path is None else read_key(path).sign


def instruction_text(text: str) -> str:
    """What a person typed, as it can travel. Raises ConfigError when it is too long."""
    from schemas.errors import ConfigError

    if len(text) > LONGEST:
        raise ConfigError(f"the instruction has {len(text)} characters; at most {LONGEST} can be sent")
    return text.encode(errors="replace").decode()


def broker_address(text: str) -> str:
    """`HOST:PORT`, the port added where only a host was given. Raises ConfigError."""
    from runtime.mqtt_bus import parse_broker

    host, port = parse_broker(text)
    return f"{host}:{port}"


def wire_id(text: str) -> str:
    """A site id. Raises ConfigError."""
    from schemas.errors import ConfigError
    from schemas.ids import WIRE_ID

    if not WIRE_ID.fullmatch(text):
        raise ConfigError(f"--site {text!r}: use lower-case letters, digits, - and _, at most 63, starting with a letter or digit")
    return text


def expert_access(settings: Any) -> Any:
    """What goes along to experts' MCP servers."""
    from runtime.mcp import Access

    return Access(settings.experts.token, settings.broker)
