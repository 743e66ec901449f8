"""The dashboard in a real terminal: a session from its start to a stop, and hostile text; tmux says what it has drawn, and what became of itself."""

from __future__ import annotations

import asyncio
import ctypes
import locale
import re
import shlex
import stat
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from benchmarks.processes import PARLEY, broker, environment
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.mqtt_bus import MqttBus
from schemas import topics
from schemas.messages import Answer, Ask, Connection, ExpertConnection, Instruction, OutcomeReport, Profile, State, Subtask
from schemas.outcomes import Failed, Proof
from tests.dashboard.hostile import BIDI, BREAKS, ESCAPES, MARKUP, UNSEEN, WIDE, forbidden

LIMIT = 90.0
STYLES = re.compile(r"\x1b\[[0-9;:]*m")
TRICKS = [*MARKUP, *ESCAPES, *BIDI, *UNSEEN, *BREAKS, *(w for w in WIDE if "\u093e" not in w and "\u0903" not in w)]
"""All but marks with a width of their own, on which terminals do not agree."""
MARK = "MARKED"
VIEWS = (("2", "→"), ("3", "1 of 1 ended"), ("4", "How it understood"), ("5", "Traffic"), ("6", "Nothing is known"), ("7", "Verdicts"), ("1", MARK))
"""Keys, and what their views show."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.tmux]


class Pane:
    """A program in tmux, on a server of its own."""

    def __init__(self, folder: Path) -> None:
        self._server = ("tmux", "-S", str(folder / "tmux"), "-f", "/dev/null", "-u")

    async def tmux(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._server, *arguments, stdout=PIPE, stderr=PIPE, env={**environment(), "LC_ALL": "C.UTF-8"}
        )
        out, _ = await process.communicate()
        return out.decode()

    async def start(self, command: str) -> None:
        await self.tmux("new-session", "-d", "-x", "110", "-y", "32", command, ";", "set", "-g", "set-clipboard", "on")

    async def shows(self, part: str) -> str:
        deadline = time.monotonic() + LIMIT
        while part not in (text := await self.tmux("capture-pane", "-p")):
            assert time.monotonic() < deadline, f"{part!r} is not shown:\n{text}"
        return text


async def _hostile_site(door: Door) -> None:
    devices = tuple(f"r{n:02}" for n in range(len(TRICKS)))
    for device, trick in zip(devices, TRICKS, strict=True):
        text = f"{trick}{trick}"
        profile = Profile(device=device, device_kind=text, maker=text, name=text, aliases=(text,), abilities=(text,))
        await door.send(topics.PROFILE, device, profile)
        await door.send(topics.STATE, device, State(device=device, boot="b", attributes={"at": f"a{text}", text: text}, problem=MARK))
    await door.send(topics.AGENT_CONNECTION, "agent", Connection(status="online", boot="b", devices=devices, heartbeat=600))
    everything = "".join(TRICKS)
    await door.send(topics.EXPERT_CONNECTION, "e", ExpertConnection(status="online", boot="b", tells=(everything,), endpoint=everything))
    await _talk(door, everything)


async def _talk(door: Door, text: str) -> None:
    ident, subtask, now = door.clock.uuid7(), door.clock.uuid7(), door.clock.now()
    await door.send(topics.INSTRUCTION, "op", Instruction(text=text), message_id=ident, instruction=ident)
    await door.send(topics.SUBTASK, "r00", Subtask(device="r00", text=text, start_by=now, deadline=now), instruction=ident, subtask=subtask)
    failed = Failed(text=text, proof=(Proof(condition=text, held=False, seen=text),))
    await door.send(topics.OUTCOME, "r00", OutcomeReport(device="r00", subtask=subtask, outcome=failed), instruction=ident, subtask=subtask)
    await door.send(topics.ANSWER, "c", Answer(text=text, intent="plan", complete=False), instruction=ident)
    await door.send(topics.ASK, "c", Ask(text=f"really {text}", options=(text,)), instruction=ident)


def columns(text: str) -> int:
    """As the terminal counts them."""
    locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    return sum(max(0, ctypes.CDLL(None).wcwidth(ctypes.c_wchar(c))) for c in text)


async def test_hostile_text_steers_no_terminal_and_moves_no_column(tmp_path: Path) -> None:
    pane = Pane(tmp_path)
    async with broker() as (address, _), MqttBus((address,), "fleet") as bus:
        door = Door(bus, "site", "fleet", SystemClock())
        command = (sys.executable, "-c", "from cli.main import run; run()", "dashboard", "--read-only", "--broker", address)
        await pane.start(shlex.join(command))
        try:
            await pane.shows("No device has shown itself")
            await _hostile_site(door)
            await pane.shows(f"{len(TRICKS)}/{len(TRICKS)} online")
            await pane.shows(MARK)
            for key, part in VIEWS:
                await pane.tmux("send-keys", key)
                text = await pane.shows(part)
                assert forbidden(text.replace("\n", "")) == []
                styled = await pane.tmux("capture-pane", "-p", "-e")
                assert "\x1b" not in STYLES.sub("", styled), "styles only: no link, no title, no clipboard"
            rows = [line for line in (await pane.shows(MARK)).splitlines() if MARK in line and "online" in line]
            assert len(rows) > 15 and len({columns(row[: row.index(MARK)]) for row in rows}) == 1, (
                "the last column stands where it should in each row"
            )
            assert "owned" not in await pane.tmux("display", "-p", "#{pane_title} #{window_name}")
            assert "evil" not in await pane.tmux("show-buffer")
            await pane.tmux("send-keys", "q")
        finally:
            await pane.tmux("kill-server")


async def test_a_session_in_a_terminal_from_the_start_over_an_answer_to_a_stop(tmp_path: Path) -> None:
    pane = Pane(tmp_path)
    ended = tmp_path / "ended"
    command = (sys.executable, "-c", "from cli.main import run; run()", "demo", "--robots", "2", "--shelves", "4")
    await pane.start(f"{shlex.join(command)}; echo $? > {shlex.quote(str(ended))}; sleep 60")
    try:
        await pane.shows("2/2 online")
        await pane.tmux("send-keys", "2")
        await pane.shows("coordinator → you")
        await pane.tmux("send-keys", "i")
        await pane.tmux("send-keys", "-l", "How much battery does robot 2 have?")
        await pane.tmux("send-keys", "Enter")
        await pane.shows("Battery – robot 2:")
        await pane.tmux("send-keys", "Escape")
        await pane.shows("press i to tell")
        await pane.tmux("send-keys", "1")
        await pane.tmux("send-keys", "s")
        await pane.shows("STOPPED")
        await pane.tmux("send-keys", "q")
        deadline = time.monotonic() + LIMIT
        while not ended.exists():
            assert time.monotonic() < deadline, await pane.tmux("capture-pane", "-p")
            await asyncio.sleep(0.2)
        assert ended.read_text(encoding="utf-8").strip() == "0"
    finally:
        await pane.tmux("kill-server")


def _mode(path: str) -> int:
    """0 where there is no such file."""
    return stat.S_IMODE(Path(path).stat().st_mode) if Path(path).exists() else 0


async def test_the_demos_devices_take_a_yes_signed_with_its_key_from_its_dashboard_and_from_others(tmp_path: Path) -> None:
    pane, order = Pane(tmp_path), "Robot 1, clear your logs."
    await pane.start(shlex.join((*PARLEY, "demo", "--robots", "1", "--shelves", "4", "--instruction", order)))
    try:
        await pane.shows("a: decide")
        await pane.tmux("send-keys", "a")
        await pane.shows("signed with your key")
        await pane.tmux("send-keys", "Right", "Right", "Enter")
        await pane.shows("Done, but not verified: Clear your logs")
        await pane.tmux("send-keys", "5")
        told = await pane.shows("approver.key")
        key, address = re.findall(r"--key\s+(\S+)", told)[0], re.findall(r"127\.0\.0\.1:\d+", told)[0]
        assert _mode(key) == 0o600
        command = (*PARLEY, "tell", order, "--broker", address)
        await pane.tmux("new-window", shlex.join(command) + "; sleep 60")
        await pane.shows("no key is given")
        await pane.tmux("send-keys", "yes", "Enter")
        await pane.shows("parley: This device takes only a signed yes")
        await pane.tmux("new-window", shlex.join((*command, "--key", key)) + "; sleep 60")
        await pane.shows("\n>")
        await pane.tmux("send-keys", "yes", "Enter")
        await pane.shows("Done, but not verified: Clear your logs")
        await pane.tmux("select-window", "-t", ":0")
        await pane.tmux("send-keys", "q")
        deadline = time.monotonic() + LIMIT
        while _mode(key):
            assert time.monotonic() < deadline, "the key is gone with its demo"
            await asyncio.sleep(0.2)
    finally:
        await pane.tmux("kill-server")
