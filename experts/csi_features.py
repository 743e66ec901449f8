"""What the radio experts compute from channel state: 36 figures, whatever the card's gain, a packet's common phase and timing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from experts.signals.csi import PACKETS, PLACES, SPACING, SUBCARRIERS
from experts.window import Unreadable, Window
from schemas.experts import Measured

Floats = NDArray[np.float64]
LAGS, STEPS, BINS = (1, 2, 3, 5, 8, 13, 21), (1, 2, 4, 8, 16), 64
"""Packets and subcarriers apart at which alikeness is measured; bins of the delay profile (50 ns each; half of them hold noise alone)."""
WINDOW = np.blackman(SUBCARRIERS + 3)[1:-1]
_BIN = 1.0 / (BINS * SPACING)
_KEPT = 12


def channel(window: Window) -> NDArray[np.complex128]:
    """[64, 52] of unit mean power, each packet without its timing slope. Raises Unreadable."""
    csi = window.array("csi", (PACKETS, SUBCARRIERS))
    window.setting("rate", 99.0, 101.0)
    window.setting("carrier", 2.3, 7.2)
    if not np.iscomplexobj(csi):
        raise Unreadable("csi is real; channel state is complex")
    if float(np.abs(csi).max()) < 1e-12:
        raise Unreadable("csi is zero everywhere")
    found = csi.astype(np.complex128) / np.sqrt(float(np.mean(np.abs(csi).astype(np.float64) ** 2)))
    turn = np.angle((found[:, 1:] * found[:, :-1].conj()).sum(axis=1) + 1e-30)
    return found * np.exp(-1j * (turn - turn.mean())[:, None] * PLACES)


def delay_profile(found: NDArray[np.complex128]) -> Floats:
    """Power in [64] delay bins of 50 ns over all packets, its sum 1; the strongest early path in bin 2."""
    half = SUBCARRIERS // 2
    middle = found[:, half - 1 : half + 1].mean(axis=1, keepdims=True)  # no card reports the carrier itself
    grid = np.zeros((len(found), BINS), np.complex128)
    grid[:, np.arange(-half, half + 1) % BINS] = np.concatenate([found[:, :half], middle, found[:, half:]], axis=1) * WINDOW
    power = (np.abs(np.fft.ifft(grid, axis=1)) ** 2).mean(axis=0)
    power = np.roll(power, 2 - int(power.argmax()))
    return power / power.sum()


def noise_share(profile: Floats) -> float:
    """Share of the power that is noise, from the half of the bins that no indoor path reaches."""
    return float(np.clip(np.median(profile[BINS // 2 : -4]) * BINS, 1e-6, 1.0))


def snr_db(found: NDArray[np.complex128]) -> float:
    share = noise_share(delay_profile(found))
    return float(10 * np.log10(max(1.0 - share, 1e-3) / share))


def delay_spread_ns(profile: Floats) -> float:
    """RMS over the bins above the noise; the window's own width is taken off."""
    clean = np.clip(profile - 2.0 * np.median(profile[BINS // 2 : -4]), 0.0, None)[: BINS // 2]
    clean = clean / max(float(clean.sum()), 1e-12)
    at = np.arange(len(clean)) * _BIN * 1e9
    spread = float((clean * at**2).sum() - (clean * at).sum() ** 2)
    return float(np.sqrt(max(spread - 30.0**2, 0.0)))


def k_factor_db(amplitude: Floats) -> float:
    """By the moments of the power (Greenstein, Michelson and Erceg, 1999), over time and band; −10 to 25 dB."""
    power = amplitude**2
    mean, spread = float(power.mean()), float(power.std())
    steady = np.sqrt(max(mean**2 - spread**2, 0.0))
    return float(np.clip(10 * np.log10(max(steady, 1e-6) / max(mean - steady, 1e-6)), -10.0, 25.0))


def alikeness(found: NDArray[np.complex128], lags: tuple[int, ...]) -> list[float]:
    """Of packets so far apart, whatever their common phases: |⟨a, b⟩| over the norms, averaged."""
    norms = np.linalg.norm(found, axis=1) + 1e-12
    return [float((np.abs((found[lag:] * found[:-lag].conj()).sum(axis=1)) / (norms[lag:] * norms[:-lag])).mean()) for lag in lags]


def over_band(found: NDArray[np.complex128], steps: tuple[int, ...]) -> list[float]:
    """Correlation of subcarriers so far apart, averaged over packets."""
    return [float(np.abs((found[:, step:] * found[:, :-step].conj()).mean())) for step in steps]


def features(window: Window) -> NDArray[np.float32]:
    """[1, 36]: the delay profile's first bins in dB, alikeness over time and over the band, amplitude moments, SNR, delay spread, K, the carrier."""
    found = channel(window)
    profile, amplitude = delay_profile(found), np.abs(found)
    shape = 10 * np.log10(profile[1 : 1 + _KEPT] + 1e-5)
    packets = amplitude.mean(axis=1)
    across, along = amplitude.std(axis=1).mean() / amplitude.mean(), amplitude.std(axis=0).mean() / amplitude.mean()
    moments = [across, along, packets.std() / packets.mean(), float(np.quantile(amplitude, 0.05)), float(np.quantile(amplitude, 0.95))]
    moved = float(np.abs(np.diff(amplitude, axis=0)).mean() / amplitude.mean())
    figures = [snr_db(found), delay_spread_ns(profile), k_factor_db(amplitude), k_factor_db(packets), moved, window.about["carrier"]]
    apart = [float((np.diff(amplitude, axis=1) ** 2).mean())]
    return np.array([[*shape, *alikeness(found, LAGS), *over_band(found, STEPS), *moments, *figures, *apart]], dtype=np.float32)


def evidence(window: Window) -> dict[str, Measured]:
    found = channel(window)
    return {
        "snr": Measured(value=round(snr_db(found), 1), unit="dB"),
        "delay_spread": Measured(value=round(delay_spread_ns(delay_profile(found)), 0), unit="ns"),
        "k_factor": Measured(value=round(k_factor_db(np.abs(found)), 1), unit="dB"),
        "alike_after_50_ms": Measured(value=round(alikeness(found, (5,))[0], 3)),
    }
