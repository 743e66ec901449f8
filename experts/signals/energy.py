"""Received-energy traces of a 2.4 GHz radio's energy detector in one 20 MHz channel, by what sends in it.

A window has the array `energy` [T] in dBm, one value a sample, and is about `rate` (samples/s) and `centre` (MHz). Every source is a list of bursts
[n, 3] (start in s, length in s, power in mW). At each sample the detector averages their power over a short time, adds thermal noise, and rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from experts.window import Window

Floats = NDArray[np.float64]
Range = tuple[float, float]
LABELS = ("none", "microwave", "bluetooth", "zigbee", "wifi")
CENTRES = tuple(2412.0 + 5.0 * n for n in range(13))
"""MHz, IEEE 802.11 channels 1 to 13."""
SLOT = 625e-6
"""s, Bluetooth Core 5.4, vol. 2 part B, 2.2."""
BLUETOOTH_AIR = {1: 366e-6, 3: 1622e-6, 5: 2870e-6}
"""s on air of full DH1, DH3 and DH5 packets, by slots (part B, 6.5)."""
NULL_AIR = 126e-6
BYTE, TURNAROUND, BACKOFF = 32e-6, 192e-6, 320e-6
"""s, IEEE 802.15.4-2020, O-QPSK at 250 kb/s: one byte, reception to transmission, one unit of backoff."""
ACK_BYTES, HEADER_BYTES = 11, 6
SIFS, BEACON = 10e-6, 0.1024
"""s, IEEE 802.11 at 2.4 GHz."""


@dataclass(frozen=True)
class Ranges:
    """Where the parameters of a window are drawn from, low and high."""

    level: Range = (-85.0, -45.0)
    """dBm, of a device's bursts at the detector."""
    floor: Range = (-100.0, -87.0)
    """dBm of noise in 20 MHz: thermal noise is -101, the rest is the receiver's and its surroundings'."""
    span: Range = (0.1, 0.2)
    """s."""
    rates: tuple[float, ...] = (8e3, 10e3, 12.5e3, 20e3)
    """Hz."""
    devices: tuple[int, int] = (1, 3)
    """Ovens or piconets; ZigBee nodes and WiFi stations share one medium and are counted there."""
    mains: tuple[float, ...] = (50.0, 60.0)
    """Hz."""
    oven_on: Range = (0.32, 0.48)
    """Share of a mains cycle."""
    bluetooth_load: Range = (0.15, 1.0)
    """Share of the slot pairs that are used."""
    bluetooth_inside: Range = (0.15, 0.5)
    """Share of the hops that fall into the channel: 20 of 79, fewer or more with adaptive hopping."""
    zigbee_load: Range = (0.04, 0.6)
    """Share of the time on air, before backoff."""
    zigbee_bytes: Range = (25.0, 127.0)
    wifi_load: Range = (0.05, 0.97)
    wifi_frame: Range = (1e-4, 3e-3)
    """s."""
    beacons: float = 0.5
    """Chance of each of two distant access points to be heard."""
    distant: Range = (-97.0, -82.0)
    """dBm of a distant network's traffic, which half of all windows have behind what they are about."""


TRAINED = Ranges()


def bursts_of(starts: object, lengths: object, dbm: object) -> Floats:
    columns = np.broadcast_arrays(starts, lengths, 10 ** (np.asarray(dbm, float) / 10))  # type: ignore[arg-type]
    return np.stack(columns, axis=-1).reshape(-1, 3)


