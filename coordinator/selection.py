"""Which devices a plan means by `who`: of, but, at, where, able, available, top, near, n — in this order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from coordinator.allocator import Point, device_point, distance, place_point
from coordinator.mentions import Mention
from coordinator.quantities import comparison, listing, spoken
from coordinator.registry import Device
from coordinator.scene import Scene
from coordinator.words import is_plural_of, plural
from schemas.base import Value, compare
from schemas.plan import Question, Refusal, Where, Who

Problem = Question | Refusal
MANY_NAMES = 8


@dataclass(frozen=True)
class Selection:
    """`chosen` in order of preference. `pool`: others that may take over, when the person left the choice. `excluded`: device → why, in words.

    `problem` stops the plan; `nothing` says why there is nobody to do it although all is in order ("No robot has battery below 30 %.").
    """

    chosen: tuple[str, ...] = ()
    pool: tuple[str, ...] = ()
    excluded: dict[str, str] = field(default_factory=dict[str, str])
    problem: Problem | None = None
    nothing: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Base:
    devices: tuple[Device, ...]
    free: bool
    """The system chooses."""
    kind: str
    number: int | str | None
    named: bool = False


def select(
    who: Who, scene: Scene, sentences: Sequence[str] = (), targets: Sequence[str] = (), spread: bool = False, in_charge: bool = True
) -> Selection:
    """Devices for `who`. `sentences`: what each must be able to do (generic wording). `targets`: places that the work is about, for nearness.
    `spread`: items are shared, so whoever is able may join. `in_charge` False (queries, control): availability and ability do not matter."""
    base = _base(who, scene, spread)
    if not isinstance(base, _Base):
        return Selection(problem=base)
    base = _restricted(base, who, scene)
    if not isinstance(base, _Base):
        return Selection(problem=base)
    devices, nothing = _conditions(base.devices, who, scene, base.kind)
    if not devices:
        return Selection(nothing=nothing)
    if not in_charge:
        return _counted(base, who, scene, list(devices), {}, (), spread=True)
    able = _able(devices, scene, sentences, base.free and who.of == "any")
    if not able or (base.named and len(able) < len(devices)):
        return Selection(problem=_no_ability([d for d in devices if d not in able], sentences, base.named))
    excluded = {d.id: why for d in able if (why := unavailable(d, scene, _chooses(base, who)))}
    ready = [d for d in able if d.id not in excluded]
    if not ready:
        return Selection(excluded=excluded, problem=_unavailable(scene, excluded))
    return _counted(base, who, scene, ready, excluded, targets, spread)


def _chooses(base: _Base, who: Who) -> bool:
    return (base.free or isinstance(base.number, int)) and who.where is None and who.top is None


_SOMEONE = re.compile(r"\b(?:someone|somebody|one|single)\b", re.IGNORECASE)


def _base(who: Who, scene: Scene, spread: bool) -> _Base | Problem:
    """The devices that `of` names, before any condition. "Everybody but robot 1" is all others, unless items are shared among whoever is able."""
    refs = (who.of,) if isinstance(who.of, str) else who.of
    if refs == ("any",):
        meant = who.but or (who.where is not None and not _SOMEONE.search(scene.linked.text))
        everyone = meant and who.n is None and who.top is None and who.near is None
        return _Base(scene.devices, True, "device", "all" if everyone and not spread else who.n)
    mentions = [scene.mention(r) or _only_kind(r, scene) for r in refs]
    if any(m is None for m in mentions):
        wanted = listing([r for r, m in zip(refs, mentions, strict=True) if m is None])
        return Question(about="which_device", text=f"Which device do you mean by {wanted!r}?", options=options(scene, scene.devices))
    found = [m for m in mentions if m is not None]
    ids = dict.fromkeys(i for m in found for i in m.ids)
    devices = tuple(scene.by_id[i] for i in ids if i in scene.by_id)
    if not devices:
        return Refusal(reason="unknown_device", text=f"There is no device called {listing([m.surface for m in found])!r} here; {existing(scene)}")
    return _Base(devices, False, found[0].kind, _number(who, found, scene), all(m.letter == "d" for m in found))


def _only_kind(phrase: str, scene: Scene) -> Mention | None:
    """Words that name nobody else can only mean the one kind of device there is ("the machines")."""
    kinds = {d.kind for d in scene.devices}
    if len(kinds) != 1 or any(c.isdecimal() for c in phrase):
        return None
    ids = tuple(d.id for d in scene.devices)
    return Mention(ref="k0", start=0, end=len(phrase), surface=phrase, kind=kinds.pop(), ids=ids, count=len(ids))


def _number(who: Who, mentions: list[Mention], scene: Scene) -> int | str | None:
    """`n`, or what its absence means: named devices and plurals all, one unnamed of a kind any one; "the robot" is a certain one."""
    if who.n in (None, 1) and all(m.letter == "k" for m in mentions) and _definite(mentions[0], scene):
        return "the"
    if who.n is not None or any(m.letter != "k" for m in mentions):
        return who.n if who.n is not None else "all"
    last = mentions[0].surface.lower().split()[-1]
    whole = sum(d.kind == mentions[0].kind for d in scene.devices)
    several = is_plural_of(last, mentions[0].kind) or last.endswith("s") or len(mentions[0].ids) < whole
    return "all" if several or who.where or mentions[0].surface.lower().split()[0] in ("every", "each", "all") else 1


_CERTAIN = re.compile(r"\b(?:the|that|this) (?:(?!(?:an?|one|any|every|each|all|no|of|to|in|on|at|by|for|with|is|are|and|or|other) )[a-z-]+ )?$")


def _definite(mention: Mention, scene: Scene) -> bool:
    """ "the robot", "that lamp", "the weakest drone": one, and the person knows which."""
    before = scene.linked.text[: mention.start].lower() if mention in scene.linked.mentions else ""
    *first, last = mention.surface.lower().split() or [""]
    certain = _CERTAIN.search(f"{before}{' '.join(first)}".rstrip() + " ")
    return certain is not None and not is_plural_of(last, mention.kind) and not last.endswith("s")


def _restricted(base: _Base, who: Who, scene: Scene) -> _Base | Problem:
    """`but` and `at`."""
    out: set[str] = set()
    for ref in who.but:
        mention = scene.mention(ref)
        if mention is None:
            return Question(about="which_device", text=f"Which one shall be left out: what is {ref!r}?", options=options(scene, base.devices))
        out |= {d.id for d in base.devices if d.id in mention.ids or (mention.letter in "ps" and is_at(d, mention.ids, scene))}
    devices = tuple(d for d in base.devices if d.id not in out)
    if who.at is not None:
        place = scene.mention(who.at)
        if place is None:
            return Question(
                about="which_place", text=f"Which place do you mean by {who.at!r}?", options=tuple(list(scene.places.values())[:MANY_NAMES])
            )
        devices = tuple(d for d in devices if is_at(d, place.ids, scene))
        if not devices:
            return Refusal(reason="unknown_device", text=f"There is no {base.kind} at {place.surface}.")
    if not devices:
        return Refusal(reason="unknown_device", text=f"No {base.kind} is left to do it.")
    return replace(base, devices=devices)


def is_at(device: Device, places: Iterable[str], scene: Scene) -> bool:
    """Whether a device is, or belongs, in one of these places or inside them."""
    at = device.attributes.get("at")
    here = [p for p in (device.place if not isinstance(at, str) or at not in scene.places else at, device.place) if p]
    return any(scene.names.inside(h, p) for h in here for p in places)


def _conditions(devices: tuple[Device, ...], who: Who, scene: Scene, kind: str) -> tuple[tuple[Device, ...], str]:
    if who.where is None:
        return devices, ""
    kept = tuple(d for d in devices if holds(d, who.where, scene))
    info = scene.compared(who.where.what, who.where.v)
    name = info.name.replace("_", " ") if info else who.where.what
    told = spoken(scene.value(who.where.v, info), info.unit if info else None)
    if info is None:
        return (), f"No {kind} reports {who.where.what or 'anything that could be compared with ' + who.where.v}."
    return kept, f"No {kind} has {name} {comparison(who.where.op, told)}, so nothing was to do." if not kept else ""


def fact(device: Device, phrase: str, scene: Scene, numeric: bool = False) -> Value | None:
    """What a device's state says about a phrase; None when it says nothing."""
    info = scene.property(phrase, in_state=True, numeric=numeric)
    return device.facts().get(info.name) if info else None


