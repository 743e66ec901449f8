"""The reader's heads at run time: a few matrices applied to the encoder's token vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_agent.reader import FunctionText
from schemas.errors import ConfigError

Floats = NDArray[np.float32]

MATCH_SCALE = 20.0
FEATURES = (
    "one", "confidence", "weakest argument", "margin", "candidates", "least said", "most unsaid", "option lead", "least number", "numbers", "options",
    "parameters", "pieces", "rest", "read twice", "agreed", "similarity", "nearest lead", "required said", "optional said", "runs on", "texts",
    "least text", "least option", "switches", "lists", "homeless", "unsaid", "match", "spare numbers", "second argument", "left out", "runner-up",
    "option apart", "seam", "seam across",
)  # fmt: skip
"""Of an end (`device_agent.calibration`): 1; logit of the reader's confidence; log of the least confidence in an argument; lead of the best
hypothesis over the next; how many were read; log of the least chance that a found parameter is said; logit of the greatest that another one is; lead
of an option over the next; log of the least confidence in a number; how many numbers, and options, were found; how many parameters there are; pieces
of the sentence; those that are no argument word for word; whether it was read a second time, and if both times said the same (1, or -1); cosine of
sentence and function; lead of the nearest function over the next, as cosines; how many required parameters were found, and how many others; whether
the sentence is written without blanks; how many strings were found, log of the least confidence in one, and in an option; how many booleans, and
lists, were found; quantities that no parameter could take; log of the chance that nothing else was said; logit of the match; how many more quantities
there are than numbers were found; log of the second least confidence in an argument; how many parameters were not found; chance of the second
hypothesis; least lead of an option over the others by cosine with the sentence alone (below 0: another one is nearer); what speaks for two
requests (`device_agent.clauses.Seams`)."""
SPLITS = 7
"""Questions in a tree: three on the way to any of its eight leaves."""
CALIBRATION: dict[str, tuple[int | None, ...]] = {
    "calibration": (3, len(FEATURES)),
    "trees.feature": (3, None, SPLITS),
    "trees.cut": (3, None, SPLITS),
    "trees.leaf": (3, None, SPLITS + 1),
    "trees.base": (3,),
}
"""Names and shapes in the file; None: any number of trees."""
_HIDDEN, _SPAN = 384, 96
SHAPES: dict[str, tuple[int | None, ...]] = {
    **{f"{name}.weight": (1, width) for name, width in (("match", 3 * _HIDDEN), ("said", 3 * _HIDDEN), ("option", 2 * _HIDDEN))},
    **{f"{name}.bias": (1,) for name in ("match", "said", "option")},
    **{f"{name}.weight": (_SPAN, _HIDDEN) for name in ("start_of", "end_of", "start_in", "end_in")},
    **{f"{name}.bias": (_SPAN,) for name in ("start_of", "end_of")},
    "none": (1,),
    **CALIBRATION,
}


@dataclass(frozen=True)
class Calibration:
    """What was fitted for each of the three sorts of end (`device_agent.calibration`). `lines`: a logistic regression [3, F]. `features`, `cuts`
    [3, N, 7] and `leaves` [3, N, 8]: N trees in the order of a heap, whose leaves are logits and come on top of `base` [3]; without trees the lines
    count alone."""

    lines: Floats
    features: NDArray[np.intp]
    cuts: Floats
    leaves: Floats
    base: Floats

    def arrays(self) -> dict[str, Floats]:
        """As the file holds them."""
        return dict(zip(CALIBRATION, (self.lines, self.features.astype(np.float32), self.cuts, self.leaves, self.base), strict=True))


@dataclass(frozen=True)
class Reading:
    """One pass: `match` is the logit against "none fits"; per parameter `said` [P], `starts` and `ends` [P, T] over the sentence's T pieces,
    and one array of option probabilities each; `near`, if known, holds each option's cosine with the sentence."""

    match: float
    said: Floats
    starts: Floats
    ends: Floats
    options: tuple[Floats, ...]
    near: tuple[Floats, ...] = ()

    def beside(self, similar: Sequence[Floats], weight: float) -> Reading:
        """Option probabilities weighed by how alike sentence and option are: by parameter, a cosine for each option, or none."""
        near = tuple(s[: len(p)] for p, s in zip(self.options, similar, strict=False))
        options = tuple(_softmax(np.log(np.maximum(p, 1e-9)) + weight * s) if s.size else p for p, s in zip(self.options, near, strict=True))
        return replace(self, options=options, near=near)

    def with_backwards(self, other: Reading) -> Reading:
        """Mean with a reading of the same sentence and function whose parameters stood in reverse order; itself where one was cut off."""
        if len(self.said) != len(other.said):
            return self
        options = tuple(_mean(a, b) for a, b in zip(self.options, other.options[::-1], strict=True))
        said, starts, ends = _mean(self.said, other.said[::-1]), _mean(self.starts, other.starts[::-1]), _mean(self.ends, other.ends[::-1])
        return Reading(self.match, said, starts, ends, options, self.near)


