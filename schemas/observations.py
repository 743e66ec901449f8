"""Facts: the one language that ten makers' booleans, counts and lists become."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen, Value

Evidence = Literal["measured", "read_back", "reported", "state"]
"""measured: returned by a read; read_back: confirmed by a second look; reported: the device's word; state: from its last state message."""


class Observation(Frozen):
    """`property` of `subject` was `value` (in `unit`, SI or %) at `time` (s since the epoch, coordinator time), told by `device`."""

    subject: str
    property: str
    value: Value | tuple[Value, ...] | None
    unit: str | None = None
    time: float = 0.0
    evidence: Evidence = "measured"
    device: str | None = None
