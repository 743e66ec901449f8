"""The answer to a plan or a question, from observations and outcomes only: what was found, what was done and verified, what was not and why. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from coordinator.facts import amount, observed, subjects
from coordinator.glossary import PropertyInfo
from coordinator.planrun import step_facts
from coordinator.quantities import asks_how_many, listing, spoken
from coordinator.registry import Device
from coordinator.run import Piece, Run
from coordinator.scene import Scene
from coordinator.selection import MANY_NAMES, select
from coordinator.telling import Asked, Told, tell
from coordinator.words import OWN, tokenise
from schemas.messages import Answer, WorkOutcome
from schemas.observations import Observation
from schemas.outcomes import Cancelled, Done, Expired, Failed, NeedsAnswer, Outcome, Refused, Superseded
from schemas.plan import Plan, Query, Question, Refusal


def answer_run(run: Run, scene: Scene) -> Answer:
    """For a plan that is finished, or that waits only for silent devices or a person (`final` False: more may come)."""
    facts = step_facts(run, None, scene)
    told = _told(run, facts, scene)
    to_come = any(p.status in ("unknown", "asking") for p in run.pieces)
    parts = [*([told.text] if told else []), *_done(run, told is not None, scene), *_problems(run, scene), *_skipped(run, scene), *run.notes]
    proved = all(p.done and isinstance(p.outcome, Done) and p.outcome.verified for p in run.pieces)
    complete = (
        proved and not run.cancelled and not run.notes and (told is None or told.answered) and all(s.status == "closed" or s.moot for s in run.steps)
    )
    return Answer(
        text=" ".join(parts) or "There was nothing to do.",
        intent="question" if run.only_asks else "plan",
        complete=complete,
        facts=facts,
        outcomes=tuple(_work_outcome(p) for p in run.pieces),
        final=not to_come,
    )


def _told(run: Run, facts: Sequence[Observation], scene: Scene) -> Told | None:
    wanted = run.plan.tell
    if wanted is None or (not run.pieces and all(s.moot for s in run.steps)):
        return None
    named = wanted.as_ in ("list", "value") and not asks_how_many(scene.linked.text)
    listed = [f for f in facts if isinstance(f.value, tuple)] if named else []
    chosen = observed(wanted.what, facts, scene)
    chosen = (len(chosen) == 1 and observed(wanted.what, listed, scene)) or chosen
    if facts and not chosen and not wanted.what:
        return _everything(facts, scene)
    items = tuple(dict.fromkeys(i for step in run.steps for i in step.items)) or tuple(dict.fromkeys(f.subject for f in chosen))
    relevant = tuple(f for f in chosen if f.subject in items) or chosen
    among = items if any(f.subject in items for f in chosen) else tuple(dict.fromkeys(f.subject for f in chosen))
    what = wanted.what or next((f.property.replace("_", " ") for f in relevant), "that")
    return tell(Asked(what, wanted.as_, wanted.where, among), relevant, scene)


def _everything(facts: Sequence[Observation], scene: Scene) -> Told:
    """Where the work alone says what is to be found, and it found several things: each for itself."""
    latest = [observed(name, [f for f in facts if f.property == name], scene) for name in dict.fromkeys(f.property for f in facts)]
    told = [tell(Asked(re.sub("[-_]", " ", found[0].property), "value", None, subjects(found)), found, scene) for found in latest]
    return Told(" ".join(each.text for each in told), True)


def _work_outcome(piece: Piece) -> WorkOutcome:
    states = {"unknown": "unknown", "ended": "ended", "asking": "ended"}
    return WorkOutcome.model_validate(
        {
            "device": piece.work.device,
            "text": piece.work.text,
            "item": piece.work.item,
            "subtask": piece.subtask,
            "outcome": piece.outcome,
            "state": states.get(piece.status, "not_sent"),
        }
    )


def _done(run: Run, told: bool, scene: Scene) -> list[str]:
    """What was done. Where something is told, looking itself is no news unless it could not be verified."""
    verified = [p for p in run.pieces if isinstance(p.outcome, Done) and p.outcome.verified]
    unverified = [p for p in run.pieces if isinstance(p.outcome, Done) and not p.outcome.verified]
    acted = verified if not told else [p for p in verified if not p.outcome or not p.outcome.observations]
    parts = [f"Done and verified: {_pieces(acted, scene)}."] if acted and not (told and _only_steps_of_looking(run, acted)) else []
    return [*parts, *([f"Done, but not verified: {_pieces(unverified, scene)}."] if unverified else [])]


def _only_steps_of_looking(run: Run, acted: Sequence[Piece]) -> bool:
    """Going somewhere in order to look there: the other pieces of the group told what was found."""
    looked = {p.first for p in run.pieces if p.outcome and p.outcome.observations}
    return all(p.first in looked for p in acted)


def _pieces(pieces: Sequence[Piece], scene: Scene) -> str:
    shown = [f"{p.work.text.rstrip('.')} ({scene.spoken(p.work.device)}{_against(p)})" for p in pieces[:MANY_NAMES]]
    more = f" and {len(pieces) - MANY_NAMES} more" if len(pieces) > MANY_NAMES else ""
    return "; ".join(shown) + more


def _against(piece: Piece) -> str:
    """What spoke against it."""
    against = next((p for p in piece.outcome.proof if not p.held), None) if piece.outcome else None
    return f"; it does not hold that {against.condition}: it saw {against.seen}" if against else ""


def _problems(run: Run, scene: Scene) -> list[str]:
    """One sentence for each thing that did not work, and for each that another device took over."""
    parts: list[str] = []
    for piece in run.pieces:
        what = piece.work.text.rstrip(".")
        for before in piece.tried:
            if before.outcome is not None and not isinstance(before.outcome, Done):
                parts.append(f"{scene.spoken(before.device)} {outcome_words(before.outcome, what)} {scene.spoken(piece.work.device)} took over.")
            elif before.outcome is None and before.subtask is not None:
                parts.append(f"{scene.spoken(before.device)} fell silent at {what!r}; {scene.spoken(piece.work.device)} took over.")
        if piece.status == "unknown":
            parts.append(f"{scene.spoken(piece.work.device)} is silent: it is not known whether {what!r} was done.")
        elif piece.status == "not_sent":
            parts.append(f"Not tried: {what} ({scene.spoken(piece.work.device)}), because {piece.why}.")
        elif piece.outcome is not None and not piece.done:
            parts.append(f"{scene.spoken(piece.work.device)} {outcome_words(piece.outcome, what)}")
    return list(dict.fromkeys(parts))


def outcome_words(outcome: Outcome, what: str) -> str:
    """ "could not do 'Check shelf 4': it is stuck." """
    said = f": {outcome.text.rstrip('.')}" if outcome.text else ""
    if isinstance(outcome, Refused):
        return f"refused {what!r}{said}."
    if isinstance(outcome, NeedsAnswer):
        return f"asked back about {what!r}{said}."
    if isinstance(outcome, Failed):
        return f"could not do {what!r}{said}{' (it may have happened all the same)' if outcome.uncertain else ''}."
    if isinstance(outcome, Superseded):
        return f"put {what!r} aside for a newer order."
    if isinstance(outcome, Cancelled):
        return f"was cancelled at {what!r}."
    if isinstance(outcome, Expired):
        return f"got {what!r} too late to start it."
    return f"did {what!r}{'' if outcome.verified else ', not verified'}."


def _skipped(run: Run, scene: Scene) -> list[str]:
    parts: list[str] = []
    for step, state in zip(run.plan.steps, run.steps, strict=True):
        if state.status == "skipped":
            why = state.why.rstrip(".")
            parts.append(f"{why[:1].upper()}{why[1:]}." if state.moot else f"Not done: {_plain(step.do[0], scene)}, because {why}.")
    return list(dict.fromkeys(parts))


def _plain(template: str, scene: Scene) -> str:
    return scene.expand(template.replace("{}", "each").replace("{pick}", "the chosen one")).rstrip(".")


def answer_query(query: Query, scene: Scene, now: float) -> Answer:
    """From the registry's states; nothing moves."""
    if (there := _whereabouts(query, scene, now)) is not None:
        return there
    chosen = select(query.who, scene, in_charge=False)
    if isinstance(chosen.problem, Refusal) and query.who.at is not None:
        told = all(d.place or d.attributes.get("at") for d in scene.devices)
        return Answer(text=chosen.problem.text, intent="query", complete=told)
    if chosen.problem is not None:
        return answer_problem(chosen.problem)
    if chosen.nothing:
        return Answer(text=chosen.nothing.replace(", so nothing was to do", ""), intent="query", complete=True)
    info, asked = _asked(query, chosen.chosen, scene)
    facts = _state_facts(chosen.chosen, info.name, info.unit, scene, now) if info else ()
    if info is None and query.where is None and (query.as_ == "count" or not query.what):
        names = listing([scene.spoken(d) for d in chosen.chosen[:MANY_NAMES]])
        return Answer(
            text=f"{len(chosen.chosen)}: {names}." if query.as_ == "count" else f"{names[:1].upper()}{names[1:]}.", intent="query", complete=True
        )
    told = (
        _compared(query, facts, scene) or tell(asked, facts, scene)
        if facts
        else Told(f"No device reports {query.what or asked.what}; one would have to go and look.", False)
    )
    silent = [d for d in chosen.chosen if not scene.by_id[d].online]
    stale = f" {listing([scene.spoken(d) for d in silent])} {'is' if len(silent) == 1 else 'are'} offline: last known." if silent and facts else ""
    complete = told.answered and (not silent or (info is not None and info.name == "online"))
    return Answer(text=told.text + (stale if info and info.name != "online" else ""), intent="query", complete=complete, facts=facts)


