"""A device's functions prepared once: vectors to find the nearest, and the reader's half of each pass."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from device_agent.reader import FunctionText, Pieces, function_text, option_views, retrieval_views
from runtime.vectors import Index
from schemas.skills import Function, parameters_of

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
    options: tuple[tuple[Floats, ...], ...]
    """By function and parameter, unit vectors [O, H] of its options; of a parameter without any [0, H]."""
    index: Index

    def nearest(self, vector: Floats, k: int) -> list[tuple[int, float]]:
        """The `k` functions nearest in meaning, best first, as (index, cosine)."""
        return self.index.search(vector, k)


def digest(functions: Sequence[Function]) -> str:
    """Identity of a catalogue: sha256 of what the encoder sees of it."""
    seen = [[f.name, f.description, f.parameters, f.safety] for f in functions]
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()


def prepare(functions: Sequence[Function], encoder: TextEncoder) -> Catalogue:
    """Encode a catalogue: one encoder call for all functions, and one for all of their options."""
    usable = tuple(f for f in functions if f.safety != "forbidden")
    views = [(number, weight, view) for number, f in enumerate(usable) for weight, view in zip(VIEWS, retrieval_views(f), strict=False)]
    seen = encoder.embed([view for _, _, view in views])
    vectors = np.zeros((len(usable), seen.shape[1]), np.float32)
    for (number, weight, _), vector in zip(views, seen, strict=True):
        vectors[number] += weight * vector
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    texts, backwards = (tuple(function_text(f, encoder, backwards=turned) for f in usable) for turned in (False, True))
    return Catalogue(usable, texts, backwards, _options(usable, encoder), Index.build(vectors))


def _options(functions: Sequence[Function], encoder: TextEncoder) -> tuple[tuple[Floats, ...], ...]:
    views = [[option_views(f, p) if p.is_option else () for p in parameters_of(f)] for f in functions]
    distinct = list(dict.fromkeys(view for own in views for one in own for view in one))
    vectors = encoder.embed(distinct)
    rows = {view: number for number, view in enumerate(distinct)}
    return tuple(tuple(vectors[[rows[view] for view in one]] for one in own) for own in views)
