"""`python -m experts.fading.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.fading.model import MODEL
from experts.signals.csi import Link
from experts.training.links import RANGES, any_k, drawing, shifts
from experts.training.make import Recipe, make


def label(link: Link) -> int:
    return 0 if link.k_db is None or link.k_db < 0 else 1 if link.k_db < 8 else 2


RECIPE = Recipe(
    name="fading",
    model=MODEL,
    draw=drawing(label, any_k),
    shifts={name: draw for name, draw in shifts(label, any_k).items() if name != "K"},
    told={
        "version": "1.0.0",
        "title": "Fading",
        "description": "Tells how strongly the radio signal fades when something moves: Rayleigh (no dominant path), Ricean, or strongly Ricean (one dominant path, nearly steady).",
        "asks": [
            "Does the signal of robot 2 fade deeply?",
            "Is there a dominant path on the link of the crane?",
            "What fading does the scanner see?",
        ],
        "data": "TDL channels of 3GPP TR 38.901 v16.1 with InF and InH statistics, seen as commodity WiFi sees them (experts/signals)",
        "command": "python -m experts.fading.training",
        "trained_on": {**RANGES, "K factor": "-5 to 18 dB, or none"},
        "valid": {"snr": [5.5, 60.0]},
        "limits": "Borders are K factors of 0 and 8 dB; links near a border are often told as unsure, and so are links on which nothing moves.",
    },
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