_IS = re.compile(r"\W*(?:is|are)\b", re.IGNORECASE)
_WHETHER = re.compile(r"\W*(?:is|are|does|do|has|have)\b", re.IGNORECASE)


def _compared(query: Query, facts: Sequence[Observation], scene: Scene) -> Told | None:
    """ "Is robot 1 fuller than robot 3?": yes or no, with both values."""
    if query.as_ not in ("min", "max") or len(facts) != 2 or not isinstance(query.who.of, tuple) or not _WHETHER.match(scene.linked.text):
        return None
    (first, one), (second, two) = ((f, amount(f)) for f in facts)
    if one is None or two is None:
        return None
    holds = one > two if query.as_ == "max" else one < two
    shown = ", ".join(f"{scene.spoken(f.subject)} {spoken(f.value, f.unit)}" for f in (first, second))
    return Told(f"{'Yes' if holds else 'No'}: {shown}.", True)


def _whereabouts(query: Query, scene: Scene, now: float) -> Answer | None:
    """ "Is robot 1 at its dock?": yes or no, with where it is. None for every other question."""
    mentions = map(scene.mention, query.who.of if isinstance(query.who.of, tuple) else (query.who.of,))
    if query.where is not None or not _IS.match(scene.linked.text) or not all(m is not None and m.letter == "d" for m in mentions):
        return None
    whole = select(query.who.model_copy(update={"at": None}), scene, in_charge=False)
    info, _ = _asked(query, whole.chosen, scene)
    about = "at" if info is None or (query.who.at is not None and not query.what) else info.name
    places = {d: _places_asked(scene.by_id[d], scene) for d in whole.chosen}
    facts = _state_facts(whole.chosen, "at", None, scene, now) if about == "at" else ()
    if not facts or not all(places.values()) or len(facts) != len(places):
        return None
    holds = all(any(scene.names.inside(str(f.value), place) for place in places[f.subject]) for f in facts)
    shown = listing([f"{scene.spoken(f.subject)} is at {scene.spoken(str(f.value))}" for f in facts])
    return Answer(text=f"{'Yes' if holds else 'No'}: {shown}.", intent="query", complete=True, facts=facts)


