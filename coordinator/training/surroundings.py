"""The fleet and site around an instruction: kinds with counts, properties that states carry, properties to be found; with plausible distractors."""

from __future__ import annotations

import random
import re
from typing import Any

from coordinator.mentions import Summary
from coordinator.summary import MOST_PROPERTIES
from coordinator.training.templates import Mark, Template

_KNOWS = (
    "battery, position, speed, temperature, busy, online, status, humidity, brightness, on, volume, load, pressure, firmware, charging, "
    "signal, uptime, storage, fill level, flow, power, mode, open, locked, fault, errors, clients, ink, paper, water level, fuel"
)
KNOWS = tuple(_KNOWS.split(", "))
_FINDS = (
    "free slots, items, count, boxes, damage, leaks, people, temperature, humidity, barcode, picture, soil moisture, obstacles, weight, "
    "noise, dust, cracks, stock, label, gas, spill, height, smoke, level, colour, occupied, moisture, ripeness"
)
FINDS = tuple(_FINDS.split(", "))
STANDARD = (
    (r"batter|charge\b|juice|power left|charged|flight time|energy", ("battery", "battery", "battery level", "charge")),
    (r"idle|free to|available|busy|working|doing|occupied", ("busy", "idle", "status")),
    (r"online|offline|reachable|connected", ("online", "connection")),
    (r"where|position|location", ("position", "location")),
    (r"temp|warm|hot|cold|degrees|heat", ("temperature",)),
    (r"bright|light|dark", ("brightness", "light")),
    (r"fast|speed|slow", ("speed",)),
)
"""Names under which a site may know what people say in other words."""
SPACE = (r"space|room|vacan|free|empty|slots?|gap", ("free slots", "free slots", "free space", "empty positions"))
THINGS = (r"items?|boxes|stock|goods|cartons|pallets|things|parcels|inventory", ("items", "items", "stock", "count"))
_FILLER = "a an the any some most least fewest more less enough highest lowest fullest emptiest much many still current of in on its their left"


def property_name(surface: str, rng: random.Random, *, look: bool) -> str:
    """How the site names what the person said: "juice left" → "battery"; `look` for what must be gone and looked for."""
    rules = (SPACE, THINGS, *STANDARD) if look else STANDARD
    for pattern, names in rules:
        if re.search(pattern, surface, re.IGNORECASE):
            return rng.choice(names)
    words = [w for w in re.findall(r"[\w°%'-]+", surface.lower()) if w not in _FILLER.split()]
    return " ".join(words) or surface.lower()


def properties_used(plan: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Mark ids that states must carry (queries, conditions on devices), and those that devices must find (tell, if, pick)."""
    known, found = set[str](), set[str]()
    if "query" in plan:
        known.add(plan["query"].get("what", ""))
    if "goal" in plan:
        known.add(plan["goal"]["what"])
    found.add(plan.get("tell", {}).get("what", ""))
    for step in plan.get("plan", []):
        where, top = step.get("who", {}).get("where", {}), step.get("who", {}).get("top", ["", ""])
        known |= {where.get("what", ""), top[-1]}
        found |= {step.get("if", {}).get("what", ""), step.get("pick", {}).get("what", "")}
    return {k.strip("{}") for k in known if k}, {f.strip("{}") for f in found if f} - {k.strip("{}") for k in known}


def summary_of(template: Template, fleet: list[str], rng: random.Random) -> Summary:
    """A summary that could stand above this instruction. Also sets the count of each kind's mark."""
    known, found = properties_used(template.plan)
    surfaces = {mark.id: mark.surface for mark in template.marks}
    knows = [property_name(surfaces[i], rng, look=False) for i in sorted(known) if i in surfaces and rng.random() < 0.7]
    finds = [property_name(surfaces[i], rng, look=True) for i in sorted(found) if i in surfaces and rng.random() < 0.7]
    return Summary(kinds=_kinds(template.marks, fleet, rng), knows=_filled(knows, KNOWS, finds, rng), finds=_filled(finds, FINDS, knows, rng))


def _kinds(marks: list[Mark], fleet: list[str], rng: random.Random) -> tuple[tuple[str, int], ...]:
    counts = {kind: rng.choice((1, 2, 3, 4, 4, 5, 6, 8, 10, 12, 20, 40)) for kind in fleet}
    named = {m.kind: sum(1 for o in marks if o.letter == "d" and o.kind == m.kind) for m in marks if m.letter in "dk"}
    for kind, least in named.items():
        counts[kind] = max(counts.get(kind, rng.randrange(2, 9)), least)
    for mark in marks:
        if mark.letter == "k":
            mark.count = counts[mark.kind]
    kinds = list(counts.items())
    rng.shuffle(kinds)
    return tuple(kinds)


def _filled(own: list[str], pool: tuple[str, ...], other: list[str], rng: random.Random) -> tuple[str, ...]:
    """Up to three, as in use (coordinator.summary): the instruction's own and distractors that the other list does not need."""
    extra = [name for name in rng.sample(pool, rng.choice((0, 0, 0, 1, 1, 2, 3))) if name not in other]
    names = list(dict.fromkeys([*own, *extra]))[:MOST_PROPERTIES]
    rng.shuffle(names)
    return tuple(names)
