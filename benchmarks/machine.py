"""What this machine spends and can do at most: resident memory, energy, memory bandwidth."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

_RAPL = Path("/sys/class/powercap/intel-rapl:0")


def resident_mb() -> float:
    """The most that this process held, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)


def energy_j() -> float | None:
    """J since some moment, by the processor's own count (Linux, RAPL); None where it is not told."""
    try:
        return int((_RAPL / "energy_uj").read_text()) / 1e6
    except (OSError, ValueError):
        return None


def spent_j(before: float | None) -> float | None:
    """J since `before`; None where it is not told or the counter began anew."""
    now = energy_j()
    return now - before if now is not None and before is not None and now >= before else None


def bandwidth_gbs(mb: int = 64, rounds: int = 5) -> float:
    """GB/s that a copy of `mb` reads and writes, best of `rounds`."""
    source, target = np.ones(mb * 125_000), np.empty(mb * 125_000)
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - began)
    return 2 * source.nbytes / best / 1e9
