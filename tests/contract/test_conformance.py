"""The official MCP conformance suite judges our servers: one made for it, which has all that it asks for, and the two that we have."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp.server import MCPServer

from cli.mcp_server import build as build_parley
from experts.catalogue import open_expert
from experts.server import build as build_experts
from experts.sources import FolderSource
from runtime.mcp_http import listen, serve
from runtime.memory_bus import MemoryBroker
from runtime.operator import Operator
from tests.conftest import NPM
from tests.contract.conformance_server import fixture

pytestmark = [
    pytest.mark.slow,
    pytest.mark.npm,
    pytest.mark.timeout(240),
    # The suite still asks for logs and for the client's model, which 2026-07-28 deprecates.
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),
]
REVISIONS = ("2025-11-25", "2026-07-28")
PATIENCE = 150.0
"""Seconds for one run; an idle machine needs less than ten."""
UNSCORED = {"2025-11-25": {"server-sse-polling"}, "2026-07-28": set[str]()}
"""Fails, and the revision does not require it: server-sse-polling wants broken streams to be resumed, and we keep no events for that."""
EXTENSION = "tasks-"
"""Scenarios of the extension for tasks, which the SDK does not have."""
GENERIC = {
    "2025-11-25": ("server-initialize", "ping", "tools-list", "resources-list", "dns-rebinding-protection"),
    "2026-07-28": (
        "server-stateless",
        "tools-list",
        "resources-list",
        "sep-2164-resource-not-found",
        "dns-rebinding-protection",
        "caching",
        "http-header-validation",
        "server-sse-multiple-streams",
        "input-required-result-unsupported-methods",
    ),
}
"""What the suite can ask of any server, whatever its tools; ours have no prompts, and say so."""
OF_SESSIONS = {"2025-11-25": ("server-session-lifecycle", "server-sse-multiple-streams"), "2026-07-28": ()}
"""More, of a server that keeps sessions; the experts' does not."""
NEED_MORE = {
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-server-sends-prompts-list-changed-on-subscription",
    "sep-2575-server-sends-tools-list-changed-on-subscription",
    "sep-2549-prompts-list-caching-hints",
}
"""Checks of server-stateless and caching by tools of the suite's own, and by prompts; the fixture has these and passes."""


@dataclass(frozen=True)
class Judgement:
    code: int
    tail: str
    passed: dict[str, int]
    """Scenario → how many checks it passed, for each scenario that ran."""
    failed: dict[str, dict[str, str]]
    """Scenario → checks that failed or warn → why."""


@contextlib.asynccontextmanager
async def served(server: MCPServer[Any], *, sessions: bool) -> AsyncIterator[str]:
    listening = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    serving = asyncio.create_task(serve(server, listening, sessions=sessions))
    try:
        yield url
    finally:
        serving.cancel()
        # sse-starlette starts a task that looks for the end of the program; here it would outlive the test.
        watching = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_shutdown_watcher"]
        for task in watching:
            task.cancel()
        await asyncio.gather(serving, *watching, return_exceptions=True)


async def judged(url: str, revision: str, folder: Path) -> Judgement:
    """What the suite says. Warnings count as failures where there is a list of expected failures; it is empty."""
    none = folder / "none.yaml"
    none.write_text("server: []\n", encoding="utf-8")
    more = ("--requirements", revision, "--expected-failures", str(none), "-o", str(folder / "results"))
    suite = await asyncio.create_subprocess_exec(
        NPM / "node", NPM / "conformance", "server", "--url", url, *more, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(suite.communicate(), PATIENCE)
    finally:
        if suite.returncode is None:
            suite.kill()
            await suite.wait()
    assert suite.returncode is not None
    passed, failed = results(folder / "results")
    return Judgement(suite.returncode, said.decode(errors="replace")[-4000:], passed, failed)


def results(folder: Path) -> tuple[dict[str, int], dict[str, dict[str, str]]]:
    passed, failed = dict[str, int](), dict[str, dict[str, str]]()
    for file in folder.glob("*/checks.json"):
        scenario = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", file.parent.name)
        checks = json.loads(file.read_text(encoding="utf-8"))
        passed[scenario] = sum(check["status"] == "SUCCESS" for check in checks)
        failed[scenario] = {check["id"]: check.get("errorMessage", "") for check in checks if check["status"] in ("FAILURE", "WARNING")}
    return passed, failed


def required(revision: str) -> set[str]:
    """The scenarios that a server of this revision must pass."""
    lists = NPM.parent / "@modelcontextprotocol" / "conformance" / "requirements" / f"{revision}.yaml"
    listed = lists.read_text(encoding="utf-8").split("\nserver:\n")[1].split("\n\n")[0]
    return {line.removeprefix("  - ") for line in listed.splitlines()}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_server_made_and_served_as_ours_passes_all_that_its_revision_requires(revision: str, tmp_path: Path) -> None:
    async with served(fixture(), sessions=True) as url:
        told = await judged(url, revision, tmp_path)
    scenarios = required(revision)
    wrong = {name: told.failed[name] for name in scenarios & told.failed.keys() if told.failed[name]}
    assert told.code == 0, f"{wrong}\n{told.tail}"
    assert len(scenarios) >= 30 and scenarios <= {name for name, checks in told.passed.items() if checks}, told.tail
    others = {name: checks for name, checks in told.failed.items() if checks and not name.startswith(EXTENSION)}
    assert others.keys() == UNSCORED[revision], f"{others}\n{told.tail}"


def experts(folder: Path) -> MCPServer[Any]:
    return build_experts([open_expert("line_of_sight"), open_expert("mobility")], FolderSource(folder))


def parley(folder: Path) -> MCPServer[Any]:
    return build_parley(Operator(MemoryBroker().client(), "site", "operator-1"))


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(("build", "sessions"), [(experts, False), (parley, True)], ids=["experts", "parley"])
async def test_our_servers_pass_what_can_be_asked_of_any(build: Any, sessions: bool, revision: str, tmp_path: Path) -> None:
    async with served(build(tmp_path), sessions=sessions) as url:
        told = await judged(url, revision, tmp_path)
    for scenario in (*GENERIC[revision], *(OF_SESSIONS[revision] if sessions else ())):
        assert told.passed.get(scenario), f"{scenario}: nothing passed\n{told.tail}"
        assert told.failed[scenario].keys() <= NEED_MORE, f"{scenario}: {told.failed[scenario]}\n{told.tail}"
