"""The planner's view of the fleet: kinds with counts, and the few properties that the instruction speaks of; a prompt does not grow with the fleet.

A property that has nothing to do with the instruction distracts a small model more than it helps.
"""

from __future__ import annotations

from collections import Counter

from coordinator.glossary import PropertyInfo
from coordinator.meaning import Meaning, properties_of
from coordinator.mentions import Summary
from coordinator.registry import Device

MOST_KINDS, MOST_PROPERTIES = 6, 3
NEAR = 0.5
"""Cosine similarity of an instruction to a property's wordings from which it may speak of it."""


async def summarise(text: str, devices: tuple[Device, ...], meaning: Meaning) -> Summary:
    """Kinds nearest to the instruction first where there are more than six; else as the fleet declares them."""
    counts = Counter(d.kind for d in devices)
    known = properties_of(devices)
    declared = {p.name for d in devices for p in d.properties} | {name for d in devices for name in d.attributes}
    kinds = list(counts) if len(counts) <= MOST_KINDS else [r.key for r in await meaning.rank(text, [(k, k) for k in counts])][:MOST_KINDS]
    return Summary(
        kinds=tuple((k, counts[k]) for k in kinds),
        knows=await _spoken_of(text, [i for i in known.values() if i.in_state and i.name in declared], meaning),
        finds=await _spoken_of(text, [i for i in known.values() if not i.in_state], meaning),
    )


async def _spoken_of(text: str, infos: list[PropertyInfo], meaning: Meaning) -> tuple[str, ...]:
    ranked = await meaning.rank(text, [(i.name.replace("_", " "), words) for i in infos for words in (i.words or (i.name,))])
    return tuple(r.key for r in ranked if r.score >= NEAR)[:MOST_PROPERTIES]
