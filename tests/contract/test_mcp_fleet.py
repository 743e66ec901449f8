"""A whole fleet on real Mosquitto whose device is an MCP server on the same broker: sentence, answer, the server killed in the middle, and back."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from runtime.broker import free_port
from runtime.mcp_mqtt import discover
from runtime.settings import BrokerSection
from schemas.errors import LinkError
from tests.conftest import MOSQUITTO
from tests.contract.strange_server import NAME
from tests.contract.test_processes import Shell, ended, said, shell, until

__all__ = ["shell"]
pytestmark = [pytest.mark.slow, pytest.mark.mosquitto, pytest.mark.timeout(240)]
AGENT = """
[agent]
id = "beside"
state_dir = "."
[[agent.devices]]
id = "adder"
driver = "mcp"
kind = "calculator"
url = "mqtt:{name}"
tools = {{ add = "read", wait = "reversible" }}
"""


async def adder(shell: Shell, address: str, mark: Path) -> Process:
    return await shell.start(sys.executable, "-m", "tests.contract.strange_server", "mqtt", address, str(mark))


async def called(address: str, tool: str) -> None:
    """Until somebody on the broker calls the tool of an MCP server."""
    host, _, port = address.partition(":")
    async with aiomqtt.Client(host, int(port), protocol=aiomqtt.ProtocolVersion.V5) as listener, asyncio.timeout(60):
        await listener.subscribe(f"$mcp-rpc/+/+/{NAME}")
        async for message in listener.messages:
            said_ = json.loads(bytes(message.payload))
            if said_.get("method") == "tools/call" and said_["params"]["name"] == tool:
                return


async def test_a_server_on_the_broker_is_driven_by_a_sentence_killed_in_the_middle_and_back(shell: Shell, tmp_path: Path) -> None:
    assert MOSQUITTO is not None
    (tmp_path / "beside.toml").write_text(AGENT.format(name=NAME), encoding="utf-8")
    mark, address = tmp_path / "mark", f"127.0.0.1:{free_port()}"
    await shell.start(MOSQUITTO, "-p", address.partition(":")[2])
    first = await adder(shell, address, mark)

    async def tell(sentence: str) -> Any:
        return (await shell.run("tell", sentence, "--json", "--broker", address)).json

    async def there() -> bool:
        with suppress(LinkError):  # the broker has just been started
            return bool((await discover(BrokerSection(addresses=(address,)), "parley/#")).get(NAME))
        return False

    async def problem() -> str:
        (row,) = (await shell.run("devices", "--json", "--broker", address)).json
        return row["problem"]

    await until(there)  # the agent wants to read its tools
    await said(await shell.parley("agent", "--config", "beside.toml", "--broker", address), "serves adder")
    await said(await shell.parley("coordinator", "--broker", address), "coordinator is ready")
    told = await tell("adder: add 12 and 30")
    assert told["complete"] and "Total – adder: 42." in told["answer"], told
    assert [(o["outcome"]["end"], o["outcome"]["verified"]) for o in told["outcomes"]] == [("done", True)]

    watching = asyncio.create_task(called(address, "wait"))
    waiting = await shell.parley("tell", "adder: wait for 3 seconds", "--json", "--broker", address)
    await watching
    first.kill()
    cut = await ended(waiting)
    (outcome,) = (o["outcome"] for o in cut.json["outcomes"])
    assert (cut.code, cut.json["complete"], outcome["end"], outcome["uncertain"]) == (3, False, "failed", True), cut
    assert "it has left the MQTT broker" in cut.json["answer"] and "it may have happened all the same" in cut.json["answer"]

    assert "the server" in await until(problem)
    told = await tell("adder: add 12 and 31")
    assert not told["complete"] and "adder reports a problem" in told["answer"], told

    await adder(shell, address, mark)

    async def well() -> bool:
        return not await problem()

    await until(well)
    told = await tell("adder: add 12 and 32")
    assert told["complete"] and "Total – adder: 44." in told["answer"], told
    assert not mark.exists()  # the call that was cut off was not repeated
