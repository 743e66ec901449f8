"""The HTTP side of MCP servers under clients that do not play fair."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import pytest
from mcp import Client

from runtime.mcp_http import listen, serve, web_app
from runtime.mcp_server import new_server

TOKEN = "0123456789abcdef-of-this-adder"
PART = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def adder(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr("runtime.mcp_http.PROMPT", 0.5)
    made = new_server("adder", "An adder", "adds")

    @made.tool()
    async def add(first: int, second: int) -> int:
        return first + second

    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    serving = asyncio.create_task(serve(made, listening))
    yield port
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def trickle(port: int, first: bytes, byte: bytes) -> float:
    """Seconds until the server closes a connection on which a byte comes every 0.1 s."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = asyncio.get_running_loop().time()
    ended = asyncio.create_task(reader.read(-1))
    writer.write(first)
    for _ in range(100):
        if ended.done():
            break
        writer.write(byte)
        await asyncio.sleep(0.1)
    writer.close()
    ended.cancel()
    await asyncio.gather(ended, return_exceptions=True)
    return asyncio.get_running_loop().time() - began


async def test_requests_that_never_end_are_closed_and_others_are_served_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    async with adder(monkeypatch) as port:
        slow = [trickle(port, PART, b"X"), trickle(port, b"", b"G"), trickle(port, PART + b"Content-Length: 900\r\n\r\n", b"{")]
        waiting = [asyncio.create_task(t) for t in slow]
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            for _ in range(5):
                assert (await client.call_tool("add", {"first": 40, "second": 2})).structured_content == {"result": 42}
                await asyncio.sleep(0.3)
        assert all(seconds < 5.0 for seconds in await asyncio.gather(*waiting))


async def test_silence_is_closed_and_too_large_a_body_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with adder(monkeypatch) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(-1), 5.0) == b""
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(PART + b"Content-Length: 900000\r\n\r\n" + b"x" * 900_000)
        assert b" 413 " in (await asyncio.wait_for(reader.readline(), 5.0))
        writer.close()


async def test_half_a_request_that_came_with_a_whole_one_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with adder(monkeypatch) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(PART + b"Content-Length: 2\r\n\r\n{}" + PART + b"Content-Length: 900\r\n\r\n{")
        assert (await asyncio.wait_for(reader.read(-1), 5.0)).startswith(b"HTTP/1.1 4")
        writer.close()


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("0.0.0.0", {"authorization": f"Bearer {TOKEN}"}, 202),
        ("0.0.0.0", {"authorization": f"Bearer {TOKEN}x"}, 401),
        ("0.0.0.0", {"authorization": f"Bearer {TOKEN}", "origin": "http://page.example"}, 403),
        ("127.0.0.1", {"authorization": f"Bearer {TOKEN}", "origin": "http://page.example"}, 403),
        ("127.0.0.1", {"authorization": f"Bearer {TOKEN}", "origin": "http://localhost:3000"}, 202),
    ],
)
async def test_who_may_ask_is_looked_at_before_anything_else(host: str, headers: dict[str, str], status: int) -> None:
    app = web_app(new_server("adder", "An adder", "adds"), host, [TOKEN])
    said = {"accept": "application/json, text/event-stream", "host": "127.0.0.1:1", **headers}
    async with cast("Any", app)._app.router.lifespan_context(app), httpx2.AsyncClient(transport=httpx2.ASGITransport(cast("Any", app))) as client:
        asked = await client.post("http://127.0.0.1:1/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=said)
        assert asked.status_code == status, asked.text
