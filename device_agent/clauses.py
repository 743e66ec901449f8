"""Where a sentence may be two requests. Code only finds the seams; whether both halves are requests is judged by the reader."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from device_agent.quantities import find_quantities
from device_agent.scripts import CJK


@dataclass(frozen=True)
class Cut:
    """A sentence in two; `at`: the character at which the seam begins."""

    before: str
    after: str
    at: int


@dataclass(frozen=True)
class Seams:
    """What speaks for two requests, 0 where nothing does. `several`: the weaker half's match probability; `apart`, `across`: that, times the weaker
    half's cosine with its function, at seams that have no argument of one function on both sides, and at others."""

    several: float = 0.0
    apart: float = 0.0
    across: float = 0.0

    def with_seam(self, similar: float, sure: float, *, between: bool, counts: bool) -> Seams:
        """The weaker half's cosine and match probability. `between`: no function has arguments on both sides; `counts`: it may decide."""
        told = similar * sure
        if not between:
            return replace(self, across=max(self.across, told))
        return Seams(max(self.several, sure) if counts else self.several, max(self.apart, told), self.across)


_LINKS = (
    "and then|and also|and after that|and afterwards|after that|afterwards|and|then|also|but first|plus"
    "|und dann|und danach|und anschließend|und|dann|danach|anschließend|et puis|et ensuite|et|puis|ensuite|y luego|y después|y|luego|después"
)
_SEAM = re.compile(
    rf"(?:\s*[,;.!?]\s*|\s+)(?:{_LINKS})\s*,?\s+|\s*[;；]\s*|(?<=\w)[.!?]\s+(?=\w)|(?<=\w)[，。！]?(?:然后|接着|并且|之后)再?|(?<=\w)[。！](?=\w)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\b(?:between|zwischen|entre)\s+\S+(?:\s+\S+)?$", re.IGNORECASE)
_WORD = re.compile(rf"[{CJK}]{{2}}|[^\s{CJK}]+")
_SHORTEST = 2
"""Words of both halves together; "on and off" is no pair of requests, "stop and dock now" may be."""


def halves(text: str, most: int = 3) -> list[Cut]:
    """The sentence cut in two at each seam, at most `most` times. "Two and a half" and "between 3 and 5" have no seam."""
    quantities = find_quantities(text)
    seams = [m for m in _SEAM.finditer(text) if not any(q.start < m.end() and m.start() < q.end for q in quantities)]
    cuts = [Cut(text[: m.start()].strip(), text[m.end() :].strip(), m.start()) for m in seams if not _BETWEEN.search(text[: m.start()])]
    return [c for c in cuts if c.before and c.after and len(_WORD.findall(c.before)) + len(_WORD.findall(c.after)) > _SHORTEST][:most]
