"""What each sentence of a step is for, so that an agent does not take "Charge." for a question about the charge. Pure."""

from __future__ import annotations

from coordinator.scene import Scene
from schemas.plan import Plan, Purpose


def purposes(plan: Plan, index: int, sentences: int) -> tuple[Purpose | None, ...]:
    """One for each sentence of step `index`: facts come from the last one, where the plan needs any of this step; None where it cannot be told."""
    if sought(plan, index) is not None:
        return (*[None] * (sentences - 1), "observe")
    return ("act" if plan.tell is None else None,) * sentences


def sought(plan: Plan, index: int) -> str | None:
    """What the step shall find out, in the person's words: for a branch, a choice or the answer. None when it is not for finding out."""
    compared = (s.when.what for s in plan.steps if s.when is not None and s.when.step == index)
    picked = (s.pick.what for s in plan.steps if s.pick is not None and s.pick.from_ == index)
    told = plan.tell is not None and (len(plan.steps) == 1 or plan.steps[index].each is not None)
    return next((what for what in (*compared, *picked) if what is not None), plan.tell.what if told and plan.tell is not None else None)


def seeks(plan: Plan, index: int, scene: Scene) -> str | None:
    """The standard name of what the step shall find out, if it means something that states do not tell."""
    named = scene.meanings.properties.get(sought(plan, index) or "", ())
    return next((n for n in named if n in scene.meanings.known and not scene.meanings.known[n].in_state), None)
