"""What a robot is, does and suffers: the parameters of the generator, by which its windows are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
GRAVITY = 9.81
"""m/s²."""
FAULTS = ("healthy", "bearing", "battery", "drag", "overheating", "connector", "encoder")


@dataclass(frozen=True)
class Make:
    """What devices of one make have in common."""

    mass_kg: float = 100.0
    nominal_v: float = 24.0
    capacity_ah: float = 30.0
    sag_1c: float = 0.05
    """Voltage lost at a current of 1 C and 25 °C, as a share of the nominal one."""
    top_speed: float = 1.5
    """m/s."""
    acceleration: float = 0.5
    """m/s²."""
    rolling: float = 0.02
    """Rolling resistance: force over weight."""
    efficiency: float = 0.75
    idle_w: float = 40.0
    rated_n: float = 50.0
    """Force that the motors give all day."""
    motor_tau_s: float = 500.0
    motor_rise_k: float = 45.0
    """Above the surroundings, after hours at the rated force."""
    controller_tau_s: float = 250.0
    controller_rise_k: float = 20.0
    vibration_mm_s: float = 0.8
    """On a smooth floor at top speed."""
    droop: float = 0.05
    """Share of the commanded speed that is lost at the rated force."""

    @property
    def rated_w(self) -> float:
        return self.rated_n * self.top_speed


@dataclass(frozen=True)
class Duty:
    """What the device does, and where."""

    seconds: int = 300
    moving: float = 0.7
    """Share of the time."""
    payload: float = 0.3
    """At most, as a share of the mass."""
    slope: float = 0.03
    """Steepest grade of the floor's ramps."""
    rough: float = 1.0
    """Vibration and rolling that rough patches of floor add, relative to smooth floor."""
    wet: float = 0.05
    """Wheel slip in wet patches."""
    lift_w: float = 100.0
    ambient_c: float = 20.0
    warm: float = 0.8
    """Share of its final temperature rise that the device has reached when the window begins."""
    charge: float = 0.7


@dataclass(frozen=True)
class Fault:
    """Severity 0–1: 1 is plain to see. It begins `onset_s` after the window does (before it: negative); an aged battery has always been so."""

    kind: str = "healthy"
    severity: float = 0.0
    onset_s: float = -60.0

    def level(self, kind: str, seconds: int) -> Floats:
        """[T]: severity of this kind of fault at each second; mechanical and thermal faults take 20 s to grow."""
        if kind != self.kind:
            return np.zeros(seconds)
        grown = np.clip((np.arange(seconds) - self.onset_s) / 20, 0.0, 1.0)
        return self.severity * (np.ones(seconds) if kind == "battery" else grown)
