"""Among what an instruction may mean: the likeliest reading that makes sense on this site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coordinator.meaning import Meaning
from coordinator.resolve import check
from coordinator.scene import Scene, understand
from coordinator.zones import opened
from schemas.plan import Intent, Question, Refusal


async def choose(readings: Sequence[Intent], scene: Scene, meaning: Meaning) -> tuple[Intent, Scene]:
    """The first reading without a problem, with its scene; the first of all when each has one. A reading that asks or refuses ends the search."""
    tried: list[tuple[Intent, Scene]] = []
    for reading in readings:
        intent = opened(reading, scene)
        understood = replace(scene, meanings=await understand(intent, scene.linked, scene.site, scene.devices, meaning))
        tried.append((intent, understood))
        if isinstance(intent, Question | Refusal):
            break
        if check(intent, understood) is None:
            return intent, understood
    return tried[0]
