"""Experts as real processes, asked by the official MCP client over stdio and over HTTP, about recorded windows and about a device on the bus."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from experts.signals.csi import Link, observe
from experts.wire import to_wire
from runtime.broker import free_port
from runtime.mcp import Access, McpServer
from schemas.errors import LinkError
from schemas.experts import Verdict
from tests.conftest import MOSQUITTO
from tests.contract.test_processes import Shell, said, shell, until

__all__ = ["shell"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
TOKEN = "0123456789abcdef-of-this-site"


def recorded(folder: Path) -> Path:
    """`folder/windows/robot-3/csi.json`: a link with a line of sight."""
    kept = folder / "windows" / "robot-3"
    kept.mkdir(parents=True)
    window = observe(Link("D", 40.0, 12.0, 1.0, 28.0), np.random.default_rng(1))
    (kept / "csi.json").write_text(json.dumps(to_wire(window)), encoding="utf-8")
    return kept.parent


def verdict_of(result: Any) -> Verdict:
    assert not result.is_error, result.content
    return Verdict.model_validate(result.structured_content)


async def test_over_stdio(tmp_path: Path) -> None:
    windows = str(recorded(tmp_path))
    command = ["-c", "from cli.main import run; run()", "expert", "serve", "line_of_sight", "mobility", "--stdio", "--windows", windows]
    async with Client(StdioServerParameters(command=sys.executable, args=command)) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"line_of_sight", "mobility"}
        assert verdict_of(await client.call_tool("line_of_sight", {"window": "robot-3/csi"})).label == "line of sight"
        assert (await client.call_tool("line_of_sight", {"window": "robot-4/csi"})).is_error


async def test_over_http_only_with_a_token(shell: Shell, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "tokens").write_text(f"{TOKEN}\n", encoding="utf-8")
    served = await shell.parley("expert", "serve", "--http", str(port), "--windows", str(recorded(tmp_path)), "--tokens", str(tmp_path / "tokens"))
    await said(served, "experts at")
    url = f"http://127.0.0.1:{port}/mcp"
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        assert verdict_of(await client.call_tool("line_of_sight", {"window": "robot-3/csi"})).label == "line of sight"
    told = await McpServer(url, Access(TOKEN)).call("line_of_sight", {"window": "robot-3/csi"})
    assert Verdict.model_validate(told).label == "line of sight"
    for token in (None, "wrong"):
        with pytest.raises(LinkError):
            await McpServer(url, Access(token)).call("line_of_sight", {"window": "robot-3/csi"})
    for header in ({}, {"Authorization": "Bearer wrong"}):
        async with httpx2.AsyncClient(headers=header) as http:
            assert (await http.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).status_code == 401


async def test_a_device_on_the_bus_is_looked_at(shell: Shell) -> None:
    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    sim = await shell.parley("sim", "--out", "run", "--robots", "2", "--shelves", "4", "--seed", "3", "--broker", address)
    assert sim.stdout is not None and await sim.stdout.readline()
    agent = await shell.parley("agent", "--config", "run/agent-1.toml")
    await said(agent, "serves robot-1")
    port = free_port()
    served = await shell.parley("expert", "serve", "snr", "line_of_sight", "shelf_vacancy", "--http", str(port), "--broker", address)
    await said(served, "3 experts at")
    async with Client(f"http://127.0.0.1:{port}/mcp") as client:
        found = verdict_of(await client.call_tool("snr", {"window": "robot-1/csi"}))
        assert found.evidence["snr"].unit == "dB"
        missing = await client.call_tool("snr", {"window": "robot-1/smell"})
        assert missing.is_error and "it has csi" in missing.content[0].text  # type: ignore[union-attr]
    coordinator = await shell.parley("coordinator", "--config", "run/coordinator.toml")
    await said(coordinator, "coordinator is ready")

    async def told() -> Any:
        """The coordinator asks as soon as it has heard of the device and of the experts."""
        ended = (await shell.run("tell", "Does something stand between robot 1 and the access point?", "--json", "--broker", address)).json
        return ended if "the expert for" in ended["answer"] else None

    answer = await until(told)
    assert "Robot 1:" in answer["answer"] and "line of sight" in answer["answer"]
    checked = (await shell.run("tell", "Check shelves 1, 2 and 3 for free slots", "--json", "--broker", address)).json
    assert "the expert for shelf vacancy sees the same" in json.dumps(checked)


@pytest.mark.mosquitto
async def test_two_processes_are_one_server_over_mqtt_and_one_of_them_may_go(shell: Shell) -> None:
    assert MOSQUITTO is not None
    port = free_port()
    address = f"127.0.0.1:{port}"
    await shell.start(MOSQUITTO, "-p", str(port))
    sim = await shell.parley("sim", "--out", "run", "--robots", "2", "--shelves", "4", "--seed", "3", "--broker", address)
    assert sim.stdout is not None and await sim.stdout.readline()
    await said(await shell.parley("agent", "--config", "run/agent-1.toml"), "serves robot-1")
    served = [await shell.parley("expert", "serve", "line_of_sight", "--mqtt", "--id", f"experts-{n}", "--broker", address) for n in (1, 2)]
    for process in served:
        await said(process, "1 experts as parley/site/experts/line_of_sight, over MQTT")
    await said(await shell.parley("coordinator", "--config", "run/coordinator.toml"), "coordinator is ready")

    async def told() -> Any:
        ended = (await shell.run("tell", "Does something stand between robot 1 and the access point?", "--json", "--broker", address)).json
        return ended if "Robot 1:" in ended["answer"] and "line of sight" in ended["answer"] else None

    assert await until(told)
    served[0].kill()
    assert await until(told)
