"""Statistics of one WiFi sender, second by second, as a driver reports them, from a model of 802.11 DCF and of what spoils a link.

A window has the array `packets` [T, 10], one row a second, with the columns of COLUMNS. The sender has a queue of its own; other stations contend for
the channel (Bianchi's fixed point, with stations that are not always busy), hidden ones send without regard to it, and its signal fades.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experts.window import Window

Floats = NDArray[np.float64]
Range = tuple[float, float]
LABELS = ("healthy", "contention", "weak_link", "hidden_node")
COLUMNS = ("attempts", "retries", "failures", "busy", "mcs", "rssi", "delay", "throughput", "queue", "frame")
"""1/s, 1/s, 1/s (frames given up), share of the time, mean MCS index, dBm, ms from head of the queue to acknowledgement, Mb/s, frames, bytes."""
SLOT, SIFS, DIFS, PREAMBLE = 9e-6, 16e-6, 34e-6, 20e-6
"""s, IEEE 802.11 OFDM at 20 MHz."""
ACK = PREAMBLE + 2 * 4e-6
"""s; 14 bytes at 24 Mb/s."""
WINDOW, STAGES, RETRIES = 16, 6, 7
"""CWmin + 1, doublings up to CWmax, retries before a frame is given up."""
OVERHEAD = 36
"""bytes of MAC header, check sequence and LLC."""
RATES = np.array([6.5, 13.0, 19.5, 26.0, 39.0, 52.0, 58.5, 65.0])
"""Mb/s of MCS 0 to 7: 802.11n, 20 MHz, one stream."""
NEEDED = np.array([3.0, 6.0, 8.5, 11.5, 15.0, 19.0, 20.5, 22.5])
"""dB of SNR at which half of 1,500-byte frames are lost, from the receiver sensitivities of IEEE 802.11-2020 table 19-23 and a usual margin."""


def air(size: float | Floats, rate: float | Floats) -> Floats:
    """s that a frame of `size` bytes takes at `rate` Mb/s: the preamble and whole symbols of 4 µs."""
    bits = 8.0 * (np.asarray(size) + OVERHEAD) + 22
    return PREAMBLE + 4e-6 * np.ceil(bits / (4.0 * np.asarray(rate)))


def attempt_chance(collision: float) -> float:
    """Chance that a saturated station sends in a slot (Bianchi 2000, eq. 7), in its form without a pole at one half."""
    doubled = sum((2 * collision) ** stage for stage in range(STAGES))
    return 2 / (1 + WINDOW + collision * WINDOW * doubled)


def collision_chance(stations: int) -> float:
    """Bianchi's fixed point: the chance that a frame of one of `stations` saturated stations meets another's."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if 1 - (1 - attempt_chance(middle)) ** (stations - 1) > middle:
            low = middle
        else:
            high = middle
    return low


def met(stations: int, share: Floats, frame: float) -> Floats:
    """Chance that a slot is taken by another, whose frames of `frame` s fill `share` of the time: at most what DCF lets all of them send."""
    free = SLOT * share / (SLOT * share + np.maximum(1 - share, 1e-9) * (frame + SIFS + ACK + DIFS))
    return np.minimum(free, collision_chance(stations))


def saturated_throughput(stations: int, rate: float = 54.0, size: int = 1500) -> float:
    """Mb/s of all stations together; after a collision they resume within a DIFS."""
    chance = attempt_chance(collision_chance(stations))
    idle, right = (1 - chance) ** stations, stations * chance * (1 - chance) ** (stations - 1)
    frame = float(air(size, rate))
    slot = idle * SLOT + right * (frame + SIFS + ACK + DIFS) + (1 - idle - right) * (frame + DIFS)
    return right * size * 8 / slot / 1e6


def lost(snr: Floats, mcs: NDArray[np.int64], size: Floats) -> Floats:
    """Share of frames of `size` bytes that noise spoils at `snr` dB."""
    half = 1 / (1 + np.exp(np.clip(2.2 * (snr - NEEDED[mcs]), -40, 40)))
    return 1 - (1 - half) ** (size / 1500)


