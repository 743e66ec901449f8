"""`parley sim`: a simulated warehouse whose robots serve their makers' APIs over HTTP, and the files that let agents and a coordinator join it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import BrokerOption, SiteOption, broker_address, emit_json, make_folder, run_async, say, wire_id

DEFAULT_BROKER = "127.0.0.1:1883"


def sim(
    out: Annotated[Path, typer.Option("--out", help="Folder for the configuration files of agents, coordinator and site.")] = Path("run"),
    scenario: Annotated[str, typer.Option("--scenario", help="A shipped scenario's name or a TOML file.")] = "warehouse",
    robots: Annotated[int | None, typer.Option("--robots", min=1, max=200)] = None,
    shelves: Annotated[int | None, typer.Option("--shelves", min=1, max=400)] = None,
    seed: Annotated[int | None, typer.Option("--seed")] = None,
    pace: Annotated[float | None, typer.Option("--pace", min=0, max=1000, help="Simulated seconds per second; 0 = as fast as possible.")] = None,
    approver: Annotated[
        list[str] | None, typer.Option("--approver", metavar="LINE", help="For the agents' approvers (parley key new); may be repeated.")
    ] = None,
    broker: BrokerOption = None,
    site: SiteOption = None,
) -> None:
    """Run the warehouse until Ctrl-C. One JSON line on stdout says when it is ready and where."""
    from runtime import logs
    from schemas.approval import APPROVER
    from schemas.errors import ConfigError
    from simulations.scenario import load_scenario

    logs.configure()
    _hush_server()
    for line in approver or ():
        if not APPROVER.fullmatch(line):
            raise ConfigError(f"--approver {line!r}: NAME ed25519:KEY is expected, the line that `parley key new` prints")
    chosen = load_scenario(scenario, robots=robots, shelves=shelves, seed=seed)
    if pace is not None:
        chosen = chosen.model_copy(update={"pace": pace})
    run_async(_serve(chosen, out, broker_address(broker or DEFAULT_BROKER), wire_id(site or "site"), approver or []))


def _hush_server() -> None:
    """At the end requests are dropped on purpose; the web server would call each such drop an error."""
    import logging

    logging.getLogger("uvicorn.error").addFilter(lambda record: "graceful shutdown" not in str(record.msg))


async def _serve(scenario: Any, out: Path, broker: str, site: str, approvers: list[str]) -> None:
    import asyncio
    from contextlib import AsyncExitStack

    from simulations.observer import Observer
    from simulations.pace import PacedWorld
    from simulations.scenario import build_world
    from simulations.server import RobotServer

    world = build_world(scenario)
    paced = PacedWorld(world, scenario.speed)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(paced)
        observer = Observer(paced)
        servers = {robot: RobotServer(paced, robot) for robot in world.robots}
        for service in (observer, *servers.values()):
            await stack.enter_async_context(service)
        urls = {robot: server.url for robot, server in servers.items()}
        write_files(world, urls, out, broker, site, approvers)
        say(f"{len(urls)} robots, {scenario.shelves} shelves, seed {scenario.seed}; files in {out}")
        emit_json({"ready": True, "robots": urls, "observer": observer.url, "out": str(out)})
        await asyncio.Event().wait()


def write_files(world: Any, urls: dict[str, str], out: Path, broker: str, site: str, approvers: list[str]) -> None:
    """site.json, coordinator.toml and one agent-<n>.toml for each robot, ready for `--config`."""
    from simulations.makers import catalogue_of
    from simulations.site import site_of

    make_folder(out)
    (out / "site.json").write_text(site_of(world, site).model_dump_json(indent=1), encoding="utf-8")
    head = f'site = "{site}"\n\n[broker]\naddresses = ["{broker}"]\n\n[privacy]\nlevel = "operator"\n\n'
    (out / "coordinator.toml").write_text(f'{head}[coordinator]\nsite = "site.json"\nstate_dir = "state"\n', encoding="utf-8")
    for robot in world.robots.values():
        catalogue = out / f"{robot.maker}.json"
        catalogue.write_text(catalogue_of(robot.maker).model_dump_json(indent=1, exclude_defaults=True), encoding="utf-8")
        device = {"id": robot.id, "name": f"robot {robot.number}", "place": robot.home, "catalogue": catalogue.name, "url": urls[robot.id]}
        lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in device.items())
        approved = f"approvers = {json.dumps(approvers)}\n" if approvers else ""
        agent = f'[agent]\nid = "agent-{robot.number}"\nstate_dir = "state"\nrefresh = 0.5\n{approved}\n[[agent.devices]]\n{lines}\n'
        (out / f"agent-{robot.number}.toml").write_text(head + agent, encoding="utf-8")
