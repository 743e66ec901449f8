"""How often an end like this one was right: logistic regression on what the reader saw, fitted on kinds of devices kept for it alone. Pure.

Platt scaling (Platt, 1999) with a few features more than the score; one fit for each sort of end, since a refusal is no call.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from device_agent.hypothesis import Considered, Interpretation

Floats = NDArray[np.float32]
End = Literal["call", "missing", "refusal"]
ENDS: tuple[End, ...] = ("call", "missing", "refusal")
FEATURES = ("one", "confidence", "weakest argument", "similarity", "lead", "arguments")
"""1; logit of the reader's confidence; log of an argument's least; cosine of the nearest function; its lead over the next; how many are said."""
SHAPE = (len(ENDS), len(FEATURES))
_LEAST, _WIDEST = 1e-4, 0.4


def identity() -> Floats:
    """Leaves every confidence as it is: before anything was fitted."""
    weights = np.zeros(SHAPE, np.float32)
    weights[:, 1] = 1.0
    return weights


def end_of(read: Interpretation) -> End:
    return "call" if read.name is not None else "missing" if read.reason == "missing_argument" else "refusal"


def features(read: Interpretation, near: Sequence[Considered]) -> Floats:
    """[6], as `FEATURES` names them."""
    sure = min(max(read.confidence, _LEAST), 1.0 - _LEAST)
    arguments = read.argument_confidence.values()
    alike = sorted((c.similarity for c in near), reverse=True)
    lead = min(alike[0] - alike[1], _WIDEST) if len(alike) > 1 else _WIDEST
    weakest = math.log(max(min(arguments, default=1.0), _LEAST))
    return np.array([1.0, math.log(sure / (1.0 - sure)), weakest, alike[0] if alike else 0.0, lead, len(arguments)], np.float32)


def calibrated(read: Interpretation, near: Sequence[Considered], weights: Floats) -> float:
    """Probability that this end is right."""
    logit = float(weights[ENDS.index(end_of(read))] @ features(read, near))
    return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))
