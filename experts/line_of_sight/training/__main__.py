"""`python -m experts.line_of_sight.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.line_of_sight.model import MODEL
from experts.signals.csi import Link
from experts.training.links import RANGES, drawing, shifts
from experts.training.make import Recipe, make


def label(link: Link) -> int:
    return 0 if link.k_db is not None else 1


RECIPE = Recipe(
    name="line_of_sight",
    model=MODEL,
    draw=drawing(label),
    shifts=shifts(label),
    told={
        "version": "1.0.0",
        "title": "Line of sight",
        "description": "Tells from the radio channel whether the straight path between a device and its access point is free or blocked by shelves, walls or people.",
        "asks": [
            "Is robot 3 in line of sight of the access point?",
            "Does something stand between the camera and its base station?",
            "Is the straight path to the access point blocked?",
        ],
        "data": "TDL channels of 3GPP TR 38.901 v16.1 with InF and InH statistics, seen as commodity WiFi sees them (experts/signals)",
        "command": "python -m experts.line_of_sight.training",
        "trained_on": RANGES,
        "valid": {"snr": [5.5, 60.0]},
        "limits": "Below a K factor of about 0 dB a line of sight looks like none; it then says that it is unsure.",
    },
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
