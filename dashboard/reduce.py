"""One message more: from one view to the next. Pure; the threads of conversation and plans are in `dashboard.threads`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from dashboard.clean import line, name
from dashboard.consulting import heard_of
from dashboard.floor.ground import ground_of
from dashboard.life import lived
from dashboard.threads import talk, word_of
from dashboard.timing import timed
from dashboard.view import DeviceView, Ended, Expert, Health, Presence, Second, Task, ViewState
from runtime.transcript import outcome_text, value_text
from schemas import messages as m
from schemas.base import Frozen
from schemas.envelope import Envelope
from schemas.outcomes import NeedsAnswer, Proof
from schemas.topics import AGENT_CONNECTION, Address

V = TypeVar("V")
WINDOW, SLOWEST = 60, 3600.0
"""Seconds whose traffic is remembered; and between two heartbeats at most: nobody is believed to be there for ever."""
OUTCOMES, ATTRIBUTES = 10, 60
"""Kept of each device; as many of what it can do and tell, and of its other names."""
PARTIES, HOSTED = 5000, 2000
"""Devices that are remembered, and agents, coordinators and processes of experts: one more, and the one that was silent longest gives way, so that
ids which never end do not fill the memory. Devices of one agent."""


@dataclass(frozen=True)
class Heard:
    """A message that passed the door; `at`: when, s since the epoch by our clock; `retained`: it is of before."""

    address: Address
    envelope: Envelope
    size: int
    at: float
    retained: bool = False


def reduce(view: ViewState, heard: Heard) -> ViewState:
    """The view after a message."""
    view = replace(
        view,
        health=_counted(view.health, heard.size, heard.at, heard.envelope.kind),
        timing=timed(view.timing, heard.envelope, heard.at, retained=heard.retained),
        consulting=heard_of(view.consulting, heard.envelope, heard.at),
    )
    return talk(_presence(_device(view, heard), heard), heard.address, heard.envelope, heard.at, retained=heard.retained)


def dropped(view: ViewState, size: int, at: float) -> ViewState:
    """The view after a message that did not pass the door."""
    return replace(view, health=_counted(view.health, size, at, None))


def _counted(health: Health, size: int, at: float, kind: str | None) -> Health:
    """Without a kind it did not pass the door."""
    second, seconds = int(at), health.seconds
    if seconds and seconds[-1].at == second:
        last = seconds[-1]
        seconds = (*seconds[:-1], Second(second, last.messages + 1, last.bytes + size))
    else:
        seconds = (*(s for s in seconds if second - WINDOW < s.at), Second(second, 1, size))
    kinds = _with(health.kinds, kind, health.kinds.get(kind, 0) + 1) if kind is not None else health.kinds
    return Health(health.messages + 1, health.bytes + size, health.dropped + (kind is None), kinds, seconds)


# Who is there


def _presence(view: ViewState, heard: Heard) -> ViewState:
    ident, body = heard.address.ident, heard.envelope.body
    match body:
        case m.Connection() if heard.address.topic is AGENT_CONNECTION:
            return replace(view, agents=_greeted(view.agents, ident, body, heard.at))
        case m.Connection():
            return replace(view, coordinators=_greeted(view.coordinators, ident, body, heard.at))
        case m.Epoch():
            return replace(view, epochs=_bounded(_with(view.epochs, ident, body.epoch), ident, lambda _: 0.0))
        case m.ExpertConnection():
            return _expert(view, ident, body)
        case m.SiteMessage():
            names = (n for p in body.site.places for n in (p.name, *p.aliases))
            ground = ground_of(body.site)
            known = view.ground if (ground.spots, ground.words) == (view.ground.spots, view.ground.words) else ground
            return replace(view, places=tuple(dict.fromkeys(name(n) for n in names if n)), ground=known)
        case _:
            return view


def _greeted(known: Mapping[str, Presence], ident: str, body: m.Connection, at: float) -> Mapping[str, Presence]:
    """A goodbye or a will of another boot than the latest is ignored."""
    before, boot = known.get(ident), name(body.boot)
    if body.status != "online" and before is not None and before.boot != boot:
        return known
    devices = body.devices[:HOSTED] or (before.devices if before is not None else ())
    use = body.use or (before.use if before is not None and before.boot == boot else None)
    after = _with(known, ident, Presence(body.status, boot, devices, min(max(0.1, body.heartbeat), SLOWEST), at, use))
    return _bounded(after, ident, lambda presence: presence.heard)


def _expert(view: ViewState, ident: str, body: m.ExpertConnection) -> ViewState:
    before, boot = view.experts.get(ident), name(body.boot)
    if body.status != "online" and before is not None and before.boot != boot:
        return view
    tells = tuple(name(t) for t in body.tells[:ATTRIBUTES]) or (before.tells if before is not None else ())
    after = _with(view.experts, ident, Expert(body.status, boot, tells, line(body.endpoint)))
    return replace(view, experts=_bounded(after, ident, lambda expert: expert.status == "online"))


# Devices


def _device(view: ViewState, heard: Heard) -> ViewState:
    body = heard.envelope.body
    ident = getattr(body, "device", None)
    if heard.address.topic.role != "device" or not isinstance(ident, str):
        return view
    before = view.fleet.get(ident, DeviceView(ident))
    after, life = _told(before, body, heard), lived(before.life, body, heard.at)
    after = after if life is before.life else replace(after, life=life)
    return view if after is before else replace(view, fleet=_bounded(_with(view.fleet, ident, after), ident, lambda device: device.heard))


def _told(device: DeviceView, body: Frozen, heard: Heard) -> DeviceView:
    match body:
        case m.Profile():
            return _profile(device, body)
        case m.State():
            return _state(device, body, _said_at(heard))
        case m.Subtask() if heard.envelope.subtask is not None:
            return _given(device, heard.envelope.subtask, line(body.text))
        case m.OutcomeReport():
            return _ended(device, body, heard.at)
        case _:
            return device


def _profile(device: DeviceView, body: m.Profile) -> DeviceView:
    properties = tuple(line(f"{p.name} ({p.unit})" if p.unit else p.name) for p in body.properties[:ATTRIBUTES])
    return replace(
        device, name=name(body.name), kind=name(body.device_kind), maker=name(body.maker), place=body.place or "", properties=properties,
        aliases=tuple(name(a) for a in body.aliases[:ATTRIBUTES]), abilities=tuple(line(a) for a in body.abilities[:ATTRIBUTES]),
    )  # fmt: skip


def _said_at(heard: Heard) -> float:
    """When it was said: what the broker has kept may be of yesterday, by its sender's clock; no clock is ahead of ours."""
    return min(heard.at, max(1.0, heard.envelope.sent_at)) if heard.retained else heard.at


