"""What it is trained and judged on; `python -m experts.training congestion`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experts.congestion.model import MODEL
from experts.recipe import Draw, Recipe, Sample
from experts.signals.packets import LABELS, TRAINED, Ranges, statistics

CROWD = replace(TRAINED, many=(25, 50))
NOISY = replace(TRAINED, noise=(-82.0, -74.0))
HEAVY = replace(TRAINED, load=(0.8, 1.3))
LIGHT = replace(TRAINED, load=(0.01, 0.04))


def drawing(ranges: Ranges) -> Draw:
    def draw(rng: np.random.Generator) -> Sample:
        label = int(rng.integers(len(LABELS)))
        return Sample(statistics(rng, LABELS[label], ranges), (label,))

    return draw


TOLD = {
    "version": "1.0.0",
    "title": "Congestion cause",
    "description": "Tells from the packet statistics of a WiFi link why it is slow: many stations contend, the signal is weak, a hidden node collides, or nothing.",
    "data": "Synthetic: experts/signals/packets.py",
    "command": "python -m experts.training congestion",
    "trained_on": {
        "window": "10 to 30 s of statistics by the second",
        "healthy link": "SNR 11 to 48 dB, at most 4 other stations that fill up to 50 % of the time",
        "contention": "5 to 19 other stations that fill from 60 % of the time up to saturation",
        "weak link": "mean SNR 0 to 13 dB, fading 0.5 to 3 dB",
        "hidden node": "hidden traffic for 8 to 50 % of the time, captured in 0 to 50 % of the cases",
        "noise": "-98 to -82 dBm",
        "load": "4 to 80 % of what the link could carry alone",
        "rates": "802.11n MCS 0 to 7 at 20 MHz, rate control of several sorts",
    },
    "valid": {"signal": [-103.0, -30.0]},
    "means": {
        "healthy": "its link has nothing wrong",
        "contention": "too many stations share its channel",
        "weak_link": "its signal is too weak",
        "hidden_node": "a station that it does not hear collides with it",
    },
    "limits": "One cause at a time, 802.11n with one stream and without aggregation. Little traffic leaves it unsure; so does a link near the edge of two causes.",
}

RECIPE = Recipe(
    name="congestion",
    model=MODEL,
    draw=drawing(TRAINED),
    shifts={"more stations": drawing(CROWD), "rssi band": drawing(NOISY), "heavy load": drawing(HEAVY), "light load": drawing(LIGHT)},
    told=TOLD,
)
