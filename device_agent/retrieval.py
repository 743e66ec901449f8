"""A device's functions prepared once: vectors to find the nearest, and the reader's half of each pass."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device_agent.reader import FunctionText, Pieces, function_text, retrieval_views
from runtime.vectors import Index
from schemas.skills import Function

Floats = NDArray[np.float32]
VIEWS = (1.0, 1.0, 0.5)
"""Weights of the ways in which a function is seen, summed into its vector (`retrieval_views`)."""


class TextEncoder(Pieces, Protocol):
    """The encoder as the agent sees it (runtime.llm.llama_cpp.encoder.Encoder implements it)."""

    def token_vectors(self, sequences: Sequence[Sequence[int]]) -> list[Floats]: ...

    def embed(self, texts: Sequence[str]) -> Floats: ...


@dataclass(frozen=True)
class Catalogue:
    """Functions a model may choose from (those forbidden to models are left out), with everything about them that does not depend on the sentence."""

    functions: tuple[Function, ...]
    texts: tuple[FunctionText, ...]
    backwards: tuple[FunctionText, ...]
    """The same with each function's parameters in reverse order."""
    index: Index

    def nearest(self, vector: Floats, k: int) -> list[tuple[int, float]]:
        """The `k` functions nearest in meaning, best first, as (index, cosine)."""
        return self.index.search(vector, k)


def digest(functions: Sequence[Function]) -> str:
    """Identity of a catalogue: sha256 of what the encoder sees of it."""
    seen = [[f.name, f.description, f.parameters, f.safety] for f in functions]
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()


def prepare(functions: Sequence[Function], encoder: TextEncoder) -> Catalogue:
    """Encode a catalogue: one encoder call for all functions."""
    usable = tuple(f for f in functions if f.safety != "forbidden")
    views = [(number, weight, view) for number, f in enumerate(usable) for weight, view in zip(VIEWS, retrieval_views(f), strict=False)]
    seen = encoder.embed([view for _, _, view in views])
    vectors = np.zeros((len(usable), seen.shape[1]), np.float32)
    for (number, weight, _), vector in zip(views, seen, strict=True):
        vectors[number] += weight * vector
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    texts, backwards = (tuple(function_text(f, encoder, backwards=turned) for f in usable) for turned in (False, True))
    return Catalogue(usable, texts, backwards, Index.build(vectors))
