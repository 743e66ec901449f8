"""Which experts a question is for, learnt from examples: kernel ridge regression, where two texts are alike by meaning and by spelling. Pure.

Sentence vectors alone confuse neighbours that share a subject (fading, echoes, signal to noise); technical terms are told apart by their spelling.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.base import Frozen

Floats = NDArray[np.float32]
SLOTS = 4096
"""Hashed n-grams."""
LENGTHS = (3, 4, 5)
_WORD = re.compile(r"\w+")


class Rules(Frozen):
    """Chosen by letting one author's examples judge another's. `spelling`: its share in the likeness; `ridge`: how little single examples count.

    `wanted`: the score from which on an expert is asked; `also`: what another one must have of the best one's score to be asked, too.
    """

    spelling: float = 0.5
    ridge: float = 0.25
    wanted: float = 0.37
    also: float = 0.5


@dataclass(frozen=True)
class Example:
    """`experts`: those that this is a question for; none for what is not for experts. `vector` [d]: its meaning, of unit length."""

    text: str
    vector: Sequence[float]
    experts: frozenset[str]


class Chooser:
    """Learnt once from all examples (about half a second for 1,500), asked in well under a millisecond."""

    def __init__(self, examples: Sequence[Example], rules: Rules | None = None) -> None:
        self._rules = rules = rules or Rules()
        self.names = sorted({name for example in examples for name in example.experts})
        self._vectors = np.asarray([example.vector for example in examples], np.float32).reshape(len(examples), -1)
        spelt = [_spelt(example.text) for example in examples]
        known = np.bincount([slot for counts in spelt for slot in counts], minlength=SLOTS)
        self._rarity = (1.0 + np.log((1 + len(examples)) / (1 + known))).astype(np.float32)
        rows = np.stack([self._row(counts) for counts in spelt]) if spelt else np.zeros((0, SLOTS), np.float32)
        targets = np.asarray([[float(name in example.experts) for name in self.names] for example in examples]).reshape(len(examples), -1)
        alike = self._alike(self._vectors @ self._vectors.T, rows @ rows.T)
        self._weights = np.linalg.solve(alike + rules.ridge * np.eye(len(examples)), targets).astype(np.float32)
        self._by_slot = rows.T @ self._weights

    def scores(self, text: str, vector: Sequence[float]) -> dict[str, float]:
        """About 1 for an expert that such questions are for, about 0 for others."""
        near = self._alike(self._vectors @ np.asarray(vector, np.float32), np.float32(0.0))
        scores = near @ self._weights + self._rules.spelling * (self._row(_spelt(text)) @ self._by_slot)
        return dict(zip(self.names, scores.tolist(), strict=True))

    def _alike(self, meaning: Floats, spelling: Floats | np.float32) -> Floats:
        share = np.float32(self._rules.spelling)
        return (1 - share) * np.maximum(meaning, 0) ** 2 + share * spelling

    def _row(self, counts: Mapping[int, int]) -> Floats:
        row = np.zeros(SLOTS, np.float32)
        for slot, count in counts.items():
            row[slot] = (1.0 + math.log(count)) * self._rarity[slot]
        return row / max(float(np.linalg.norm(row)), 1e-9)


def chosen(scores: Mapping[str, float], rules: Rules, most: int) -> tuple[str, ...]:
    """Names of the experts that the question is for, best first."""
    ranked = sorted(((score, name) for name, score in scores.items() if score >= rules.wanted), key=lambda r: (-r[0], r[1]))
    return tuple(name for score, name in ranked if score >= rules.also * ranked[0][0])[:most]


def _spelt(text: str) -> Counter[int]:
    """How often each n-gram of its words occurs, by hash."""
    counts: Counter[int] = Counter()
    for word in _WORD.findall(text.lower()):
        padded = f" {word} "
        for length in LENGTHS:
            counts.update(zlib.crc32(padded[at : at + length].encode()) % SLOTS for at in range(max(1, len(padded) - length + 1)))
    return counts
