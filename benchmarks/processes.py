"""Programs beside a measurement: a broker, and parts of Parley, each in a process of its own that is gone at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from runtime.broker import free_port
from schemas.errors import ConfigError

PARLEY = (sys.executable, "-c", "from cli.main import run; run()")
_ROOT = Path(__file__).parent.parent
_MOSQUITTO = "listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nset_tcp_nodelay true\n"
"""Without a limit to what waits for a reader: what is lost shall be lost by the reader."""


def environment() -> Mapping[str, str]:
    path = os.pathsep.join((str(_ROOT), os.environ.get("PYTHONPATH", "")))
    return {**os.environ, "PYTHONPATH": path, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


async def start(*command: str) -> Process:
    """With its stdout to read, and no terminal."""
    return await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment(), start_new_session=True)


async def end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    await process.wait()


@asynccontextmanager
async def broker(embedded: bool = False) -> AsyncGenerator[tuple[str, str]]:
    """Address and name: Mosquitto where it is installed, else the embedded one. ConfigError when it does not come up."""
    program = None if embedded else shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    port = free_port()
    process = await start(*PARLEY, "broker", "--broker", f"127.0.0.1:{port}") if program is None else await _mosquitto(program, port)
    try:
        await _answers(port)
        yield f"127.0.0.1:{port}", "mosquitto" if program is not None else "embedded broker"
    finally:
        await end(process)


async def _mosquitto(program: str, port: int) -> Process:
    process = await asyncio.create_subprocess_exec(program, "-c", "/dev/stdin", stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True)
    assert process.stdin is not None
    process.stdin.write(_MOSQUITTO.format(port=port).encode())
    process.stdin.close()
    return process


async def _answers(port: int) -> None:
    for _ in range(300):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise ConfigError(f"no broker came up at port {port}")
