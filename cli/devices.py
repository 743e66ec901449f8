"""`parley devices`: who is there, where, and how they are."""

from __future__ import annotations

from typing import Any

from cli.console import BrokerOption, ConfigOption, JsonOption, SiteOption, emit, emit_json, run_async, settings_for


def devices(json: JsonOption = False, broker: BrokerOption = None, site: SiteOption = None, config: ConfigOption = None) -> None:
    """List the fleet from its retained topics."""
    settings = settings_for(config, broker, site)
    rows = run_async(_rows(settings))
    if json:
        emit_json(rows)
        return
    if not rows:
        emit(f"no devices on site {settings.site}")
    for row in rows:
        emit(_shown(row))


def _shown(row: dict[str, Any]) -> str:
    from runtime.plain import clean

    state = row["state"]
    battery = f"{state['battery']:.0f} %" if isinstance(state.get("battery"), int | float) else "-"
    doing = "stopped" if row["stopped"] else "busy" if row["busy"] else "idle"
    online = "online" if row["online"] else "OFFLINE"
    kind, maker, at = clean(row["kind"]), clean(row["maker"]), clean(str(state.get("at", "-")))
    problem = f"  {clean(row['problem'])}" if row["problem"] else ""
    return f"{row['device']:<20} {kind:<12} {maker:<16} {online:<8} {at:<12} {battery:>6}  {doing}{problem}"


async def _rows(settings: Any) -> list[dict[str, Any]]:
    import asyncio

    from runtime.operator import connect

    async with connect(settings.broker.addresses, settings.site, settings.broker.username, settings.broker.password) as operator:
        await asyncio.sleep(0.4)  # retained topics arrive
        fleet = operator.fleet
        return [_row(fleet, device) for device in sorted(fleet.profiles)]


def _row(fleet: Any, device: str) -> dict[str, Any]:
    profile, state = fleet.profiles[device], fleet.states.get(device)
    return {
        "device": device,
        "name": profile.name,
        "kind": profile.device_kind,
        "maker": profile.maker,
        "online": fleet.online(device),
        "abilities": list(profile.abilities),
        "state": dict(state.attributes) if state else {},
        "busy": bool(state and state.busy),
        "stopped": bool(state and state.stopped),
        "problem": state.problem if state else "",
    }
