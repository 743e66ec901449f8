"""From an intent to sentences for devices — or to a question or refusal before anything moves. Pure: what phrases mean is in the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from coordinator.allocator import Point, device_point, place_point, share
from coordinator.objections import objection, pointed
from coordinator.quantities import listing
from coordinator.scene import Scene, refs_in
from coordinator.selection import MANY_NAMES, Problem, Selection, select
from coordinator.words import plural
from schemas.plan import Control, Goal, Intent, Plan, Query, Question, Refusal, Step

NOT_YET = "Keeping a goal over time is not built yet; I can do or tell something once."


@dataclass(frozen=True)
class Group:
    """Sentences that one device does in order, about one item (or none)."""

    device: str
    item: str | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class StepWork:
    """A resolved step. `pool`: devices that may take over. `nothing`: why nobody is needed."""

    groups: tuple[Group, ...] = ()
    pool: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    nothing: str = ""
    problem: Problem | None = None
    items: tuple[str, ...] = field(default=())


def check(intent: Intent, scene: Scene, *, confirmed: bool = False) -> Problem | None:
    """The first reason not to begin: unknown names, mentions that the plan forgot, nobody able or available, steps that refer to nothing.

    `confirmed`: a person has seen what will be done, and said yes.
    """
    if isinstance(intent, Refusal):
        return spoken_problem(intent)
    missing = _missing(scene) or pointed(intent, scene)
    if missing is not None:
        return missing
    if isinstance(intent, Question):
        return spoken_problem(intent)
    if isinstance(intent, Goal):
        return Refusal(reason="not_yet", text=NOT_YET)
    found = _malformed(intent, scene) or _steps(intent, scene) if isinstance(intent, Plan) else _selected(intent, scene)
    if found is not None or confirmed:
        return found
    steps = intent.steps if isinstance(intent, Plan) else ()
    return objection(intent, scene, {g.device for step in steps for g in resolve_step(step, scene, None).groups})


def _selected(intent: Query | Control, scene: Scene) -> Problem | None:
    """Whether "robot 1 at dock 2" is there is what a question may ask. That nobody is there who could stop may mean that all shall."""
    anywhere = intent.who.model_copy(update={"at": None})
    if isinstance(intent, Query) and scene.mention(intent.who.at or "") is not None:
        return select(anywhere, scene, in_charge=False).problem
    problem = select(intent.who, scene, in_charge=False).problem
    if isinstance(intent, Query) or not isinstance(problem, Refusal) or not select(anywhere, scene, in_charge=False).chosen:
        return problem
    return Question(about="which_device", text=problem.text, guess=intent.model_copy(update={"who": anywhere}))


_QUESTIONS = {
    "which_device": "Which device do you mean?",
    "which_place": "Which place do you mean?",
    "what_action": "What exactly shall be done?",
    "which_value": "Which value shall it be?",
}
_REFUSALS = {
    "no_ability": "No device here can do that.",
    "unsafe": "I will not do that: it could do harm.",
    "not_a_task": "That is nothing that devices could do.",
    "not_yet": NOT_YET,
    "unknown_device": "There is no such device here.",
    "unknown_place": "There is no such place here.",
    "unavailable": "No device is available for that now.",
}


def spoken_problem(problem: Problem) -> Problem:
    """With a sentence, where the planner gave none."""
    if problem.text:
        return problem
    text = _QUESTIONS[problem.about] if isinstance(problem, Question) else _REFUSALS[problem.reason]
    return problem.model_copy(update={"text": text})


def _missing(scene: Scene) -> Refusal | None:
    """Something was named that does not exist: say what does."""
    for mention in scene.linked.mentions:
        if not mention.missing:
            continue
        device = mention.letter in "dk"
        there = (
            [d.spoken for d in scene.devices if d.kind == mention.kind] if device else [scene.spoken(p.id) for p in scene.site.of_kind(mention.kind)]
        )
        shown = listing(there) if len(there) <= MANY_NAMES else f"{there[0]} to {there[-1]} ({len(there)} in all)"
        text = f"There is no {listing(list(mention.missing))}; there {'is' if len(there) == 1 else 'are'} {shown}."
        return Refusal(reason="unknown_device" if device else "unknown_place", text=text)
    return None


def _malformed(plan: Plan, scene: Scene) -> Problem | None:
    unclear = Question(about="what_action", text=_QUESTIONS["what_action"])
    if not plan.steps:
        return unclear
    for index, step in enumerate(plan.steps):
        earlier = [*step.after, *([step.when.step] if step.when else []), *([step.pick.from_] if step.pick else [])]
        empty = not any(text.strip(" .") for text in step.do)
        unknown = [ref for text in step.do for ref in refs_in(text) if scene.mention(ref) is None]
        if empty or unknown or any(not 0 <= e < index for e in earlier):
            return unclear
        if step.each is not None and not items_of(step, scene):
            return Question(about="which_place", text="Which places do you mean?", options=tuple(list(scene.places.values())[:MANY_NAMES]))
    return None


def _steps(plan: Plan, scene: Scene) -> Problem | None:
    """Problems of any step as things stand now; conditions on states may still change."""
    return next((work.problem for step in plan.steps if (work := resolve_step(step, scene, None)).problem), None)


def items_of(step: Step, scene: Scene) -> tuple[str, ...]:
    """The places or devices of `each`, in order, each once, without the places that are excepted."""
    refs = (step.each,) if isinstance(step.each, str) else step.each or ()
    found = [scene.mention(r) for r in refs]
    out = {i for ref in step.who.but if (m := scene.mention(ref)) and m.letter in "ps" for i in m.ids}
    return tuple(dict.fromkeys(i for m in found if m for i in m.ids if i not in out))


def resolve_step(step: Step, scene: Scene, pick: str | None) -> StepWork:
    """Devices chosen, items shared among them, sentences written. `pick`: the place or device that an earlier step's observations chose."""
    items = items_of(step, scene)
    sentences = [scene.generic(text, scene.item_kind(step.each)) for text in step.do]
    targets = items or ((pick,) if pick else _targets(step, scene))
    who = step.who.model_copy(update={"but": tuple(r for r in step.who.but if not (items and _is_place(r, scene)))})
    chosen = select(who, scene, sentences, targets, spread=bool(items))
    if chosen.problem or chosen.nothing:
        return StepWork(problem=chosen.problem, nothing=chosen.nothing)
    notes = (*_left_out(chosen, scene), *chosen.notes)
    if items:
        groups = [Group(d, i, _texts(step, scene, i, pick)) for d, i in _shared(items, chosen, scene)]
    else:
        about = pick or next(iter(_targets(step, scene)), None)
        groups = [Group(d, about, _texts(step, scene, None, pick)) for d in chosen.chosen]
    return StepWork(tuple(groups), chosen.pool, notes, items=items)


