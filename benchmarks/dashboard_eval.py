"""The dashboard at scale: a real broker, a load and the dashboard in a real terminal, each in its own process; all is measured from outside."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.dashboard_load import SITE
from benchmarks.processes import PARLEY, broker, end, environment, start
from benchmarks.stats import Times, percentile, times
from benchmarks.terminal import Terminal
from schemas.base import Frozen
from schemas.errors import ConfigError

FRAMES, REACTION_MS, RESIDENT_MB, GROWTH = 10.0, 100.0, 200.0, 1.1
"""What is asked of it on an idle machine: frames a second, ms from a key to its reaction (p95), MB, and by how much memory may grow."""
REACTIONS = (
    ("o", r"sorted by battery"), ("5", r"Traffic"), ("1", r"sorted by"), ("4", r"In hand|Ended"), ("1", r"sorted by"), ("2", r"→"),
    ("1", r"sorted by"), ("/", r"show devices with"), ("zzz", r"0 of \d+ devices"), ("\x1b", r"robot-0001"), ("o" * 7, r"sorted by device"),
)  # fmt: skip
"""Keys, and what is drawn when they have been heeded; the last brings it back to where it began."""
ESCAPE = "\x1b"
"""Told apart: Textual waits for 0.1 s whether it begins the sequence of another key."""
PATIENCE = 30.0
"""s for what came in to be shown."""
PAUSE = (0.15, 0.45)
"""s between one key and the next, drawn anew each time, so that keys meet every moment of a frame."""


class Report(Frozen):
    """`key_ms`, `escape_ms`: from a key, and from Escape, to its reaction on the terminal. `memory_mb`: each second. `lost`: messages that the
    dashboard says it could not take."""

    devices: int
    broker: str
    seconds: float
    rate: float
    sent: int
    counted: int
    dropped: int
    lost: int
    frames: float
    slowest_frames: int
    """In the worst second."""
    key_ms: Times
    escape_ms: Times
    memory_mb: tuple[float, ...]
    cpu: float
    """Processor seconds of the dashboard for each second."""

    @property
    def exact(self) -> bool:
        return self.counted + self.lost == self.sent

    @property
    def growth(self) -> float:
        """Memory in the last third over that in the first, after a minute, or half of the time, for warming up: what is remembered fills up."""
        warm = self.memory_mb[min(60, len(self.memory_mb) // 2) :]
        third = max(1, len(warm) // 3)
        return percentile(warm[-third:], 0.5) / max(1e-9, percentile(warm[:third], 0.5))


def as_text(report: Report) -> str:
    """What was measured, and what is asked of an idle machine."""
    rows = (
        ("messages/s", f"{report.rate:.0f}", f"{report.devices} devices, {report.broker}, {report.seconds:.0f} s"),
        (
            "counted",
            f"{report.counted}",
            f"of {report.sent} sent; {report.dropped} not let in, {report.lost} lost: {'exact' if report.exact else 'NOT EXACT'}",
        ),
        (
            "frames/s",
            f"{report.frames:.1f}",
            f"{_judged(report.frames >= FRAMES)} at least {FRAMES:g}; in the slowest second {report.slowest_frames}",
        ),
        ("key p50, ms", f"{report.key_ms.p50:.0f}", f"{report.key_ms.n} keys"),
        ("key p95, ms", f"{report.key_ms.p95:.0f}", f"{_judged(report.key_ms.p95 <= REACTION_MS)} at most {REACTION_MS:g}"),
        ("Escape, ms", f"{report.escape_ms.p50:.0f}", "p50; 100 of them are waited for whether it begins another key's sequence"),
        ("memory, MB", f"{max(report.memory_mb):.0f}", f"{_judged(max(report.memory_mb) <= RESIDENT_MB)} at most {RESIDENT_MB:g}"),
        ("its growth", f"{report.growth:.2f}", f"{_judged(report.growth <= GROWTH)} at most {GROWTH:g}, last third to first"),
        ("processor", f"{100 * report.cpu:.0f} %", "of one core, all told"),
    )
    return "\n".join(f"{name:<12}{value:>9}  {note}" for name, value, note in rows)


def _judged(good: bool) -> str:
    return "good:" if good else "MISSED:"


async def evaluate(devices: int, rate: float, seconds: float, *, embedded: bool = False) -> Report:
    """ConfigError where a part does not start."""
    async with broker(embedded) as (address, name):
        command = (*PARLEY, "dashboard", "--read-only", "--broker", address, "--site", SITE)
        async with Terminal(command, environment()) as terminal:
            await _ready(terminal)
            arguments = ("--broker", address, "--devices", str(devices), "--rate", str(rate), "--seconds", str(seconds))
            load = await start(sys.executable, "-m", "benchmarks.dashboard_load", *arguments)
            try:
                return await _measured(terminal, load, devices, name)
            finally:
                await end(load)


async def _ready(terminal: Terminal) -> None:
    try:
        await terminal.sees("No device has shown itself", 60)
    except TimeoutError:
        raise ConfigError(f"the dashboard did not start: {' '.join(terminal.text.split())[-300:]}") from None


async def _measured(terminal: Terminal, load: Process, devices: int, broker: str) -> Report:
    greeted = int((await _told(load))["greeted"])
    await terminal.sees(f"/{devices} online", 60)
    memory, keys, escapes, first = list[float](), list[float](), list[float](), len(terminal.frames)
    cpu, began = _processor(terminal.process.pid), time.monotonic()
    watching = [asyncio.create_task(_weigh(terminal, memory), name="weigh"), asyncio.create_task(_try_keys(terminal, keys, escapes), name="keys")]
    try:
        told = await _told(load)
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    if terminal.process.returncode is not None:
        raise ConfigError(f"the dashboard ended: {' '.join(terminal.text.split())[-500:]}")
    took, sent = told["seconds"], int(told["sent"])
    cpu = (_processor(terminal.process.pid) - cpu) / (time.monotonic() - began)
    frames = [at - began for at in terminal.frames[first:] if at - began < took]
    each = [sum(int(at) == second for at in frames) for second in range(int(took))]
    counted, dropped, lost = await _counters(terminal, sent)
    return Report(
        devices=devices, broker=broker, seconds=took, rate=(sent - greeted) / took, sent=sent, counted=counted, dropped=dropped, lost=lost,
        frames=len(frames) / took, slowest_frames=min(each, default=0), key_ms=times(keys), escape_ms=times(escapes),
        memory_mb=tuple(memory), cpu=cpu,
    )  # fmt: skip


async def _weigh(terminal: Terminal, memory: list[float]) -> None:
    while True:
        memory.append(terminal.resident_mb())
        await asyncio.sleep(1)


async def _try_keys(terminal: Terminal, ms: list[float], escapes: list[float]) -> None:
    rng = random.Random(1)
    await terminal.sees(r"robot-0001")
    while True:
        for keys, reaction in REACTIONS:
            await asyncio.sleep(rng.uniform(*PAUSE))
            terminal.forget()
            terminal.press(keys)
            (escapes if keys == ESCAPE else ms).append(1000 * await terminal.sees(reaction))


async def _counters(terminal: Terminal, sent: int) -> tuple[int, int, int]:
    """As a person reads them in the health view, when they are all in or nothing more comes."""
    found, deadline = (0, 0, 0), time.monotonic() + PATIENCE
    while found[0] + found[2] < sent and time.monotonic() < deadline:
        for key in ("\x1b", "5"):
            terminal.press(key)
            await asyncio.sleep(0.5)  # an escape and a digit that come together are another key
        terminal.anew()
        with suppress(TimeoutError):
            await terminal.sees(r"lost \d+ ", 2)
        read = re.findall(r"(\d+) messages, .*?dropped (\d+).*?lost (\d+) ", terminal.text, re.DOTALL)
        found = (int(read[-1][0]), int(read[-1][1]), int(read[-1][2])) if read else found
    return found


def _processor(pid: int) -> float:
    """Seconds that it has computed (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _told(load: Process) -> Mapping[str, float]:
    assert load.stdout is not None
    line = await load.stdout.readline()
    if not line:
        raise ConfigError("the load could not keep its rate on this machine: ask for less with --rate")
    return json.loads(line)
