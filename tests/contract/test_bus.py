"""One suite for every bus: the in-memory double, the embedded broker over a socket, and Mosquitto over a socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from runtime.broker import EmbeddedBroker, free_port
from runtime.bus import Bus, Message, Will
from runtime.memory_bus import MemoryBroker, matches
from runtime.mqtt_bus import MqttBus
from schemas.errors import ConfigError, LinkError
from tests.conftest import MOSQUITTO

Make = Callable[..., Bus]


@asynccontextmanager
async def _memory() -> AsyncIterator[Make]:
    broker = MemoryBroker()
    yield lambda name, will=None: broker.client(will)


@asynccontextmanager
async def _embedded() -> AsyncIterator[Make]:
    async with EmbeddedBroker(port=free_port()) as broker:
        yield lambda name, will=None: MqttBus([broker.address], name, will=will)


@asynccontextmanager
async def _mosquitto() -> AsyncIterator[Make]:
    assert MOSQUITTO is not None
    port = free_port()
    process = await asyncio.create_subprocess_exec(MOSQUITTO, "-p", str(port), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield lambda name, will=None: MqttBus([f"127.0.0.1:{port}"], name, will=will)
    finally:
        process.terminate()
        await process.wait()


KINDS = {"memory": _memory, "amqtt": _embedded} | ({"mosquitto": _mosquitto} if MOSQUITTO else {})


@pytest.fixture(params=list(KINDS))
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    async with KINDS[request.param]() as factory:
        yield factory


async def _next(stream: AsyncIterator[Message]) -> Message:
    return await asyncio.wait_for(anext(stream), 5)


async def test_a_message_reaches_every_matching_subscriber_unchanged(make: Make) -> None:
    payload = b"\x00\xff" + "größer".encode()
    async with make("a") as a, make("b") as b, b.subscribe("t/+/x") as plus, b.subscribe("t/#") as rest:
        await a.publish("t/1/x", payload)
        assert (await _next(plus)) == Message("t/1/x", payload)
        assert (await _next(rest)).payload == payload


async def test_a_retained_message_is_given_to_a_late_subscriber_and_marked(make: Make) -> None:
    async with make("a") as a, make("b") as b:
        await a.publish("keep/me", b"1", retain=True)
        await a.publish("keep/not", b"2")
        async with b.subscribe("keep/#") as stream:
            assert await _next(stream) == Message("keep/me", b"1", retained=True)
            await a.publish("keep/end", b"3")
            assert (await _next(stream)).topic == "keep/end"


async def test_an_empty_retained_message_clears_what_was_kept(make: Make) -> None:
    async with make("a") as a, make("b") as b:
        await a.publish("c/1", b"1", retain=True)
        await a.publish("c/1", b"", retain=True)
        async with b.subscribe("c/#") as stream:
            await a.publish("c/2", b"end")
            assert (await _next(stream)).topic == "c/2"


async def test_messages_of_one_publisher_keep_their_order(make: Make) -> None:
    async with make("a") as a, make("b") as b, b.subscribe("o/#") as stream:
        for number in range(50):
            await a.publish("o/x", str(number).encode())
        assert [int((await _next(stream)).payload) for _ in range(50)] == list(range(50))


async def test_two_subscriptions_of_one_client_each_get_a_message_once(make: Make) -> None:
    async with make("a") as a, a.subscribe("d/+") as first, a.subscribe("d/+") as second:
        await a.publish("d/1", b"x")
        await a.publish("d/2", b"y")
        for stream in (first, second):
            assert [(await _next(stream)).topic for _ in range(2)] == ["d/1", "d/2"]


async def test_nothing_comes_after_a_subscription_ends(make: Make) -> None:
    async with make("a") as a, a.subscribe("e/keep") as kept:
        async with a.subscribe("e/#"):
            pass
        await a.publish("e/other", b"x")
        await a.publish("e/keep", b"y")
        assert (await _next(kept)).topic == "e/keep"


async def test_a_clean_goodbye_sends_no_will(make: Make) -> None:
    async with make("watcher") as watcher, watcher.subscribe("w/#") as stream:
        async with make("mortal", will=Will("w/1", b"dead")):
            pass
        await watcher.publish("w/2", b"end")
        assert (await _next(stream)).topic == "w/2"


async def test_publishing_without_a_link_raises_link_error(make: Make) -> None:
    bus = make("a")
    with pytest.raises(LinkError):
        await bus.publish("x", b"")


async def test_connections_announces_the_first_connection(make: Make) -> None:
    async with make("a") as a, a.connections() as numbers:
        assert await asyncio.wait_for(anext(numbers), 5) == 1


async def test_no_broker_gives_one_clear_line() -> None:
    with pytest.raises(LinkError, match=r"no MQTT broker answers at 127\.0\.0\.1:\d+"):
        async with MqttBus([f"127.0.0.1:{free_port()}"], "a", timeout=0.5):
            pass


async def test_an_impatient_client_is_refused_at_once_after_every_address() -> None:
    begun = asyncio.get_running_loop().time()
    first, second = free_port(), free_port()
    with pytest.raises(LinkError, match=rf"no MQTT broker answers at 127\.0\.0\.1:{first}, 127\.0\.0\.1:{second}"):
        async with MqttBus([f"127.0.0.1:{first}", f"127.0.0.1:{second}"], "a", patient=False):
            pass
    assert asyncio.get_running_loop().time() - begun < 1.0


async def test_an_impatient_client_takes_the_second_address_and_mends_its_link_later_as_any() -> None:
    port = free_port()
    async with EmbeddedBroker(port=port):
        bus = MqttBus([f"127.0.0.1:{free_port()}", f"127.0.0.1:{port}"], "a", patient=False)
        await bus.__aenter__()
        assert bus.connected
    try:
        async with bus.connections() as numbers, EmbeddedBroker(port=port):
            while await asyncio.wait_for(anext(numbers), 10) < 2:
                pass
    finally:
        await bus.__aexit__()


async def test_a_taken_port_gives_one_clear_line() -> None:
    async with EmbeddedBroker(port=free_port()) as broker:
        with pytest.raises(ConfigError, match="cannot listen"):
            async with EmbeddedBroker(port=broker.port):
                pass


async def _talks_without_end(port: int, name: str) -> None:
    """Pings as fast as they go, until the line ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    hello = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name.encode()
    writer.write(bytes([0x10, len(hello)]) + hello)
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"\xc0\x00" * 20)
            await writer.drain()
            await reader.readexactly(4)
    writer.close()


