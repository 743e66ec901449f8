"""The planner's view of the fleet: kinds with counts and property names, at most six of each, so that a prompt does not grow with the fleet."""

from __future__ import annotations

from collections import Counter

from coordinator.meaning import Meaning, properties_of
from coordinator.mentions import Summary
from coordinator.registry import Device

MOST = 6


async def summarise(text: str, devices: tuple[Device, ...], meaning: Meaning) -> Summary:
    """Nearest to the instruction first where there are more than six; else as the fleet declares them."""
    counts = Counter(d.kind for d in devices)
    known = properties_of(devices)
    declared = {p.name for d in devices for p in d.properties} | {name for d in devices for name in d.attributes}
    knows = [n.replace("_", " ") for n, info in known.items() if info.in_state and n in declared]
    finds = [n.replace("_", " ") for n, info in known.items() if not info.in_state]
    kinds = await _nearest(text, list(counts), meaning)
    return Summary(
        kinds=tuple((k, counts[k]) for k in kinds),
        knows=tuple(await _nearest(text, knows, meaning)),
        finds=tuple(await _nearest(text, finds, meaning)),
    )


async def _nearest(text: str, words: list[str], meaning: Meaning) -> list[str]:
    if len(words) <= MOST:
        return words
    return [r.key for r in (await meaning.rank(text, [(w, w) for w in words]))[:MOST]]