def holds(device: Device, where: Where, scene: Scene) -> bool:
    """Whether a device's state fulfils the condition; a state that says nothing does not. A place may be named in the value ("at the dock")."""
    info = scene.compared(where.what, where.v)
    value = device.facts().get(info.name) if info else None
    if value is None:
        return False
    place = scene.mention(where.v)
    if place is not None and isinstance(value, str):
        return compare(any(scene.names.inside(value, p) for p in place.ids), where.op, True)
    return compare(value, where.op, scene.wanted(where.what, where.v, info))


def _able(devices: Sequence[Device], scene: Scene, sentences: Sequence[str], best_only: bool) -> list[Device]:
    """Those near enough to every sentence; with `best_only` only those about as near as the nearest."""
    kept = list(devices)
    for sentence in sentences:
        scores = scene.meanings.able.get(sentence)
        if scores is None:
            continue
        best = max((scores.get(d.id, 1.0) for d in kept), default=0.0)
        floor = max(scene.meanings.able_at, best - scene.meanings.able_margin if best_only else 0.0)
        kept = [d for d in kept if scores.get(d.id, 1.0) >= floor]
    return kept


def _no_ability(devices: Sequence[Device], sentences: Sequence[str], named: bool) -> Refusal:
    abilities = list(dict.fromkeys(a for d in devices for a in d.abilities))[:6]
    wanted = listing([s.rstrip(".") for s in sentences]) or "that"
    who = listing([d.spoken for d in devices[:MANY_NAMES]]) if named else "No device here"
    can = f" What can be done: {listing(abilities)}." if abilities else ""
    return Refusal(reason="no_ability", text=f"{who} {'cannot' if named else 'can'} do this: {wanted}.{can}")


