"""How often an end like this one was right: logistic regression on what the reader saw, fitted on kinds of devices kept for it alone. Pure.

Platt scaling (Platt, 1999) with features beside the score; one fit for each sort of end, since a refusal is no call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from device_agent.extraction import Argument
from device_agent.heads import CALIBRATION, FEATURES, Floats, Reading
from device_agent.hypothesis import Hypothesis, Interpretation
from device_agent.reader import Sentence
from device_agent.scripts import runs_on
from schemas.skills import Parameter

End = Literal["call", "missing", "refusal"]
ENDS: tuple[End, ...] = ("call", "missing", "refusal")
_LEAST = 1e-4


def identity() -> Floats:
    """Leaves every confidence as it is: before anything was fitted."""
    weights = np.zeros(CALIBRATION, np.float32)
    weights[:, FEATURES.index("confidence")] = 1.0
    return weights


def end_of(read: Interpretation) -> End:
    return "call" if read.name is not None else "missing" if read.reason == "missing_argument" else "refusal"


def evidence(
    read: Interpretation, best: Hypothesis, reading: Reading, chances: Sequence[float], sentence: Sentence, agreed: int, lead: float
) -> tuple[float, ...]:
    """What speaks for an end and against it, as `FEATURES` names it. `best`, `reading`: the likeliest hypothesis; `chances`: of all read; `agreed`:
    1 or -1 where it was read twice, else 0; `lead`: of the nearest function over the next, as cosines."""
    found = [(best.parameters[p], a, reading.options[p]) for p, a in best.found.items()]
    unsaid = [float(s) for p, s in enumerate(reading.said) if p not in best.found]
    ordered = sorted(chances, reverse=True)
    numbers = [a.confidence for p, a, _ in found if _is_number(p)]
    leads = [_lead(options) for p, _, options in found if _is_option(p) and len(options) > 1]
    told = {
        "one": 1.0,
        "confidence": _logit(read.confidence),
        "weakest argument": _log(min(read.argument_confidence.values(), default=1.0)),
        "margin": ordered[0] - (ordered[1] if len(ordered) > 1 else 0.0),
        "candidates": len(ordered),
        "least said": _log(min((float(reading.said[p]) for p in best.found), default=1.0)),
        "most unsaid": _logit(max(unsaid, default=0.0)),
        "option lead": min(leads, default=1.0),
        "least number": _log(min(numbers, default=1.0)),
        "numbers": len(numbers),
        "options": sum(_is_option(p) for p, _, _ in found),
        "parameters": len(best.parameters),
        "pieces": len(sentence.ids),
        "rest": len(sentence.ids) - _quoted(sentence, [a for _, a, _ in found]),
        "read twice": abs(agreed),
        "agreed": agreed,
        "similarity": best.similarity,
        "nearest lead": lead,
        "required said": sum(p.required for p, _, _ in found),
        "optional said": sum(not p.required for p, _, _ in found),
        "runs on": any(runs_on(c) for c in sentence.text),
    }
    return tuple(float(told[name]) for name in FEATURES)


def calibrated(seen: Sequence[float], end: End, weights: Floats) -> float:
    """Probability that an end with this evidence is right."""
    logit = float(weights[ENDS.index(end)] @ np.asarray(seen, np.float32))
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


def _is_option(parameter: Parameter) -> bool:
    return bool(parameter.choices) or parameter.type == "boolean"


def _is_number(parameter: Parameter) -> bool:
    return parameter.type in ("number", "integer") and not parameter.choices


def _quoted(sentence: Sentence, arguments: Iterable[Argument]) -> int:
    """Pieces of the sentence that are an argument word for word."""
    at = ((sentence.text.find(a.value), a.value) for a in arguments if isinstance(a.value, str) and a.value)
    return sum(len(sentence.pieces_in(start, start + len(text))) for start, text in at if start >= 0)


def _lead(options: Floats) -> float:
    """How far the likeliest option is before the next."""
    second, first = np.sort(options)[-2:]
    return float(first - second)


def _logit(chance: float) -> float:
    inside = min(max(chance, _LEAST), 1.0 - _LEAST)
    return math.log(inside / (1.0 - inside))


def _log(chance: float) -> float:
    return math.log(max(chance, _LEAST))
