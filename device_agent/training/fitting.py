"""What `device_agent.training.calibrate` computes from rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MOST = 0.03
"""Share of all cases that may be wrong actions; `act` is chosen by it."""


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


def lowest(sure: Sequence[tuple[float, bool]], cases: int) -> float:
    """The least hundredth from which acting does the wrong thing in no more than `MOST` of all cases. `sure`: confidence and rightness of each call."""
    return next(n / 100 for n in range(102) if sum(c >= n / 100 and not right for c, right in sure) <= MOST * cases)
