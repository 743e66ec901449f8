"""A simulated fleet at work on a real broker, recorded by the dashboard's end of the bus: replayed, it comes to the same view."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from cli.remap import _judged, catalogues
from cli.remap_cases import cases_of
from coordinator.scripted import ScriptedPlanner
from coordinator.service import CoordinatorIdentity, CoordinatorOptions, CoordinatorService
from dashboard.feed import Feed
from dashboard.readable import conversation
from dashboard.reel import Reel
from device_agent.agent import AgentOptions
from device_agent.mapper import ScriptedMapper
from device_agent.service import AgentIdentity, AgentService
from runtime.broker import EmbeddedBroker, free_port
from runtime.clock import SystemClock
from runtime.llm.scripted import ScriptedEmbedder
from runtime.mqtt_bus import MqttBus
from runtime.operator import connect
from runtime.recording import read
from runtime.store import MemoryStore
from simulations.drivers import driver_for
from simulations.pace import PacedWorld
from simulations.scenario import build_world, load_scenario
from simulations.site import profiles_of, site_of
from tests.dashboard.tape import bare
from tests.scenarios.test_warehouse import TEXT, _map, _plan

pytestmark = pytest.mark.slow
BY_CLOCK = ("seconds", "timing", "power")
"""Counted by the time of arrival, which is read twice: for the view, and for the file."""


@asynccontextmanager
async def fleet(address: str) -> AsyncIterator[None]:
    """Two makers' robots and a coordinator, as fast as they can."""
    world, clock = build_world(load_scenario("warehouse", robots=2, shelves=4, seed=3)), SystemClock()
    async with AsyncExitStack() as stack:
        paced = await stack.enter_async_context(PacedWorld(world, None, clock))
        for profile in profiles_of(world):
            identity = AgentIdentity(site="site", agent=f"agent-{profile.device}", boot="b")
            bus = await stack.enter_async_context(MqttBus((address,), identity.agent))
            devices = [(profile, driver_for(paced, profile.device, clock))]
            options = AgentOptions(privacy="operator")
            await stack.enter_async_context(AgentService(identity, bus, devices, ScriptedMapper(_map), MemoryStore(), clock, options))
        bus = await stack.enter_async_context(MqttBus((address,), "coordinator"))
        identity = CoordinatorIdentity(site="site", coordinator="coordinator", boot="b")
        service = CoordinatorService(
            identity, bus, site_of(world), MemoryStore(), clock, ScriptedPlanner(_plan), ScriptedEmbedder(), CoordinatorOptions(settle=0.2)
        )
        await stack.enter_async_context(service)
        await service.ready()
        yield


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
async def test_a_live_run_that_was_recorded_comes_to_the_same_view(tmp_path: Path, name: str) -> None:
    async with (
        EmbeddedBroker(port=free_port()) as broker,
        fleet(broker.address),
        connect((broker.address,), "site", role="dashboard") as operator,
    ):
        feed = Feed(operator)
        assert feed.recorder is not None
        feed.recorder.start(tmp_path / name)
        answer = await operator.tell(TEXT, timeout=60)
        while not any(t.complete for t in feed.view.instructions()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        live = feed.view
        feed.recorder.stop()
    recording = read(tmp_path / name)
    reel = Reel(recording)
    assert not recording.flaws and answer.complete and live.health.messages == len(recording.entries)
    assert bare(reel.at(recording.end), *BY_CLOCK, timeless=True) == bare(live, *BY_CLOCK, timeless=True)
    assert len(reel.marks) == 1 and not reel.at(recording.head.begun - 1).fleet
    lines = list(conversation(recording))
    assert "you" in lines[0] and TEXT in lines[0] and answer.text[:60] in lines[-1]

    cases = cases_of(recording)
    judged = [await _judged(case, catalogues([]), ScriptedMapper(_map)) for case in cases]
    assert len(cases) == 4 and {j.verdict for j in judged} == {"same"}, judged
    silent = [await _judged(case, {}, ScriptedMapper(_map)) for case in cases]
    assert {j.verdict for j in silent} == {"not judged"}
