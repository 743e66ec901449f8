"""From an intent to sentences for devices — or to a question or refusal before anything moves. Pure: what phrases mean is in the scene."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from coordinator.allocator import Point, device_point, place_point, share
from coordinator.linker import link_names
from coordinator.mentions import Mention
from coordinator.quantities import listing
from coordinator.scene import Scene, all_refs, refs_in
from coordinator.selection import MANY_NAMES, Problem, Selection, select
from coordinator.words import plural
from schemas.plan import Control, Goal, Intent, Plan, Query, Question, Refusal, Step, Where, Who

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


def check(intent: Intent, scene: Scene) -> Problem | None:
    """The first reason not to begin: unknown names, mentions that the plan forgot, nobody able or available, steps that refer to nothing."""
    if isinstance(intent, Refusal):
        return spoken_problem(intent)
    missing = _missing(scene)
    if missing is not None:
        return missing
    if isinstance(intent, Question):
        return spoken_problem(intent)
    if isinstance(intent, Goal):
        return Refusal(reason="not_yet", text=NOT_YET)
    found = _malformed(intent, scene) or _steps(intent, scene) if isinstance(intent, Plan) else _selected(intent, scene)
    stopping = isinstance(intent, Control) and intent.action == "stop"
    sides = _one_sided(intent, scene) if isinstance(intent, Plan) else None
    return found or sides or _inverted(intent, scene) or (None if stopping else _forgotten(intent, scene))


def _selected(intent: Query | Control, scene: Scene) -> Problem | None:
    """Whether "robot 1 at dock 2" is there is what a question may ask, so only a control fails for it."""
    asked = isinstance(intent, Query) and scene.mention(intent.who.at or "") is not None
    return select(intent.who.model_copy(update={"at": None}) if asked else intent.who, scene, in_charge=False).problem


_EXCEPTION = re.compile(r"\b(?:except(?:ing)?|excluding|without|besides|apart from|other than|(?:all|everyone|everybody) but)(?: for)?(?: the)?\b")
_TAKEN_OUT = re.compile(_EXCEPTION.pattern + r"|\b(?:don['’]?t|do not|not|never|leave|spare|skip)\b")
_NEAR = 6
"""Words between what takes out and the value of what is taken out."""
_EXCEPTED = re.compile(_EXCEPTION.pattern + r"\s*$")


def _inverted(intent: Intent, scene: Scene) -> Question | None:
    """A plan that acts on the very devices that the person excepted, by name or by a condition: ask instead."""
    turned = next((w.where for w in _whos(intent) if w.where is not None and _turned_round(w.where, scene.linked.text)), None)
    if turned is not None:
        return Question(about="which_device", text=f"Shall those with {turned.v} be left out, or are they the only ones meant?")
    chosen = {ref for who in _whos(intent) for ref in ((who.of,) if isinstance(who.of, str) else who.of)}
    excepted: list[Mention] = []
    for mention in scene.linked.mentions:
        before = scene.linked.text[: mention.start].lower()
        joined = bool(excepted) and before[excepted[-1].end :].strip(" ,") in ("", "and", "or")
        if mention.letter == "d" and (joined or _EXCEPTED.search(before)):
            excepted.append(mention)
    wrong = next((m for m in excepted if m.ref in chosen), None)
    text = "" if wrong is None else f"You except {wrong.surface}; who shall do it?"
    return None if wrong is None else Question(about="which_device", text=text)


_DIRECTIONS = {">": re.compile(r"\b(above|over|more|higher|exceed\w*|at least)\b"), "<": re.compile(r"\b(below|under|less|lower|fewer|at most)\b")}


def _turned_round(where: Where, text: str) -> bool:
    """ "all except those above 60 %" as a condition "> 60 %"."""
    text, at = text.lower(), text.lower().find(where.v.lower())
    taken_out = list(_TAKEN_OUT.finditer(text, 0, max(0, at)))
    between = re.split(r"[.;!?]", text[taken_out[-1].end() : at]) if taken_out else []
    if len(between) != 1 or len(between[0].split()) > _NEAR:
        return False
    return any(where.op[0] == sign and words.search(between[0]) for sign, words in _DIRECTIONS.items())


def _whos(intent: Intent) -> list[Who]:
    return [s.who for s in intent.steps] if isinstance(intent, Plan) else [intent.who] if isinstance(intent, Query | Control) else []


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


def _forgotten(intent: Intent, scene: Scene) -> Question | None:
    """A mention of the instruction that the plan does not use would be an order half obeyed: ask instead."""
    refs = set(all_refs(intent))
    used = {i for ref in refs if (m := scene.mention(ref)) for i in m.ids}
    if isinstance(intent, Plan):
        sentences = [text for step in intent.steps for text in step.do]
        used |= {i for text in sentences for m in link_names(text, scene.names).mentions for i in m.ids}
        used |= {g.device for step in intent.steps for g in resolve_step(step, scene, None).groups}
    wheres = " ".join(_values(intent))
    for mention in scene.linked.mentions:
        within = all(any(scene.names.inside(i, zone) for i in used) for zone in mention.ids)
        bounded = mention.letter == "s" and bool(inside := _bounded(mention, scene)) and inside <= used
        covered = mention.ref in refs or within or bounded or mention.surface.lower() in wheres.lower()
        if not covered and not (mention.letter == "k" and used & set(mention.ids)):
            return _about(mention)
    return None


def _bounded(mention: Mention, scene: Scene) -> set[str]:
    """Those of a set that lie in a zone which the instruction mentions, too."""
    zones = {i for m in scene.linked.mentions if m.letter == "p" for i in m.ids}
    return {i for i in mention.ids if any(i != zone and scene.names.inside(i, zone) for zone in zones)}


_ELSE = re.compile(r"\b(?:otherwise|or else|else|if not)\b", re.IGNORECASE)


def _one_sided(plan: Plan, scene: Scene) -> Question | None:
    """ "Otherwise" was said, and the plan has no other side: the same condition twice, or one alone."""
    conditions = {(s.who.where.op, s.who.where.v) for s in plan.steps if s.who.where is not None}
    conditions |= {(s.when.ended or s.when.op, s.when.v) for s in plan.steps if s.when is not None}
    if not conditions or len(conditions) > 1 or not _ELSE.search(scene.linked.text):
        return None
    return Question(about="what_action", text="I do not see what shall be done otherwise. Could you say both sides one after the other?")


def _values(intent: Intent) -> list[str]:
    return [w.where.v for w in _whos(intent) if w.where] + ([intent.where.v] if isinstance(intent, Query) and intent.where else [])


def _about(mention: Mention) -> Question:
    about = "which_device" if mention.letter in "dk" else "which_place"
    return Question(about=about, text=f"You mention {mention.surface}, but I do not see what part it plays. What shall be done about it?")


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
