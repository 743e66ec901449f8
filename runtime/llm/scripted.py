"""Doubles that ship: they stand in for a model where a test or a demo must not depend on weights."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterable, Sequence

_DIMENSIONS = 512


class ScriptedEmbedder:
    """Sentences are near when they share words, endings cut. `same`: groups of words that shall count as one."""

    def __init__(self, same: Iterable[Iterable[str]] = ()) -> None:
        self._same = {_stem(word.lower()): f"={number}" for number, group in enumerate(same) for word in group}
        self.calls = 0

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        self.calls += 1
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * _DIMENSIONS
        for word in re.findall(r"[^\W_]+", text.lower()):
            stem = _stem(word)
            vector[zlib.crc32(self._same.get(stem, stem).encode()) % _DIMENSIONS] += 1.0
        norm = math.sqrt(sum(v * v for v in vector)) or 1.0
        return [v / norm for v in vector]


def _stem(word: str) -> str:
    cut = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return cut if len(cut) >= 3 else word
