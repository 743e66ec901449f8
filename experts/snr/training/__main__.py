"""`python -m experts.snr.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.signals.csi import Link
from experts.snr.model import MODEL
from experts.training.links import RANGES, any_snr, drawing, shifts
from experts.training.make import Recipe, make


def label(link: Link) -> int:
    return 0 if link.snr < 4 else 1 if link.snr < 12 else 2 if link.snr < 20 else 3


RECIPE = Recipe(
    name="snr",
    model=MODEL,
    draw=drawing(label, any_snr),
    shifts={name: draw for name, draw in shifts(label, any_snr).items() if name != "SNR"},
    told={
        "version": "1.0.0",
        "title": "SNR and usable MCS",
        "description": "Tells the signal to noise ratio of a WiFi link and which modulation and coding schemes of 802.11n it carries, and so whether it is good enough for video or only for short messages.",
        "asks": [
            "Is the link of robot 3 good enough for video?",
            "Which MCS can the camera use?",
            "How much signal above the noise does the scanner have?",
        ],
        "data": "TDL channels of 3GPP TR 38.901 v16.1 with InF and InH statistics, seen as commodity WiFi sees them (experts/signals)",
        "command": "python -m experts.snr.training",
        "trained_on": {**RANGES, "SNR": "-2 to 35 dB"},
        "limits": "Borders are 4, 12 and 20 dB (IEEE 802.11-2020 table 19-23, minimum sensitivities against a noise figure of 10 dB less the 5 dB of margin); interference is not noise, ask the interference expert about it.",
    },
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