def _state(device: DeviceView, body: m.State, at: float) -> DeviceView:
    """`subtasks` says what is still in hand, and how what we have missed ended."""
    battery = body.attributes.get("battery")
    attributes = tuple((name(k), line(value_text(v))) for k, v in list(body.attributes.items())[:ATTRIBUTES])
    texts = {t.subtask: t.text for t in device.tasks}
    open_ = (s for s in body.subtasks if s.state in ("issued", "accepted", "mapped", "running"))
    told = tuple(_task(name(s.subtask), texts, s.state == "running") for s in open_)
    named = {name(s.subtask) for s in body.subtasks}
    return replace(
        device, attributes=attributes, battery=_number(battery), busy=body.busy, stopped=body.stopped,
        normal=body.normal, problem=line(body.problem), stop_problem=line(body.stop_problem), heard=at,
        tasks=(*(t for t in device.tasks if t.subtask not in named and body.busy), *told),
    )  # fmt: skip


def _task(subtask: str, texts: Mapping[str, str], running: bool) -> Task:
    return Task(subtask, texts.get(subtask, ""), "running" if running else "sent")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _given(device: DeviceView, subtask: str, text: str) -> DeviceView:
    """What is sent again for safety is in hand, or has ended, already."""
    if any(t.subtask == subtask and t.text for t in device.tasks) or any(e.subtask == subtask for e in device.ended):
        return device
    known = next((t for t in device.tasks if t.subtask == subtask), Task(subtask, text))
    return replace(device, tasks=(*(t for t in device.tasks if t.subtask != subtask), replace(known, text=text))[-OUTCOMES:])


def _ended(device: DeviceView, body: m.OutcomeReport, at: float) -> DeviceView:
    if any(e.subtask == body.subtask and e.state == word_of(body.outcome) for e in device.ended):
        return device
    task = next((t.text for t in device.tasks if t.subtask == body.subtask), "")
    proof = tuple(_proof(p) for p in body.outcome.proof[:6])
    text = line(body.outcome.text if isinstance(body.outcome, NeedsAnswer) else outcome_text(body.outcome))
    ended = Ended(body.subtask, word_of(body.outcome), text, task, at, proof)
    return replace(device, tasks=tuple(t for t in device.tasks if t.subtask != body.subtask), ended=(ended, *device.ended)[:OUTCOMES])


def _proof(proof: Proof) -> str:
    return line(f"{proof.condition}: {'held' if proof.held else 'did not hold'}{f', seen {proof.seen}' if proof.seen else ''}")


def _with(known: Mapping[str, V], key: str, value: V) -> dict[str, V]:
    return {**known, key: value}


def _bounded(known: dict[str, V], newest: str, rank: Callable[[V], float]) -> dict[str, V]:
    """Without the lowest of them, where they are too many."""
    if len(known) > PARTIES:
        del known[min((key for key in known if key != newest), key=lambda key: rank(known[key]))]
    return known
