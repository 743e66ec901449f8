"""Windows as JSON, for the reply to a window request: base64 arrays with their type and shape. Nothing is larger than `ROOM`."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from experts.window import Array, Unreadable, Window
from schemas.experts import WindowKind

TYPES = ("uint8", "bool", "int16", "int32", "float32", "float64", "complex64")
ROOM = 180_000
"""Bytes of all arrays together: with base64 they stay below an envelope's 256 KiB."""
_KINDS = get_args(WindowKind)


def to_wire(window: Window) -> dict[str, Any]:
    """Raises Unreadable when it does not fit."""
    arrays = {name: _packed(name, array) for name, array in window.arrays.items()}
    if sum(array.nbytes for array in window.arrays.values()) > ROOM:
        raise Unreadable(f"the window holds more than {ROOM} bytes")
    return {"kind": window.kind, "about": {name: float(value) for name, value in window.about.items()}, "arrays": arrays}


def _packed(name: str, array: Array) -> dict[str, Any]:
    if array.dtype.name not in TYPES:
        raise Unreadable(f"{name} holds {array.dtype}; one of {', '.join(TYPES)} is needed")
    return {"type": array.dtype.name, "shape": list(array.shape), "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()}


def from_wire(told: Mapping[str, Any]) -> Window:
    """Raises Unreadable for anything that is not what `to_wire` writes."""
    kind: Any = told.get("kind")
    about, arrays = told.get("about", {}), told.get("arrays")
    if kind not in _KINDS:
        raise Unreadable(f"kind is {str(kind)[:40]!r}; expected one of {', '.join(_KINDS)}")
    if not isinstance(arrays, Mapping) or not isinstance(about, Mapping):
        raise Unreadable("it has no arrays")
    settings = {str(name): float(value) for name, value in about.items() if isinstance(value, int | float) and math.isfinite(value)}
    return Window(kind, {str(name): _unpacked(str(name)[:40], packed) for name, packed in arrays.items()}, settings)


def _unpacked(name: str, packed: Any) -> Array:
    if not isinstance(packed, Mapping) or packed.get("type") not in TYPES:
        raise Unreadable(f"{name} has no type that is known")
    shape, data = packed.get("shape"), packed.get("data")
    if not isinstance(shape, list) or not all(isinstance(n, int) and 0 <= n <= ROOM for n in shape) or not isinstance(data, str) or len(shape) > 4:
        raise Unreadable(f"{name} has no shape or no data")
    kind = np.dtype(str(packed["type"]))
    if math.prod(shape) * kind.itemsize > ROOM or len(data) > 2 * ROOM:
        raise Unreadable(f"{name} holds more than {ROOM} bytes")
    try:
        raw = base64.b64decode(data, validate=True)
        return np.frombuffer(raw, kind).reshape(shape)
    except (binascii.Error, ValueError):
        raise Unreadable(f"{name} does not hold what its type and shape say") from None
