"""`parley agent`: the process beside the devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.console import BrokerOption, ConfigOption, SiteOption, run_async, say, settings_for


def agent(config: ConfigOption = None, broker: BrokerOption = None, site: SiteOption = None) -> None:
    """Serve the devices of the configuration (agent.devices) until Ctrl-C."""
    from schemas.errors import ConfigError

    settings = settings_for(config, broker, site, service=True)
    if not settings.agent.devices:
        raise ConfigError(f"{config or 'configuration'}: agent.devices: no device to serve; see docs/configuration.md")
    run_async(_serve(settings))


def load_catalogue(path: Path) -> Any:
    """A maker's API description. Raises ConfigError naming file and key."""
    from pydantic import ValidationError

    from runtime.settings import explain
    from schemas.errors import ConfigError
    from schemas.skills import Catalogue

    try:
        return Catalogue.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file (agent.devices.catalogue)") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise explain(path, error) from None
        raise ConfigError(f"{path}: not a JSON file ({error})") from None


def profile_of(device: Any, catalogue: Any) -> Any:
    """What the device tells the site about itself: plain words, no API."""
    from schemas.messages import Profile, Property

    state = {r.property: r.unit for read in catalogue.state for r in read.attributes}
    found = {r.property: r.unit for f in catalogue.functions for r in f.returns}
    properties = [Property(name=n, unit=u, in_state=True) for n, u in state.items()]
    properties += [Property(name=n, unit=u) for n, u in found.items() if n not in state]
    return Profile(
        device=device.id,
        device_kind=catalogue.kind,
        maker=catalogue.maker,
        name=device.name or device.id.replace("-", " "),
        aliases=device.aliases,
        place=device.place,
        abilities=catalogue.abilities,
        properties=tuple(properties),
    )


async def _serve(settings: Any) -> None:
    from device_agent.agent import AgentOptions
    from device_agent.drivers.http import HttpDriver, HttpxTransport
    from device_agent.reader_mapper import open_mapper
    from device_agent.service import AgentIdentity, AgentService, agent_will
    from runtime.clock import SystemClock
    from runtime.mqtt_bus import MqttBus
    from runtime.store import SqliteStore

    clock = SystemClock()
    devices: list[tuple[Any, Any]] = []
    for device in settings.agent.devices:
        catalogue = load_catalogue(device.catalogue)
        driver = HttpDriver(catalogue, HttpxTransport(device.url), clock, device=device.id)
        devices.append((profile_of(device, catalogue), driver))
    mapper = open_mapper(settings.models.embed, settings.models.threads, settings.models.server or settings.models.reader)
    store = SqliteStore(settings.agent.state_dir / f"{settings.agent.id}.db")
    identity = AgentIdentity(site=settings.site, agent=settings.agent.id, boot=clock.uuid7(), heartbeat=settings.agent.heartbeat)
    section = settings.agent
    options = AgentOptions(
        privacy=settings.privacy.level, allow=section.allow_irreversible, refresh=section.refresh, expert_token=settings.experts.token
    )
    bus = MqttBus(
        settings.broker.addresses, identity.agent, will=agent_will(identity, clock), username=settings.broker.username,
        password=settings.broker.password,
    )  # fmt: skip
    try:
        async with bus, AgentService(identity, bus, devices, mapper, store, clock, options) as service:
            say(f"agent {identity.agent} serves {', '.join(service.agents)}")
            await service.wait()
    finally:
        for _, driver in devices:
            await driver.close()
        await mapper.close()
        store.close()