def _places_asked(device: Device, scene: Scene) -> set[str]:
    """The places that are mentioned, and for "its dock" the one where it belongs; where none is told, any dock: the answer says which."""
    named = {i for m in scene.linked.mentions if m.letter in "ps" for i in m.ids}
    tokens = tokenise(scene.linked.text)
    owned = [scene.names.kind_at(tokens, at + 1) for at, t in enumerate(tokens[:-1]) if t.text in OWN]
    kinds = [key for hit in owned if hit is not None for key in hit[0] if key[0] == "p"]
    own = {entity.id for key in kinds for entity in scene.names.by_kind[key]}
    return named | ({device.place} if device.place in own else own)


def _asked(query: Query, devices: tuple[str, ...], scene: Scene) -> tuple[PropertyInfo | None, Asked]:
    """The property that a question on states is about, and the question in its words where the person's own do not name it."""
    limit = query.where
    nearest = scene.property(query.what, in_state=True, numeric=query.as_ in ("min", "max", "mean"))
    info = scene.compared(query.what, limit.v) if limit is not None else nearest
    if limit is not None and scene.wanted(query.what, limit.v, info) is True:
        limit = limit.model_copy(update={"v": "yes"})
    what = query.what if info is None or info == nearest else info.name.replace("_", " ")
    return info, Asked(what or (limit.v if limit is not None else "that"), query.as_, limit, devices)


def _state_facts(devices: Sequence[str], name: str, unit: str | None, scene: Scene, now: float) -> tuple[Observation, ...]:
    return tuple(
        Observation(subject=d, property=name, value=value, unit=unit, time=scene.by_id[d].seen_at or now, evidence="state", device=d)
        for d in devices
        if (value := scene.by_id[d].facts().get(name)) is not None
    )


def answer_problem(problem: Question | Refusal, plan: Plan | None = None) -> Answer:
    return Answer(text=problem.text, intent=problem.kind, complete=False)
