"""What a language model must offer: asynchronous outside, a worker thread of its own inside, so the event loop never waits for a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Generation:
    """`probability` is the geometric mean probability of the generated tokens, None when the engine tells none (counts as unsure)."""

    text: str
    prompt_tokens: int = 0
    tokens: int = 0
    ms: float = 0.0
    probability: float | None = None
    stopped: bool = True
    """False when `max_tokens` cut it short."""


class Engine(Protocol):
    """Generates text. Raises ModelError when it gives up, ConfigError for a model that cannot be loaded."""

    @property
    def name(self) -> str: ...

    async def generate(
        self, prompt: str, *, grammar: str | None = None, max_tokens: int = 256, temperature: float = 0.0, seed: int = 0
    ) -> Generation:
        """Continue `prompt`, bound by a GBNF grammar when given: greedily, or sampled at a `temperature` above 0, the same for the same `seed`."""
        ...

    async def close(self) -> None: ...


class Embedder(Protocol):
    """Sentence meaning as unit vectors: the dot product of two is their similarity, -1..1."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...
