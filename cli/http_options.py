"""Options of the commands that serve MCP over HTTP, and what must hold for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HostOption = Annotated[str, typer.Option("--host", help="Address of --http.")]
TokensOption = Annotated[Path | None, typer.Option("--tokens", metavar="FILE", help="Bearer tokens of --http, one a line.")]


def read_tokens(path: Path | None) -> list[str]:
    """None without a file. Raises ConfigError for one that cannot be read, and for short tokens."""
    from schemas.errors import ConfigError

    if path is None:
        return []
    try:
        known = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    if not known or any(len(token) < 16 for token in known):
        raise ConfigError(f"{path}: one token a line is expected, of 16 characters or more")
    return known


def check_reach(http: int | None, host: str, tokens: list[str]) -> None:
    """Raises ConfigError where anybody on the network could call."""
    if http is None or tokens:
        return
    from runtime.mcp_http import LOOPBACK
    from schemas.errors import ConfigError

    if host not in LOOPBACK:
        raise ConfigError(f"--host {host} is reached from other machines: say with --tokens who may ask")
