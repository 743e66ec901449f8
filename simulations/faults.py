"""What can be wrong with a robot. Each fault begins at a simulated time and stays."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen
from schemas.ids import WireId

FaultKind = Literal["lies_about_moving", "stuck", "sensor_wrong", "silent", "lost_reply", "slow", "refuses", "dies"]
"""lies_about_moving: reports arrival, stands still, tells its position truthfully. stuck: halts after two cells; the journey fails.
sensor_wrong: sees the first slot of every shelf the wrong way round. silent: neither acts nor answers. lost_reply: acts, never answers orders.
slow: takes three times as long. refuses: declines every order. dies: halts where it is and is silent."""

SLOWNESS = 3.0


class Fault(Frozen):
    """`robot` has it from `after` s of simulated time on."""

    robot: WireId
    kind: FaultKind
    after: float = 0.0


class Faults:
    """The faults of one robot."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._since = {f.kind: f.after for f in faults}

    def active(self, kind: FaultKind, now: float) -> bool:
        return kind in self._since and now >= self._since[kind]

    def mute(self, now: float) -> bool:
        """Does not act or answer at all."""
        return self.active("silent", now) or self.active("dies", now)

    def slowness(self, now: float) -> float:
        return SLOWNESS if self.active("slow", now) else 1.0
