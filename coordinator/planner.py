"""Instruction → intent by a language model that is bound by a grammar; what comes out is checked, and when in doubt the person is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from coordinator.gist import KINDS, Kinds
from coordinator.intents import parse_intent
from coordinator.mentions import Linked, Mention, Summary
from coordinator.plan_grammar import plan_grammar
from coordinator.prompt import LONGEST, planner_prompt
from coordinator.scene import refs_in
from coordinator.words import words_of
from runtime.llm.protocol import Engine, Generation
from schemas.errors import ContractError, ModelError
from schemas.plan import Control, Goal, Intent, Plan, Question

THRESHOLD = 0.6
"""Least share of votes, or geometric-mean probability of a model that cannot be sampled, at which a plan is acted on; below it, the planner asks."""
FLOOR = 0.4
"""Geometric-mean probability below which the likeliest plan is no plan, however the votes are."""
SURE = 0.95
"""Geometric-mean probability from which the likeliest plan needs no second opinion."""
RIVAL = 0.25
"""Least share of votes of a reading that may take the place of a likelier one which turns out to make no sense here."""
SAMPLES, TEMPERATURE = 8, 0.5
_LONGEST_PLAN = 320


class LanguagePlanner:
    """The likeliest plan where the model is sure; else several are drawn and vote (self-consistency: Wang et al., ICLR 2023).

    Holds no state but `last`, the latest instruction's time, tokens and probability. `kinds`: what the instruction may be at all. `chat`: for a
    model that was not trained here.
    """

    def __init__(self, engine: Engine, kinds: Kinds | None = None, *, threshold: float = THRESHOLD, chat: bool = False) -> None:
        self._engine, self._kinds, self._threshold, self._chat = engine, kinds, threshold, chat
        self.last: Generation | None = None

    async def plan(self, linked: Linked, summary: Summary) -> tuple[Intent, ...]:
        """What the instruction may mean. A question when the model is unsure or writes no sound plan; never an exception for an odd instruction."""
        linked = shortened(linked)
        self.last = None
        if not any(c.isalnum() for c in linked.text):
            return (_UNSURE,)
        kinds = await self._kinds.of(linked.text) if self._kinds is not None else KINDS
        prompt, grammar = planner_prompt(summary, linked.tagged(), chat=self._chat), plan_grammar(linked, kinds)
        try:
            first = self.last = await self._engine.generate(prompt, grammar=grammar, max_tokens=_LONGEST_PLAN)
            likeliest = _sound(first.text)
            if likeliest is not None and (first.probability is None or first.probability >= SURE):
                return (self._if_sure(likeliest, first.probability or 0.0),)
            if likeliest is not None and (first.probability or 0.0) < FLOOR and _acts(likeliest):
                return (_unsure(likeliest),)
            drawn = [await self._draw(prompt, grammar, seed) for seed in range(SAMPLES)]
        except (ModelError, ContractError):
            return (_UNSURE,)
        return self._ranked([first, first, *drawn])

    async def _draw(self, prompt: str, grammar: str, seed: int) -> Generation:
        drawn = await self._engine.generate(prompt, grammar=grammar, max_tokens=_LONGEST_PLAN, temperature=TEMPERATURE, seed=seed)
        if self.last is not None:
            self.last = replace(self.last, tokens=self.last.tokens + drawn.tokens, ms=self.last.ms + drawn.ms)
        return drawn

    def _ranked(self, votes: Sequence[Generation]) -> tuple[Intent, ...]:
        """The readings by their share of votes, as long as one is strong enough to be acted on or to be asked about."""
        sound = [intent for intent in (_sound(v.text) for v in votes) if intent is not None]
        counted = Counter(shape(intent) for intent in sound)
        spoken = {shape(intent): intent for intent in reversed(sound)}
        ranked = [(spoken[key], n / len(votes)) for key, n in counted.most_common()]
        if not ranked:
            return (_UNSURE,)
        if ranked[0][1] < self._threshold and _acts(ranked[0][0]):
            return (_unsure(ranked[0][0]),)
        return (ranked[0][0], *(intent for intent, share in ranked[1:] if share >= RIVAL))

    def _if_sure(self, intent: Intent, probability: float) -> Intent:
        return intent if probability >= self._threshold or not _acts(intent) else _unsure(intent)


def shape(intent: Intent) -> str:
    """What an intent does, whatever its sentences' wording: who, over what, in which order. Plans of one shape agree."""
    if not isinstance(intent, Plan):
        return intent.model_dump_json()
    steps = [(s.who.model_dump_json(), s.each, tuple(tuple(refs_in(t)) for t in s.do), s.after, s.when, s.pick) for s in intent.steps]
    return repr((steps, intent.tell and (intent.tell.as_, intent.tell.where)))


_UNSURE = Question(about="what_action")


def _unsure(likeliest: Intent) -> Question:
    return Question(about="what_action", guess=likeliest if isinstance(likeliest, Plan | Control) else None)


def _acts(intent: Intent) -> bool:
    return isinstance(intent, Plan | Control | Goal)


def _sound(text: str) -> Intent | None:
    """The intent that is written, unless it is none or speaks gibberish."""
    try:
        intent = parse_intent(text)
    except ContractError:
        return None
    sentences = [do for step in intent.steps for do in step.do] if isinstance(intent, Plan) else []
    return intent if all(map(_speakable, sentences)) else None


_ARTICLES = words_of("a an the my your their its")
_SMALL = _ARTICLES | words_of("of for with and or from than into onto at under on in to by it them")
_DANGLING = _ARTICLES | words_of("of for with and or from than into onto at")


def _speakable(sentence: str) -> bool:
    """No reference twice, no word twice in a row, no end in the air: "Check shelf 2 for the."; no article without a noun."""
    words = sentence.lower().rstrip(" .").split()
    refs = [w for w in words if w.startswith("{")]
    broken = any(a == b or (a in _ARTICLES and b in _SMALL) for a, b in pairwise(words))
    return len(refs) == len(set(refs)) and not broken and words[-1:] != [] and words[-1] not in _DANGLING


def shortened(linked: Linked) -> Linked:
    """The first `LONGEST` characters and the mentions that lie within; what cannot be encoded (lone surrogates) becomes "?"."""
    text = linked.text.encode(errors="replace").decode()[:LONGEST]
    inside: tuple[Mention, ...] = tuple(m for m in linked.mentions if m.end <= len(text))
    return linked.model_copy(update={"text": text, "mentions": inside})
