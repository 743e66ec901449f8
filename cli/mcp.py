"""`parley mcp`: the fleet as an MCP server, for any MCP client."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, KeyOption, SiteOption, run_async, say, settings_for, sign_of
from cli.http_options import HostOption, TokensOption, check_reach, read_tokens


def mcp(
    http: Annotated[int | None, typer.Option("--http", metavar="PORT", min=1, max=65535, help="Serve over streamable HTTP at /mcp.")] = None,
    stdio: Annotated[bool, typer.Option("--stdio", help="Serve over standard input and output (the default).")] = False,
    host: HostOption = "127.0.0.1",
    tokens: TokensOption = None,
    broker: BrokerOption = None,
    site: SiteOption = None,
    config: ConfigOption = None,
    key: KeyOption = None,
) -> None:
    """Let any MCP client see the fleet, tell it what to do, and stop it."""
    from schemas.errors import ConfigError

    if http is not None and stdio:
        raise ConfigError("--http and --stdio: only one of them")
    known = read_tokens(tokens)
    check_reach(http, host, known)
    settings = settings_for(config, broker, site, service=True)
    run_async(_serve(settings, http, host, known, sign_of(settings, key)))


async def _serve(settings: Any, http: int | None, host: str, tokens: list[str], sign: Any) -> None:
    from cli.mcp_server import build
    from runtime.mcp_http import listen, serve
    from runtime.mcp_stdio import serve_stdio
    from runtime.operator import connect

    told = settings.broker
    async with connect(told.addresses, settings.site, told.username, told.password, patient=True, sign=sign) as operator:
        server = build(operator)
        if http is None:
            await serve_stdio(server)
            return
        listening = listen(host, http)
        say(f"the fleet at http://{host}:{http}/mcp")
        await serve(server, listening, tokens, sessions=True)
