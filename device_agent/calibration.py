"""How often an end like this one was right: the mean of a logistic regression and of boosted trees on what the reader saw, fitted on kinds of devices
kept for it alone. Pure.

Platt scaling (Platt, 1999) with features beside the score, and gradient boosting (Friedman, 2001) for what lines cannot say; one fit of both for each
sort of end, since a refusal is no call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from device_agent.clauses import Seams
from device_agent.extraction import Argument
from device_agent.heads import FEATURES, SPLITS, Calibration, Floats, Reading
from device_agent.hypothesis import Hypothesis, Interpretation
from device_agent.reader import Sentence
from device_agent.scripts import runs_on

End = Literal["call", "missing", "refusal"]
ENDS: tuple[End, ...] = ("call", "missing", "refusal")
_LEAST = 1e-4


def identity() -> Calibration:
    """Leaves every confidence as it is: before anything was fitted."""
    lines = np.zeros((len(ENDS), len(FEATURES)), np.float32)
    lines[:, FEATURES.index("confidence")] = 1.0
    return by_lines(lines)


def by_lines(lines: Floats) -> Calibration:
    """Without trees. `lines`: [3, F]."""
    none = np.zeros((len(ENDS), 0, SPLITS), np.float32)
    return Calibration(lines, none.astype(np.intp), none, np.zeros((len(ENDS), 0, SPLITS + 1), np.float32), np.zeros(len(ENDS), np.float32))


def end_of(read: Interpretation) -> End:
    return "call" if read.name is not None else "missing" if read.reason == "missing_argument" else "refusal"


def evidence(
    read: Interpretation,
    best: Hypothesis,
    reading: Reading,
    chances: Sequence[float],
    sentence: Sentence,
    agreed: int,
    lead: float,
    seams: Seams,
) -> tuple[float, ...]:
    """What speaks for an end and against it, as `FEATURES` names it. `best`, `reading`: the likeliest hypothesis; `chances`: of all read; `agreed`:
    1 or -1 where it was read twice, else 0; `lead`: of the nearest function over the next, as cosines."""
    found = [(best.parameters[p], a, reading.options[p]) for p, a in best.found.items()]
    unsaid = [float(s) for p, s in enumerate(reading.said) if p not in best.found]
    ordered = sorted(chances, reverse=True)
    numbers = [a.confidence for p, a, _ in found if p.is_number]
    leads = [_lead(options) for p, _, options in found if p.is_option and len(options) > 1]
    options = [p for p in best.found if p < len(reading.near) and reading.near[p].size > 1]
    texts = [a.confidence for p, a, _ in found if p.type == "string" and not p.choices]
    each = sorted(a.confidence for _, a, _ in found)
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
        "options": sum(p.is_option for p, _, _ in found),
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
        "texts": len(texts),
        "least text": _log(min(texts, default=1.0)),
        "least option": _log(min((a.confidence for p, a, _ in found if p.is_option), default=1.0)),
        "switches": sum(p.type == "boolean" for p, _, _ in found),
        "lists": sum(p.type == "array" for p, _, _ in found),
        "homeless": best.homeless,
        "unsaid": sum(_log(1.0 - chance) for chance in unsaid),
        "match": best.logit,
        "spare numbers": len(best.quantities) - len(numbers),
        "second argument": _log(each[1]) if len(each) > 1 else 0.0,
        "left out": len(best.parameters) - len(found),
        "runner-up": ordered[1] if len(ordered) > 1 else 0.0,
        "seam": seams.apart,
        "seam across": seams.across,
        "option apart": min((_apart(reading.near[p], reading.options[p]) for p in options), default=0.0),
    }
    return tuple(float(told[name]) for name in FEATURES)


def calibrated(seen: Sequence[float], end: End, fitted: Calibration) -> float:
    """Probability that an end with this evidence is right."""
    n, row = ENDS.index(end), np.asarray(seen, np.float32)
    chances = [_sigmoid(float(fitted.lines[n] @ row))]
    if trees := fitted.leaves.shape[1]:
        node = np.zeros((trees, 1), np.intp)
        while node[0, 0] < SPLITS:
            asked, cut = np.take_along_axis(fitted.features[n], node, axis=1), np.take_along_axis(fitted.cuts[n], node, axis=1)
            node = 2 * node + 1 + (row[asked] > cut)
        leaves: Floats = np.take_along_axis(fitted.leaves[n], node - SPLITS, axis=1)
        chances.append(_sigmoid(float(fitted.base[n] + leaves.sum())))
    return sum(chances) / len(chances)


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


def _quoted(sentence: Sentence, arguments: Iterable[Argument]) -> int:
    """Pieces of the sentence that are an argument word for word."""
    at = ((sentence.text.find(a.value), a.value) for a in arguments if isinstance(a.value, str) and a.value)
    return sum(len(sentence.pieces_in(start, start + len(text))) for start, text in at if start >= 0)


def _lead(options: Floats) -> float:
    """How far the likeliest option is before the next."""
    second, first = np.sort(options)[-2:]
    return float(first - second)


def _apart(near: Floats, options: Floats) -> float:
    """How far the likeliest option is nearer than the nearest other one."""
    best = int(options.argmax())
    return float(near[best] - np.delete(near, best).max())


def _logit(chance: float) -> float:
    inside = min(max(chance, _LEAST), 1.0 - _LEAST)
    return math.log(inside / (1.0 - inside))


def _log(chance: float) -> float:
    return math.log(max(chance, _LEAST))
