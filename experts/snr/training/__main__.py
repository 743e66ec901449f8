"""`python -m experts.snr.training` writes the expert's network and card."""

from __future__ import annotations

from pathlib import Path

from experts.signals.csi import Link
from experts.snr.model import MODEL
from experts.training.links import RANGES, any_snr, radio
from experts.training.make import make


def label(link: Link) -> int:
    return 0 if link.snr < 4 else 1 if link.snr < 12 else 2 if link.snr < 20 else 3


RECIPE = radio(
    "snr",
    MODEL,
    label,
    links=any_snr,
    covered="SNR",
    title="SNR and usable MCS",
    description="Tells the signal to noise ratio of a WiFi link and which modulation and coding schemes of 802.11n it carries, and so whether it is good enough for video or only for short messages.",
    trained_on={**RANGES, "SNR": "-2 to 35 dB"},
    limits="Borders are 4, 12 and 20 dB (IEEE 802.11-2020 table 19-23, minimum sensitivities against a noise figure of 10 dB less the 5 dB of margin); interference is not noise, ask the interference expert about it.",
)

if __name__ == "__main__":
    make(RECIPE, Path(__file__).parents[1])
