"""What it is trained and judged on; `python -m experts.training snr`."""

from __future__ import annotations

from experts.signals.csi import Link
from experts.signals.links import RANGES, any_snr, radio
from experts.snr.model import MODEL


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
    means={
        "none": "too noisy for any WiFi rate",
        "MCS 0-2": "enough signal for the slow rates, MCS 0 to 2: messages, no video",
        "MCS 3-4": "enough signal for the middle rates, MCS 3 and 4: one video stream",
        "MCS 5-7": "enough signal for the fast rates, MCS 5 to 7: video",
    },
    limits="Borders are 4, 12 and 20 dB (IEEE 802.11-2020 table 19-23, minimum sensitivities against a noise figure of 10 dB less the 5 dB of margin); interference is not noise, ask the interference expert about it.",
)
