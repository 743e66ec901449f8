"""Who is alive, what they are and what they last said: a pure reducer of connection, profile and state messages and the heartbeat lease."""

from __future__ import annotations

from schemas.base import Frozen, Value
from schemas.messages import Connection, Profile, Property, State

LEASE = 3.0
"""Heartbeats that may be missed before an agent counts as gone."""


class Device(Frozen):
    """One device as the coordinator knows it. `online`: by its agent and lease. `place` is where it belongs, `at` (an attribute) where it is."""

    id: str
    kind: str = "device"
    name: str = ""
    aliases: tuple[str, ...] = ()
    place: str | None = None
    abilities: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    attributes: dict[str, Value] = {}
    busy: bool = False
    stopped: bool = False
    normal: bool = True
    problem: str = ""
    online: bool = True
    seen_at: float = 0.0

    @property
    def spoken(self) -> str:
        """What people call it."""
        return self.name or self.id

    def facts(self) -> dict[str, Value]:
        """Its attributes and what follows from its state: online, busy, idle, stopped, normal."""
        own: dict[str, Value] = {
            "online": self.online, "busy": self.busy, "idle": not self.busy, "stopped": self.stopped, "normal": self.normal,
        }  # fmt: skip
        return {**own, **self.attributes}


class Presence(Frozen):
    """An agent: its latest boot, until when its lease runs (coordinator time), which devices it hosts."""

    boot: str
    status: str
    lease_until: float
    heartbeat: float = 5.0
    devices: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    """Older boots, whose wills no longer count."""

    def alive(self, now: float) -> bool:
        return self.status == "online" and now <= self.lease_until


class Registry(Frozen):
    """Immutable; every change is a new one."""

    profiles: dict[str, Profile] = {}
    states: dict[str, State] = {}
    seen: dict[str, float] = {}
    agents: dict[str, Presence] = {}

    def on_connection(self, agent: str, body: Connection, now: float) -> Registry:
        """A heartbeat renews the lease from `now`. A will or a goodbye of another boot than the latest, or of an unknown agent, is ignored."""
        known = self.agents.get(agent)
        if known is not None and body.boot in known.retired:
            return self
        retired = known.retired if known is not None else ()
        if known is None or known.boot != body.boot:
            if body.status != "online":
                return self
            retired = (*retired, known.boot)[-16:] if known is not None else ()
        hosted = body.devices or (known.devices if known is not None else ())
        lease = now + LEASE * body.heartbeat
        presence = Presence(boot=body.boot, status=body.status, lease_until=lease, heartbeat=body.heartbeat, devices=hosted, retired=retired)
        return self.model_copy(update={"agents": {**self.agents, agent: presence}})

    def on_profile(self, body: Profile) -> Registry:
        return self.model_copy(update={"profiles": {**self.profiles, body.device: body}})

    def on_state(self, body: State, now: float, retained: bool = False) -> Registry:
        """A state of another boot than that of an agent which hosts the device is a ghost. One that is said now is as good as a heartbeat."""
        hosts = {name: agent for name, agent in self.agents.items() if body.device in agent.devices}
        name, agent = next(((n, a) for n, a in hosts.items() if a.boot == body.boot), ("", None))
        if hosts and agent is None:
            return self
        agents = self.agents
        if agent is not None and not retained:
            lease = max(agent.lease_until, now + LEASE * agent.heartbeat)
            agents = {**agents, name: agent.model_copy(update={"lease_until": lease})}
        states, seen = {**self.states, body.device: body}, {**self.seen, body.device: now}
        return self.model_copy(update={"states": states, "seen": seen, "agents": agents})

    def alive(self, device: str, now: float) -> bool:
        """Online by the word of an agent that hosts it, and within its lease."""
        return any(device in agent.devices and agent.alive(now) for agent in self.agents.values())

    def devices(self, now: float) -> tuple[Device, ...]:
        """Every device with a profile, in the order of their ids ("robot-2" before "robot-10")."""
        online = {device for agent in self.agents.values() if agent.alive(now) for device in agent.devices}
        return tuple(self._device(profile, profile.device in online) for profile in sorted(self.profiles.values(), key=lambda p: natural(p.device)))

    def _device(self, profile: Profile, online: bool) -> Device:
        device = Device.model_construct(
            id=profile.device,
            kind=profile.device_kind,
            name=profile.name,
            aliases=profile.aliases,
            place=profile.place,
            abilities=profile.abilities,
            levers=profile.levers,
            properties=profile.properties,
            online=online,
            seen_at=self.seen.get(profile.device, 0.0),
        )
        state = self.states.get(profile.device)
        if state is None:
            return device
        told = {"attributes": state.attributes, "busy": state.busy, "stopped": state.stopped, "normal": state.normal, "problem": state.problem}
        return device.model_copy(update=told)


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key in which numbers count as numbers."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for character in text:
        if character.isdecimal():
            digits += character
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
        parts.append((-1, character))
    return (*parts, (int(digits), "")) if digits else tuple(parts)
