"""A place that contains others, looked at: "is there anything free in aisle A?" is work for each of its shelves. Pure."""

from __future__ import annotations

import re

from coordinator.purpose import sought
from coordinator.scene import Scene, all_refs, refs_in
from schemas.plan import Intent, Plan, Ref, Step


def opened(intent: Intent, scene: Scene) -> Intent:
    """The plan with what a zone holds in the zone's place, in steps that shall find something out; to go to a zone stays one journey."""
    if not isinstance(intent, Plan):
        return intent
    looks = [sought(intent, i) is not None for i in range(len(intent.steps))]
    steps = tuple(_opened(_within(s, intent, scene), scene) if look else _homed(s, scene) for s, look in zip(intent.steps, looks, strict=True))
    return intent.model_copy(update={"steps": steps})


_BOUND = re.compile(r"\b(?:in|on|of|along|inside|within|at|around|down|through)(?: (?:the|my|our|your))?$")


def _within(step: Step, plan: Plan, scene: Scene) -> Step:
    """ "Aisle A: what is on each shelf there?": a zone that is mentioned and nowhere else used bounds the set of places."""
    here = step.model_copy(update={"do": tuple(text for text in step.do if "{}" not in text)})
    used = set(all_refs(plan.model_copy(update={"steps": tuple(here if s is step else s for s in plan.steps)})))
    bounds = [m for m in scene.linked.mentions if m.start == 0 or _BOUND.search(scene.linked.text[: m.start].lower().rstrip())]
    zones = [m for m in bounds if m.ref not in used and _members(m.ref, scene)]
    places = scene.linked.mention(step.each) if isinstance(step.each, str) else None
    if len(zones) != 1 or places is None or places.letter != "s":
        return step
    inside = tuple(scene.spoken(i) for i in places.ids if scene.names.inside(i, zones[0].ids[0]))
    return step.model_copy(update={"each": inside}) if inside else step


def _homed(step: Step, scene: Scene) -> Step:
    """ "Robots 2 and 3 to the dock": each to its own, which it knows itself; not both to every dock."""
    mention = scene.linked.mention(step.each) if isinstance(step.each, str) else None
    if mention is None or not scene.certain_one(mention) or not scene.homes(mention):
        return step
    return step.model_copy(update={"each": None, "do": tuple(text.replace("{}", f"{{{mention.ref}}}") for text in step.do)})


def _opened(step: Step, scene: Scene) -> Step:
    if step.each is not None:
        refs = (step.each,) if isinstance(step.each, str) else step.each
        inner = tuple(name for ref in refs for name in (_members(ref, scene) or (ref,)))
        return step if inner == refs else step.model_copy(update={"each": inner})
    zones = [ref for ref in dict.fromkeys(r for text in step.do for r in refs_in(text)) if _members(ref, scene)]
    if len(zones) != 1:
        return step
    (zone,) = zones
    return step.model_copy(update={"each": _members(zone, scene), "do": tuple(text.replace(f"{{{zone}}}", "{}") for text in step.do)})


def _members(ref: Ref, scene: Scene) -> tuple[str, ...]:
    """Names of the innermost places in a single zone; none for a place that holds no other."""
    mention = scene.linked.mention(ref)
    if mention is None or mention.letter != "p" or len(mention.ids) != 1:
        return ()
    zones = {p.zone for p in scene.site.places}
    inside = (p.id for p in scene.site.places if p.id not in zones and p.id != mention.ids[0] and scene.names.inside(p.id, mention.ids[0]))
    return tuple(scene.spoken(i) for i in inside)
