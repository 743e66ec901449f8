"""The site model: places, zones, aliases and geometry, from TOML or published by the simulation."""

from __future__ import annotations

from schemas.base import Frozen, Value
from schemas.ids import WireId


class Place(Frozen):
    """`at` is x, y in metres, where a device stands that is there. `zone` is the id of the place that contains this one."""

    id: WireId
    kind: str
    name: str
    aliases: tuple[str, ...] = ()
    zone: WireId | None = None
    at: tuple[float, float] | None = None
    vertices: tuple[tuple[float, float], ...] = ()
    """Corners of the ground that it fills, x, y in m; VDA 5050 calls a zone's so."""
    attributes: dict[str, Value] = {}


class Site(Frozen):
    """`kinds` gives other words for kinds of place or device: {"shelf": ("rack",)}."""

    id: WireId = "site"
    name: str = ""
    places: tuple[Place, ...] = ()
    kinds: dict[str, tuple[str, ...]] = {}

    def of_kind(self, kind: str) -> tuple[Place, ...]:
        return tuple(p for p in self.places if p.kind == kind)

    def place(self, place_id: str) -> Place | None:
        return next((p for p in self.places if p.id == place_id), None)
