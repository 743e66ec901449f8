"""A sentence and a catalogue → the best hypothesis about one call, and whether to act on it, ask back or refuse."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import JsonValue

from device_agent.clauses import halves
from device_agent.extraction import Argument, extract, read_facts
from device_agent.heads import Heads, Reading
from device_agent.reader import Sentence, pass_ids, read_sentence
from device_agent.retrieval import Catalogue, Floats, TextEncoder, digest, prepare
from schemas.base import Frozen
from schemas.skills import Function, Parameter

Decision = Literal["act", "ask", "refuse"]
Reason = Literal["none_fits", "missing_argument", "out_of_range", "several"]


class InterpreterSettings(Frozen):
    """All thresholds in one place. Chosen on held-out kinds of devices (models/parley-embed.toml)."""

    candidates: int = 4
    margin: float = 0.25
    """Cosine lead of the nearest function from which the reader reads that one alone."""
    none: float = 0.5
    """Probability of "nothing fits" from which a sentence is refused."""
    several: float = 0.5
    act: float = 0.5
    """Confidence from which a call is made without asking."""
    catalogues: int = 256
    """Prepared catalogues kept in memory."""


class Considered(Frozen):
    """One candidate: cosine of retrieval, and the reader's probability (None = not read)."""

    name: str
    similarity: float
    match: float | None = None


class Interpretation(Frozen):
    """`name` and `arguments` are the best hypothesis, also when the decision is to ask; `name` is None when no call may be made, for `reason`.

    Arguments hold only what the sentence says, nested as the schema nests them; `argument_confidence` and `missing` use dotted parameter names.
    """

    name: str | None
    arguments: dict[str, JsonValue] = {}
    decision: Decision
    confidence: float
    reason: Reason | None = None
    candidates: tuple[Considered, ...] = ()
    missing: tuple[str, ...] = ()
    argument_confidence: dict[str, float] = {}
    ms: float = 0.0


