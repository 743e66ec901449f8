"""The `parley` command. Each subcommand is a small module that imports what it needs only when it runs."""

from __future__ import annotations

import io
import sys

import typer

from cli import (
    agent,
    bench,
    broker,
    coordinator,
    dashboard,
    demo,
    devices,
    epoch,
    eval_,
    expert,
    key,
    map_,
    mcp,
    plan,
    record,
    replay,
    schema,
    sim,
    stop,
    tell,
)
from cli.console import say

app = typer.Typer(
    name="parley", help="Tell your devices what to do, in plain language, on your own hardware.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
app.command("demo")(demo.demo)
app.command("tell")(tell.tell)
app.command("dashboard")(dashboard.dashboard)
app.command("record")(record.record)
app.command("replay")(replay.replay)
app.command("stop")(stop.stop)
app.command("devices")(devices.devices)
app.command("map")(map_.map_sentences)
app.command("plan")(plan.plan)
app.command("broker")(broker.broker)
app.command("coordinator")(coordinator.coordinator)
app.command("agent")(agent.agent)
app.command("sim")(sim.sim)
app.command("schema")(schema.schema)
app.add_typer(epoch.app, name="epoch")
app.add_typer(bench.app, name="bench")
app.add_typer(expert.app, name="expert")
app.add_typer(key.app, name="key")
app.command("mcp")(mcp.mcp)
app.command("eval")(eval_.evaluate)


def run() -> None:
    """Entry point: a user's mistake is one line on stderr and exit 1; Ctrl-C is exit 130."""
    from schemas.errors import ParleyError

    _tolerate_any_text()
    try:
        app()
    except ParleyError as error:
        sys.exit(_mistake(str(error)))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except OSError as error:
        if error.filename is None:
            raise
        sys.exit(_mistake(f"{error.filename}: {error.strerror}"))


def _mistake(text: str) -> int:
    say(f"parley: {' '.join(text.splitlines())}")
    return 1


def _tolerate_any_text() -> None:
    """What a terminal's encoding, or any encoding, cannot hold is shown as its escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    run()
