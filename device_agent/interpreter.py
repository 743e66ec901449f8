"""A sentence and a catalogue → the best hypothesis about one call, and whether to act on it, ask back or refuse."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from device_agent.calibration import calibrated, end_of, evidence
from device_agent.clauses import Seams, halves
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


@dataclass(frozen=True)
class Asked:
    """A sentence in pieces, and its unit vector [H]."""

    read: Sentence
    vector: Floats


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
            asked = Asked(read, self._encoder.embed([sentence])[0])
            near = self._shortlist(asked, catalogue)
        facts = read_facts(context)
        with self._stage("read"):
            readings = self._readings(asked, catalogue, near, facts)
        with self._stage("bind"):
            result = self._conclude(asked, catalogue, near, readings, facts)
        return result.model_copy(update={"ms": (time.perf_counter() - began) * 1000.0})

    def nearest(self, sentence: str, catalogue: Catalogue, k: int) -> list[tuple[int, float]]:
        """The `k` functions nearest in meaning, best first, as (index, cosine)."""
        return catalogue.nearest(self._encoder.embed([sentence])[0], k)

    def _shortlist(self, asked: Asked, catalogue: Catalogue) -> list[tuple[int, float]]:
        near = catalogue.nearest(asked.vector, self.settings.candidates)
        return [(number, similarity) for number, similarity in near if near[0][1] - similarity <= self.settings.margin]

    def _readings(self, asked: Asked, catalogue: Catalogue, near: list[tuple[int, float]], facts: dict[str, str]) -> list[Reading]:
        """Of the nearest and what is close to it, or of all of them."""
        numbers = [number for number, _ in near]
        first = sum(near[0][1] - similarity <= self.settings.close for _, similarity in near)
        readings = self._read(asked, catalogue, numbers[:first])
        best = max(range(first), key=lambda i: readings[i].match)
        if len(numbers) > first and (
            match_probabilities([r.match for r in readings])[best] < self.settings.plain
            or not all(a.in_range for a in self._extract(asked.read, catalogue.texts[numbers[best]], readings[best], facts).values())
        ):
            readings += self._read(asked, catalogue, numbers[first:])
        return readings

    def _read(self, asked: Asked, catalogue: Catalogue, numbers: list[int]) -> list[Reading]:
        return self._passes(asked, [catalogue.texts[n] for n in numbers], [catalogue.options[n] for n in numbers])

    def _passes(self, asked: Asked, texts: list[FunctionText], options: list[tuple[Floats, ...]]) -> list[Reading]:
        """`options`: by text and parameter, the vectors of its options."""
        vectors = self._encoder.token_vectors([pass_ids(asked.read, text) for text in texts])
        alone = [self._heads.read(v, len(asked.read.ids), text) for v, text in zip(vectors, texts, strict=True)]
        return [r.beside([o @ asked.vector for o in own], self.settings.choice) for r, own in zip(alone, options, strict=True)]

    def _extract(self, sentence: Sentence, text: FunctionText, reading: Reading, facts: dict[str, str]) -> dict[int, Argument]:
        return extract(sentence, text, reading, facts, self._today())

    def _seams(self, text: str, catalogue: Catalogue, said: Sequence[int]) -> Seams:
        """What speaks for a request of another function on each side of a seam. `said`: characters at which the best function's arguments begin."""
        cuts = halves(text)
        parts = list(dict.fromkeys(part for cut in cuts for part in (cut.before, cut.after)))
        if not parts:
            return Seams()
        vectors = self._encoder.embed(parts)
        asked = {part: Asked(read_sentence(part, self._encoder), vector) for part, vector in zip(parts, vectors, strict=True)}
        near = {part: catalogue.nearest(one.vector, 1)[0] for part, one in asked.items()}
        pairs = [c for c in cuts if near[c.before][0] != near[c.after][0] and min(near[c.before][1], near[c.after][1]) >= self.settings.hint]
        match = {part: self._match(asked[part], catalogue, near[part][0]) for part in dict.fromkeys(p for c in pairs for p in (c.before, c.after))}
        seams = Seams()
        for cut in pairs:
            similar, sure = min(near[cut.before][1], near[cut.after][1]), min(match[cut.before], match[cut.after])
            between = not (any(at < cut.at for at in said) and any(at >= cut.at for at in said))
            seams = seams.with_seam(similar, sure, between=between, counts=similar >= self.settings.half)
        return seams

    def _match(self, asked: Asked, catalogue: Catalogue, number: int) -> float:
        """Probability that this function alone is meant, against none."""
        (reading,) = self._read(asked, catalogue, [number])
        return match_probabilities([reading.match])[0]

    def _conclude(
        self, asked: Asked, catalogue: Catalogue, near: list[tuple[int, float]], readings: list[Reading], facts: dict[str, str]
    ) -> Interpretation:
        sentence = asked.read
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
            meant, reading, agreed = self._looked_again(asked, catalogue, near[best][0], meant, reading, facts)
        seams = self._seams(sentence.text, catalogue, begins(sentence, reading, meant))
        result = self._decide(meant, none, chances[best], seams)
        lead = near[0][1] - near[1][1] if len(near) > 1 else self.settings.margin
        seen = evidence(result, meant, reading, chances, sentence, agreed, lead, seams)
        sure = calibrated(seen, end_of(result), self._heads.calibration)
        return decided(result, sure, self.settings.act).model_copy(update={"candidates": considered, "evidence": seen})

    def _looked_again(
        self, asked: Asked, catalogue: Catalogue, number: int, first: Hypothesis, reading: Reading, facts: dict[str, str]
    ) -> tuple[Hypothesis, Reading, int]:
        """Where its arguments are in doubt, the mean of two readings, the second with its parameters in reverse order; and whether both agreed."""
        unsaid = math.prod(1.0 - float(reading.said[p]) for p in first.lacking if p < len(reading.said))
        if len(first.parameters) < 2 or first.confidence * unsaid >= self.settings.sure:
            return first, reading, 0
        sentence, text, turned = asked.read, catalogue.texts[number], catalogue.backwards[number]
        (second,) = self._passes(asked, [turned], [catalogue.options[number][::-1]])
        both = reading.with_backwards(second)
        if both is reading:
            return first, reading, 0
        alone = {len(turned.parameters) - 1 - p: a.value for p, a in self._extract(sentence, turned, second, facts).items()}
        same = alone == {p: a.value for p, a in first.found.items()}
        return replace(first, found=self._extract(sentence, text, both, facts)), both, 1 if same else -1

    def _decide(self, best: Hypothesis, none: float, chance: float, seams: Seams) -> Interpretation:
        if seams.several >= self.settings.several:
            return Interpretation(name=None, decision="refuse", confidence=seams.several, reason="several")
        if none >= self.settings.none:
            return Interpretation(name=None, decision="refuse", confidence=none, reason="none_fits")
        return judge(best, chance)


def begins(sentence: Sentence, reading: Reading, best: Hypothesis) -> list[int]:
    """The characters at which the words of the arguments begin; of a list where its last item ends, too: all of it belongs to one request."""
    starts = [sentence.spans[int(reading.starts[p].argmax())][0] for p in best.found if reading.starts[p].size]
    lists = [p for p in best.found if best.parameters[p].type == "array" and reading.ends[p].size]
    return starts + [sentence.spans[int(reading.ends[p].argmax())][1] - 1 for p in lists]
