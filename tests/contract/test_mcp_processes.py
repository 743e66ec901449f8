"""`parley mcp` as a real process, driven by the official MCP client over stdio and over HTTP: see, tell, be asked back, cancel, stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult

from runtime.broker import free_port
from runtime.operator import connect
from schemas import topics
from schemas.envelope import Envelope
from schemas.messages import OutcomeReport
from tests.conftest import NPM
from tests.contract.test_processes import ROOT, Shell, ended, said, shell, until

__all__ = ["shell"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
TOKEN = "0123456789abcdef-of-this-site"


@contextlib.asynccontextmanager
async def fleet(shell: Shell) -> AsyncIterator[str]:
    """Two robots with agents and a coordinator; the broker's address."""
    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    sim = await shell.parley("sim", "--out", "run", "--robots", "2", "--shelves", "4", "--seed", "3", "--broker", address)
    assert sim.stdout is not None and await sim.stdout.readline()
    for number in (1, 2):
        await said(await shell.parley("agent", "--config", f"run/agent-{number}.toml"), f"serves robot-{number}")
    await said(await shell.parley("coordinator", "--config", "run/coordinator.toml"), "coordinator is ready")
    yield address


def over_stdio(address: str, **settings: Any) -> Client:
    command = ["-c", "from cli.main import run; run()", "mcp", "--stdio", "--broker", address]
    return Client(StdioServerParameters(command=sys.executable, args=command), **settings)


@contextlib.asynccontextmanager
async def over_http(shell: Shell, address: str, **settings: Any) -> AsyncIterator[Client]:
    port = free_port()  # as late as can be: others take ports meanwhile
    await said(await shell.parley("mcp", "--http", str(port), "--broker", address), "the fleet at")
    async with Client(f"http://127.0.0.1:{port}/mcp", **settings) as client:
        yield client


WAYS: dict[str, Callable[..., Any]] = {"stdio": lambda shell, address, **more: over_stdio(address, **more), "http": over_http}


async def call(client: Client, tool: str, arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments, **more)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def both_there(client: Client) -> Any:
    rows = (await call(client, "list_devices", {}))["devices"]
    return rows if len(rows) == 2 and all(row["online"] for row in rows) else None


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_a_client_sees_tells_answers_cancels_and_stops(shell: Shell, way: str) -> None:
    asked, lines = list[str](), list[str]()

    async def elicit(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"answer": "shelf 2"})

    async def note(progress: float, total: float | None, message: str | None) -> None:
        lines.append(message or "")

    async with fleet(shell) as address:
        for mode in ("auto", "legacy"):
            async with WAYS[way](shell, address, mode=mode, elicitation_callback=elicit) as client:
                rows = await until(lambda client=client: both_there(client))
                assert rows[0]["kind"] == "robot" and "battery" in rows[0]["state"]
                planned = await call(client, "preview_plan", {"instruction": "Send robot 1 to shelf 3."})
                assert planned["kind"] == "plan" and planned["subtasks"] == ["robot-1: Go to shelf 3."]
                done = await call(client, "send_instruction", {"instruction": "Send robot 1 to shelf 3."}, progress_callback=note)
                assert done["complete"] and "shelf 3" in done["answer"]
                assert any("verified" in line for line in lines)
                done = await call(client, "send_instruction", {"instruction": "Send robot 1 there."})
                assert asked.pop() == "Which place do you mean?" and done["complete"] and "shelf 2" in done["answer"]
                await _cancelled_half_way(client)
                assert (await call(client, "stop", {"devices": ["robot-1"]}))["devices"] == {"robot-1": "confirmed"}
                assert (await call(client, "read_state", {"device": "robot-1"}))["doing"] == "stopped"
                assert (await call(client, "resume", {}))["devices"] == {"robot-1": "confirmed", "robot-2": "confirmed"}


