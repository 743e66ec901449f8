"""Instruction → intent by a language model that is bound by a grammar; what comes out is checked, and when in doubt the person is asked."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from coordinator.mentions import Linked, Mention, Summary
from coordinator.plan_grammar import plan_grammar
from coordinator.prompt import LONGEST, planner_prompt
from runtime.llm.protocol import Engine, Generation
from schemas.errors import ContractError, ModelError
from schemas.plan import Control, Goal, Intent, Plan, Query, Question, Refusal, Step

THRESHOLD = 0.6
"""Least geometric-mean probability of a plan's tokens at which the planner acts; below it, it asks."""
_LONGEST_PLAN = 320


class LanguagePlanner:
    """Holds no state but `last`, the latest generation (its time, tokens and probability). `chat`: for a model that was not trained here."""

    def __init__(self, engine: Engine, *, threshold: float = THRESHOLD, chat: bool = False) -> None:
        self._engine, self._threshold, self._chat = engine, threshold, chat
        self.last: Generation | None = None

    async def plan(self, linked: Linked, summary: Summary) -> Intent:
        """What the instruction means. A question when the model is unsure or writes no sound plan; never an exception for an odd instruction."""
        linked = shortened(linked)
        if not any(c.isalnum() for c in linked.text):
            return Question(about="what_action")
        prompt = planner_prompt(summary, linked.tagged(), chat=self._chat)
        try:
            self.last = await self._engine.generate(prompt, grammar=plan_grammar(linked), max_tokens=_LONGEST_PLAN)
            intent = parse_intent(self.last.text)
        except (ModelError, ContractError):
            return Question(about="what_action")
        sure = self.last.probability is not None and self.last.probability >= self._threshold
        acts = isinstance(intent, Plan | Control | Goal)
        return intent if sure or not acts else Question(about="what_action")


def shortened(linked: Linked) -> Linked:
    """The first `LONGEST` characters and the mentions that lie within; what cannot be encoded (lone surrogates) becomes "?"."""
    text = linked.text.encode(errors="replace").decode()[:LONGEST]
    inside: tuple[Mention, ...] = tuple(m for m in linked.mentions if m.end <= len(text))
    return linked.model_copy(update={"text": text, "mentions": inside})


def parse_intent(text: str) -> Intent:
    """The planner's compact JSON as an Intent. Raises ContractError when it is none, or refers to a step or item that is not there."""
    try:
        written: Any = json.loads(text)
        intent = _intent(written)
    except (ValueError, ValidationError, TypeError, KeyError) as error:
        raise ContractError(f"the planner wrote no plan ({type(error).__name__}): {text[:80]!r}") from None
    if isinstance(intent, Plan):
        for index, step in enumerate(intent.steps):
            _check_step(index, step)
    return intent


def _intent(written: Any) -> Intent:
    shape = next(iter(written), "")
    match shape:
        case "plan":
            return Plan.model_validate({"steps": written["plan"], "tell": written.get("tell")})
        case "query":
            return Query.model_validate(written["query"])
        case "goal":
            spare = {"spare": [written["goal"]["spare"]]} if "spare" in written["goal"] else {}
            return Goal.model_validate({**written["goal"], **spare})
        case "control":
            return Control.model_validate({"action": written["control"], "who": written.get("who", {})})
        case "ask":
            return Question.model_validate({"about": written["ask"]})
        case "refuse":
            return Refusal.model_validate({"reason": written["refuse"]})
        case _:
            raise ValueError(shape)


def _check_step(index: int, step: Step) -> None:
    earlier = [*step.after, *([step.when.step] if step.when else []), *([step.pick.from_] if step.pick else [])]
    if any(not 0 <= other < index for other in earlier):
        raise ContractError(f"step {index} waits for a step that is not before it")
    text = " ".join(step.do)
    if "{}" in text and step.each is None:
        raise ContractError(f"step {index} speaks of an item but has none")
    if "{pick}" in text and step.pick is None:
        raise ContractError(f"step {index} speaks of a pick but has none")
