"""From a trace of received energy to what the network sees: bursts, their gaps, levels and rhythm, relative to the noise floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.expert import Model
from experts.signals.energy import LABELS, SLOT
from experts.window import Unreadable, Window
from schemas.experts import Measured

Floats = NDArray[np.float64]
DURATIONS = np.array([0.0, 0.15, 0.3, 0.5, 0.9, 1.8, 3.1, 4.6, 6.2, 11.0, np.inf]) * 1e-3
"""s; edges chosen between the lengths of Bluetooth packets (0.37, 1.6, 2.9 ms), the longest 802.15.4 frame (4.3 ms) and half a mains cycle."""
SMOOTH = 4e-4
"""s."""
ROUNDING = 1e-3
"""dB; energies come in steps, and one that equals the threshold must not depend on how the sum was rounded."""
LAGS = np.array([[0.55, 0.7], [1.15, 1.35], [2.4, 2.6], [3.65, 3.85], [7.3, 11.5], [14.5, 23.0]]) * 1e-3
"""s; one, two, four and six Bluetooth slots, half and whole mains cycles."""


@dataclass(frozen=True)
class Bursts:
    """Runs of samples above the noise: `starts`, `lengths` [n] in s; `levels`, `spreads` [n] in dB (mean over the floor, deviation inside)."""

    starts: Floats
    lengths: Floats
    levels: Floats
    spreads: Floats
    floor: float
    """dBm."""
    noise: float
    """dB, deviation of the quietest samples."""
    rate: float
    span: float


def read(window: Window) -> tuple[Floats, float]:
    """The trace in dBm and its rate in Hz. Raises Unreadable."""
    energy, rate = window.array("energy", (None,)).astype(float), window.setting("rate", 6e3, 25e3)
    window.setting("centre", 2400.0, 2500.0)
    if not 0.08 <= len(energy) / rate <= 0.5:
        raise Unreadable(f"energy spans {1e3 * len(energy) / rate:.0f} ms; expected 80 to 500")
    if energy.min() < -130 or energy.max() > 10:
        raise Unreadable(f"energy lies between {energy.min():.0f} and {energy.max():.0f} dBm; expected -130 to 10")
    return energy, rate


def floor_of(energy: Floats) -> tuple[float, float]:
    """Level in dBm and deviation in dB of the noise, told from the quietest tenth, or less where that is no noise: crowded channels have gaps."""
    low, tenth = np.quantile(energy, [0.01, 0.1])
    noise = float(tenth - low) / 1.05
    if noise > 3.0:
        return float(low) + 3.0, 1.5
    return float(tenth) + 1.28 * noise, max(noise, 0.3)


def bursts_in(energy: Floats, rate: float, floor: float, noise: float) -> Bursts:
    """Samples 2.8 deviations above the floor, and 2 dB at least, belong to a burst."""
    busy = energy - floor > max(2.8 * noise, 2.0) + ROUNDING
    edges = np.flatnonzero(np.diff(busy.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    total, square = (np.concatenate([[0.0], np.cumsum((energy - floor) ** power)]) for power in (1, 2))
    counts = np.maximum(ends - starts, 1)
    levels = (total[ends] - total[starts]) / counts
    spreads = np.sqrt(np.maximum((square[ends] - square[starts]) / counts - levels**2, 0.0))
    return Bursts(starts / rate, counts / rate, levels, spreads, floor, noise, rate, len(energy) / rate)


def smoothed(energy: Floats, rate: float) -> Bursts:
    """The bursts of a trace averaged over SMOOTH: weaker ones stand out, short ones are lost."""
    width = max(2, round(SMOOTH * rate))
    mean = np.convolve(energy, np.ones(width) / width, mode="valid")
    return bursts_in(mean, rate, *floor_of(mean))


def shares(lengths: Floats, span: float) -> Floats:
    """[2, 10]: share of the time, and of the number, that runs of each class of lengths have."""
    kind = np.searchsorted(DURATIONS, lengths, side="right") - 1
    time = np.bincount(kind, lengths, len(DURATIONS) - 1) / span
    return np.stack([np.sqrt(time), np.bincount(kind, minlength=len(DURATIONS) - 1) / max(len(lengths), 1)])


def rhythm(energy: Floats, bursts: Bursts) -> Floats:
    """Highest autocorrelation in each range of lags, and the lowest at half a mains cycle."""
    x = np.clip(energy - bursts.floor, 0.0, 15.0)
    x = x - x.mean()
    size = 1 << int(np.ceil(np.log2(len(x) + bursts.rate * LAGS.max())))
    power = np.abs(np.fft.rfft(x, size)) ** 2
    found = np.fft.irfft(power) / max(power.mean(), 1e-9)
    spans = [found[int(low * bursts.rate) : int(np.ceil(high * bursts.rate)) + 1] for low, high in LAGS]
    return np.array([*(s.max() for s in spans), spans[4].min()])


def slotted(starts: Floats, period: float) -> float:
    """How well bursts keep to a clock (Rayleigh's statistic, log): around 0.5 by chance, up to log(n)."""
    if len(starts) < 3:
        return 0.0
    return float(np.log1p(np.abs(np.exp(2j * np.pi * starts / period).sum()) ** 2 / len(starts)))


def answers(bursts: Bursts) -> tuple[float, float]:
    """Shares of the bursts that follow another as an 802.15.4 acknowledgement does, and as an 802.11 one does."""
    if len(bursts.starts) < 2:
        return 0.0, 0.0
    sample = 1 / bursts.rate
    gaps = bursts.starts[1:] - bursts.starts[:-1] - bursts.lengths[:-1]
    far = (np.abs(gaps - 192e-6) <= sample) & (np.abs(bursts.lengths[1:] - 352e-6) <= sample)
    near = (gaps <= 1.5 * sample) & (bursts.lengths[1:] <= 300e-6)
    return float(far.mean()), float(near.mean())


def levels(bursts: Bursts) -> Floats:
    """Levels of bursts over the floor in dB, from several views, weighted by length where bursts are long."""
    if not len(bursts.levels):
        return np.zeros(8)
    steady = bursts.spreads[bursts.lengths > 4 / bursts.rate]
    heavy = np.average(bursts.levels, weights=bursts.lengths)
    return np.array(
        [
            *np.quantile(bursts.levels, [0.1, 0.5, 0.9]),
            bursts.levels.std(),
            np.abs(np.diff(bursts.levels)).mean() if len(bursts.levels) > 1 else 0.0,
            heavy,
            steady.mean() if len(steady) else 0.0,
            float(np.average(bursts.spreads, weights=bursts.lengths)),
        ]
    )


def features(window: Window) -> NDArray[np.float32]:
    """[1, 103]; no figure depends on the detector's offset or on the rate beyond its resolution."""
    energy, rate = read(window)
    b = bursts_in(energy, rate, *floor_of(energy))
    gaps = b.starts[1:] - b.starts[:-1] - b.lengths[:-1]
    lengths = np.log10(np.quantile(b.lengths, [0.1, 0.5, 0.9, 1.0])) + 3 if len(b.lengths) else np.full(4, -2.0)
    clocks = [slotted(b.starts[b.lengths > least], SLOT * n) for least in (0.0, 1.2e-4) for n in (1, 2, 6)]
    overall = [b.lengths.sum() / b.span, np.log1p(len(b.starts) / b.span), b.noise, 1e4 / rate]
    weak = smoothed(energy, rate)
    kinds = [shares(b.lengths, b.span), shares(gaps, b.span), shares(weak.lengths, b.span)]
    faint = [weak.lengths.sum() / b.span, np.log1p(len(weak.starts) / b.span), weak.noise, weak.floor - b.floor]
    parts = [overall, lengths, np.ravel(kinds), levels(b), clocks, answers(b), rhythm(energy, b), faint, levels(weak)]
    return np.concatenate(parts).astype(np.float32)[None]


def evidence(window: Window) -> Mapping[str, Measured]:
    energy, rate = read(window)
    b = bursts_in(energy, rate, *floor_of(energy))
    told = {
        "busy": Measured(value=round(100 * float(b.lengths.sum()) / b.span, 1), unit="%"),
        "bursts": Measured(value=round(len(b.starts) / b.span, 1), unit="1/s"),
        "noise_floor": Measured(value=round(b.floor, 1), unit="dBm"),
        "mains_rhythm": Measured(value=round(float(rhythm(energy, b)[5]), 2)),
    }
    if len(b.lengths):
        told["median_burst"] = Measured(value=round(1e3 * float(np.median(b.lengths)), 2), unit="ms")
        told["median_level"] = Measured(value=round(b.floor + float(np.median(b.levels)), 1), unit="dBm")
    return told


MODEL = Model(window="energy", labels=LABELS, features=features, evidence=evidence)
