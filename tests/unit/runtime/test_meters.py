"""What models computed and what left for other networks, counted at real doors; only the notion of "outside" is moved."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from device_agent.drivers import http
from runtime import mcp_wire, meters, mqtt_bus
from runtime.broker import EmbeddedBroker, free_port
from runtime.llm import server as server_model
from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.llama_cpp.encoder import Encoder
from runtime.llm.server import ServerModel
from runtime.mcp import Access, McpServer
from runtime.meters import Meters, leaves
from runtime.mqtt_bus import MqttBus
from schemas.errors import ModelError, ParleyError
from schemas.messages import Use

MODELS = Path("models")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Meters:
    """For whom 127.0.0.1 is another network."""
    monkeypatch.setattr(meters, "leaves", lambda address: address == "127.0.0.1")
    return Meters()


@pytest.fixture
async def server() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers {} to each request, and keeps what came."""
    came = list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
        came.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}")
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", came


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.0.9", False), ("172.16.4.4", False), ("169.254.1.1", False), ("::1", False), ("", False),
        ("fe80::1%eth0", False), ("fd00::1", False), ("robot.local", False), ("8.8.8.8", True), ("172.32.0.1", True), ("2606:4700::1111", True),
    ],
)  # fmt: skip
def test_private_networks_are_the_site(address: str, outside: bool) -> None:
    assert leaves(address) is outside


async def _by_device(url: str) -> None:
    carrier = http.HttpxTransport(url)
    await carrier.request("POST", "/v1/move", {}, {"text": "x" * 5000}, {})
    await carrier.close()


async def _by_model_server(url: str) -> None:
    model = ServerModel(f"{url}/v1")
    with pytest.raises(ModelError):  # {} is no completion
        await asyncio.to_thread(model.generate, "x" * 5000, None, 4)
    model.close()


async def _by_mcp(url: str) -> None:
    with contextlib.suppress(ParleyError):
        await McpServer(url, Access(), deadline=2.0).call("x" * 5000, {})


@pytest.mark.parametrize("way", [_by_device, _by_model_server, _by_mcp])
async def test_a_request_is_counted_as_it_went(
    way: Callable[[str], Awaitable[None]], server: tuple[str, list[bytes]], counted: Meters, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, came = server
    for door in (http, server_model, mcp_wire):
        monkeypatch.setattr(door, "METERS", counted)
    await way(url)
    assert came and abs(counted.left - sum(map(len, came))) <= 40 * len(came)  # the words of its first line


async def test_what_stays_is_not_counted(server: tuple[str, list[bytes]]) -> None:
    here = Meters()
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(server[0])
    here.answered(response.request, response)
    here.answered(httpx.Request("GET", "http://x/"), httpx.Response(200))
    assert here.use() == Use()


async def test_what_is_said_to_a_broker_outside_is_counted(counted: Meters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_bus, "METERS", counted)
    async with EmbeddedBroker(port=free_port()) as broker, MqttBus((broker.address,), "a") as bus:
        await bus.publish("a/topic", b"0123456789")
    assert counted.left == len("a/topic") + 10


async def test_models_are_counted_where_they_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    from runtime.llm.llama_cpp import decoder, encoder

    here = Meters()
    monkeypatch.setattr(encoder, "METERS", here)
    monkeypatch.setattr(decoder, "METERS", here)
    reads = Encoder(MODELS / "parley-reader-2.gguf")
    reads.embed(["Check shelf 4.", "Go home."])
    tokens = sum(len(reads.tokenize(t)) + 2 for t in ("Check shelf 4.", "Go home."))
    assert here.tokens == tokens and here.busy > 0
    writes = Decoder(MODELS / "parley-lm.gguf")
    made = writes.generate("Check shelf 4.", None, 5)
    assert here.tokens - tokens == made.prompt_tokens + made.tokens - 1  # the last one is not read again
    reads.close()
    writes.close()


@pytest.mark.parametrize("odd", [{"tokens": -1}, {"busy": float("nan")}, {"busy": float("inf")}, {"left": 2**60}])
def test_numbers_that_cannot_be_are_refused(odd: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Use.model_validate(odd)
