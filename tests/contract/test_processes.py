"""The whole system as real processes with the shipped models, started as a person starts them, on the embedded broker and on Mosquitto."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runtime.broker import free_port
from tests.conftest import MOSQUITTO
from tests.golden import validator

ROOT = Path(__file__).parents[2]
LIMIT = 100.0
"""s; a fleet of processes on a busy machine takes its time."""
CHECK = "Check all shelves for free slots."
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Ended:
    code: int | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stands on stdout must be exactly one JSON value."""
        return json.loads(self.out)


class Shell:
    """Starts programs in process groups of their own and leaves none behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[Process] = []

    async def start(self, *command: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, env=_environment(self.folder), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
        self._started.append(process)
        return process

    async def parley(self, *arguments: str) -> Process:
        return await self.start(sys.executable, "-c", "from cli.main import run; run()", *arguments)

    async def run(self, *arguments: str) -> Ended:
        return await ended(await self.parley(*arguments))

    async def close(self) -> None:
        for process in self._started:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _environment(folder: Path) -> Mapping[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


async def ended(process: Process) -> Ended:
    out, err = await asyncio.wait_for(process.communicate(), LIMIT)
    return Ended(process.returncode, out.decode(), err.decode())


async def said(process: Process, text: str) -> None:
    """Until the process has said so on stderr."""
    assert process.stderr is not None
    heard = ""
    while text not in heard:
        line = (await asyncio.wait_for(process.stderr.readline(), LIMIT)).decode()
        assert line, heard
        heard += line


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """The first true answer."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        if answer := await look():
            return answer
    raise AssertionError("waited in vain")


def children_of(pid: int) -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and _parent(p) == pid]


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def living_in(home: Path) -> list[int]:
    """Every process that was started, by whomever, with this home folder: a test's own one."""
    mark = f"HOME={home}\0".encode()
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and mark in _environ(p)]


def _environ(entry: Path) -> bytes:
    try:
        return (entry / "environ").read_bytes() + b"\0"
    except OSError:
        return b""


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    made = Shell(tmp_path)
    yield made
    await made.close()


def lists_exactly_the_free_shelves(printed: dict[str, Any], truth: dict[str, Any]) -> None:
    told = {f["subject"]: f["value"] for f in printed["facts"] if f["property"] == "free_slots"}
    assert told == {shelf: real["free_slots"] for shelf, real in truth["shelves"].items()}
    listed = re.findall(r"shelf (\d+)", printed["answer"].partition(". ")[0])
    assert {f"shelf-{n}" for n in listed} == {shelf for shelf, free in told.items() if free > 0}, printed["answer"]


@pytest.mark.parametrize(("seed", "robots"), [(1, 1), (5, 2), (9, 3), (13, 4), (17, 4)])
async def test_the_demo_answers_with_the_truth(shell: Shell, seed: int, robots: int) -> None:
    done = await shell.run("demo", "--headless", "--json", "--robots", str(robots), "--shelves", "8", "--seed", str(seed))
    assert done.code == 0, done
    validator("demo-out").validate(done.json)
    assert done.json["agrees"] is True
    assert done.json["complete"] is True
    lists_exactly_the_free_shelves(done.json, done.json["truth"])
    assert "The world agrees with every claim." in done.err


async def test_a_robot_that_lies_about_moving_never_makes_the_answer_false(shell: Shell) -> None:
    done = await shell.run("demo", "--json", "--scenario", "liar", "--shelves", "4", "--instruction", CHECK)
    assert done.code in (0, 3), done
    validator("demo-out").validate(done.json)
    assert done.json["agrees"] is True, done
    assert re.search(r"coordinator → robot-2 +Check", done.err), "the liar was not asked"
    assert not re.search(r"robot-2 → coordinator +done", done.err)
    assert {f.get("device") for f in done.json["facts"]} <= {"robot-1", "robot-3"}
    assert [o for o in done.json["outcomes"] if o["device"] == "robot-2" and o.get("outcome", {}).get("end") == "done"] == []


