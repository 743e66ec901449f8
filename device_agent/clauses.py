"""Where a sentence may be two requests. Code only finds the seams; whether both halves are requests is judged by the reader."""

from __future__ import annotations

import re

from device_agent.quantities import find_quantities

_LINKS = "and then|and also|and after that|and afterwards|after that|afterwards|and|then|also|but first|plus"
_SEAM = re.compile(rf"(?:\s*[,;.!?]\s*|\s+)(?:{_LINKS})\s*,?\s+|\s*;\s*|(?<=\w)[.!?]\s+(?=\w)", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+\S+(?:\s+\S+)?$", re.IGNORECASE)
_SHORTEST = 2
"""Words of a half; "on and off" is no pair of requests, "stop and dock now" may be."""


def halves(text: str, most: int = 3) -> list[tuple[str, str]]:
    """The sentence cut in two at each seam, at most `most` times, as (before, after). "Two and a half" and "between 3 and 5" have no seam."""
    quantities = find_quantities(text)
    seams = [m for m in _SEAM.finditer(text) if not any(q.start < m.end() and m.start() < q.end for q in quantities)]
    cuts = [(text[: m.start()].strip(), text[m.end() :].strip()) for m in seams if not _BETWEEN.search(text[: m.start()])]
    return [(a, b) for a, b in cuts if a and b and len(a.split()) + len(b.split()) > _SHORTEST][:most]
