"""Observations as a plan and an answer read them: which are about the phrase that was said, and about which place or device. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coordinator.scene import Scene
from coordinator.words import stems
from schemas.base import Value, compare
from schemas.observations import Observation
from schemas.plan import Where, Work


def about(observation: Observation, work: Work, scene: Scene) -> Observation:
    """The same fact with a subject that the site knows: what it names itself, else the item of the work, else the device."""
    subject = observation.subject
    if subject in ("self", ""):
        subject = work.device
    elif subject not in scene.places and subject not in scene.by_id:
        subject = work.item or work.device
    return observation.model_copy(update={"subject": subject, "device": observation.device or work.device})


def observed(phrase: str, facts: Sequence[Observation], scene: Scene) -> tuple[Observation, ...]:
    """The facts that tell what the phrase asks: its nearest property that was observed, else the only one there is. The latest of each subject."""
    present = list(dict.fromkeys(f.property for f in facts))
    wanted = scene.meanings.properties.get(phrase, ())
    name = next((n for n in wanted if n in present), None)
    if name is None:
        name = next((n for n in present if stems(n) & stems(phrase)), None)
    if name is None and len(present) == 1:
        name = present[0]
    latest: dict[str, Observation] = {}
    for fact in facts:
        if fact.property == name:
            known = latest.get(fact.subject)
            if known is None or fact.time >= known.time:
                latest[fact.subject] = fact
    return tuple(latest.values())


def amount(fact: Observation) -> float | None:
    """A number for comparing: the value, 1/0 for yes/no, the length of a list; None for words."""
    value = fact.value
    if isinstance(value, tuple):
        return float(len(value))
    return float(value) if isinstance(value, bool | int | float) else None


def positive(fact: Observation) -> bool:
    """Whether it says that there is something: yes, more than none, any words but "no" and "none"."""
    number = amount(fact)
    return number > 0 if number is not None else str(fact.value).strip().lower() not in ("", "none", "no", "false", "unknown", "null")


def fulfils(fact: Observation, where: Where, scene: Scene) -> bool:
    """Whether a fact meets a condition; the value is read in the fact's unit."""
    info = scene.property(where.what) if where.what else None
    unit = fact.unit or (info.unit if info else None)
    wanted: Value = scene.value(where.v, info.model_copy(update={"unit": unit}) if info else None)
    if info is None and unit:
        wanted = scene.value(where.v, next((i for i in scene.meanings.known.values() if i.unit == unit), None))
    number = amount(fact)
    value = fact.value if number is None or isinstance(fact.value, bool | int | float) else number
    return compare(value, where.op, wanted)


def subjects(facts: Iterable[Observation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.subject for f in facts))
