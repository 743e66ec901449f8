"""`parley replay`: what was recorded, on the dashboard or as text; or its sentences read again by another model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import emit, run_async, say
from cli.dashboard import on_terminal, replayed, show
from cli.map_ import ENGINES, ModelOption, UrlOption

PROGRESS = 20_000
"""Messages between two lines of progress."""
EngineOption = Annotated[str | None, typer.Option("--engine", help=f"Who reads the sentences again: {', '.join(ENGINES)}; as for `parley map`.")]


def replay(
    file: Annotated[Path, typer.Argument(help="What `parley record` wrote.")],
    speed: Annotated[float, typer.Option("--speed", min=0.01, max=1000, help="Seconds of the recording in one second.")] = 1.0,
    headless: Annotated[bool, typer.Option("--headless", help="Print the conversation instead of opening the dashboard.")] = False,
    model: ModelOption = None,
    engine: EngineOption = None,
    url: UrlOption = None,
    profiles: Annotated[
        list[Path] | None, typer.Option("--profiles", help="With a model: devices' catalogues, a file or a folder; the simulation's are known.")
    ] = None,
    json: Annotated[Path | None, typer.Option("--json", help="With a model: also write every case.")] = None,
) -> None:
    """Look at a recording as if it were now; with --model, --engine or --url: map its sentences again and compare the calls."""
    from runtime.recording import read
    from schemas.errors import ConfigError

    again = model is not None or engine is not None or url is not None
    if not again and (profiles or json is not None):
        raise ConfigError("--profiles and --json: only with --model, --engine or --url")
    if not again and not headless and not on_terminal():
        raise ConfigError("the dashboard needs a terminal; --headless prints the conversation instead")
    recording = read(file, _progress("read"))
    if recording.flaws:
        say(f"{file}: {recording.flaws}")
    if not recording.entries:
        raise ConfigError(f"{file}: holds no message")
    if again:
        from cli.map_ import Source
        from cli.remap import remap

        remap(recording, Source.of(engine or ENGINES[0], model, url), profiles or [], json)
    elif headless:
        _print(recording)
    else:
        run_async(show(replayed(recording, file, speed, _progress("shown to the dashboard"))))


def _progress(done: str) -> Callable[[int], None]:
    def tell(count: int) -> None:
        if count and count % PROGRESS == 0:
            say(f"{count} messages {done}")

    return tell


def _print(recording: Any) -> None:
    from datetime import datetime

    from dashboard.readable import conversation

    begun = datetime.fromtimestamp(recording.head.begun).astimezone()
    emit(f"Site {recording.head.site!r}, recorded {begun:%Y-%m-%d %H:%M:%S %Z}, {recording.end - recording.head.begun:.0f} s\n")
    for line in conversation(recording):
        emit(line)
