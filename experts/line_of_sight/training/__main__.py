"""`python -m experts.line_of_sight.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.line_of_sight.model import MODEL
from experts.signals.csi import Link
from experts.training.links import AUDIBLE, radio
from experts.training.make import make


def label(link: Link) -> int:
    return 0 if link.k_db is not None else 1


RECIPE = radio(
    "line_of_sight",
    MODEL,
    label,
    title="Line of sight",
    description="Tells from the radio channel whether the straight path between a device and its access point is free or blocked by shelves, walls or people.",
    valid=AUDIBLE,
    limits="A line of sight with a K factor below 3 dB looks like none, and a fifth of what it then answers is wrong.",
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
