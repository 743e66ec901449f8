"""`python -m experts.delay_spread.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.delay_spread.model import MODEL
from experts.signals.csi import Link
from experts.training.links import RANGES, drawing, shifts
from experts.training.make import Recipe, make


def label(link: Link) -> int:
    return 0 if link.delay_spread < 30 else 1 if link.delay_spread < 90 else 2


RECIPE = Recipe(
    name="delay_spread",
    model=MODEL,
    draw=drawing(label),
    shifts=shifts(label),
    told={
        "version": "1.0.0",
        "title": "Delay spread",
        "description": "Tells how long the echoes of a radio link last: short (below 30 ns), medium (30 to 90 ns) or long (above 90 ns), which is what limits wide channels and high modulations.",
        "asks": [
            "How strong are the echoes where robot 2 stands?",
            "What is the delay spread of the link in bay 7?",
            "Are there long echoes in the hall?",
        ],
        "data": "TDL channels of 3GPP TR 38.901 v16.1 with InF and InH statistics, seen as commodity WiFi sees them (experts/signals)",
        "command": "python -m experts.delay_spread.training",
        "trained_on": RANGES,
        "valid": {"snr": [5.5, 60.0]},
        "limits": "20 MHz resolve 50 ns; spreads near 30 and 90 ns are often told as unsure.",
    },
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
