"""`parley key`: the keys with which people approve what cannot be undone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import emit, say

app = typer.Typer(help="The keys with which people approve what cannot be undone.", no_args_is_help=True)
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The private key; it stays with its person.")]
NameOption = Annotated[str | None, typer.Option("--name", help="Whose key it is, as agents shall call it; default the file's name.")]


@app.command("new")
def new(file: FileArgument, name: NameOption = None) -> None:
    """Make a key, and print the line for the agents' configuration (agent.approvers)."""
    from runtime.keys import new_key

    called = _name(file, name)
    line = new_key(file).public(called)
    say(f"{file} is private: give it to dashboard, tell or mcp with --key. Agents take approvals of {called} with this line in agent.approvers:")
    emit(line)


@app.command("show")
def show(file: FileArgument, name: NameOption = None) -> None:
    """Print that line for a key that there is."""
    from runtime.keys import read_key

    called = _name(file, name)
    emit(read_key(file).public(called))


def _name(file: Path, name: str | None) -> str:
    """Raises ConfigError."""
    from schemas.errors import ConfigError
    from schemas.ids import WIRE_ID, to_wire_id

    if name is not None and not WIRE_ID.fullmatch(name):
        raise ConfigError(f"--name {name!r}: use lower-case letters, digits, - and _, at most 63, starting with a letter or digit")
    return name or to_wire_id(file.stem, "key")
