"""An MCP server over HTTP that does not play fair: `python -m tests.contract.hostile_http MANNER` prints its port."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

EVENT = b'event: message\ndata: {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}\n\n'
EVIL = {"type": "object", "properties": {"word": {"type": "string", "pattern": "^(a+)+$"}}}
TOOL = {"name": "say", "description": "Say a word.", "inputSchema": {"type": "object"}, "outputSchema": EVIL}
ODD: dict[str, Any] = {
    "list": {"tools": "none"},
    "name": {"tools": [{**TOOL, "name": 3}]},
    "schema": {"tools": [{**TOOL, "inputSchema": []}]},
    "content": {"content": "told"},
    "structure": {"content": [], "structuredContent": [1, 2]},
    "nothing": {},
    "nan": {"content": [], "structuredContent": {"word": float("nan")}},
}
"""Results of the wrong form, by the manner of the server: of its list of tools, or of a call."""
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%s\r\n"


class Hostile:
    def __init__(self, manner: str) -> None:
        self.manner, self.streams = manner, 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                headers = dict[bytes, bytes]()
                while (said := (await reader.readline()).strip()) != b"":
                    name, _, value = said.partition(b":")
                    headers[name.strip().lower()] = value.strip()
                body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
                await self.answer(line.split()[0], json.loads(body or b"{}"), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, verb: bytes, asked: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        method = asked.get("method", "")
        if verb == b"GET":
            await self.stream(writer)
        elif method == "server/discover":
            await self.send(writer, {"error": {"code": -32601, "message": "Method not found"}}, asked)
        elif self.manner in ("flood", "comments"):
            await self.flood(writer, EVENT if self.manner == "flood" else b": nothing\n\n")
        elif method == "initialize":
            about = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "hostile", "version": "1"}}
            await self.send(writer, {"result": about}, asked, b"Mcp-Session-Id: one\r\n")
        elif method == "tools/list":
            await self.send(writer, {"result": {"tools": [TOOL], **ODD.get(self.manner, {})}}, asked)
        elif method == "notifications/initialized":
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        elif self.manner == "mute":
            await asyncio.Event().wait()
        elif self.manner == "chatty":
            await self.flood(writer, EVENT)
        elif method == "tools/call":
            told = {"word": "a" * 40 + "!", "streams": self.streams}
            fair = {"content": [{"type": "text", "text": "told"}], "structuredContent": told}
            await self.send(writer, {"result": ODD.get(self.manner, fair)}, asked)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        self.streams += 1
        if self.manner == "stream":
            await self.flood(writer, EVENT)
        elif self.manner == "again":
            writer.write(STREAM % b"Connection: close\r\n" + b"retry: 0\ndata:\n\n")
            await writer.drain()
            raise ConnectionResetError
        await asyncio.Event().wait()

    async def flood(self, writer: asyncio.StreamWriter, event: bytes) -> None:
        writer.write(STREAM % b"")
        while True:
            writer.write(event * 100)
            await writer.drain()

    async def send(self, writer: asyncio.StreamWriter, answer: dict[str, Any], asked: dict[str, Any], more: bytes = b"") -> None:
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], **answer}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n" % (more, len(body)) + body)
        await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(Hostile(sys.argv[1]).connected, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
