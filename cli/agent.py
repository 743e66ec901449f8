"""`parley agent`: the process beside the devices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import BrokerOption, ConfigOption, SiteOption, expert_access, run_async, say, settings_for


def agent(
    config: ConfigOption = None,
    broker: BrokerOption = None,
    site: SiteOption = None,
    accept: Annotated[
        list[str] | None, typer.Option("--accept", metavar="DEVICE", help="Take over the tools that this MCP server offers now; may be repeated.")
    ] = None,
) -> None:
    """Serve the devices of the configuration (agent.devices) until Ctrl-C."""
    from schemas.errors import ConfigError

    settings = settings_for(config, broker, site, service=True)
    if not settings.agent.devices:
        raise ConfigError(f"{config or 'configuration'}: agent.devices: no device to serve; see docs/configuration.md")
    strange = set(accept or ()) - {device.id for device in settings.agent.devices if device.driver == "mcp"}
    if strange:
        raise ConfigError(f"--accept {min(strange)}: no device of this agent with driver mcp")
    run_async(_serve(settings, config.parent if config else None, accept or ()))


async def _serve(settings: Any, folder: Path | None, accept: Sequence[str]) -> None:
    from cli.agent_devices import open_devices
    from device_agent.agent import AgentOptions
    from device_agent.reader_mapper import open_mapper
    from device_agent.service import AgentIdentity, AgentService, agent_will
    from runtime.clock import SystemClock
    from runtime.keys import approvers
    from runtime.mqtt_bus import MqttBus
    from runtime.store import SqliteStore

    clock = SystemClock()
    devices = await open_devices(settings, folder, accept, clock)
    mapper = open_mapper(settings.models.embed, settings.models.threads, settings.models.server or settings.models.reader)
    store = SqliteStore(settings.agent.state_dir / f"{settings.agent.id}.db")
    identity = AgentIdentity(site=settings.site, agent=settings.agent.id, boot=clock.uuid7(), heartbeat=settings.agent.heartbeat)
    section = settings.agent
    known = approvers(section.approvers)
    options = AgentOptions(
        privacy=settings.privacy.level, allow=section.allow_irreversible, refresh=section.refresh, experts=expert_access(settings), approvers=known,
    )  # fmt: skip
    bus = MqttBus(
        settings.broker.addresses, identity.agent, will=agent_will(identity, clock), username=settings.broker.username,
        password=settings.broker.password,
    )  # fmt: skip
    try:
        async with bus, AgentService(identity, bus, devices, mapper, store, clock, options) as service:
            say(f"agent {identity.agent} serves {', '.join(service.agents)}", _approved_by(known))
            await service.wait()
    finally:
        for _, driver in devices:
            await driver.close()
        await mapper.close()
        store.close()


def _approved_by(known: Sequence[Any]) -> str:
    """Who may say yes to what cannot be undone, for the person who started this."""
    if known:
        return f"what cannot be undone takes a yes signed by {' or '.join(one.name for one in known)}"
    return "what cannot be undone takes a yes of anybody who may publish on the broker: no agent.approvers are given (docs/configuration.md)"
