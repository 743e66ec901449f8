"""`parley record` and `parley replay` as programs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from runtime.broker import EmbeddedBroker, free_port
from runtime.mqtt_bus import MqttBus
from runtime.recording import read
from tests.contract.test_processes import ROOT, Shell, ended, said
from tests.dashboard.tape import run_of_two

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
TMUX = shutil.which("tmux")


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    made = Shell(tmp_path)
    yield made
    await made.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_a_recording_can_be_replayed_however_it_was_ended(shell: Shell, number: signal.Signals) -> None:
    tape, file = run_of_two(), shell.folder / "run.jsonl"
    async with EmbeddedBroker(port=free_port()) as broker, MqttBus((broker.address,), "world") as bus:
        for entry in tape.entries[:6]:
            await bus.publish(entry.message.topic, entry.message.payload, retain=True)
        recorder = await shell.parley("record", "run.jsonl", "--broker", broker.address)
        await said(recorder, "until Ctrl-C")
        for entry in tape.entries[6:]:
            await bus.publish(entry.message.topic, entry.message.payload)
        async with asyncio.timeout(60):
            while file.read_bytes().count(b"\n") <= len(tape.entries):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        recorder.send_signal(number)
        end = await ended(recorder)
    assert end.code == (-9 if number == signal.SIGKILL else 0), end
    if number != signal.SIGKILL:
        assert re.fullmatch(r"21 messages, [0-9.]+ kB, \d+ s → run.jsonl\n", end.err), end.err
    found = read(file)
    assert [e.message.retained for e in found.entries] == [True] * 6 + [False] * 15 and not found.flaws
    shown = await shell.run("replay", "run.jsonl", "--headless")
    assert shown.code == 0 and shown.out.count("\n") == 2 + 8, shown
    assert "Robot 1 is at shelf 2." in shown.out and shown.err == ""
    again = await shell.run("record", "run.jsonl", "--broker", "127.0.0.1:1")
    assert again.code == 1 and again.err.count("\n") == 1


async def test_mistakes_are_one_clear_line(shell: Shell) -> None:
    (shell.folder / "other.jsonl").write_text("{}\n")
    tape = run_of_two()
    tape.entries = []
    tape.write(shell.folder / "bare.jsonl")
    for arguments, part in (
        (("replay", "other.jsonl", "--headless"), "not a recording"),
        (("replay", "gone.jsonl", "--headless"), "No such file"),
        (("replay", "bare.jsonl", "--headless"), "holds no message"),
        (("replay", "other.jsonl"), "needs a terminal"),
        (("replay", "other.jsonl", "--json", "x.json"), "only with --model"),
    ):
        done = await shell.run(*arguments)
        assert done.code == 1 and done.err.count("\n") == 1 and part in done.err, done


async def test_its_sentences_are_read_again_by_the_shipped_model(shell: Shell) -> None:
    from simulations.makers import catalogue_of

    tape = run_of_two()
    tape.now = tape.now - 120
    early = type(tape)()
    early.device("r1", catalogue=catalogue_of("norvik").digest())
    tape.entries = [*early.entries, *(e for e in tape.entries if "/r1/state" not in e.message.topic)]
    tape.write(shell.folder / "run.jsonl")
    done = await shell.run("replay", "run.jsonl", "--engine", "encoder", "--json", "out.json")
    assert done.code == 0, done
    report = json.loads((shell.folder / "out.json").read_text())
    assert [c["sentence"] for c in report["cases"]] == ["Move to shelf 1.", "Move to shelf 2."]
    assert [c["verdict"] for c in report["cases"]] == ["call unknown", "call unknown"] and report["cases"][0]["now"]["end"] == "act"
    assert done.out.splitlines()[1].split()[:2] == ["r1", "2"]


class Terminal:
    """A tmux session of our own with one program in it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._tmux = [str(TMUX), "-S", str(folder / "tmux")]
        program = f"exec {sys.executable} -c 'from cli.main import run; run()' {' '.join(arguments)}"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        subprocess.run(
            [*self._tmux, "-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", program], cwd=folder, env=environment, check=True
        )
        subprocess.run([*self._tmux, "set-option", "-g", "remain-on-exit", "on"], check=True)

    @property
    def text(self) -> str:
        return subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, text=True, check=False).stdout

    def press(self, *keys: str) -> None:
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def shows(self, part: str, limit: float = 90.0) -> str:
        deadline = time.monotonic() + limit
        while part not in self.text:
            assert time.monotonic() < deadline, self.text
        return self.text

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    run_of_two().write(tmp_path / "run.jsonl")
    made = Terminal(tmp_path, "replay", "run.jsonl", "--speed", "0.01")
    yield made
    made.close()


@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_a_person_winds_through_a_recording_in_a_terminal(terminal: Terminal) -> None:
    terminal.shows("00:00 / 02:00")
    terminal.press("End")
    terminal.shows("02:00 / 02:00")
    terminal.press("2")
    assert "Robot 1 is at shelf 2." in terminal.shows("is at shelf 2.")
    terminal.press("S-Left")
    terminal.shows("is at shelf 1.")
    terminal.press("q")
    terminal.shows("Pane is dead (status 0")
