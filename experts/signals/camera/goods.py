"""What lies in a slot: goods, which occupy it, and clutter, which does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experts.signals.camera.settings import BEAM, POST, Layout, Pair
from experts.signals.camera.solids import Solid

Floats = NDArray[Any]
Rng = np.random.Generator

CLUTTER_BELOW, GOODS_ABOVE = 0.2, 0.4
"""Shares of the height of a slot's opening."""


@dataclass(frozen=True)
class Opening:
    """The room of one slot, from its left lower front corner (m)."""

    left: float
    floor: float
    layout: Layout

    def solid(self, u: Pair, v: Pair, z: Pair, **looks: Any) -> Solid:
        """What fills these shares of the opening's width, height and depth."""
        size = np.array([self.layout.width - POST, self.layout.height - BEAM, self.layout.depth - 0.02])
        low = np.array([self.left + POST / 2, self.floor, 0.01])
        return Solid(low + size * (u[0], v[0], z[0]), low + size * (u[1], v[1], z[1]), **looks)


def spans(rng: Rng, count: int, low: float, high: float) -> Iterator[Pair]:
    """`count` neighbours that together take a share between `low` and `high`, somewhere in 0–1."""
    whole = rng.uniform(low, high)
    start, shares = rng.uniform(0.0, 1.0 - whole), rng.dirichlet(np.full(count, 8.0)) * whole
    for share in shares:
        yield start, start + share * 0.97
        start += share


def reach(rng: Rng) -> Pair:
    """How far from the front, and how deep; some are pushed to the back."""
    near = rng.uniform(0.0, 0.4) ** 1.5
    return near, rng.uniform(near + 0.25, 1.0)


def cardboard(rng: Rng) -> Floats:
    """Kraft brown from light to dark; some are printed white or coloured."""
    if rng.random() < 0.25:
        return rng.uniform(0.1, 0.8) * rng.uniform(0.6, 1.0, 3)
    return np.array([0.52, 0.36, 0.21]) * rng.uniform(0.5, 1.3) * rng.normal(1.0, 0.04, 3)


def somewhere(rng: Rng) -> tuple[float, float, float, float] | None:
    """A label's place, if there is one."""
    if rng.random() < 0.5:
        return None
    u, v = rng.uniform(0.05, 0.6), rng.uniform(0.1, 0.6)
    return u, v, u + rng.uniform(0.15, 0.35), v + rng.uniform(0.12, 0.35)


def cartons(opening: Opening, rng: Rng) -> Iterator[Solid]:
    """One to three columns of one to three cartons."""
    colour, columns = cardboard(rng), int(rng.integers(1, 4))
    for u in spans(rng, columns, 0.4, 0.97):
        z, rows = reach(rng), int(rng.integers(1, 4))
        tops = np.linspace(0.0, rng.uniform(GOODS_ABOVE, 0.95), rows + 1)
        tint = colour if rng.random() < 0.6 else cardboard(rng)
        for v in zip(tops[:-1], tops[1:] - 0.01, strict=True):
            band = (0.44, 0.0, 0.56, 2.0) if rng.random() < 0.6 else None
            yield opening.solid(u, v, z, colour=tint * rng.normal(1.0, 0.06), texture=0.08, band=band, label=somewhere(rng))


def totes(opening: Opening, rng: Rng) -> Iterator[Solid]:
    """Plastic crates with a rim, blue, grey, red, green, yellow or black."""
    colours = [(0.05, 0.14, 0.4), (0.3, 0.31, 0.33), (0.45, 0.06, 0.05), (0.08, 0.3, 0.12), (0.6, 0.45, 0.06), (0.1, 0.1, 0.1)]
    colour = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.7, 1.4)
    count = int(rng.integers(1, 3))
    for u in spans(rng, count, 0.45 * count, 0.95):
        band, high = (0.0, 0.84, 1.0, 2.0), rng.uniform(GOODS_ABOVE, 0.8)
        yield opening.solid(u, (0.0, high), reach(rng), colour=colour, texture=0.03, band=band, label=somewhere(rng))


def bags(opening: Opening, rng: Rng) -> Iterator[Solid]:
    """One to three plump bags, of paper, woven plastic or film."""
    colour = np.array([(0.5, 0.42, 0.3), (0.6, 0.6, 0.58), (0.16, 0.16, 0.17), (0.15, 0.25, 0.4)][rng.integers(4)]) * rng.uniform(0.7, 1.3)
    high, count = rng.uniform(GOODS_ABOVE, 0.8), int(rng.integers(1, 4))
    for u in spans(rng, count, 0.5, 0.97):
        v = (0.0, high * rng.uniform(0.9, 1.1))
        yield opening.solid(u, v, reach(rng), colour=colour, round=(0, 1, 2), texture=0.1, label=somewhere(rng))


def rolls(opening: Opening, rng: Rng) -> Iterator[Solid]:
    """Film, carpet or paper: standing, lying along the shelf, or with the ends to the front."""
    colour, axes = rng.uniform(0.1, 0.8) * rng.uniform(0.7, 1.0, 3), ((0, 2), (1, 2), (0, 1))[rng.integers(3)]
    count = 1 if axes == (1, 2) else int(rng.integers(1, 4))
    band = (0.4, 0.4, 0.6, 0.6) if axes == (0, 1) else (0.0, 0.8, 1.0, 0.9)
    for u in spans(rng, count, 0.5, 0.97):
        yield opening.solid(u, (0.0, rng.uniform(GOODS_ABOVE, 0.8)), reach(rng), colour=colour, round=axes, texture=0.06, band=band)


GOODS = {"carton": cartons, "tote": totes, "bag": bags, "roll": rolls}


def clutter(opening: Opening, count: int, rng: Rng) -> Iterator[Solid]:
    """Pallet slips, crumpled wrap and small forgotten things, all lower than a fifth of the opening."""
    for _ in range(count):
        kind, left, near = rng.integers(3), rng.uniform(0.0, 0.5), rng.uniform(0.0, 0.5)
        if kind == 0:
            u, v, z = (left * 0.4, rng.uniform(0.6, 1.0)), (0.0, 0.025), (near * 0.5, rng.uniform(0.6, 1.0))
            yield opening.solid(u, v, z, colour=cardboard(rng))
        elif kind == 1:
            u, v, z = (left, left + rng.uniform(0.2, 0.5)), (0.0, rng.uniform(0.06, CLUTTER_BELOW)), (near, near + rng.uniform(0.2, 0.5))
            yield opening.solid(u, v, z, colour=np.full(3, rng.uniform(0.4, 0.85)), round=(0, 1, 2), texture=0.2)
        else:
            u, v, z = (left, left + rng.uniform(0.08, 0.25)), (0.0, rng.uniform(0.06, CLUTTER_BELOW)), (near, near + rng.uniform(0.1, 0.3))
            looks: dict[str, Any] = {"round": ((), (0, 2))[rng.integers(2)], "label": somewhere(rng)}
            yield opening.solid(u, v, z, colour=rng.uniform(0.05, 0.8) * rng.uniform(0.2, 1.0, 3), **looks)
