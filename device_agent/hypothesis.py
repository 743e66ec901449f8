"""Hypotheses about one call: weighed against each other and against "nothing fits", checked against the schema, decided upon. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, JsonValue

from device_agent.extraction import Argument
from device_agent.quantities import Quantity
from device_agent.values import number_for
from schemas.base import Frozen
from schemas.skills import Function, Parameter

Decision = Literal["act", "ask", "refuse"]
Reason = Literal["none_fits", "missing_argument", "out_of_range", "several"]


class InterpreterSettings(Frozen):
    """All thresholds in one place. Chosen on held-out kinds of devices (models/parley-reader-2.toml)."""

    candidates: int = 6
    close: float = 0.05
    margin: float = 0.25
    plain: float = 0.85
    """The nearest function is read first, with those that are `close` to it, as cosines. Where none of them is as probable as `plain`, or a value
    would be out of its range, those within `margin` are read, too: a plain sentence costs one or two passes, doubt at most `candidates`."""
    sure: float = 0.4
    """Where the arguments together are less certain than this, the function is read once more with its parameters in reverse order."""
    choice: float = 10.0
    """Weight of the cosine of sentence and option beside the logarithm of the option's probability."""
    none: float = 0.65
    """Probability of "nothing fits" from which a sentence is refused."""
    several: float = 0.7
    """Match probability from which each half of a sentence is a request of its own; `half`: its least cosine with a function; from `hint` on, both
    halves are read, since what might be two requests is evidence against one."""
    half: float = 0.5
    hint: float = 0.3
    act: float = 0.82
    """Confidence from which a call is made without asking."""
    catalogues: int = 256
    """Prepared catalogues kept in memory."""


class Considered(Frozen):
    """One candidate: cosine of retrieval, and the reader's probability (None = not read)."""

    name: str
    similarity: float
    match: float | None = None


class Interpretation(Frozen):
    """`name` and `arguments` are the best hypothesis, also when the decision is to ask; `name` is None when no call may be made, for `reason`.

    Arguments hold only what the sentence says, nested as the schema nests them; `argument_confidence` and `missing` use dotted parameter names.
    """

    name: str | None
    arguments: dict[str, JsonValue] = {}
    decision: Decision
    confidence: float
    reason: Reason | None = None
    candidates: tuple[Considered, ...] = ()
    missing: tuple[str, ...] = ()
    argument_confidence: dict[str, float] = {}
    ms: float = 0.0
    evidence: tuple[float, ...] = Field(default=(), exclude=True, repr=False)
    """What its confidence was calibrated with (`device_agent.calibration`); empty: it was not."""


@dataclass(frozen=True)
class Hypothesis:
    """One candidate with what the reader found for it. `logit` is the match against "nothing fits"; `found` by the parameter's number."""

    function: Function
    parameters: tuple[Parameter, ...]
    similarity: float
    logit: float
    found: dict[int, Argument]
    quantities: Sequence[Quantity]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(self.parameters[i].name for i in self.lacking)

    @property
    def lacking(self) -> tuple[int, ...]:
        """Numbers of the required parameters that the sentence does not say."""
        return tuple(i for i, p in enumerate(self.parameters) if p.required and p.default is None and i not in self.found)

    @property
    def fits_range(self) -> bool:
        return all(argument.in_range for argument in self.found.values())

    @property
    def confidence(self) -> float:
        """Product of the arguments' confidences."""
        return math.prod(argument.confidence for argument in self.found.values())

    @property
    def homeless(self) -> int:
        """Quantities with a unit that no parameter could take: "fifteen minutes" is odd for a function of litres."""
        measured = [p for p in self.parameters if p.unit is not None]
        return sum(all(number_for(q, p) is None for p in measured) for q in self.quantities if q.unit is not None)


SIMILARITY, RANGE, HOMELESS, CONFIDENCE = 8.0, 2.0, 1.0, 0.2
"""Logits per cosine, for a value out of range, per homeless quantity, and per unit of log confidence; chosen on held-out kinds."""


def weigh(hypotheses: Sequence[Hypothesis]) -> tuple[float, list[float]]:
    """Probability that nothing fits, by the reader alone, and of each hypothesis, among which the evidence of its arguments counts too."""
    none = 1.0 - sum(match_probabilities([h.logit for h in hypotheses]))
    weights = [
        h.logit + SIMILARITY * h.similarity - RANGE * (not h.fits_range) - HOMELESS * h.homeless + CONFIDENCE * math.log(max(h.confidence, 1e-3))
        for h in hypotheses
    ]
    raised = [math.exp(w - max(weights)) for w in weights]
    return none, [(1.0 - none) * x / sum(raised) for x in raised]


def match_probabilities(logits: list[float]) -> list[float]:
    """Softmax over the candidates and "none" (logit 0); the rest up to 1 is the probability that nothing fits."""
    top = max(0.0, *logits)
    raised = [math.exp(x - top) for x in logits]
    total = sum(raised) + math.exp(-top)
    return [x / total for x in raised]


def judge(best: Hypothesis, chance: float) -> Interpretation:
    """Check what was found against the schema. `chance`: probability of the hypothesis. Whether a call is made is `decided` later."""
    if best.missing:
        return Interpretation(name=None, decision="ask", confidence=chance, reason="missing_argument", missing=best.missing)
    confidences = {best.parameters[i].name: round(a.confidence, 4) for i, a in best.found.items()}
    confidence = chance * best.confidence
    if not best.fits_range:
        return Interpretation(name=None, decision="refuse", confidence=confidence, reason="out_of_range", argument_confidence=confidences)
    arguments: dict[str, JsonValue] = {}
    for i, argument in best.found.items():
        _put(arguments, best.parameters[i].path, argument.value)
    return Interpretation(name=best.function.name, arguments=arguments, decision="ask", confidence=confidence, argument_confidence=confidences)


def decided(read: Interpretation, confidence: float, act: float) -> Interpretation:
    """With its calibrated confidence; a call is made from `act` on."""
    decision: Decision = "act" if read.name is not None and confidence >= act else read.decision
    return read.model_copy(update={"confidence": confidence, "decision": decision})


def _put(arguments: dict[str, JsonValue], path: tuple[str, ...], value: JsonValue) -> None:
    at = arguments
    for key in path[:-1]:
        inner = at.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        at = inner
    at[path[-1]] = value
