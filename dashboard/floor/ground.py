"""The floor that a site tells: its places, what they fill, and which of them a sentence names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from dashboard.clean import name
from schemas.site import Place, Site

Point = tuple[float, float]
"""x, y in m: east and north."""
FARTHEST = 1e6
"""m; a coordinate beyond it is none."""
PLACES = 2000
"""Kept of a site."""


@dataclass(frozen=True)
class Spot:
    """A place. `at`: where a device stands that is there; `corners`: of what it fills; `zone`: it contains others."""

    id: str
    kind: str
    name: str
    at: Point | None = None
    corners: tuple[Point, ...] = ()
    zone: bool = False


@dataclass(frozen=True, eq=False)
class Ground:
    """`words`: what a place may be called, in lower case, and its id. Compared by identity, which is quick."""

    spots: tuple[Spot, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict[str, str])

    def spot(self, ident: str) -> Spot | None:
        return next((s for s in self.spots if s.id == ident), None)


def ground_of(site: Site) -> Ground:
    places = site.places[:PLACES]
    zones = {p.zone for p in places}
    words = {name(word).lower(): p.id for p in places for word in (*p.aliases, p.name, p.id) if name(word)}
    return Ground(tuple(_spot(p, p.id in zones) for p in places), words)


def _spot(place: Place, zone: bool) -> Spot:
    at = place.at if place.at is not None and near(place.at) else None
    corners = place.vertices[:20] if len(place.vertices) > 2 and all(map(near, place.vertices)) else ()
    return Spot(place.id, name(place.kind), name(place.name) or place.id, at, corners, zone)


def near(point: Point) -> bool:
    """Whether it can be on a floor."""
    return all(abs(c) <= FARTHEST for c in point)


@lru_cache(maxsize=2000)
def mentioned(ground: Ground, sentence: str) -> str:
    """Id of the last place that a sentence names, which is where it leads; empty where it names none."""
    pattern = _pattern(ground)
    found = pattern.findall(sentence.lower()) if pattern is not None else []
    return ground.words[found[-1]] if found else ""


@lru_cache(maxsize=4)
def _pattern(ground: Ground) -> re.Pattern[str] | None:
    words = sorted(ground.words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)") if words else None
