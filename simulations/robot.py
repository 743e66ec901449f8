"""The state of one robot. Battery is settled whenever it matters, so that an idle robot needs no events."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulations.faults import Faults
from simulations.jobs import Job

IDLE_DRAIN = 0.002
"""% per s."""
MOVE_DRAIN = 0.08
"""% per m."""
CHARGE_RATE = 0.25
"""% per s."""
TOP_SPEED = 1.5
"""m/s."""


@dataclass
class Robot:
    """`speed` is the travelling speed, m/s; `offset` where it stands within its last cell, m from the centre; angles in degrees."""

    id: str
    number: int
    maker: str
    home: str
    battery: float = 100.0
    faults: Faults = field(default_factory=Faults)
    speed: float = 0.8
    locked: bool = False
    charging: bool = False
    pan: float = 0.0
    tilt: float = 0.0
    light: str = "off"
    wifi_mode: str = "client"
    wifi_ssid: str = "warehouse"
    images: int = 0
    offset: tuple[float, float] = (0.0, 0.0)
    job: Job | None = None
    settled_at: float = 0.0

    @property
    def busy(self) -> bool:
        return self.job is not None and self.job.running

    def settle(self, now: float) -> None:
        """Bring the battery up to `now`."""
        rate = CHARGE_RATE if self.charging else -IDLE_DRAIN
        self._charge(rate * (now - self.settled_at))
        self.settled_at = now

    def drive(self, metres: float) -> None:
        self._charge(-MOVE_DRAIN * metres)

    def _charge(self, percent: float) -> None:
        self.battery = min(100.0, max(0.0, self.battery + percent))
