"""Fits how sure an end is (device_agent.calibration) on the kinds kept for it, and writes it into the heads; says what each threshold would do.

`device_agent.training.export` does this, too. Alone, for an encoder that was exported before (its card is then out of date):
python -m device_agent.training.calibrate --model models/parley-reader-2.gguf
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device_agent.calibration import ENDS, calibrated, end_of, identity
from device_agent.heads import Heads
from device_agent.hypothesis import InterpreterSettings
from device_agent.interpreter import Interpreter
from device_agent.training.data import FOLDER, load_kinds, split_of
from device_agent.training.judged import Judged, run_kind
from runtime.llm.llama_cpp.encoder import Encoder

MOST = 0.03
"""Share of all cases that may be wrong actions; `act` is chosen by it."""


def judged(weights: Path, data: Path, split: str) -> list[Judged]:
    """Every sentence of a split's kinds, with the reader's own confidence."""
    heads, encoder = Heads.load(heads_of(weights)), Encoder(weights)
    try:
        interpreter = Interpreter(encoder, heads.recalibrated(identity()), InterpreterSettings())
        return [row for kind in load_kinds(data) if split_of(kind) == split for row in run_kind(kind, interpreter)]
    finally:
        encoder.close()


def heads_of(weights: Path) -> Path:
    return weights.with_name(f"{weights.stem}-heads.npz")


def fitted(rows: Sequence[Judged]) -> Any:
    """Weights for all ends: [3, F], F as many as device_agent.heads.FEATURES."""
    weights = identity()
    for n, end in enumerate(ENDS):
        own = [r for r in rows if end_of(r.result) == end and r.result.evidence]
        if len(own) >= 50:
            x = np.array([r.result.evidence for r in own])
            weights[n] = fit(x, np.array([r.as_wanted for r in own]))
    return weights


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


def table(rows: Sequence[Judged], weights: Any) -> str:
    """What acting from each confidence on would mean: acted on, and wrong, of all cases; and right among those acted on."""
    sure = [(calibrated(r.result.evidence, "call", weights), r.as_wanted) for r in rows if end_of(r.result) == "call"]
    lines = ["act from   acted on   wrong of all   right of acted"]
    for act in np.arange(0.4, 0.96, 0.05):
        done = [right for chance, right in sure if chance >= act]
        wrong = len(done) - sum(done)
        lines.append(f"{act:8.2f}{len(done) / len(rows):11.1%}{wrong / len(rows):15.1%}{sum(done) / max(len(done), 1):17.1%}")
    return "\n".join([*lines, f"no more than {MOST:.0%} wrong from {lowest(sure, len(rows)):.2f} on"])


def lowest(sure: Sequence[tuple[float, bool]], cases: int) -> float:
    """The least hundredth from which acting does the wrong thing in no more than `MOST` of all cases. `sure`: confidence and rightness of each call."""
    return next(n / 100 for n in range(102) if sum(c >= n / 100 and not right for c, right in sure) <= MOST * cases)


def calibrate(weights: Path, data: Path = FOLDER) -> str:
    """Rewrites the heads beside `weights`; the table for people."""
    rows = judged(weights, data, "calibrate")
    fit_, path = fitted(rows), heads_of(weights)
    part = path.with_suffix(".part.npz")
    with np.load(path) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    np.savez(part, **{**arrays, "calibration": fit_})
    part.replace(path)
    return f"{len(rows)} sentences\n{table(rows, fit_)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/parley-reader-2.gguf"))
    parser.add_argument("--data", type=Path, default=FOLDER)
    options = parser.parse_args()
    print(calibrate(options.model, options.data))


if __name__ == "__main__":
    main()
