"""Who does what: items shared among devices, balanced and nearest first. Pure and deterministic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from coordinator.registry import Device
from schemas.site import Site

Point = tuple[float, float]


def place_point(site: Site, place_id: str | None) -> Point | None:
    """Where a place is, m; its zone's point when it has none of its own."""
    seen: set[str] = set()
    while place_id is not None and place_id not in seen:
        seen.add(place_id)
        place = site.place(place_id)
        if place is None:
            return None
        if place.at is not None:
            return place.at
        place_id = place.zone
    return None


def device_point(site: Site, device: Device) -> Point | None:
    """Where a device is, m: by its coordinates, else the place it is at, else the place it belongs to."""
    x, y = device.attributes.get("x"), device.attributes.get("y")
    if isinstance(x, int | float) and isinstance(y, int | float):
        return float(x), float(y)
    at = device.attributes.get("at")
    return place_point(site, at if isinstance(at, str) else None) or place_point(site, device.place)


def distance(a: Point | None, b: Point | None) -> float:
    """Metres; 0 when either is unknown, so that order decides."""
    return math.dist(a, b) if a is not None and b is not None else 0.0


def share(items: Sequence[str], workers: Sequence[str], points: Mapping[str, Point | None], loads: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Worker → its items, in the order in which to do them.

    Rounds: each worker takes one item, the nearest pairs first, counted from its last item; one that has `loads` open already joins that
    many rounds later. So counts differ by at most one (loads included) and nobody crosses the hall for a neighbour's shelf. `points`: of
    workers and items.
    """
    where = {w: points.get(w) for w in workers}
    given: dict[str, list[str]] = {w: [] for w in workers}
    rest = list(dict.fromkeys(items))
    turn = min((loads.get(w, 0) for w in workers), default=0)
    while rest and workers:
        free = [w for w in workers if loads.get(w, 0) <= turn]
        for worker, item in _round(rest, free, where, points):
            given[worker].append(item)
            where[worker] = points.get(item) or where[worker]
            rest.remove(item)
        turn += 1
    return {w: tuple(took) for w, took in given.items()}


def _round(items: list[str], workers: list[str], where: Mapping[str, Point | None], points: Mapping[str, Point | None]) -> list[tuple[str, str]]:
    """One item for each worker while there are any: nearest pairs first; ties go by the order given."""
    pairs = sorted(
        ((distance(where[w], points.get(item)), i, n, w, item) for n, w in enumerate(workers) for i, item in enumerate(items)),
        key=lambda p: (p[0], p[1], p[2]),
    )
    taken: dict[str, str] = {}
    used: set[str] = set()
    for _, _, _, worker, item in pairs:
        if worker not in taken and item not in used:
            taken[worker] = item
            used.add(item)
    return [(w, taken[w]) for w in workers if w in taken]