@dataclass(frozen=True)
class Link:
    """One sender and its surroundings.

    `stations`: those that contend, with the sender; `others`: share of the time that the others would fill (1: saturated); `others_frame`: s, mean.
    `snr`: dB, mean; `fading`: dB, its deviation from second to second; `noise`: dBm as the receiver sees it; `reading`: dB, error of the RSSI.
    `hidden`: share of the time that hidden stations send; `hidden_frame`: s, mean; `capture`: chance that the frame survives them.
    `load`: offered share of what the link could carry alone; `size`: bytes of long and of short frames.
    `wary`: dB of SNR that the rate control gives away at total loss (it takes collisions for noise); `eager`: dB by which it overrates the SNR;
    `highest`: its highest MCS; `stray`: share of attempts lost to impulses and the peer's own lapses; `seconds`: length of the window.
    """

    stations: int
    others: float
    others_frame: float
    snr: float
    fading: float
    noise: float
    reading: float
    hidden: float
    hidden_frame: float
    capture: float
    load: float
    size: tuple[float, float]
    wary: float
    eager: float
    highest: int
    stray: float
    seconds: int


@dataclass(frozen=True)
class Ranges:
    """Where the parameters of a link are drawn from, low and high; those of a cause apply to its label only."""

    snr: Range = (11.0, 48.0)
    weak_snr: Range = (0.0, 13.0)
    noise: Range = (-98.0, -82.0)
    few: tuple[int, int] = (1, 5)
    few_others: Range = (0.0, 0.5)
    many: tuple[int, int] = (6, 20)
    many_others: Range = (0.6, 1.1)
    """Above 1: saturated."""
    frame: Range = (2e-4, 2.5e-3)
    """s on air of the others' frames."""
    hidden: Range = (0.08, 0.5)
    load: Range = (0.04, 0.8)
    seconds: tuple[int, int] = (10, 30)


TRAINED = Ranges()


def link(rng: np.random.Generator, label: str, ranges: Ranges = TRAINED) -> Link:
    many = label == "contention"
    low, high = ranges.many if many else ranges.few
    return Link(
        stations=int(rng.integers(low, high + 1)),
        others=min(rng.uniform(*(ranges.many_others if many else ranges.few_others)), 1.0),
        others_frame=float(np.exp(rng.uniform(*np.log(ranges.frame)))),
        snr=rng.uniform(*(ranges.weak_snr if label == "weak_link" else ranges.snr)),
        fading=rng.uniform(0.5, 3.0),
        noise=rng.uniform(*ranges.noise),
        reading=rng.normal(0, 2.5),
        hidden=rng.uniform(*ranges.hidden) if label == "hidden_node" else 0.0,
        hidden_frame=float(np.exp(rng.uniform(*np.log(ranges.frame)))),
        capture=rng.uniform(0, 0.5),
        load=float(np.exp(rng.uniform(*np.log(ranges.load)))),
        size=(rng.uniform(900, 1500), rng.uniform(80, 700)),
        wary=rng.choice((0.0, rng.uniform(0, 14))),
        eager=rng.normal(0, 1.5),
        highest=int(rng.choice((7, 7, 4, 3))),
        stray=min(rng.exponential(0.025), 0.15),
        seconds=int(rng.integers(ranges.seconds[0], ranges.seconds[1] + 1)),
    )


def drift(rng: np.random.Generator, count: int, keep: float = 0.7) -> Floats:
    """A stationary sequence of unit variance whose neighbours resemble each other."""
    steps = rng.normal(0, 1, count)
    for at in range(1, count):
        steps[at] = keep * steps[at - 1] + np.sqrt(1 - keep**2) * steps[at]
    return steps


@dataclass(frozen=True)
class Course:
    """What a link meets, [T] each: `snr` in dB, `hidden` and `others` as shares, `size` in bytes, `offered` in frames/s."""

    snr: Floats
    hidden: Floats
    others: Floats
    size: Floats
    offered: Floats


def course(rng: np.random.Generator, of: Link) -> Course:
    def around(share: float, spread: float) -> Floats:
        return share / (share + (1 - share) * np.exp(spread * drift(rng, of.seconds)))

    long = np.clip(rng.beta(1.2, 1.2) + 0.25 * drift(rng, of.seconds, 0.3), 0, 1)
    size = of.size[0] * long + of.size[1] * (1 - long)
    snr = of.snr + of.fading * drift(rng, of.seconds)
    best = RATES[np.maximum(np.searchsorted(NEEDED + 2, snr) - 1, 0)]
    alone = 1 / (air(size, best) + SIFS + ACK + DIFS + (WINDOW - 1) / 2 * SLOT)
    offered = of.load * alone * np.exp(0.3 * drift(rng, of.seconds, 0.2))
    return Course(snr, around(of.hidden, 0.5), around(of.others, 0.5), size, offered)


