"""The planner's contract, and the double that ships: plans by the book instead of by a language model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from coordinator.mentions import Linked, Summary
from schemas.plan import Intent, Question


class Planner(Protocol):
    """Turns a marked instruction into what it may mean, likeliest first, at least one. Raises ModelError when the model gives up."""

    async def plan(self, linked: Linked, summary: Summary) -> tuple[Intent, ...]: ...


class ScriptedPlanner:
    """`script`: instruction → intent, or a function of the marked instruction. Anything else is a question."""

    def __init__(self, script: Mapping[str, Intent] | Callable[[Linked, Summary], Intent]) -> None:
        self._script = script
        self.seen: list[tuple[Linked, Summary]] = []

    async def plan(self, linked: Linked, summary: Summary) -> tuple[Intent, ...]:
        self.seen.append((linked, summary))
        if callable(self._script):
            return (self._script(linked, summary),)
        return (self._script.get(linked.text, Question(about="what_action", text=f"I have no plan for {linked.text!r}. What shall be done?")),)