def unavailable(device: Device, scene: Scene, system_chooses: bool) -> str:
    """Why a device cannot take work now, in words for "robot 2 …"; empty when it can."""
    if not device.online:
        return "is offline"
    if device.stopped:
        return "is stopped until it is told to resume"
    if not device.normal:
        return f"reports a problem ({device.problem})" if device.problem else "reports a problem"
    battery = device.attributes.get("battery")
    if system_chooses and isinstance(battery, int | float) and not isinstance(battery, bool) and battery < scene.reserve:
        return f"has only {spoken(float(battery), '%')} battery"
    return ""


def _unavailable(scene: Scene, excluded: dict[str, str]) -> Refusal:
    reasons = [f"{scene.spoken(device)} {why}" for device, why in list(excluded.items())[:MANY_NAMES]]
    return Refusal(reason="unavailable", text=f"Nobody can do it now: {listing(reasons)}.")


def _counted(
    base: _Base, who: Who, scene: Scene, ready: list[Device], excluded: dict[str, str], targets: Sequence[str], spread: bool
) -> Selection:  # fmt: skip
    ranked = _ranked(ready, who, scene, targets)
    if who.top is not None:
        ranked = [d for d in ranked if fact(d, who.top[1], scene, True) is not None]
        if not ranked:
            return Selection(nothing=f"No {base.kind} reports {who.top[1]}.")
    ids = tuple(d.id for d in ranked)
    if base.number == "the" and who.top is None and who.near is None and len(ids) > 1:
        text = f"Which {base.kind} do you mean: {listing([d.spoken for d in ready[:MANY_NAMES]], 'or')}?"
        vague = who.of if isinstance(who.of, str) else None
        return Selection(problem=Question(about="which_device", text=text, options=options(scene, ready), mention=vague))
    picked = who.top is not None or who.near is not None
    if base.free and base.number is None:
        count = len(ids) if spread and not picked else 1
    elif base.number == "the":
        count = 1
    else:
        count = base.number if isinstance(base.number, int) else (1 if picked and who.n != "all" else len(ids))
    notes = (f"Only {len(ids)} of {count} {plural(base.kind)} could be used.",) if count > len(ids) else ()
    left_open = (base.free and base.number != "all") or isinstance(base.number, int) or spread  # of all, each is meant itself
    order = ids if picked or left_open else tuple(d.id for d in ready)
    return Selection(chosen=order[:count], pool=ids if left_open else (), excluded=excluded, notes=notes)


def _ranked(devices: list[Device], who: Who, scene: Scene, targets: Sequence[str]) -> list[Device]:
    """Best first: the superlative if one was said, else least loaded, nearest, then in order."""
    if who.top is not None:
        sign, phrase = (-1.0 if who.top[0] == "max" else 1.0), who.top[1]
        return sorted(devices, key=lambda d: sign * _as_number(fact(d, phrase, scene, True)))
    goal = _goal(who, scene, targets)
    if who.near is not None:
        return sorted(devices, key=lambda d: distance(device_point(scene.site, d), goal))
    return sorted(devices, key=lambda d: (scene.loads.get(d.id, 0) + d.busy, distance(device_point(scene.site, d), goal)))


def _goal(who: Who, scene: Scene, targets: Sequence[str]) -> Point | None:
    near = scene.mention(who.near) if who.near else None
    ids = near.ids if near else targets
    points = [device_point(scene.site, scene.by_id[i]) if i in scene.by_id else place_point(scene.site, i) for i in ids[:1]]
    return points[0] if points else None


def _as_number(value: Value | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def options(scene: Scene, devices: Iterable[Device]) -> tuple[str, ...]:
    return tuple(d.spoken for d in list(devices)[:MANY_NAMES])


def existing(scene: Scene) -> str:
    """ "there are robot 1, robot 2 and robot 3." """
    names = list(options(scene, scene.devices))
    return f"there are {listing(names)}{' and others' if len(scene.devices) > MANY_NAMES else ''}." if names else "no device is known yet."
