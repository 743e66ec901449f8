"""`python -m experts.mobility.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.mobility.model import MODEL
from experts.signals.csi import Link
from experts.training.links import RANGES, drawing, shifts
from experts.training.make import Recipe, make


def label(link: Link) -> int:
    return 0 if link.speed < 0.1 else 1 if link.speed < 0.8 else 2


RECIPE = Recipe(
    name="mobility",
    model=MODEL,
    draw=drawing(label),
    shifts=shifts(label),
    told={
        "version": "1.0.0",
        "title": "Mobility",
        "description": "Tells from the Doppler spread of the radio channel whether a device stands still, moves slowly (up to 0.8 m/s) or fast.",
        "asks": ["Is robot 3 moving?", "How fast does the forklift go, judged by its radio?", "Does the trolley stand still?"],
        "data": "TDL channels of 3GPP TR 38.901 v16.1 with InF and InH statistics, seen as commodity WiFi sees them (experts/signals)",
        "command": "python -m experts.mobility.training",
        "trained_on": RANGES,
        "valid": {"snr": [5.5, 60.0]},
        "limits": "People who walk by a still device look like slow motion. Below 5 dB SNR noise looks like motion.",
    },
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
