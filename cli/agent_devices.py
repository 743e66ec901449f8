"""From the configuration's devices to drivers and profiles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from cli.console import say
from device_agent.driver import Driver
from device_agent.drivers.http import HttpDriver, HttpxTransport
from device_agent.drivers.mcp import McpDriver, offers
from device_agent.drivers.tools import Accepted, changes
from runtime.clock import Clock
from runtime.mcp import Access
from runtime.mcp_session import McpSession, Target
from runtime.settings import DeviceSection, Settings, explain
from schemas.errors import ConfigError, DeviceError
from schemas.messages import Profile, Property
from schemas.skills import Catalogue


async def open_devices(settings: Settings, folder: Path | None, accept: Sequence[str], clock: Clock) -> list[tuple[Profile, Driver]]:
    """Profile and driver of each. `folder`: that of the configuration, where commands run. `accept`: MCP servers whose tools are taken over anew.

    Raises ConfigError.
    """
    opened = list[tuple[Profile, Driver]]()
    try:
        for device in settings.agent.devices:
            own = load_catalogue(device.catalogue) if device.catalogue is not None else None
            driver = await _mcp(device, own, settings, folder, device.id in accept, clock) if device.driver == "mcp" else _http(device, own, clock)
            opened.append((profile_of(device, driver.catalogue), driver))
    except ConfigError:
        for _, driver in opened:
            await driver.close()
        raise
    return opened


def _http(device: DeviceSection, catalogue: Catalogue | None, clock: Clock) -> Driver:
    assert catalogue is not None  # the settings see to that
    return HttpDriver(catalogue, HttpxTransport(device.url), clock, device=device.id)


async def _mcp(device: DeviceSection, own: Catalogue | None, settings: Settings, folder: Path | None, anew: bool, clock: Clock) -> Driver:
    """Its tools are taken over at the first start, and when somebody says so."""
    session = McpSession(Target(device.command, folder, device.url, Access(device.token, settings.broker)), clock)
    path = settings.agent.state_dir / f"{settings.agent.id}-{device.id}-tools.json"
    try:
        before = _accepted(path)
        accepted = before if before is not None and not anew else await _offered(session, device.id)
        driver = McpDriver(session, accepted, clock, device.id, device.tools, own, device.kind, device.abilities)
    except ConfigError:
        await session.close()
        raise
    if accepted is not before:
        _keep(path, device.id, accepted, before)
    return driver


async def _offered(session: McpSession, device: str) -> Accepted:
    try:
        tools = await offers(session)
    except DeviceError as error:
        raise ConfigError(f"{device}: {error}; its tools have to be read before it can be used") from None
    return Accepted(server=session.server, tools=tools)


def _keep(path: Path, device: str, accepted: Accepted, before: Accepted | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(accepted.model_dump_json(indent=1), encoding="utf-8")
    part.replace(path)
    for name, what in changes(before.tools if before is not None else (), accepted.tools).items():
        say(f"{device}: {name} ({what}) taken over")


def _accepted(path: Path) -> Accepted | None:
    try:
        return Accepted.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a list of accepted tools ({str(error).splitlines()[0]}); remove it to take them over anew") from None


def load_catalogue(path: Path) -> Catalogue:
    """A maker's API description. Raises ConfigError naming file and key."""
    try:
        return Catalogue.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file (agent.devices.catalogue)") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise explain(path, error) from None
        raise ConfigError(f"{path}: not a JSON file ({error})") from None


def profile_of(device: DeviceSection, catalogue: Catalogue) -> Profile:
    """What the device tells the site about itself: plain words, no API."""
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
