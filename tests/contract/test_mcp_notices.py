"""`parley mcp` as a real process tells clients of both revisions what has changed, over stdio and over HTTP, and announces what is true."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import ResourceListChangedNotification, ResourceUpdatedNotification

from runtime.broker import free_port
from runtime.operator import Operator, connect
from schemas import topics
from schemas.messages import Connection, Profile, State
from tests.contract.test_mcp_processes import WAYS
from tests.contract.test_processes import Shell, said, shell

__all__ = ["shell"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning"),  # of subscribing, which 2025-11-25 has
]
Heard = asyncio.Queue[str]


@contextlib.asynccontextmanager
async def robot(shell: Shell) -> AsyncIterator[tuple[str, Operator]]:
    """A broker, its address, and an agent that says what the test wants it to."""
    address = f"127.0.0.1:{free_port()}"
    await said(await shell.parley("broker", "--broker", address), "listening")
    async with connect((address,), "site") as agent:
        yield address, agent


async def says(agent: Operator, online: bool = True, at: str | None = None) -> None:
    if at is not None:
        assert await agent.door.send(topics.STATE, "robot-1", State(device="robot-1", boot="b", attributes={"at": at}))
        return
    assert await agent.door.send(topics.PROFILE, "robot-1", Profile(device="robot-1", device_kind="robot", name="robot 1"))
    status = Connection(status="online" if online else "offline", boot="b", devices=("robot-1",), heartbeat=5.0)
    assert await agent.door.send(topics.AGENT_CONNECTION, "agent-1", status)


def listener(heard: Heard) -> Any:
    async def handle(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            heard.put_nowait(str(message.params.uri))
        elif isinstance(message, ResourceListChangedNotification):
            heard.put_nowait("list")

    return handle


async def until(heard: Heard, what: str) -> None:
    async with asyncio.timeout(30):
        while await heard.get() != what:
            pass


async def listed(client: Client) -> set[str]:
    return {str(resource.uri) for resource in (await client.list_resources(cache_mode="refresh")).resources}


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_a_client_of_2025_11_25_hears_what_it_subscribed_to_and_when_devices_come_and_go(shell: Shell, way: str) -> None:
    heard = Heard()
    async with robot(shell) as (address, agent), WAYS[way](shell, address, mode="legacy", message_handler=listener(heard)) as client:
        assert client.protocol_version == "2025-11-25"
        able = client.server_capabilities
        assert able.resources is not None and able.resources.subscribe and able.resources.list_changed
        assert able.tools is not None and not able.tools.list_changed and able.prompts is None
        with pytest.raises(MCPError, match="Method not found"):
            await client.list_prompts()
        assert await listed(client) == {"parley://devices"}
        await says(agent)
        await until(heard, "list")
        assert await listed(client) == {"parley://devices", "parley://device/robot-1"}
        await client.subscribe_resource("parley://device/robot-1")
        await says(agent, at="shelf-1")
        await until(heard, "parley://device/robot-1")
        assert "shelf-1" in (await client.read_resource("parley://device/robot-1")).contents[0].text  # type: ignore[union-attr]
        await client.unsubscribe_resource("parley://device/robot-1")
        await client.subscribe_resource("parley://devices")
        await says(agent, at="shelf-2")
        assert await asyncio.wait_for(heard.get(), 30) == "parley://devices"  # and nothing of the device
        await says(agent, online=False)
        await until(heard, "list")
        assert await listed(client) == {"parley://devices"}


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_a_client_of_2026_07_28_listens_and_is_promised_only_what_comes(shell: Shell, way: str) -> None:
    async with robot(shell) as (address, agent), WAYS[way](shell, address) as client:
        assert client.protocol_version == "2026-07-28"
        able = client.server_capabilities
        assert able.resources is not None and able.resources.subscribe and able.resources.list_changed
        assert able.tools is not None and not able.tools.list_changed and able.prompts is None
        wanted = {"tools_list_changed": True, "resources_list_changed": True, "resource_subscriptions": ["parley://device/robot-1"]}
        async with client.listen(**wanted) as listening, asyncio.timeout(30):
            assert not listening.honored.tools_list_changed and listening.honored.resources_list_changed
            await says(agent)
            await says(agent, at="shelf-1")
            seen = set[str]()
            async for event in listening:
                seen.add(type(event).__name__)
                if seen == {"ResourcesListChanged", "ResourceUpdated"}:
                    break
