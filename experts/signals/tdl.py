"""Tapped delay line channels of 3GPP TR 38.901 v16.1 (tables 7.7.2-1 to 7.7.2-5; TDL-A reads otherwise in v19.2), with Jakes fading.

A tap is Rayleigh; the first of TDL-D and TDL-E is Ricean: a line of sight beside it. Delays are scaled by the wanted delay spread (7.7.3), and for a
wanted K factor the other taps' powers are scaled and the delays normalised again (7.7.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Profile = Literal["A", "B", "C", "D", "E"]
Floats = NDArray[np.float64]
LIGHT = 299_792_458.0
"""m/s"""
SINUSOIDS = 24
"""Rays of a tap: enough for its autocorrelation to follow J0 over a window."""


def _taps(delays: str, powers: str) -> tuple[Floats, Floats]:
    return np.array([float(d) for d in delays.split()]), np.array([float(p) for p in powers.split()])


TABLES: dict[Profile, tuple[Floats, Floats]] = {
    "A": _taps(
        "0 .3819 .4025 .5868 .4610 .5375 .6708 .5750 .7618 1.5375 1.8978 2.2242 2.1718 2.4942 2.5119 "
        "3.0582 4.0810 4.4579 4.5695 4.7966 5.0066 5.3043 9.6586",
        "-13.4 0 -2.2 -4 -6 -8.2 -9.9 -10.5 -7.5 -15.9 -6.6 -16.7 -12.4 -15.2 -10.8 -11.3 -12.7 -16.2 -18.3 -18.9 -16.6 -19.9 -29.7",
    ),
    "B": _taps(
        "0 .1072 .2155 .2095 .2870 .2986 .3752 .5055 .3681 .3697 .5700 .5283 1.1021 1.2756 1.5474 "
        "1.7842 2.0169 2.8294 3.0219 3.6187 4.1067 4.2790 4.7834",
        "0 -2.2 -4 -3.2 -9.8 -1.2 -3.4 -5.2 -7.6 -3 -8.9 -9 -4.8 -5.7 -7.5 -1.9 -7.6 -12.2 -9.8 -11.4 -14.9 -9.2 -11.3",
    ),
    "C": _taps(
        "0 .2099 .2219 .2329 .2176 .6366 .6448 .6560 .6584 .7935 .8213 .9336 1.2285 1.3083 2.1704 2.7105 "
        "4.2589 4.6003 5.4902 5.6077 6.3065 6.6374 7.0427 8.6523",
        "-4.4 -1.2 -3.5 -5.2 -2.5 0 -2.2 -3.9 -7.4 -7.1 -10.7 -11.1 -5.1 -6.8 -8.7 -13.2 -13.9 -13.9 -15.8 -17.1 -16 -15.7 -21.6 -22.8",
    ),
    "D": _taps(
        "0 .035 .612 1.363 1.405 1.804 2.596 1.775 4.042 7.937 9.424 9.708 12.525",
        "-13.5 -18.8 -21 -22.8 -17.9 -20.1 -21.9 -22.9 -27.8 -23.6 -24.8 -30 -27.7",
    ),
    "E": _taps(
        "0 .5133 .5440 .5630 .5440 .7112 1.9092 1.9293 1.9589 2.6426 3.7136 5.4524 12.0034 20.6519",
        "-22.03 -15.8 -18.1 -19.8 -22.9 -22.4 -18.6 -20.8 -22.6 -22.3 -25.6 -20.2 -29.8 -29.2",
    ),
}
"""Normalised delays and powers (dB) of the Rayleigh taps."""
SIGHT: dict[Profile, float] = {"D": -0.2, "E": -0.03}
"""Power (dB) of the line of sight, at delay 0."""


@dataclass(frozen=True)
class Taps:
    """`delays` [n] in s, `powers` [n] of the Rayleigh taps and `sight` of the line of sight at delay 0, linear, of total power 1."""

    delays: Floats
    powers: Floats
    sight: float

    @property
    def k_factor(self) -> float:
        """Power of the line of sight against that of everything else, as TR 38.901 7.7.6 counts it; linear."""
        return self.sight / float(self.powers.sum())

    @property
    def delay_spread(self) -> float:
        """RMS, in s."""
        return _spread(self.delays, self.powers, self.sight)


def taps_of(profile: Profile, delay_spread: float, k_db: float | None = None) -> Taps:
    """`delay_spread` in s; `k_db` only for D and E (None: the profile's own)."""
    delays, powers = TABLES[profile][0], 10.0 ** (TABLES[profile][1] / 10.0)
    sight = 10.0 ** (SIGHT[profile] / 10.0) if profile in SIGHT else 0.0
    if sight and k_db is not None:
        powers = powers * (sight / powers.sum() / 10.0 ** (k_db / 10.0))
    whole = powers.sum() + sight
    return Taps(delays * (delay_spread / _spread(delays, powers, sight)), powers / whole, sight / whole)


def _spread(delays: Floats, powers: Floats, sight: float) -> float:
    whole = powers.sum() + sight
    mean = float((powers * delays).sum()) / whole
    return float(np.sqrt((powers * delays**2).sum() / whole - mean**2))


def gains(taps: Taps, doppler: float, times: Floats, rng: np.random.Generator) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Complex gains [n, T] of the Rayleigh taps and [T] of the line of sight at `times` (s), for a largest Doppler shift in Hz.

    Each tap is a sum of rays from equally spread, randomly turned directions with random phases: its autocorrelation is J0(2π·doppler·τ). The line of
    sight comes from one random direction.
    """
    count = len(taps.powers)
    turned = rng.uniform(0, 2 * np.pi, (count, 1))
    angles = turned + (np.arange(SINUSOIDS) + rng.uniform(0, 1, (count, SINUSOIDS))) * 2 * np.pi / SINUSOIDS
    phases = rng.uniform(0, 2 * np.pi, (count, SINUSOIDS))
    turns = 2 * np.pi * doppler * np.cos(angles)
    rays = np.exp(1j * (turns[..., None] * times + phases[..., None]))
    rayleigh = np.sqrt(taps.powers / SINUSOIDS)[:, None] * rays.sum(axis=1)
    shift = 2 * np.pi * doppler * np.cos(rng.uniform(0, 2 * np.pi))
    return rayleigh, np.sqrt(taps.sight) * np.exp(1j * (shift * times + rng.uniform(0, 2 * np.pi)))
