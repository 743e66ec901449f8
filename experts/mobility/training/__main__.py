"""`python -m experts.mobility.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.mobility.model import MODEL
from experts.signals.csi import Link
from experts.training.links import AUDIBLE, radio
from experts.training.make import make


def label(link: Link) -> int:
    return 0 if link.speed < 0.1 else 1 if link.speed < 0.8 else 2


RECIPE = radio(
    "mobility",
    MODEL,
    label,
    title="Mobility",
    description="Tells from the Doppler spread of the radio channel whether a device stands still, moves slowly (up to 0.8 m/s) or fast.",
    valid=AUDIBLE,
    limits="People who walk by a still device look like slow motion. Below 5 dB SNR noise looks like motion.",
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
