"""What `device_agent.training.calibrate` computes from rows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MOST = 0.03
"""Share of all cases that may be wrong actions; `act` is chosen by it."""
CERTAIN, SAMPLES = 0.95, 4000


def fit(rows: Any, right: Any, ridge: float = 1.0, rounds: int = 60) -> Any:
    """Weights [F] of a logistic regression by Newton's method; `rows` [n, F]. Features are scaled while fitting, and only they are held back."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    mean[0], scale[0] = 0.0, 1.0
    x, held = ((rows - mean) / scale).astype(np.float64), np.full(rows.shape[1], ridge)
    held[0] = 1e-6
    w = np.zeros(rows.shape[1])
    for _ in range(rounds):
        chance = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (chance - right) + held * w
        w -= np.linalg.solve((x * (chance * (1.0 - chance))[:, None]).T @ x + np.diag(held), slope)
    out = w / scale
    out[0] -= (out * mean).sum()
    return out.astype(np.float32)


def lowest(sure: Sequence[tuple[float, bool]], kinds: Sequence[str], cases: Mapping[str, int]) -> float:
    """The least hundredth from which acting does the wrong thing in no more than `MOST` of all cases, in `CERTAIN` of the samples of the kinds that
    could have been drawn instead (bootstrap; Efron, 1979). `sure`: confidence and rightness of each call; `kinds`: its kind; `cases`: of each kind."""
    names = list(cases)
    counts = np.array([cases[name] for name in names])
    drawn = np.random.default_rng(0).integers(0, len(names), (SAMPLES, len(names)))

    def share(act: float) -> float:
        wrong = Counter(kind for (chance, right), kind in zip(sure, kinds, strict=True) if chance >= act and not right)
        each = np.array([wrong[name] for name in names])[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        return float(np.quantile(each, CERTAIN))

    return next(n / 100 for n in range(102) if share(n / 100) <= MOST)
