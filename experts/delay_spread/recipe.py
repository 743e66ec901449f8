"""What it is trained and judged on; `python -m experts.training delay_spread`."""

from __future__ import annotations

from experts.delay_spread.model import MODEL
from experts.signals.csi import Link
from experts.signals.links import AUDIBLE, radio


def label(link: Link) -> int:
    return 0 if link.delay_spread < 30 else 1 if link.delay_spread < 90 else 2


RECIPE = radio(
    "delay_spread",
    MODEL,
    label,
    title="Delay spread",
    description="Tells how long the echoes of a radio link last: short (below 30 ns), medium (30 to 90 ns) or long (above 90 ns), which is what limits wide channels and high modulations.",
    valid=AUDIBLE,
    means={"short": "short echoes, below 30 ns", "medium": "echoes of 30 to 90 ns", "long": "long echoes, above 90 ns"},
    limits="20 MHz resolve 50 ns; spreads near 30 and 90 ns are often told as unsure.",
)