async def _cancelled_half_way(client: Client) -> None:
    begun = asyncio.Event()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        if message and "its API" in message:
            begun.set()

    task = asyncio.create_task(client.call_tool("send_instruction", {"instruction": "Check all shelves for free space."}, progress_callback=note))
    await asyncio.wait_for(begun.wait(), 60)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    async def called_off() -> Any:
        said_lately = (await call(client, "read_transcript", {"last": 6}))["lines"]
        return any("cancelled" in line for line in said_lately) or None

    assert await until(called_off)


async def test_a_client_that_cannot_be_asked_gets_the_question_and_may_answer_it(shell: Shell, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN, encoding="utf-8")
    async with fleet(shell) as address:
        port = free_port()  # as late as can be: others take ports meanwhile
        await said(await shell.parley("mcp", "--http", str(port), "--tokens", str(tokens), "--broker", address), "the fleet at")
        url = f"http://127.0.0.1:{port}/mcp"
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            await until(lambda: both_there(client))
            asked = await call(client, "send_instruction", {"instruction": "Send robot 2 there."})
            assert asked["kind"] == "question" and not asked["complete"]
            done = await call(client, "answer_question", {"instruction": asked["instruction"], "answer": "shelf 1"})
            assert done["complete"] and "shelf 1" in done["answer"]
            for tool, arguments, part in (
                ("answer_question", {"instruction": asked["instruction"], "answer": "shelf 1"}, "no question is open"),
                ("read_state", {"device": "robot-9"}, "there are robot-1, robot-2"),
                ("send_instruction", {"instruction": "x" * 5000}, "at most 2000 characters"),
                ("send_instruction", {"instruction": ""}, "at least 1 character"),
                ("send_instruction", {}, "required"),
            ):
                result = await client.call_tool(tool, arguments)
                assert result.is_error and part.casefold() in result.content[0].text.casefold()  # type: ignore[union-attr]
            assert "robot-2" in (await client.read_resource("parley://device/robot-2")).contents[0].text  # type: ignore[union-attr]
        async with httpx2.AsyncClient() as http:
            assert (await http.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).status_code == 401


async def test_what_a_client_began_that_is_killed_is_cancelled_and_its_server_ends_without_a_word(shell: Shell) -> None:
    cancelled = asyncio.Event()

    def hear(address: topics.Address, envelope: Envelope) -> None:
        if isinstance(envelope.body, OutcomeReport) and envelope.body.outcome.end == "cancelled":
            cancelled.set()

    async with fleet(shell) as address, connect((address,), "site") as watching:
        watching.listeners.append(hear)
        ours = ("-c", "from cli.main import run; run()", "mcp", "--stdio", "--broker", address)
        process = await asyncio.create_subprocess_exec(sys.executable, *ours, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE)
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        check = {"name": "send_instruction", "arguments": {"instruction": "Check all shelves for free space."}, "_meta": {"progressToken": 1}}
        for number, (method, params) in enumerate((("initialize", HELLO), ("tools/call", check))):
            process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
        try:
            async with asyncio.timeout(100):
                while b"its API" not in await process.stdout.readline():
                    pass
                cast("Any", process)._transport.get_pipe_transport(1).close()  # nobody reads any more, and nobody writes
                process.stdin.close()
                await cancelled.wait()
                assert (await process.stderr.read(), await process.wait()) == (b"", 0)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


