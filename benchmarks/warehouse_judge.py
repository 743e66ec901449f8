"""Did an instruction to the simulated fleet end as a person who gave it would have it? The world is the judge, not the system's word. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import JsonValue

from benchmarks.meaning import Meaning, meaning_of, plain_place
from benchmarks.said import named, says
from schemas.base import Frozen
from schemas.messages import Answer, Trace
from schemas.observations import Observation
from schemas.outcomes import Done
from schemas.skills import Catalogue
from simulations.effects import Effect
from simulations.judge import disagreements

Kind = Literal["plan", "query", "goal", "control", "question", "refusal"]
Judgement = Literal["right", "wrong action", "missed", "honest"]
JUDGEMENTS: tuple[Judgement, ...] = ("right", "wrong action", "missed", "honest")
"""right: ended as expected. wrong action: something happened that was not asked for, or the world contradicts a claim.
missed: nothing of that, but the answer calls itself complete and is not what was asked for. honest: a question, a refusal or an admitted failure."""
_SHOWS = {"free": ("free_slots", "occupied_slots"), "items": ("items", "item_names")}


class Expect(Frozen):
    """The right end. `at`: robot → place id; `via`: places that it passes on the way there; `moved`: how many robots leave their place;
    `calls`: robot → what it does besides driving."""

    kind: Kind | tuple[Kind, ...]
    looked: tuple[str, ...] = ()
    what: Literal["free", "items"] = "free"
    answer_lists: Literal["free"] | None = None
    answer_count: Literal["free", "items"] | None = None
    answer_items: Literal["items"] | None = None
    at: dict[str, str] = {}
    via: dict[str, tuple[str, ...]] = {}
    any_at: str | None = None
    moved: int | None = None
    charging: tuple[str, ...] | None = None
    calls: dict[str, tuple[Literal["speed", "picture", "beep", "blink", "scan"], ...]] = {}
    stopped: tuple[str, ...] = ()
    answer: JsonValue = None

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.kind if isinstance(self.kind, tuple) else (self.kind,)


class Case(Frozen):
    id: str
    instruction: str
    expect: Expect


class Verdict(Frozen):
    """`effect`: something unasked happened in the world, not only in words."""

    verdict: Judgement
    why: str
    effect: bool = False


@dataclass(frozen=True)
class _Seen:
    """What is known of one run; a place is called as the set calls it."""

    case: Case
    answer: Answer | None
    effects: Sequence[tuple[Effect, Meaning]]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    done: Mapping[str, frozenset[str]]
    """robot → sorts of calls that were carried out"""
    held: frozenset[str]

    @property
    def expect(self) -> Expect:
        return self.case.expect

    @property
    def robots(self) -> tuple[str, ...]:
        return tuple(self.after["robots"])

    def at(self, robot: str) -> str:
        return plain_place(self.after["robots"][robot]["at"])

    def changed(self, robot: str, *names: str) -> bool:
        return any(self.before["robots"][robot][n] != self.after["robots"][robot][n] for n in names)

    def allowed_places(self, robot: str) -> frozenset[str]:
        """Where the instruction lets this robot go."""
        e = self.expect
        asked = {*e.looked, *e.via.get(robot, ()), e.at.get(robot), e.any_at, _dock(robot) if robot in (e.charging or ()) else None}
        return frozenset(place for place in asked if place)


def judge(
    case: Case,
    answer: Answer | None,
    effects: Sequence[Effect],
    truth_before: Mapping[str, Any],
    truth_after: Mapping[str, Any],
    traces: Sequence[Trace],
    *,
    catalogues: Mapping[str, Catalogue],
    held: Mapping[str, Literal["stopped", "paused"]] | None = None,
) -> Verdict:
    """`answer` None: none came. `catalogues`: robot → its maker's. `held`: robots that by their agents' or the coordinator's word take no work;
    a pause counts as a stop only where the person said pause or hold. Truths as World.truth() gives them."""
    meant = [(e, meaning_of(e.function, e.arguments, catalogues[e.robot])) for e in effects]
    done = _carried_out(meant, answer, traces, catalogues)
    seen = _Seen(case, answer, meant, truth_before, truth_after, done, _holding(case, held or {}, truth_after))
    unasked = [*_unasked(seen), *_held_unasked(seen, held or {})]
    harm = [*unasked, *_said_falsely(seen)]
    fits = answer is not None and answer.intent in case.expect.kinds
    lacks = _lacks(seen)
    if harm:
        return Verdict(verdict="wrong action", why="; ".join(harm), effect=bool(unasked))
    if fits and not lacks:
        return Verdict(verdict="right", why=_as_expected(answer))
    ended = "no answer" if answer is None else f"ended as {answer.intent}"
    why = "; ".join([*([] if fits else [f"{ended}, not {' or '.join(case.expect.kinds)}"]), *lacks])
    missed = answer is not None and answer.complete and bool(lacks or _only_words(case.expect))
    return Verdict(verdict="missed" if missed else "honest", why=why)


def _as_expected(answer: Answer | None) -> str:
    """The world counts; that the answer doubts it is told."""
    doubted = answer is not None and not answer.complete and answer.intent not in ("question", "refusal")
    return "as expected, though told as incomplete" if doubted else ""


def _dock(robot: str) -> str:
    return f"dock-{robot.rsplit('-', 1)[-1]}"


def _only_words(expect: Expect) -> bool:
    """A question or a refusal is the only right end."""
    return set(expect.kinds) <= {"question", "refusal"}


def _holding(case: Case, held: Mapping[str, str], after: Mapping[str, Any]) -> frozenset[str]:
    enough = ("stopped", "paused") if re.search(r"\b(?:paus\w+|hold)\b", case.instruction, re.IGNORECASE) else ("stopped",)
    return frozenset({r for r, how in held.items() if how in enough} | {r for r, t in after["robots"].items() if t["locked"]})


def _carried_out(
    effects: Sequence[tuple[Effect, Meaning]], answer: Answer | None, traces: Sequence[Trace], catalogues: Mapping[str, Catalogue]
) -> dict[str, frozenset[str]]:
    """Effects as the world saw them; calls without effect (a picture) by the trace of a subtask that was done."""
    ended_well = {o.subtask for o in (answer.outcomes if answer else ()) if isinstance(o.outcome, Done)}
    pairs = [(e.robot, m.sort) for e, m in effects]
    for trace in traces:
        if trace.function is not None and trace.subtask in ended_well:
            meaning = meaning_of(trace.function, trace.arguments, catalogues[trace.device])
            pairs += [(trace.device, meaning.sort)] if meaning.read else []
    return {robot: frozenset(sort for r, sort in pairs if r == robot) for robot in catalogues}


# What nobody asked for


def _unasked(seen: _Seen) -> list[str]:
    begun = [f"{e.robot} {_told(e, m)}" for e, m in seen.effects if not m.read and not _asked(seen, e.robot, m)]
    found = [*begun, *(text for robot in seen.robots for text in _changes(seen, robot)), *_too_many(seen), *_twice(seen)]
    return list(dict.fromkeys(found))


def _told(effect: Effect, meaning: Meaning) -> str:
    what = {"move": f"was sent to {meaning.place or 'a point'}", "charge": "was sent to charge", "lock": "was (un)locked"}
    return f"{what.get(meaning.sort, f'did {effect.function}')}, unasked"


def _asked(seen: _Seen, robot: str, meaning: Meaning) -> bool:
    expect, places = seen.expect, seen.allowed_places(robot)
    if meaning.sort == "move":
        return meaning.place in places if meaning.place else bool(places)
    if meaning.sort == "charge":
        return robot in (expect.charging or ()) or expect.at.get(robot) == _dock(robot)
    if meaning.sort == "lock":
        return robot in expect.stopped
    return meaning.sort in expect.calls.get(robot, ())


def _changes(seen: _Seen, robot: str) -> list[str]:
    """What the world shows of a robot that its instructions do not explain, whatever its calls were named."""
    expect, places, at = seen.expect, seen.allowed_places(robot), seen.at(robot)
    moved = seen.changed(robot, "at", "x", "y")
    strayed = moved and not (at in places or (at == "floor" and places))
    charges = seen.after["robots"][robot]["charging"] and seen.changed(robot, "charging") and not _asked(seen, robot, Meaning("charge"))
    locked = seen.changed(robot, "locked") and robot not in expect.stopped
    speed = seen.changed(robot, "speed") and "speed" not in expect.calls.get(robot, ())
    told = [(strayed, f"went to {at}"), (charges, "charges"), (locked, "changed its lock"), (speed, "changed its speed")]
    return [f"{robot} {text}, unasked" for wrong, text in told if wrong]


def _too_many(seen: _Seen) -> list[str]:
    moved = [r for r in seen.robots if seen.changed(r, "at", "x", "y")]
    return [f"{', '.join(moved)} moved, {seen.expect.moved} asked"] if seen.expect.moved is not None and len(moved) > seen.expect.moved else []


def _twice(seen: _Seen) -> list[str]:
    """One order, begun again, of a function that does not bear it."""
    begun = Counter((e.robot, e.function, e.key) for e, m in seen.effects if e.key is not None and not m.idempotent)
    return [f"{robot} did {function} {n} times for one order" for (robot, function, _), n in begun.items() if n > 1]


def _held_unasked(seen: _Seen, held: Mapping[str, str]) -> list[str]:
    return [f"{robot} was {how}, unasked" for robot, how in sorted(held.items()) if robot not in seen.expect.stopped]


def _said_falsely(seen: _Seen) -> list[str]:
    return disagreements(seen.answer, seen.after) if seen.answer is not None else []


# What is lacking


def _lacks(seen: _Seen) -> list[str]:
    """Parts of the expected end that are not there; none are needed where a question or refusal is right and came."""
    if seen.answer is not None and seen.answer.intent in ("question", "refusal") and seen.answer.intent in seen.expect.kinds:
        return []
    return [*_not_looked(seen), *_not_there(seen), *_not_done(seen), *_not_said(seen)]


def _not_looked(seen: _Seen) -> list[str]:
    if not seen.expect.looked:
        return []
    shelves = {o.subject for o in _observations(seen.answer) if o.subject.startswith("shelf-") and o.property in _SHOWS[seen.expect.what]}
    return _differ("looked at", shelves, seen.expect.looked)


def _observations(answer: Answer | None) -> tuple[Observation, ...]:
    if answer is None:
        return ()
    return (*answer.facts, *(o for w in answer.outcomes if isinstance(w.outcome, Done) for o in w.outcome.observations))


def _not_there(seen: _Seen) -> list[str]:
    expect = seen.expect
    parts = [f"{robot} is at {seen.at(robot)}, not {place}" for robot, place in expect.at.items() if seen.at(robot) != place]
    if expect.any_at is not None and expect.any_at not in map(seen.at, seen.robots):
        parts.append(f"no robot at {expect.any_at}")
    return parts


def _not_done(seen: _Seen) -> list[str]:
    expect, robots = seen.expect, seen.after["robots"]
    parts = [] if expect.charging is None else _differ("charging", [r for r in robots if robots[r]["charging"]], expect.charging)
    parts += [f"{robot} did no {sort}" for robot, sorts in expect.calls.items() for sort in sorts if sort not in seen.done.get(robot, ())]
    return parts + (_differ("stopped", seen.held, expect.stopped) if expect.stopped else [])


def _differ(word: str, have: Any, want: Sequence[str]) -> list[str]:
    return [] if set(have) == set(want) else [f"{word} {', '.join(sorted(have)) or 'none'}, not {', '.join(want) or 'none'}"]


def _not_said(seen: _Seen) -> list[str]:
    """What the answer's text had to say, against the world itself."""
    expect, text = seen.expect, seen.answer.text if seen.answer is not None else ""
    shelves = {s: seen.after["shelves"][s] for s in expect.looked}
    parts: list[str] = []
    if expect.answer_lists is not None:
        parts += _differ("names", named(text, "shelf"), [s for s, t in shelves.items() if t["free_slots"]])
    if expect.answer_count is not None:
        total = sum(t["free_slots" if expect.answer_count == "free" else "items"] for t in shelves.values())
        parts += [] if says(text, total) else [f"does not say {total}"]
    if expect.answer_items is not None:
        unsaid = {i for t in shelves.values() for i in t["item_names"] if i.lower() not in text.lower()}
        parts += [f"does not name {', '.join(sorted(unsaid))}"] if unsaid else []
    if expect.answer is not None and not says(text, expect.answer):
        parts.append(f"does not say {expect.answer}")
    return parts
