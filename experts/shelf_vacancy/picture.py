"""`python -m experts.shelf_vacancy.picture OUT`: twelve rendered frames with the expert's verdict on each slot; needs matplotlib (the extra `plots`).

A tick: right; a cross on a dark ground: wrong; a question mark: not sure enough. The first four frames are like those trained on, each of the
others is of one held-out split.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from experts.expert import Expert
from experts.shelf_vacancy.model import MODEL
from experts.shelf_vacancy.splits import SHIFTS, TRAINED, draw
from experts.window import Window
from schemas.experts import Part

matplotlib.use("Agg")
from matplotlib import pyplot

ROWS, COLUMNS, SEED = 3, 4, 2026
STYLES = {"right": ("✓", "white", "#0f766e"), "wrong": ("✗", "#fde047", "black"), "unsure": ("?", "black", "#e2e8f0")}


def grid(expert: Expert) -> Any:
    """A figure of ROWS × COLUMNS frames."""
    figure, axes = pyplot.subplots(ROWS, COLUMNS, figsize=(14, 8.6), layout="constrained")
    splits = [("as trained", TRAINED)] * 4 + [(f"unseen {name}", ranges) for name, ranges in SHIFTS.items() for _ in range(2)]
    for number, (axis, (title, ranges)) in enumerate(zip(axes.flat, splits, strict=True)):
        window, labels = draw(ranges, np.random.default_rng([SEED, number]))
        verdict = expert.judge(window)
        axis.set_title(f"{title}: {verdict.label or verdict.abstained}", fontsize=10)
        show(axis, window, labels, verdict.parts)
    figure.supxlabel("✓ right   ✗ wrong   ? not sure enough   (free / occ: what the expert says)", fontsize=10)
    return figure


def show(axis: Any, window: Window, labels: tuple[int, ...], parts: tuple[Part, ...]) -> None:
    axis.imshow(window.arrays["frame"], interpolation="nearest")
    axis.set_axis_off()
    for box, truth, part in zip(window.arrays["slots"], labels, parts, strict=True):
        outcome = "unsure" if part.label is None else "right" if part.label == MODEL.labels[truth] else "wrong"
        mark, ink, ground = STYLES[outcome]
        x0, y0, x1, y1 = (float(v) for v in box)
        axis.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="white", linewidth=0.6, linestyle="solid" if outcome == "right" else "dotted")
        text = f"{mark} {(part.label or '')[:4].replace('occu', 'occ')}".strip()
        patch = {"facecolor": ground, "edgecolor": "none", "alpha": 0.85, "pad": 1.2}
        axis.text((x0 + x1) / 2, y0 + 2, text, color=ink, fontsize=6, ha="center", va="top", bbox=patch)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Which file? python -m experts.shelf_vacancy.picture OUT.png")
    grid(Expert(Path(__file__).parent, MODEL)).savefig(sys.argv[1], dpi=110)


if __name__ == "__main__":
    main()
