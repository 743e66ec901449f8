"""A plan as far as it can be told before anything happens: for `--dry-run` and for looking at one plan alone. Pure."""

from __future__ import annotations

from coordinator.quantities import comparison, listing
from coordinator.resolve import resolve_step
from coordinator.scene import Scene
from coordinator.selection import Problem, select
from schemas.plan import Control, Intent, Pick, Plan, Question, Step, When, Work

SHOWN = 40


def preview(plan: Plan, scene: Scene) -> tuple[Work, ...] | Problem:
    """All work in order; what depends on a branch or a choice says so in its sentence ("If the moisture is below 20 %, open.")."""
    works: list[Work] = []
    for index, step in enumerate(plan.steps):
        found = resolve_step(step, scene, _choice(step.pick, plan, scene) if step.pick else None)
        if found.problem is not None:
            return found.problem
        earlier = {*step.after, *({step.when.step} if step.when else ()), *({step.pick.from_} if step.pick else ())}
        after = tuple(i for i, w in enumerate(works) if w.step in earlier)
        prefix = _prefix(step.when, plan) if step.when else ""
        for group in found.groups:
            base = len(works)
            item = group.item if group.item in scene.places or group.item in scene.by_id else None
            works += [
                Work(device=group.device, text=_joined(prefix, text), after=after if n == 0 else (base + n - 1,), step=index, item=item)
                for n, text in enumerate(group.sentences)
            ]
    return tuple(works)


def told(intent: Intent, scene: Scene) -> str:
    """A plan or a control in one line: "robot 2: Move to shelf 8; robot 3: …". Empty when nothing can be shown."""
    if isinstance(intent, Control):
        whom = [scene.spoken(d) for d in select(intent.who, scene, in_charge=False).chosen]
        return f"{intent.action} {listing(_few(whom))}" if whom else ""
    works = preview(intent, scene) if isinstance(intent, Plan) else ()
    return "; ".join(_few([f"{scene.spoken(w.device)}: {w.text.rstrip('.')}" for w in works])) if isinstance(works, tuple) else ""


def _few(parts: list[str]) -> list[str]:
    return parts if len(parts) <= SHOWN else [*parts[:SHOWN], f"{len(parts) - SHOWN} more"]


def proposed(question: Question, scene: Scene) -> Question:
    """The question with what its guess would do, to be answered with yes or no; without the guess where that cannot be told."""
    if question.options or (question.guess is None and question.text.endswith("?")):
        return question
    shown = told(question.guess, scene) if question.guess is not None else ""
    if not shown:
        return question.model_copy(update={"guess": None, "text": f"{question.text} Could you say it in other words?"})
    return question.model_copy(update={"text": f"{question.text} Do you mean: {shown}?", "options": ("yes", "no")})


def _choice(pick: Pick, plan: Plan, scene: Scene) -> str:
    noun = scene.item_kind(plan.steps[pick.from_].each) or "one"
    which = {
        "first": f"the first {noun} with {pick.what}",
        "max": f"the {noun} with the most {pick.what}",
        "min": f"the {noun} with the least {pick.what}",
    }
    return which[pick.as_]


def _prefix(when: When, plan: Plan) -> str:
    if when.ended is not None:
        return f"If {_quoted(plan.steps[when.step])} {'succeeds' if when.ended == 'done' else 'fails'}, "
    return f"If the {when.what} is {comparison(when.op or '==', when.v or '')}, "


def _quoted(step: Step) -> str:
    return "the earlier step" if "{" in step.do[0] else repr(step.do[0].rstrip("."))


def _joined(prefix: str, text: str) -> str:
    return prefix + text[:1].lower() + text[1:] if prefix else text
