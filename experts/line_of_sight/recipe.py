"""What it is trained and judged on; `python -m experts.training line_of_sight`."""

from __future__ import annotations

from experts.line_of_sight.model import MODEL
from experts.signals.csi import Link
from experts.signals.links import AUDIBLE, radio


def label(link: Link) -> int:
    return 0 if link.k_db is not None else 1


RECIPE = radio(
    "line_of_sight",
    MODEL,
    label,
    title="Line of sight",
    description="Tells from the radio channel whether the straight path between a device and its access point is free or blocked by shelves, walls or people.",
    valid=AUDIBLE,
    means={"line of sight": "in line of sight", "no line of sight": "not in line of sight"},
    limits="A line of sight with a K factor below 3 dB looks like none, and a fifth of what it then answers is wrong.",
)
