"""What it is trained and judged on; `python -m experts.training mobility`."""

from __future__ import annotations

from experts.mobility.model import MODEL
from experts.signals.csi import Link
from experts.signals.links import AUDIBLE, radio


def label(link: Link) -> int:
    return 0 if link.speed < 0.1 else 1 if link.speed < 0.8 else 2


RECIPE = radio(
    "mobility",
    MODEL,
    label,
    title="Mobility",
    description="Tells from the Doppler spread of the radio channel whether a device stands still, moves slowly (up to 0.8 m/s) or fast.",
    valid=AUDIBLE,
    means={"static": "nothing moves there", "slow": "something moves slowly there", "fast": "something moves fast there"},
    limits="People who walk by a still device look like slow motion. Below 5 dB SNR noise looks like motion.",
)
