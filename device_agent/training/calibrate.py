"""Fits how sure an end is (device_agent.calibration) on the kinds kept for it, and writes it into the heads; says what each threshold would do.

Each kind stands in the table as fitted on the others (ten folds). `device_agent.training.export` does this, too; alone, for an encoder that was
exported before (its card is then out of date):
python -m device_agent.training.calibrate --model models/parley-reader-2.gguf
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device_agent.calibration import ENDS, calibrated, end_of, identity
from device_agent.heads import Calibration, Heads
from device_agent.hypothesis import InterpreterSettings
from device_agent.interpreter import Interpreter
from device_agent.training.boosting import boosted
from device_agent.training.data import FOLDER, load_kinds, split_of
from device_agent.training.fitting import CERTAIN, MOST, fit, lowest
from device_agent.training.judged import Judged, run_kind
from runtime.llm.llama_cpp.encoder import Encoder

LEAST = 50
"""Sentences of each sort of end, to fit it on."""


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


def fitted(rows: Sequence[Judged]) -> Calibration:
    """For all ends. Raises ValueError where there are too few rows of one."""
    lines, trees = list[Any](), list[Any]()
    for end in ENDS:
        own = [r for r in rows if end_of(r.result) == end and r.result.evidence]
        if len(own) < LEAST:
            raise ValueError(f"{len(own)} sentences end in a {end}: {LEAST} are needed to fit how sure one is")
        x, right = np.array([r.result.evidence for r in own]), np.array([r.as_wanted for r in own])
        lines.append(fit(x, right))
        trees.append(boosted(x, right))
    features, cuts, leaves, base = (np.array(part) for part in zip(*trees, strict=True))
    return Calibration(np.array(lines), features, cuts, leaves, base.astype(np.float32))


def crossed(rows: Sequence[Judged], folds: int = 10) -> tuple[list[tuple[float, bool]], list[str]]:
    """How sure each call is, and whether it is right; and its kind. As fitted on the other kinds of devices, since trees know their own rows too well."""
    kinds = list(dict.fromkeys(r.kind for r in rows))
    fold = {kind: number % folds for number, kind in enumerate(random.Random(0).sample(kinds, len(kinds)))}
    fits = [fitted([r for r in rows if fold[r.kind] != n]) for n in range(folds)]
    calls = [r for r in rows if end_of(r.result) == "call"]
    return [(calibrated(r.result.evidence, "call", fits[fold[r.kind]]), r.as_wanted) for r in calls], [r.kind for r in calls]


def table(sure: Sequence[tuple[float, bool]], kinds: Sequence[str], each: Mapping[str, int]) -> str:
    """What acting from each confidence on would mean: acted on, and wrong, of all cases; and right among those acted on."""
    cases = sum(each.values())
    lines = ["act from   acted on   wrong of all   right of acted"]
    for act in np.arange(0.4, 0.96, 0.05):
        done = [right for chance, right in sure if chance >= act]
        wrong = len(done) - sum(done)
        lines.append(f"{act:8.2f}{len(done) / cases:11.1%}{wrong / cases:15.1%}{sum(done) / max(len(done), 1):17.1%}")
    return "\n".join([*lines, f"no more than {MOST:.0%} wrong, {CERTAIN:.0%} certain, from {lowest(sure, kinds, each):.2f} on"])


def calibrate(weights: Path, data: Path = FOLDER) -> str:
    """Rewrites the heads beside `weights`; the table for people."""
    rows = judged(weights, data, "calibrate")
    fit_, path = fitted(rows), heads_of(weights)
    part = path.with_suffix(".part.npz")
    with np.load(path) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    np.savez(part, **{**arrays, **fit_.arrays()})
    part.replace(path)
    return f"{len(rows)} sentences\n{table(*crossed(rows), Counter(r.kind for r in rows))}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/parley-reader-2.gguf"))
    parser.add_argument("--data", type=Path, default=FOLDER)
    options = parser.parse_args()
    print(calibrate(options.model, options.data))


if __name__ == "__main__":
    main()
