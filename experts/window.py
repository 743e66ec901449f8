"""Windows of data: named arrays of one kind, checked before an expert looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.experts import WindowKind

Array = NDArray[Any]


class Unreadable(Exception):
    """The window is not one of its kind; the text says what is wrong."""


@dataclass(frozen=True)
class Window:
    """`arrays` by name (shapes and units: `experts.signals.<kind>`), `about` what was set when it was taken (rates, frequencies)."""

    kind: WindowKind
    arrays: Mapping[str, Array]
    about: Mapping[str, float] = field(default_factory=dict)

    def array(self, name: str, shape: tuple[int | None, ...]) -> Array:
        """The array, if it has this shape (None: any length from 1 on) and every value is finite. Raises Unreadable."""
        found = self.arrays.get(name)
        if found is None:
            raise Unreadable(f"a window of kind {self.kind} has an array {name!r}; this one has {sorted(self.arrays) or 'none'}")
        if len(found.shape) != len(shape) or any(n == 0 or (want is not None and n != want) for n, want in zip(found.shape, shape, strict=True)):
            raise Unreadable(f"{name} has the shape {list(found.shape)}; expected {['any' if n is None else n for n in shape]}")
        if not np.issubdtype(found.dtype, np.number) and found.dtype != np.bool_:
            raise Unreadable(f"{name} holds {found.dtype}, not numbers")
        if not np.isfinite(found).all():
            raise Unreadable(f"{name} holds values that are not finite")
        return found

    def setting(self, name: str, low: float, high: float) -> float:
        """What was set, within [low, high]. Raises Unreadable."""
        value = self.about.get(name)
        if value is None or not low <= value <= high:
            raise Unreadable(f"{name} is {value}; expected {low:g} to {high:g}")
        return float(value)