class Heads:
    """Weights of one trained encoder; they fit no other."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self._w = weights

    @classmethod
    def load(cls, path: Path | str) -> Heads:
        """From `parley-reader-2-heads.npz`. Raises ConfigError when it is missing or not such a file."""
        try:
            with np.load(path) as stored:
                weights = {name: np.asarray(stored[name], dtype=np.float32) for name in stored.files}
        except FileNotFoundError:
            raise ConfigError(f"{path}: no such file; it belongs beside the encoder (models.embed)") from None
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: not a file of reader heads ({error})") from None
        wrong = [name for name, shape in SHAPES.items() if name not in weights or not _has_shape(weights[name], shape)]
        if wrong:
            raise ConfigError(f"{path}: not a file of reader heads ({wrong[0]} is missing or has another shape)")
        return cls(weights)

    @cached_property
    def calibration(self) -> Calibration:
        lines, features, cuts, leaves, base = (self._w[name] for name in CALIBRATION)
        return Calibration(lines, features.astype(np.intp), cuts, leaves, base)

    def recalibrated(self, calibration: Calibration) -> Heads:
        return Heads({**self._w, **calibration.arrays()})

    def read(self, vectors: Floats, pieces: int, text: FunctionText) -> Reading:
        """Head outputs of one pass: token vectors [T, H], the number of sentence pieces, and the function's half."""
        shift = pieces + 2
        places = [shift + p for p in text.places if shift + p < len(vectors)]
        asked, inside = vectors[places], vectors[1 : 1 + pieces]
        starts = _softmax(self._linear("start_of", asked) @ self._linear("start_in", inside).T)
        ends = _softmax(self._linear("end_of", asked) @ self._linear("end_in", inside).T)
        meant = ((starts + ends) / 2).astype(np.float32) @ inside
        said = _sigmoid(self._linear("said", np.concatenate([asked, *_compare(asked, meant)], axis=1)))[:, 0]
        options = tuple(
            self._options(vectors[[o + shift for o in own if o + shift < len(vectors)]], meant[p])
            for p, own in enumerate(text.options[: len(places)])
        )
        match = float(self._linear("match", _match_features(vectors, pieces))[0, 0] - self._w["none"][0])
        return Reading(match, said, starts, ends, options)

    def _options(self, markers: Floats, meant: Floats) -> Floats:
        """Probabilities of a parameter's options: their markers, and those beside the words that its span points at."""
        return _softmax(self._linear("option", np.concatenate([markers, _compare(markers, meant)[0]], axis=1))[:, 0])

    def _linear(self, name: str, x: Floats) -> Floats:
        out = x @ self._w[f"{name}.weight"].T
        return out + self._w[f"{name}.bias"] if f"{name}.bias" in self._w else out


def _has_shape(array: Floats, shape: tuple[int | None, ...]) -> bool:
    return array.ndim == len(shape) and all(wanted in (None, size) for size, wanted in zip(array.shape, shape, strict=True))


def _compare(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Product and distance of unit vectors [..., H], scaled."""
    a, b = (x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12) for x in (left, right))
    return MATCH_SCALE * a * b, MATCH_SCALE * np.abs(a - b)


def _match_features(vectors: Floats, pieces: int) -> Floats:
    """[1, 3H]: [CLS], and product and distance of the means of the sentence's and the function's half."""
    halves = vectors[1 : 1 + pieces].mean(axis=0), vectors[pieces + 2 :].mean(axis=0)
    return np.concatenate([vectors[0], *_compare(*halves)])[None]


def _mean(a: Floats, b: Floats) -> Floats:
    return ((a + b) / 2).astype(np.float32)


def _sigmoid(x: Floats) -> Floats:
    return (1.0 / (1.0 + np.exp(-np.clip(x, -30, 30)))).astype(np.float32)


def _softmax(x: Floats) -> Floats:
    if x.size == 0:
        return x
    shifted = np.exp(x - x.max(axis=-1, keepdims=True))
    return (shifted / shifted.sum(axis=-1, keepdims=True)).astype(np.float32)
