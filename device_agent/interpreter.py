"""A sentence and a catalogue → the best hypothesis about one call, and whether to act on it, ask back or refuse."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date
from typing import Protocol

from device_agent.calibration import calibrated, end_of, evidence
from device_agent.clauses import halves
from device_agent.extraction import Argument, extract, read_facts
from device_agent.heads import Heads, Reading
from device_agent.hypothesis import Considered, Hypothesis, Interpretation, InterpreterSettings, decided, judge, match_probabilities, weigh
from device_agent.quantities import find_quantities
from device_agent.reader import FunctionText, Sentence, pass_ids, read_sentence
from device_agent.retrieval import Catalogue, Floats, TextEncoder, digest, prepare
from schemas.skills import Function

__all__ = ["Interpretation", "Interpreter", "InterpreterSettings", "Stage"]

Stage = Callable[[str], AbstractContextManager[object]]
"""Entered around each stage by its name: "catalogue" (a new one), "retrieve", "read", "bind"; for measurements."""


class Reader(Protocol):
    """A sentence and one device's functions in, one interpretation out."""

    def catalogue(self, functions: Sequence[Function]) -> Catalogue: ...

    def interpret(self, sentence: str, catalogue: Catalogue, context: str = "") -> Interpretation: ...


class Interpreter:
    """Synchronous; one call at a time (the encoder's context is not shared). Never raises on odd sentences."""

    def __init__(
        self,
        encoder: TextEncoder,
        heads: Heads,
        settings: InterpreterSettings | None = None,
        stage: Stage = nullcontext,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._encoder, self._heads, self._stage, self._today = encoder, heads, stage, today
        self.settings = settings or InterpreterSettings()
        self._prepared: OrderedDict[str, Catalogue] = OrderedDict()

    def catalogue(self, functions: Sequence[Function]) -> Catalogue:
        """Vectors and reader texts of these functions, computed once."""
        key = digest(functions)
        if key not in self._prepared:
            with self._stage("catalogue"):
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
        with self._stage("retrieve"):
            near = self._shortlist(sentence, catalogue)
        facts = read_facts(context)
        with self._stage("read"):
            readings = self._readings(read, catalogue, near, facts)
        with self._stage("bind"):
            result = self._conclude(read, catalogue, near, readings, facts)
        return result.model_copy(update={"ms": (time.perf_counter() - began) * 1000.0})

    def nearest(self, sentence: str, catalogue: Catalogue, k: int) -> list[tuple[int, float]]:
        """The `k` functions nearest in meaning, best first, as (index, cosine)."""
        vector: Floats = self._encoder.embed([sentence])[0]
        return catalogue.nearest(vector, k)

    def _shortlist(self, sentence: str, catalogue: Catalogue) -> list[tuple[int, float]]:
        near = self.nearest(sentence, catalogue, self.settings.candidates)
        return [(number, similarity) for number, similarity in near if near[0][1] - similarity <= self.settings.margin]

    def _readings(self, sentence: Sentence, catalogue: Catalogue, near: list[tuple[int, float]], facts: dict[str, str]) -> list[Reading]:
        """Of the nearest and what is close to it, or of all of them."""
        numbers = [number for number, _ in near]
        first = sum(near[0][1] - similarity <= self.settings.close for _, similarity in near)
        readings = self._read(sentence, catalogue, numbers[:first])
        best = max(range(first), key=lambda i: readings[i].match)
        if len(numbers) > first and (
            match_probabilities([r.match for r in readings])[best] < self.settings.plain
            or not all(a.in_range for a in self._extract(sentence, catalogue.texts[numbers[best]], readings[best], facts).values())
        ):
            readings += self._read(sentence, catalogue, numbers[first:])
        return readings

    def _read(self, sentence: Sentence, catalogue: Catalogue, numbers: list[int]) -> list[Reading]:
        vectors = self._encoder.token_vectors([pass_ids(sentence, catalogue.texts[n]) for n in numbers])
        return [self._heads.read(v, len(sentence.ids), catalogue.texts[n]) for v, n in zip(vectors, numbers, strict=True)]

    def _extract(self, sentence: Sentence, text: FunctionText, reading: Reading, facts: dict[str, str]) -> dict[int, Argument]:
        return extract(sentence, text, reading, facts, self._today())

    def _several(self, text: str, catalogue: Catalogue, said: Sequence[int]) -> float:
        """How sure the reader is that the sentence, cut at some seam, asks for two different functions: the weaker half's match probability.

        `said`: characters at which the best function's arguments begin; where they lie on both sides of a seam, it is one request.
        """
        cuts = [c for c in halves(text) if not (any(at < c.at for at in said) and any(at >= c.at for at in said))]
        parts = list(dict.fromkeys(part for cut in cuts for part in (cut.before, cut.after)))
        if not parts:
            return 0.0
        vectors = self._encoder.embed(parts)
        found = {part: catalogue.nearest(vector, 1)[0] for part, vector in zip(parts, vectors, strict=True)}
        nearest = {part: number for part, (number, similarity) in found.items() if similarity >= self.settings.half}
        pairs = [(c.before, c.after) for c in cuts if c.before in nearest and c.after in nearest and nearest[c.before] != nearest[c.after]]
        match = {part: self._match(part, catalogue, nearest[part]) for part in dict.fromkeys(p for pair in pairs for p in pair)}
        return max((min(match[a], match[b]) for a, b in pairs), default=0.0)

    def _match(self, text: str, catalogue: Catalogue, number: int) -> float:
        """Probability that this function alone is meant, against none."""
        (reading,) = self._read(read_sentence(text, self._encoder), catalogue, [number])
        return match_probabilities([reading.match])[0]

    def _conclude(
        self, sentence: Sentence, catalogue: Catalogue, near: list[tuple[int, float]], readings: list[Reading], facts: dict[str, str]
    ) -> Interpretation:
        quantities = find_quantities(sentence.text)
        hypotheses = [
            Hypothesis(
                catalogue.functions[n], catalogue.texts[n].parameters, s, r.match, self._extract(sentence, catalogue.texts[n], r, facts), quantities
            )
            for (n, s), r in zip(near, readings, strict=False)
        ]
        none, chances = weigh(hypotheses)
        considered = tuple(Considered(name=h.function.name, similarity=h.similarity, match=c) for h, c in zip(hypotheses, chances, strict=True))
        best = max(range(len(chances)), key=lambda i: chances[i])
        meant, reading, agreed = hypotheses[best], readings[best], 0
        if none < self.settings.none:
            meant, reading, agreed = self._looked_again(sentence, catalogue, near[best][0], meant, reading, facts)
        result = self._decide(sentence.text, catalogue, meant, none, chances[best], begins(sentence, reading, meant))
        lead = near[0][1] - near[1][1] if len(near) > 1 else self.settings.margin
        seen = evidence(result, meant, reading, chances, sentence, agreed, lead)
        sure = calibrated(seen, end_of(result), self._heads.calibration)
        return decided(result, sure, self.settings.act).model_copy(update={"candidates": considered, "evidence": seen})

    def _looked_again(
        self, sentence: Sentence, catalogue: Catalogue, number: int, first: Hypothesis, reading: Reading, facts: dict[str, str]
    ) -> tuple[Hypothesis, Reading, int]:
        """Where its arguments are in doubt, the mean of two readings, the second with its parameters in reverse order; and whether both agreed."""
        unsaid = math.prod(1.0 - float(reading.said[p]) for p in first.lacking if p < len(reading.said))
        if len(first.parameters) < 2 or first.confidence * unsaid >= self.settings.sure:
            return first, reading, 0
        text, turned = catalogue.texts[number], catalogue.backwards[number]
        (vectors,) = self._encoder.token_vectors([pass_ids(sentence, turned)])
        second = self._heads.read(vectors, len(sentence.ids), turned)
        both = reading.with_backwards(second)
        if both is reading:
            return first, reading, 0
        alone = {len(turned.parameters) - 1 - p: a.value for p, a in self._extract(sentence, turned, second, facts).items()}
        same = alone == {p: a.value for p, a in first.found.items()}
        return replace(first, found=self._extract(sentence, text, both, facts)), both, 1 if same else -1

    def _decide(self, text: str, catalogue: Catalogue, best: Hypothesis, none: float, chance: float, said: Sequence[int]) -> Interpretation:
        several = self._several(text, catalogue, said)
        if several >= self.settings.several:
            return Interpretation(name=None, decision="refuse", confidence=several, reason="several")
        if none >= self.settings.none:
            return Interpretation(name=None, decision="refuse", confidence=none, reason="none_fits")
        return judge(best, chance)


def begins(sentence: Sentence, reading: Reading, best: Hypothesis) -> list[int]:
    """The characters at which the words of the arguments begin; of a list where its last item ends, too: all of it belongs to one request."""
    starts = [sentence.spans[int(reading.starts[p].argmax())][0] for p in best.found if reading.starts[p].size]
    lists = [p for p in best.found if best.parameters[p].type == "array" and reading.ends[p].size]
    return starts + [sentence.spans[int(reading.ends[p].argmax())][1] - 1 for p in lists]