@pytest.mark.mosquitto
async def test_the_pieces_by_hand_on_mosquitto(shell: Shell) -> None:
    port = free_port()
    address = f"127.0.0.1:{port}"
    assert MOSQUITTO is not None
    await shell.start(MOSQUITTO, "-p", str(port))
    sim = await shell.parley("sim", "--out", "run", "--robots", "2", "--shelves", "4", "--seed", "3", "--broker", address)
    assert sim.stdout is not None
    ready = json.loads(await asyncio.wait_for(sim.stdout.readline(), LIMIT))
    coordinator = await shell.parley("coordinator", "--config", "run/coordinator.toml")
    agents = [await shell.parley("agent", "--config", f"run/agent-{n}.toml") for n in (1, 2)]
    for process, word in ((coordinator, "coordinator is ready"), (agents[0], "serves robot-1"), (agents[1], "serves robot-2")):
        await said(process, word)

    async def devices() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await shell.run("devices", "--json", "--broker", address)).json
        return rows if len(rows) == 2 and all(r["online"] and r["state"] for r in rows) else []

    rows = await until(devices)
    assert [(r["device"], r["maker"], r["stopped"]) for r in rows] == [("robot-1", "Norvik", False), ("robot-2", "Ostara", False)]

    planned = await shell.run("tell", CHECK, "--dry-run", "--json", "--broker", address)
    validator("tell-out").validate(planned.json)
    assert planned.json["facts"] == []

    told = await shell.run("tell", CHECK, "--json", "--broker", address)
    assert told.code == 0, told
    validator("tell-out").validate(told.json)
    lists_exactly_the_free_shelves(told.json, await _truth(ready["observer"]))

    stopped = await shell.run("stop", "robot-1", "--json", "--broker", address)
    assert (stopped.code, stopped.json) == (0, {"stopped": ["robot-1"], "silent": []}), stopped
    assert [r["stopped"] for r in await until(devices)] == [True, False]
    resumed = await shell.run("stop", "robot-1", "--resume", "--json", "--broker", address)
    assert (resumed.code, resumed.json) == (0, {"resumed": ["robot-1"], "silent": []}), resumed

    for process in (*agents, coordinator, sim):
        process.send_signal(signal.SIGINT)
    for process in (*agents, coordinator, sim):
        end = await ended(process)
        assert end.code == 130, end
        assert "Traceback" not in end.err
        assert "error" not in end.err.lower()


async def _truth(url: str) -> dict[str, Any]:
    from urllib.request import urlopen

    def fetch() -> dict[str, Any]:
        with urlopen(f"{url}/truth", timeout=10) as reply:
            return json.load(reply)

    return await asyncio.to_thread(fetch)


@pytest.mark.parametrize("often", [1, 2])
@pytest.mark.parametrize(
    ("moment", "number"), [("Starting", signal.SIGINT), ("are here", signal.SIGINT), ("subtask", signal.SIGINT), ("subtask", signal.SIGHUP)]
)
async def test_a_demo_that_is_interrupted_leaves_no_process_behind(shell: Shell, moment: str, number: signal.Signals, often: int) -> None:
    """To the whole group, as a terminal does it; impatient people do it twice."""
    demo = await shell.parley("demo", "--robots", "2", "--shelves", "4", "--instruction", CHECK)
    await said(demo, moment)
    if moment == "Starting":
        await until(lambda: _some_child(demo.pid))
    children = children_of(demo.pid)
    assert len(children) == (5 if moment == "subtask" else len(children)) > 0, "broker, warehouse, coordinator, two agents"
    assert {demo.pid, *children} <= set(living_in(shell.folder))
    for _ in range(often):
        os.killpg(demo.pid, number)
    end = await ended(demo)
    assert end.code == 130, end
    assert "Traceback" not in end.err
    assert end.out == ""
    assert alive(children) == []
    assert living_in(shell.folder) == [], "a child that was born after the signal"


async def _some_child(pid: int) -> list[int]:
    await asyncio.sleep(0)
    return children_of(pid)


@pytest.mark.parametrize("delay", [0.8, 1.1])
async def test_a_service_that_is_stopped_while_it_starts_ends(shell: Shell, delay: float) -> None:
    """The moment of connecting is the delicate one; it lies somewhere in the first second or two."""
    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    coordinator = await shell.parley("coordinator", "--broker", address)
    with suppress(TimeoutError):
        await asyncio.wait_for(coordinator.wait(), delay)
    coordinator.send_signal(signal.SIGTERM)
    end = await ended(coordinator)
    assert end.code in (130, -signal.SIGTERM), end
    assert "Traceback" not in end.err