def _is_place(ref: str, scene: Scene) -> bool:
    mention = scene.mention(ref)
    return mention is not None and mention.letter in "ps"


def _left_out(chosen: Selection, scene: Scene) -> tuple[str, ...]:
    """Devices that were meant and are not available; where the system chooses, whom it passes over is no news."""
    meant = {} if chosen.pool else chosen.excluded
    return tuple(f"{scene.spoken(d)} {why}, so it was left out." for d, why in meant.items())


def _texts(step: Step, scene: Scene, item: str | None, pick: str | None) -> tuple[str, ...]:
    return tuple(scene.expand(text, item, pick) for text in step.do)


def _targets(step: Step, scene: Scene) -> tuple[str, ...]:
    """The single place that the sentences are about, if there is one."""
    mentions = [scene.mention(ref) for text in step.do for ref in refs_in(text)]
    return tuple(dict.fromkeys(m.ids[0] for m in mentions if m and m.letter in "ps" and len(m.ids) == 1))


def _shared(items: Sequence[str], chosen: Selection, scene: Scene) -> list[tuple[str, str]]:
    """(device, item) pairs in the order of the items."""
    points: dict[str, Point | None] = {d: device_point(scene.site, scene.by_id[d]) for d in chosen.chosen}
    points |= {i: device_point(scene.site, scene.by_id[i]) if i in scene.by_id else place_point(scene.site, i) for i in items}
    given = share(items, chosen.chosen, points, scene.loads)
    turns = sorted((turn, items.index(item), device, item) for device, took in given.items() for turn, item in enumerate(took))
    return [(device, item) for _, _, device, item in turns]


def kind_of(ids: Sequence[str], scene: Scene) -> str:
    """ "shelves", "robots", or "places" when mixed."""
    kinds = {p.kind for p in scene.site.places if p.id in ids} | {scene.by_id[i].kind for i in ids if i in scene.by_id}
    return plural(kinds.pop()) if len(kinds) == 1 else "places"