@pytest.mark.timeout(60)
async def test_a_broker_that_ends_is_gone_for_those_too_who_never_pause() -> None:
    port = free_port()
    async with EmbeddedBroker(port=port):
        clients = [asyncio.create_task(_talks_without_end(port, f"c{n}")) for n in range(5)]
        await asyncio.sleep(0.5)
        assert not any(c.done() for c in clients)
    async with asyncio.timeout(10):
        await asyncio.gather(*clients, return_exceptions=True)
    async with EmbeddedBroker(port=port):
        pass


async def test_a_client_comes_back_with_its_subscriptions_when_the_broker_does() -> None:
    port = free_port()
    async with EmbeddedBroker(port=port):
        bus = MqttBus([f"127.0.0.1:{port}"], "a")
        await bus.__aenter__()
    try:
        async with bus.connections() as numbers, bus.subscribe("r/#") as stream, EmbeddedBroker(port=port):
            while await asyncio.wait_for(anext(numbers), 10) < 2:
                pass
            await bus.publish("r/1", b"back")
            assert (await _next(stream)).payload == b"back"
    finally:
        await bus.__aexit__()


@pytest.mark.parametrize("text", ["", "host:", ":1883", "host:x", "host:0", "host:70000"])
def test_a_bad_broker_address_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match="HOST:PORT"):
        MqttBus([text], "a")


@pytest.mark.parametrize(
    ("filter_", "topic", "expected"),
    [("a/+/c", "a/b/c", True), ("a/#", "a", True), ("a/+", "a/b/c", False), ("#", "$SYS/x", False), ("+/x", "$SYS/x", False), ("a/b", "a/b", True)],
)
def test_wildcards_match_as_the_standard_says(filter_: str, topic: str, expected: bool) -> None:
    assert matches(filter_, topic) is expected
