"""Doubles that ship: they stand in for a model where a test or a demo must not depend on weights."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from runtime.llm.protocol import Generation
from schemas.errors import ModelError

_DIMENSIONS = 512
_SMALL = frozenset({"a", "an", "the", "of", "to", "for", "in", "on", "at", "its", "is", "and"})


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
        for word in (w for w in re.findall(r"[^\W_]+", text.lower()) if w not in _SMALL):
            stem = _stem(word)
            vector[zlib.crc32(self._same.get(stem, stem).encode()) % _DIMENSIONS] += 1.0
        norm = math.sqrt(sum(v * v for v in vector)) or 1.0
        return [v / norm for v in vector]


def _stem(word: str) -> str:
    cut = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return cut if len(cut) >= 3 else word


class ScriptedEngine:
    """Answers from a table (the longest key that the prompt contains wins) or from a function of the prompt. A grammar is not looked at.

    A prompt without an answer is a ModelError, as from an engine that gives up. A token is a word with the blanks before it.
    """

    def __init__(self, answers: Mapping[str, str] | Callable[[str], str], *, name: str = "scripted", probability: float | None = 1.0) -> None:
        self._table, self._function = (None, answers) if callable(answers) else (answers, None)
        self._name, self._probability = name, probability
        self._closed = False
        self.prompts: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    async def generate(
        self, prompt: str, *, grammar: str | None = None, max_tokens: int = 256, temperature: float = 0.0, seed: int = 0
    ) -> Generation:
        if self._closed:
            raise ModelError(f"{self._name}: the model has been closed")
        self.prompts.append(prompt)
        tokens = _words(self._answer(prompt))
        kept = tokens[:max_tokens]
        return Generation(
            text="".join(kept), prompt_tokens=len(_words(prompt)), tokens=len(kept), probability=self._probability, stopped=len(tokens) <= max_tokens
        )

    def _answer(self, prompt: str) -> str:
        if self._function is not None:
            return self._function(prompt)
        table = self._table or {}
        keys = [key for key in table if key in prompt]
        if not keys:
            raise ModelError(f"{self._name}: nothing is scripted for {prompt[-60:]!r}")
        return table[max(keys, key=len)]

    async def close(self) -> None:
        self._closed = True


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+", text)
