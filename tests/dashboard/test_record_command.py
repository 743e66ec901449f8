"""`parley record` and `parley replay` as programs."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from runtime.broker import EmbeddedBroker, free_port
from runtime.mqtt_bus import MqttBus
from runtime.recording import Entry, read
from tests.contract.test_processes import CHECK, LIMIT, Shell, _environment, ended, living_in, said
from tests.dashboard.tape import run_of_two

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
RUN = "from cli.main import run; run()"
END, SHIFT_LEFT = "\x1b[F", "\x1b[1;2D"


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


async def test_a_broker_that_is_gone_for_a_while_is_said_and_waited_for(shell: Shell) -> None:
    tape, port = run_of_two(), free_port()

    async def tell(broker: EmbeddedBroker, entries: list[Entry]) -> None:
        async with MqttBus((broker.address,), "world") as bus:
            for entry in entries:
                await bus.publish(entry.message.topic, entry.message.payload)

    async def kept(count: int) -> None:
        """A broker that ends delivers no more of what it had taken."""
        async with asyncio.timeout(60):
            while len(read(shell.folder / "run.jsonl").entries) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async with EmbeddedBroker(port=port) as broker:
        recorder = await shell.parley("record", "run.jsonl", "--broker", broker.address)
        await said(recorder, "until Ctrl-C")
        await tell(broker, tape.entries[:6])
        await kept(6)
    await said(recorder, "The broker is gone")
    async with EmbeddedBroker(port=port) as broker:
        await said(recorder, "The broker is back")
        async with asyncio.timeout(60):
            while len(read(shell.folder / "run.jsonl").entries) < 12:
                await tell(broker, tape.entries[6:7])
                await asyncio.sleep(0.2)
        recorder.send_signal(signal.SIGINT)
        assert (await ended(recorder)).code == 0
    found = [e.message.payload for e in read(shell.folder / "run.jsonl").entries]
    assert sorted(found[:6]) == sorted(e.message.payload for e in tape.entries[:6]) and tape.entries[6].message.payload in found[6:]


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


def terminal(folder: Path, *arguments: str) -> Terminal:
    """`parley ARGUMENTS` in a terminal of its own."""
    return Terminal(
        (sys.executable, "-c", f"import os; os.chdir({str(folder)!r}); {RUN}", *arguments), {**_environment(folder), "TERM": "xterm-256color"}
    )


async def test_a_person_winds_through_a_recording_in_a_terminal(tmp_path: Path) -> None:
    run_of_two().write(tmp_path / "run.jsonl")
    async with terminal(tmp_path, "replay", "run.jsonl", "--speed", "0.01") as screen:
        await screen.sees("00:00 / 02:00", LIMIT)
        screen.press(END)
        await screen.sees("02:00 / 02:00", LIMIT)
        screen.press("2")
        await screen.sees("Robot 1 is at shelf 2.", LIMIT)
        screen.press(SHIFT_LEFT)
        await screen.sees("Robot 1 is at shelf 1.", LIMIT)
        screen.press("q")
        assert await asyncio.wait_for(screen.process.wait(), LIMIT) == 0


async def test_the_demo_stays_in_the_dashboard_until_its_person_leaves(tmp_path: Path) -> None:
    arguments = ("demo", "--robots", "2", "--shelves", "4", "--instruction", CHECK)
    async with terminal(tmp_path, *arguments) as screen:
        await screen.sees(f"you → coordinator +{re.escape(CHECK)}", LIMIT)
        await screen.sees("✓ answered", LIMIT)
        assert len(living_in(tmp_path)) == 6, "it, the broker, the warehouse, the coordinator, two agents"
        screen.press("q")
        await screen.sees("Stopping the fleet", LIMIT)
        assert await asyncio.wait_for(screen.process.wait(), LIMIT) == 0
    assert living_in(tmp_path) == []


async def test_the_demo_leaves_nothing_behind_where_its_terminal_is_gone(tmp_path: Path) -> None:
    async with terminal(tmp_path, "demo", "--robots", "2", "--shelves", "4", "--instruction", CHECK) as screen:
        await screen.sees("✓ answered", LIMIT)
        screen.vanish()
        assert await asyncio.wait_for(screen.process.wait(), 30) != 0
    assert living_in(tmp_path) == []