def hit_by_hidden(share: Floats, frame: float, own: Floats, capture: float) -> Floats:
    """Chance that hidden senders (busy for `share`, `frame` s each, exponential gaps) spoil a frame of `own` s, by its start or by theirs."""
    gap = frame * (1 - share) / np.maximum(share, 1e-6)
    return (1 - capture) * (1 - (1 - share) * np.exp(-own / gap))


def chosen(c: Course, of: Link, hit: float | Floats) -> NDArray[np.int64]:
    """The MCS that promises most, at an SNR that wariness has lowered where frames get lost for another reason."""
    seen = c.snr + of.eager - of.wary * hit
    each = np.broadcast_to(np.arange(len(RATES)), (of.seconds, len(RATES)))
    promise = RATES * (1 - lost(seen[:, None], each, c.size[:, None]))
    return promise[:, : of.highest + 1].argmax(axis=1)


def report(rng: np.random.Generator, of: Link) -> Floats:
    """[T, 10], the columns of COLUMNS."""
    c = course(rng, of)
    collision = met(of.stations, c.others, of.others_frame)
    wait = SLOT * (1 - collision) + (of.others_frame + SIFS + ACK + DIFS) * collision
    mcs, hit = chosen(c, of, collision), np.zeros(of.seconds)
    for _ in range(2):
        hit = hit_by_hidden(c.hidden, of.hidden_frame, air(c.size, RATES[mcs]), of.capture)
        mcs = chosen(c, of, 1 - (1 - collision) * (1 - hit))
    own = air(c.size, RATES[mcs])
    hit = hit_by_hidden(c.hidden, of.hidden_frame, own, of.capture)
    loss = 1 - (1 - collision) * (1 - hit) * (1 - of.stray) * (1 - lost(c.snr, mcs, c.size))
    return counted(rng, of, c, loss, wait, own, mcs)


def served_in(loss: Floats, wait: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Mean attempts for a frame, and s from the head of the queue until it is acknowledged or given up."""
    reached = loss[:, None] ** np.arange(RETRIES + 1)
    backoff = (WINDOW * 2.0 ** np.minimum(np.arange(RETRIES + 1), STAGES) - 1) / 2
    tries = reached.sum(axis=1)
    return tries, reached @ backoff * wait + tries * (own + SIFS + ACK + DIFS)


def counted(rng: np.random.Generator, of: Link, c: Course, loss: Floats, wait: Floats, own: Floats, mcs: NDArray[np.int64]) -> Floats:
    """What the driver's counters show of a second in which attempts are lost with the chance `loss` and a slot of backoff takes `wait` s."""
    tries, service = served_in(loss, wait, own)
    served = rng.poisson(np.minimum(c.offered, 1 / service))
    attempts = served + rng.poisson(served * (tries - 1))
    failures = rng.binomial(served, loss ** (RETRIES + 1))
    used = np.minimum(c.offered * service, 0.995)
    queue = rng.poisson(np.minimum(used / (1 - used), 150) * rng.gamma(4, 0.25, of.seconds))
    mine = np.minimum(attempts * (own + ACK), 1.0)
    heard = np.maximum(1 - SLOT / wait, 0)
    busy = np.clip(mine + (1 - mine) * heard * rng.normal(1, 0.03, of.seconds), 0, 1)
    columns = [
        attempts,
        attempts - served,
        failures,
        busy,
        np.clip(mcs + rng.normal(0, 0.15, of.seconds), 0, len(RATES) - 1),
        np.round(of.noise + c.snr + of.reading + rng.normal(0, 1, of.seconds)),
        1e3 * service * rng.gamma(30, 1 / 30, of.seconds),
        (served - failures) * c.size * 8 / 1e6,
        queue,
        c.size,
    ]
    return np.stack(columns, axis=1)


def statistics(rng: np.random.Generator, label: str, ranges: Ranges = TRAINED) -> Window:
    """A window of a link that suffers from what `label` names."""
    return Window("packets", {"packets": report(rng, link(rng, label, ranges)).astype(np.float32)})