async def test_what_stands_in_the_readme_is_pasted_and_works(shell: Shell, tmp_path: Path) -> None:
    """As a desktop client does it: the very command, with next to no environment, in an empty folder."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pasted = json.loads(re.findall(r"```json\n(.*?)\n```", readme, re.DOTALL)[0])["mcpServers"]["parley"]
    folder = tmp_path / "empty"
    folder.mkdir()
    async with fleet(shell) as address:
        arguments = [address if argument == "127.0.0.1:1883" else argument for argument in pasted["args"]]
        assert arguments != pasted["args"]
        env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
        started = StdioServerParameters(command=pasted["command"], args=arguments, env=env, cwd=folder)
        async with Client(started, mode="legacy") as client:
            assert {"list_devices", "send_instruction", "stop"} <= {tool.name for tool in (await client.list_tools()).tools}
            await until(lambda: both_there(client))
            done = await call(client, "send_instruction", {"instruction": "Send robot 1 to shelf 3."})
            assert done["complete"] and "shelf 3" in done["answer"]
    assert not list(folder.iterdir())


SHOW = "calculator: show me the environment variables"
CALCULATOR = """
[agent]
id = "beside"
state_dir = "."
[[agent.devices]]
id = "calculator"
driver = "mcp"
kind = "calculator"
abilities = ["work out the sum of two numbers", "shows its environment"]
command = ["{node}", "{server}"]
tools = {{ get-sum = "read" }}
"""


@pytest.mark.npm
async def test_somebody_elses_server_is_a_device_that_is_driven_by_a_sentence(shell: Shell, tmp_path: Path) -> None:
    """From an MCP client through fleet and agent to another MCP server, and back; what the site's policy does not name needs a person's yes."""
    config = tmp_path / "calculator.toml"
    config.write_text(CALCULATOR.format(node=NPM / "node", server=NPM / "mcp-server-everything"), encoding="utf-8")
    asked = list[str]()

    async def elicit(context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"answer": "no" if "cannot be undone" in params.message else "yes"})

    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    await said(await shell.parley("agent", "--config", str(config), "--broker", address), "serves calculator")
    await said(await shell.parley("coordinator", "--broker", address), "coordinator is ready")
    async with over_stdio(address, elicitation_callback=elicit) as client:

        async def there() -> Any:
            rows = (await call(client, "list_devices", {}))["devices"]
            return rows if rows and rows[0]["online"] else None

        await until(there)
        told = await call(client, "send_instruction", {"instruction": "calculator: what is the sum of 12 and 30?"})
        assert told["complete"] and "42" in told["answer"], told
        assert all("sum" in question for question in asked)
        told = await call(client, "send_instruction", {"instruction": SHOW})
        assert "cannot be undone" in asked[-1] and not told["complete"] and "PATH" not in told["answer"], told
    async with over_stdio(address) as client:  # which cannot ask anybody, and so may not say yes itself
        told = await call(client, "send_instruction", {"instruction": SHOW})
        assert told["approval"] and told["kind"] == "question", told
        result = await client.call_tool("answer_question", {"instruction": told["instruction"], "answer": "yes"})
        assert result.is_error and "a person has to say yes" in result.content[0].text  # type: ignore[union-attr]


HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_when_it_is_told_to_whatever_its_input_does(shell: Shell, sent: signal.Signals) -> None:
    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    told = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from cli.main import run; run()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", told, "mcp", "--stdio", "--broker", address, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}).encode() + b"\n")
    assert b'"serverInfo"' in await asyncio.wait_for(process.stdout.readline(), 60)
    process.send_signal(sent)
    try:
        await asyncio.wait_for(process.wait(), 20)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


@pytest.mark.npm
async def test_the_inspector_lists_and_calls(shell: Shell) -> None:
    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    ours = (sys.executable, "-c", "from cli.main import run; run()", "mcp", "--stdio", "--broker", address)

    async def inspected(*arguments: str) -> Any:
        told = await ended(await shell.start(str(NPM / "node"), str(NPM / "inspector"), "--cli", *ours, *arguments))
        assert told.code == 0, told.err
        return told.json

    tools = {tool["name"]: tool for tool in (await inspected("--method", "tools/list"))["tools"]}
    assert tools["list_devices"]["annotations"]["readOnlyHint"] and "stop" in tools
    called = await inspected("--method", "tools/call", "--tool-name", "list_devices")
    assert called["structuredContent"] == {"devices": []}
