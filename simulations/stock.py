"""What lies on the shelves: slots that are free or hold one item, drawn from the seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_ADJECTIVES = ("small", "large", "blue", "red", "steel", "spare", "fragile", "long")
_NOUNS = ("bearing", "gearbox", "cable reel", "filter", "valve", "hinge set", "lamp", "paint tin", "bolt box", "fan", "motor", "pump")


@dataclass(frozen=True)
class Item:
    name: str
    barcode: str


@dataclass(frozen=True)
class Shelf:
    """`slots` from left to right; None is a free one."""

    number: int
    slots: tuple[Item | None, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(slot for slot in self.slots if slot is not None)

    @property
    def free(self) -> int:
        return len(self.slots) - len(self.items)


def fill(shelves: int, rng: random.Random, slots: Sequence[int] = (4, 8)) -> dict[int, Shelf]:
    """Shelves by number; each has between `slots[0]` and `slots[1]` slots. About one shelf in eight is full, one in eight empty."""
    return {n: Shelf(n, _slots(rng, rng.randint(slots[0], slots[1]))) for n in range(1, shelves + 1)}


def _slots(rng: random.Random, size: int) -> tuple[Item | None, ...]:
    share = rng.choice((0.0, 0.25, 0.5, 0.5, 0.75, 0.75, 0.75, 1.0))
    return tuple(_item(rng) if rng.random() < share else None for _ in range(size))


def _item(rng: random.Random) -> Item:
    return Item(f"{rng.choice(_ADJECTIVES)} {rng.choice(_NOUNS)}", f"4{rng.randrange(10**11):011d}{rng.randrange(10)}")
