"""What it is trained and judged on; `python -m experts.training fading`."""

from __future__ import annotations

from experts.fading.model import MODEL
from experts.signals.csi import Link
from experts.signals.links import AUDIBLE, RANGES, any_k, radio


def label(link: Link) -> int:
    return 0 if link.k_db is None or link.k_db < 0 else 1 if link.k_db < 8 else 2


RECIPE = radio(
    "fading",
    MODEL,
    label,
    links=any_k,
    covered="K",
    title="Fading",
    description="Tells how strongly the radio signal fades when something moves: Rayleigh (no dominant path), Ricean, or strongly Ricean (one dominant path, nearly steady).",
    trained_on={**RANGES, "K factor": "-5 to 18 dB, or none"},
    valid=AUDIBLE,
    means={
        "rayleigh": "deep fading, without a dominant path",
        "ricean": "some fading, with a dominant path",
        "strong ricean": "nearly steady, with one dominant path",
    },
    limits="Borders are K factors of 0 and 8 dB; links near a border are often told as unsure, and so are links on which nothing moves.",
)
