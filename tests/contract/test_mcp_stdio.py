"""Standard input of an MCP server: lines however they are cut, an end to a line without end, and nothing piles up that nobody reads."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.contract.test_processes import ROOT

LENGTHS = "import asyncio\nfrom runtime.mcp_stdio import _Lines\nasync def main():\n  async for line in _Lines(): print(len(line), flush=True)\n"
DEAF = "import asyncio\nfrom runtime.mcp_stdio import _Lines\nasync def main():\n  _Lines(); print('here', flush=True); await asyncio.sleep(60)\n"


@asynccontextmanager
async def reading(program: str) -> AsyncIterator[tuple[Process, asyncio.StreamReader, asyncio.StreamWriter]]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program + "asyncio.run(main())", cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process, process.stdout, process.stdin
    finally:
        if process.returncode is None:
            process.kill()
        process.stdin.close()
        await process.wait()


async def test_lines_are_those_that_were_sent_however_they_were_cut() -> None:
    async with reading(LENGTHS) as (process, said, sent):
        for part in (b"one\ntw", b"o\n\n", b"x" * 200_000, b"y\nlast, without an end"):
            sent.write(part)
            await sent.drain()
        sent.close()
        assert (await asyncio.wait_for(said.read(), 30)).split() == [b"4", b"4", b"1", b"200002", b"21"]
        assert await process.wait() == 0


async def test_a_line_without_end_is_the_end() -> None:
    async with reading(LENGTHS) as (process, said, sent):
        sent.write(b"first\n" + b"x" * 6_000_000)
        assert await asyncio.wait_for(said.read(), 30) == b"6\n"
        assert await process.wait() == 0


async def test_what_nobody_reads_yet_stays_with_its_sender() -> None:
    async with reading(DEAF) as (_, said, sent):
        assert await asyncio.wait_for(said.readline(), 30) == b"here\n"
        sent.write(b"x" * 16_000_000)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sent.drain(), 2)