def silence(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    return np.zeros((0, 3))


def microwave(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    """A magnetron: on in one half of each mains cycle, its amplitude following the voltage and its frequency swept through the channel and back."""
    mains = rng.choice(ranges.mains) * (1 + rng.normal(0, 1e-3))
    on, cell = rng.uniform(*ranges.oven_on) / mains, 1e-4
    x = (np.arange(int(on / cell)) + 0.5) * cell / on
    away, swing = rng.uniform(-14, 14), rng.uniform(2, 15)
    starts = (np.arange(int(span * mains) + 2) - rng.uniform(0, 1)) / mains
    cycles = [starts_at + rng.normal(0, 1e-4) for starts_at in starts]
    found = list[Floats]()
    level, ripple = rng.uniform(*ranges.level), rng.uniform(0.3, 2.0)
    for begin in cycles:
        offset = away + rng.normal(0, 1) + swing * np.sin(np.pi * x)
        outside = 3.0 * np.maximum(np.abs(offset) - 10.0, 0.0)
        dbm = level + 6 * np.log10(np.sin(np.pi * x) + 0.02) - np.minimum(outside, 40) + rng.normal(0, ripple, len(x))
        found.append(bursts_of(begin + x * on - cell / 2, cell, dbm))
    return np.concatenate(found)


def bluetooth(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    """One piconet: data of 1, 3 or 5 slots and its answer, or voice in every sixth slot; each packet hops, and few hops fall into the channel."""
    levels = rng.uniform(*ranges.level) + np.array([0.0, rng.normal(0, 6)])
    inside, load = rng.uniform(*ranges.bluetooth_inside), rng.uniform(*ranges.bluetooth_load)
    fading = rng.normal(0, 3, 20)
    voice, mostly = rng.random() < 0.3, int(rng.choice((1, 3, 5)))
    slot, found, phase = 0, list[tuple[float, float, float]](), -rng.uniform(0, 8)
    while (phase + slot) * SLOT < span:
        slots = 1 if voice else int(rng.choice((1, mostly)))
        if voice or rng.random() < load:
            sent = (slot, BLUETOOTH_AIR[slots] * rng.uniform(0.6, 1)), (slot + slots, BLUETOOTH_AIR[1] if voice or rng.random() < 0.4 else NULL_AIR)
            for who, (at, air) in enumerate(sent):
                if rng.random() < inside:
                    found.append(((phase + at) * SLOT, air, levels[who] + rng.choice(fading)))
        slot += 6 if voice else slots + 1
    return bursts_of(*np.array(found).reshape(-1, 3).T)


def zigbee(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    """Nodes that share one channel by unslotted CSMA: backoff, a frame, and mostly an acknowledgement after the turnaround."""
    nodes = rng.uniform(*ranges.level) + rng.normal(0, 5, int(rng.integers(2, 5)))
    load, acked = rng.uniform(*ranges.zigbee_load), rng.uniform(0.6, 1)
    usual = rng.uniform(*ranges.zigbee_bytes, size=2)
    now, found = -rng.uniform(0, 0.02), list[tuple[float, float, float]]()
    while now < span:
        air = (HEADER_BYTES + int(rng.choice(usual) * rng.uniform(0.95, 1))) * BYTE
        now += rng.integers(0, 8) * BACKOFF + BACKOFF + TURNAROUND
        found.append((now, air, rng.choice(nodes[1:]) + rng.normal(0, 0.5)))
        now += air
        if rng.random() < acked:
            found.append((now + TURNAROUND, ACK_BYTES * BYTE, nodes[0] + rng.normal(0, 0.5)))
            now += TURNAROUND + ACK_BYTES * BYTE
        now += rng.exponential(air * (1 - load) / load)
    return bursts_of(*np.array(found).T)


def wifi(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    """Stations that contend by DCF: DIFS, the least of their backoffs, a frame and its acknowledgement, or a collision without one."""
    count = int(rng.integers(1, 9))
    levels, load = rng.uniform(*ranges.level) + rng.normal(0, 4, count + 1), rng.uniform(*ranges.wifi_load)
    usual = np.exp(rng.uniform(*np.log(ranges.wifi_frame), size=count))
    slot, ack = rng.choice((9e-6, 20e-6)), rng.choice((28e-6, 44e-6, 248e-6))
    bunch = rng.uniform(1, 12)
    now, found = -rng.uniform(0, 0.01), list[tuple[float, float, float]]()
    while now < span:
        waits = rng.integers(0, 16, count)
        now += SIFS + 2 * slot + waits.min() * slot
        # Who counts down to the same slot collides, if the other has a frame at all.
        senders = np.flatnonzero(waits == waits.min())[: 1 if rng.random() > load else None]
        air = np.clip(usual[senders] * rng.lognormal(0, 0.3, len(senders)), *ranges.wifi_frame)
        found += [(now, a, levels[s] + rng.normal(0, 0.7)) for s, a in zip(senders, air, strict=True)]
        now += air.max()
        if len(senders) == 1:
            found.append((now + SIFS, ack, levels[count]))
        now += SIFS + ack
        if rng.random() < 1 / bunch:
            now += rng.exponential(bunch * air.max() * (1 - load) / load)
    return bursts_of(*np.array(found).T)


SOURCES: dict[str, Callable[[np.random.Generator, Ranges, float], Floats]] = dict(
    zip(LABELS, (silence, microwave, bluetooth, zigbee, wifi), strict=True)
)


def beacons(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    """What is weakly there in any window: beacons of distant access points, every 102.4 ms."""
    count = int(rng.binomial(2, ranges.beacons))
    starts = rng.uniform(-BEACON, 0, (count, 1)) + BEACON * np.arange(int(span / BEACON) + 2)
    return bursts_of(starts, rng.uniform(3e-4, 2.5e-3, (count, 1)), rng.uniform(-95, -78, (count, 1)))


def background(rng: np.random.Generator, ranges: Ranges, span: float) -> Floats:
    """Weak traffic of a distant network, in every second window."""
    light = replace(ranges, level=ranges.distant, wifi_load=(0.01, 0.3), wifi_frame=(1e-4, 3e-3))
    return wifi(rng, light, span) if rng.random() < 0.5 else silence(rng, light, span)


def clicks(rng: np.random.Generator, span: float) -> Floats:
    """Short impulses from switches and the receiver itself."""
    count = int(rng.poisson(rng.exponential(30) * span))
    return bursts_of(rng.uniform(0, span, count), rng.uniform(5e-6, 1.2e-4, count), rng.uniform(-95, -65, count))


def energy_until(bursts: Floats, times: Floats) -> Floats:
    """mW·s received from the first burst on; the power between two edges is constant, so the energy is linear there."""
    if not len(bursts):
        return np.zeros_like(times)
    edges = np.concatenate([bursts[:, 0], bursts[:, 0] + bursts[:, 1]])
    order = np.argsort(edges)
    power = np.cumsum(np.concatenate([bursts[:, 2], -bursts[:, 2]])[order])
    edges = edges[order]
    energy = np.concatenate([[0.0], np.cumsum(power[:-1] * np.diff(edges))])
    return np.interp(times, edges, energy)


def detect(rng: np.random.Generator, bursts: Floats, rate: float, span: float, floor: float) -> Floats:
    """dBm at each sample. `floor` in dBm. The detector's averaging time, the spread of its estimates, its offset and its step vary between radios."""
    averaging, looks = rng.uniform(8e-6, 1 / rate), rng.uniform(4, 30)
    times = np.arange(int(span * rate)) / rate
    mean = (energy_until(bursts, times + averaging) - energy_until(bursts, times)) / averaging
    power = (np.maximum(mean, 0) + 10 ** (floor / 10)) * rng.gamma(looks, 1 / looks, len(times))
    step = rng.choice((0.25, 0.5, 1.0))
    return np.round((10 * np.log10(power) + rng.normal(0, 2)) / step) * step


def trace(rng: np.random.Generator, label: str, ranges: Ranges = TRAINED) -> Window:
    """A window of what `label` names: `energy` [T] in dBm, about `rate` in Hz and `centre` in MHz."""
    rate, span = float(rng.choice(ranges.rates)), rng.uniform(*ranges.span)
    count = int(rng.integers(ranges.devices[0], ranges.devices[1] + 1)) if label in ("microwave", "bluetooth") else 1
    sources = [SOURCES[label](rng, ranges, span) for _ in range(count)]
    bursts = np.concatenate([*sources, beacons(rng, ranges, span), background(rng, ranges, span), clicks(rng, span)])
    energy = detect(rng, bursts, rate, span, rng.uniform(*ranges.floor))
    return Window("energy", {"energy": energy.astype(np.float32)}, {"rate": rate, "centre": float(rng.choice(CENTRES))})