class Interpreter:
    """Synchronous; one call at a time (the encoder's context is not shared). Never raises on odd sentences."""

    def __init__(self, encoder: TextEncoder, heads: Heads, settings: InterpreterSettings | None = None) -> None:
        self._encoder, self._heads = encoder, heads
        self.settings = settings or InterpreterSettings()
        self._prepared: OrderedDict[str, Catalogue] = OrderedDict()

    def catalogue(self, functions: Sequence[Function]) -> Catalogue:
        """Vectors and reader texts of these functions, computed once."""
        key = digest(functions)
        if key not in self._prepared:
            self._prepared[key] = prepare(functions, self._encoder)
            while len(self._prepared) > self.settings.catalogues:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]

    def interpret(self, sentence: str, catalogue: Catalogue, context: str = "") -> Interpretation:
        """`context` holds facts such as `shelf 4 = bay C2`; they only resolve names, they are never instructions."""
        began = time.perf_counter()
        read = read_sentence(sentence, self._encoder)
        if not read.ids or not catalogue.functions:
            return Interpretation(name=None, decision="refuse", confidence=1.0, reason="none_fits")
        near = self._shortlist(sentence, catalogue)
        readings = self._read(read, catalogue, [number for number, _ in near])
        result = self._conclude(read, catalogue, near, readings, read_facts(context))
        return result.model_copy(update={"ms": (time.perf_counter() - began) * 1000.0})

    def _shortlist(self, sentence: str, catalogue: Catalogue) -> list[tuple[int, float]]:
        vector: Floats = self._encoder.embed([sentence])[0]
        near = catalogue.nearest(vector, self.settings.candidates)
        alone = len(near) == 1 or near[0][1] - near[1][1] >= self.settings.margin
        return near[:1] if alone else near

    def _read(self, sentence: Sentence, catalogue: Catalogue, numbers: list[int]) -> list[Reading]:
        vectors = self._encoder.token_vectors([pass_ids(sentence, catalogue.texts[n]) for n in numbers])
        return [self._heads.read(v, len(sentence.ids), catalogue.texts[n]) for v, n in zip(vectors, numbers, strict=True)]

    def _several(self, text: str, catalogue: Catalogue) -> float:
        """How sure the reader is that the sentence, cut at some seam, asks for two different functions: the weaker half's match probability."""
        cuts = halves(text)
        parts = list(dict.fromkeys(part for cut in cuts for part in cut))
        if not parts:
            return 0.0
        vectors = self._encoder.embed(parts)
        nearest = {part: catalogue.nearest(vector, 1)[0][0] for part, vector in zip(parts, vectors, strict=True)}
        pairs = [cut for cut in cuts if nearest[cut[0]] != nearest[cut[1]]]
        match = {part: self._match(part, catalogue, nearest[part]) for part in dict.fromkeys(p for pair in pairs for p in pair)}
        return max((min(match[a], match[b]) for a, b in pairs), default=0.0)

    def _match(self, text: str, catalogue: Catalogue, number: int) -> float:
        """Probability that this function alone is meant, against none."""
        (reading,) = self._read(read_sentence(text, self._encoder), catalogue, [number])
        return match_probabilities([reading.match])[0]

    def _conclude(
        self, sentence: Sentence, catalogue: Catalogue, near: list[tuple[int, float]], readings: list[Reading], facts: dict[str, str]
    ) -> Interpretation:
        chances = match_probabilities([r.match for r in readings])
        none = 1.0 - sum(chances)
        considered = tuple(Considered(name=catalogue.functions[n].name, similarity=s, match=m) for (n, s), m in zip(near, chances, strict=True))
        best = int(np.argmax(chances))
        several = self._several(sentence.text, catalogue)
        if several >= self.settings.several:
            return Interpretation(name=None, decision="refuse", confidence=several, reason="several", candidates=considered)
        if none >= self.settings.none:
            return Interpretation(name=None, decision="refuse", confidence=none, reason="none_fits", candidates=considered)
        number = near[best][0]
        arguments = extract(sentence, catalogue.texts[number], readings[best], facts)
        hypothesis = judge(catalogue.functions[number], catalogue.texts[number].parameters, arguments, chances[best], self.settings.act)
        return hypothesis.model_copy(update={"candidates": considered})


def match_probabilities(logits: list[float]) -> list[float]:
    """Softmax over the candidates and "none" (logit 0); the rest up to 1 is the probability that nothing fits."""
    top = max(0.0, *logits)
    raised = [math.exp(x - top) for x in logits]
    total = sum(raised) + math.exp(-top)
    return [x / total for x in raised]


def judge(function: Function, parameters: tuple[Parameter, ...], found: dict[int, Argument], match: float, act: float) -> Interpretation:
    """Check what was found against the schema and decide."""
    missing = tuple(p.name for i, p in enumerate(parameters) if p.required and p.default is None and i not in found)
    if missing:
        return Interpretation(name=None, decision="ask", confidence=match, reason="missing_argument", missing=missing)
    confidences = {parameters[i].name: round(a.confidence, 4) for i, a in found.items()}
    confidence = match * math.prod(a.confidence for a in found.values())
    if any(not a.in_range for a in found.values()):
        return Interpretation(name=None, decision="refuse", confidence=confidence, reason="out_of_range", argument_confidence=confidences)
    arguments: dict[str, JsonValue] = {}
    for i, argument in found.items():
        _put(arguments, parameters[i].path, argument.value)
    decision: Decision = "act" if confidence >= act else "ask"
    return Interpretation(name=function.name, arguments=arguments, decision=decision, confidence=confidence, argument_confidence=confidences)


def _put(arguments: dict[str, JsonValue], path: tuple[str, ...], value: JsonValue) -> None:
    at = arguments
    for key in path[:-1]:
        inner = at.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        at = inner
    at[path[-1]] = value
