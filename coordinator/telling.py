"""List, count, least, most, mean, any, all, value: one question over facts, as a sentence. Pure; nothing is said that no fact says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coordinator.facts import amount, fulfils, positive
from coordinator.quantities import asks_how_many, comparison, listing, spoken
from coordinator.resolve import kind_of
from coordinator.scene import Scene
from schemas.observations import Observation
from schemas.plan import Aggregate, Where

SHOWN = 40


@dataclass(frozen=True)
class Asked:
    """`what` in the person's words; `among`: every subject that was asked about, so that those without a fact can be named."""

    what: str
    as_: Aggregate
    where: Where | None
    among: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """`answered`: the facts suffice for the question, all subjects included."""

    text: str
    answered: bool


def tell(asked: Asked, facts: Sequence[Observation], scene: Scene) -> Told:
    """The answer in one or two sentences, and who could not be asked."""
    if not facts:
        return Told(f"Nothing was found out about {asked.what}.", False)
    missing = [s for s in asked.among if s not in {f.subject for f in facts}]
    ordered = sorted(facts, key=lambda f: asked.among.index(f.subject) if f.subject in asked.among else len(asked.among))
    text = _total(asked, ordered, scene) + _TELLERS[asked.as_](asked, ordered, scene)
    if missing:
        text += f" Unknown for {_names(missing, scene)}."
    return Told(text, not missing)


def _list(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    if asked.where is None and not _countable(facts):
        return _values(asked, facts, scene)
    yes, no = _split(asked, facts, scene)
    head = kind_of([f.subject for f in facts], scene).capitalize()
    condition = _condition(asked)
    listed = ", ".join(_shown(f, scene) for f in yes[:SHOWN]) or "none"
    text = f"{head} with {asked.what}{condition}: {listed}."
    other = "Not so" if asked.where or _yes_no(facts) else f"No {_bare(asked.what)}"
    return text + (f" {other}: {_names([f.subject for f in no], scene)}." if no and yes else "")


def _total(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    """The sum before a list, where the person asked how many and it says something."""
    counts = [v for f in facts if (v := amount(f)) is not None]
    listed = asked.as_ in ("list", "value") and asked.where is None and not _yes_no(facts) and facts[0].unit not in _LEVELS
    return f"{spoken(sum(counts))} in all. " if listed and len(counts) > 1 and asks_how_many(scene.linked.text) else ""


_LEVELS = ("%", "°C", "m/s", "deg", "dB", "dBm")
"""Units of which a sum says nothing."""


def _count(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    yes, _ = _split(asked, facts, scene)
    if asked.where is not None or _yes_no(facts) or not _countable(facts):
        names = f": {_names([f.subject for f in yes], scene)}" if yes else ""
        return f"{len(yes)} of {len(facts)} {kind_of([f.subject for f in facts], scene)} with {asked.what}{_condition(asked)}{names}."
    if facts[0].unit in _LEVELS and len(facts) > 1:
        return _values(asked, facts, scene)
    total = sum(v for f in facts if (v := amount(f)) is not None)
    parts = f" ({', '.join(f'{scene.spoken(f.subject)}: {_value(f)}' for f in facts[:SHOWN])})" if len(facts) > 1 else ""
    return f"{_capital(asked.what)}: {spoken(total, facts[0].unit)} in all{parts}."


def _extreme(choose: Callable[[list[float]], float], word: str) -> Callable[[Asked, Sequence[Observation], Scene], str]:
    def told(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
        counted = [(v, f) for f in facts if (v := amount(f)) is not None]
        if not counted:
            return _values(asked, facts, scene)
        best = choose([v for v, _ in counted])
        winners = [f for v, f in counted if v == best]
        return f"{word} {asked.what}: {_names([f.subject for f in winners], scene)} ({_value(winners[0])})."

    return told


def _mean(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    counted = [v for f in facts if (v := amount(f)) is not None]
    if not counted:
        return _values(asked, facts, scene)
    return f"Mean {asked.what} of {len(counted)} {kind_of([f.subject for f in facts], scene)}: {spoken(sum(counted) / len(counted), facts[0].unit)}."


def _any(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    yes, no = _split(asked, facts, scene)
    if yes:
        return f"Yes: {', '.join(_shown(f, scene) for f in yes[:SHOWN])}."
    return f"No: no {_bare(asked.what)}{_condition(asked)} ({_names([f.subject for f in no], scene)})."


def _all(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    yes, no = _split(asked, facts, scene)
    if not no:
        return f"Yes, all: {', '.join(_shown(f, scene) for f in yes[:SHOWN])}."
    return f"No: {', '.join(f'{scene.spoken(f.subject)} ({_value(f)})' for f in no[:SHOWN])}{' has' if len(no) == 1 else ' have'} not."


def _values(asked: Asked, facts: Sequence[Observation], scene: Scene) -> str:
    if asked.where is not None:
        facts = [f for f in facts if fulfils(f, asked.where, scene)]
    told = "; ".join(f"{scene.spoken(f.subject)}: {_value(f, scene)}" for f in facts[:SHOWN]) or "none"
    return f"{_capital(asked.what)} – {told}."


_TELLERS: dict[Aggregate, Callable[[Asked, Sequence[Observation], Scene], str]] = {
    "list": _list,
    "count": _count,
    "min": _extreme(min, "Least"),
    "max": _extreme(max, "Most"),
    "mean": _mean,
    "any": _any,
    "all": _all,
    "value": _values,
}


def _split(asked: Asked, facts: Sequence[Observation], scene: Scene) -> tuple[list[Observation], list[Observation]]:
    """Facts that count as yes, and the rest."""
    where = asked.where
    yes = [f for f in facts if (fulfils(f, where, scene) if where is not None else positive(f))]
    return yes, [f for f in facts if f not in yes]


def _countable(facts: Sequence[Observation]) -> bool:
    return all(amount(f) is not None for f in facts) and not any(isinstance(f.value, tuple) for f in facts)


def _yes_no(facts: Sequence[Observation]) -> bool:
    return all(isinstance(f.value, bool) for f in facts)


def _condition(asked: Asked) -> str:
    return f" {comparison(asked.where.op, asked.where.v)}" if asked.where is not None else ""


def _shown(fact: Observation, scene: Scene) -> str:
    return scene.spoken(fact.subject) if isinstance(fact.value, bool) else f"{scene.spoken(fact.subject)} ({_value(fact, scene)})"


def _value(fact: Observation, scene: Scene | None = None) -> str:
    """A place's id is told by its name, a list with its length."""
    if isinstance(fact.value, tuple) and len(fact.value) > 1:
        return f"{len(fact.value)} ({spoken(fact.value)})"
    if isinstance(fact.value, str) and scene is not None:
        return scene.spoken(fact.value)
    return spoken(fact.value, fact.unit)


def _names(ids: Sequence[str], scene: Scene) -> str:
    shown = [scene.spoken(i) for i in ids[:SHOWN]]
    return listing(shown) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")


def _bare(what: str) -> str:
    """Without its article, for "no …"."""
    first, _, rest = what.partition(" ")
    return rest if first.lower() in ("a", "an", "any", "the") and rest else what


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
