"""Channel state as commodity WiFi reports it: 52 subcarriers of 20 MHz for each of 64 packets, with what such cards leave unknown.

Array `csi` [64, 52], complex: amplitude in the card's own units; a random phase common to all subcarriers of a packet, a random slope over them
(timing) and thermal noise. Settings: `rate` in packets/s, `carrier` in GHz.
Delay spreads are drawn from the statistics of a factory hall (3GPP TR 38.901 table 7.5-6, InF; table 7.4.2-1 for its line of sight).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experts.signals.tdl import LIGHT, Profile, gains, taps_of
from experts.window import Window

PACKETS, SUBCARRIERS, RATE = 64, 52, 100.0
SPACING = 312.5e3
"""Hz (IEEE 802.11-2020 17.3.5)"""
PLACES = np.concatenate([np.arange(-26, 0), np.arange(1, 27)])
CARRIERS = (2.437, 5.18)
"""GHz: channels 6 and 36"""


@dataclass(frozen=True)
class Link:
    """`delay_spread` in ns, `k_db` in dB (None: no line of sight), `speed` in m/s, `snr` in dB over the whole band, `carrier` in GHz."""

    profile: Profile
    delay_spread: float
    k_db: float | None
    speed: float
    snr: float
    carrier: float = CARRIERS[0]

    @property
    def doppler(self) -> float:
        """The largest shift, Hz."""
        return self.speed * self.carrier * 1e9 / LIGHT


def observe(link: Link, rng: np.random.Generator) -> Window:
    """A window of that link."""
    times = np.arange(PACKETS) / RATE
    taps = taps_of(link.profile, link.delay_spread * 1e-9, link.k_db)
    rayleigh, sight = gains(taps, link.doppler, times, rng)
    turned = np.exp(-2j * np.pi * SPACING * np.outer(taps.delays, PLACES))
    csi = rayleigh.T @ turned + sight[:, None]
    noise = 10.0 ** (-link.snr / 20.0) * (rng.normal(size=csi.shape) + 1j * rng.normal(size=csi.shape)) / np.sqrt(2.0)
    unknown = rng.uniform(0, 2 * np.pi, (PACKETS, 1)) + rng.normal(0.0, 0.01, (PACKETS, 1)) * PLACES
    scale = 10.0 ** rng.uniform(-1.0, 1.0)
    return Window("csi", {"csi": (scale * (csi + noise) * np.exp(1j * unknown)).astype(np.complex64)}, {"rate": RATE, "carrier": link.carrier})


@dataclass(frozen=True)
class Hall:
    """A room by its sizes in m; `clutter` the share of its floor that things cover, `size` of a thing in m (TR 38.901 table 7.2-4)."""

    length: float = 120.0
    width: float = 60.0
    height: float = 10.0
    clutter: float = 0.4
    size: float = 5.0

    @property
    def volume_to_surface(self) -> float:
        """m"""
        a, b, c = self.length, self.width, self.height
        return a * b * c / (2 * (a * b + a * c + b * c))

    def sight_probability(self, distance: float) -> float:
        """That of a line of sight at a distance in m, both ends below the clutter (InF-SL, InF-DL)."""
        return float(np.exp(distance * np.log(1.0 - self.clutter) / self.size))

    def delay_spread(self, sight: bool, deviations: float = 0.0) -> float:
        """In ns: the median of InF, and so many standard deviations of its logarithm away."""
        ratio = self.volume_to_surface
        middle, spread = (np.log10(26 * ratio + 14) - 9.35, 0.15) if sight else (np.log10(30 * ratio + 32) - 9.44, 0.19)
        return float(10.0 ** (middle + spread * deviations + 9.0))


def draw_hall(rng: np.random.Generator) -> Hall:
    """From a laboratory to a large hall."""
    length = float(10.0 ** rng.uniform(0.9, 2.2))
    return Hall(length, length * rng.uniform(0.4, 1.0), float(rng.uniform(2.6, 14.0)), rng.uniform(0.1, 0.6), rng.uniform(2.0, 10.0))


class Office:
    """An indoor office (3GPP TR 38.901 v16.1, InH): table 7.4.2-1 (mixed office) and table 7.5-6; frequencies below 6 GHz count as 6."""

    K = (7.0, 4.0)
    """dB: mean and standard deviation with a line of sight."""

    @staticmethod
    def sight_probability(distance: float) -> float:
        """That of a line of sight at a distance in m over the floor."""
        if distance <= 1.2:
            return 1.0
        return float(np.exp(-(distance - 1.2) / 4.7) if distance < 6.5 else 0.32 * np.exp(-(distance - 6.5) / 32.6))

    @staticmethod
    def delay_spread(sight: bool, carrier: float, deviations: float = 0.0) -> float:
        """In ns: the median at a carrier in GHz, and so many standard deviations of its logarithm away."""
        decades = np.log10(1.0 + max(carrier, 6.0))
        middle, spread = (-0.01 * decades - 7.692, 0.18) if sight else (-0.28 * decades - 7.173, 0.10 * decades + 0.055)
        return float(10.0 ** (middle + spread * deviations + 9.0))
