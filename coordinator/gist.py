"""What kind of thing an instruction is, by its meaning as a whole: a small head on the pretrained sentence encoder.

It knows words that the planner's own model has rarely seen, and rules out shapes that the planner may then not write.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from runtime.cards import check_card
from runtime.llm.protocol import Embedder
from schemas.errors import ConfigError

log = structlog.get_logger()

Floats = NDArray[np.float32]

KINDS = (
    "plan", "query", "goal",
    "control:stop", "control:cancel", "control:pause", "control:resume",
    "ask:which_device", "ask:which_place", "ask:what_action", "ask:which_value",
    "refuse:no_ability", "refuse:unsafe", "refuse:not_a_task",
)  # fmt: skip
"""The shapes of schemas.plan, the small ones with their detail."""
PLAUSIBLE = 0.03
"""Probability from which a kind is not ruled out; chosen on held-out templates (models/parley-reader-2-gist.toml)."""
SCALE = 10.0
"""Unit vectors are scaled so before the first layer."""
_NAMES = ("inner.weight", "inner.bias", "outer.weight", "outer.bias")


class Gist:
    """Two layers: E -> H (ReLU) -> kinds. They fit the one encoder that they were trained on."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._inner, self._inner_bias, self._outer, self._outer_bias = (weights[name] for name in _NAMES)

    @classmethod
    def load(cls, path: Path) -> Gist:
        """From `parley-reader-2-gist.npz`. Raises ConfigError when it is altered or not such a file."""
        check_card(path)
        try:
            with np.load(path) as stored:
                weights = {name: np.asarray(stored[name], dtype=np.float32) for name in stored.files}
        except (OSError, ValueError, EOFError) as error:
            raise ConfigError(f"{path}: not a file of gist weights ({error})") from None
        if set(weights) != set(_NAMES) or weights["outer.weight"].shape[0] != len(KINDS):
            raise ConfigError(f"{path}: not a file of gist weights (other names or sizes)")
        return cls(weights)

    def chances(self, vector: Sequence[float]) -> dict[str, float]:
        """Probability of each kind; they sum to 1."""
        x = np.asarray(vector, dtype=np.float32) * SCALE
        logits = self._outer @ np.maximum(self._inner @ x + self._inner_bias, 0.0) + self._outer_bias
        raised = np.exp(logits - logits.max())
        return dict(zip(KINDS, (float(c) for c in raised / raised.sum()), strict=True))


class Kinds(Protocol):
    """What an instruction may be."""

    async def of(self, text: str) -> frozenset[str]:
        """A non-empty subset of KINDS."""
        ...


class GistKinds:
    """The kinds that the gist does not rule out."""

    def __init__(self, gist: Gist, embedder: Embedder) -> None:
        self._gist, self._embedder = gist, embedder

    async def of(self, text: str) -> frozenset[str]:
        (vector,) = await self._embedder.embed([text])
        chances = self._gist.chances(vector)
        return frozenset(kind for kind, chance in chances.items() if chance >= PLAUSIBLE)


def open_kinds(embed: Path, embedder: Embedder) -> GistKinds | None:
    """The gist beside an encoder's file; None where there is none, as beside an encoder of one's own. Raises ConfigError."""
    path = embed.with_name("parley-reader-2-gist.npz")
    if not path.is_file():
        log.warning("no_gist", path=str(path))
        return None
    return GistKinds(Gist.load(path), embedder)
