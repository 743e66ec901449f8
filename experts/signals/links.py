"""Which links the experts for channel state are trained on, and which lie outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from experts.expert import Model
from experts.recipe import Draw, Recipe, Sample
from experts.signals.csi import CARRIERS, Link, Office, draw_hall, observe

RANGES = {
    "profile": "TDL-A, TDL-C, TDL-D",
    "SNR": "5 to 35 dB",
    "K factor": "3 to 18 dB, or none",
    "delay spread": "8 to 250 ns",
    "speed": "0 to 2.5 m/s",
    "carrier": "2.437 and 5.18 GHz",
}
"""What `ordinary` draws."""
AUDIBLE = {"snr": [5.5, 60.0]}
"""dB, as measured in the window itself."""


Links = Callable[[np.random.Generator], Link]


def ordinary(rng: np.random.Generator) -> Link:
    """Half of the delay spreads by the statistics of factory halls, half evenly over their logarithm."""
    sight = rng.uniform() < 0.5
    spread = draw_hall(rng).delay_spread(sight, float(rng.normal()))
    if rng.uniform() < 0.5:
        spread = float(10.0 ** rng.uniform(np.log10(8), np.log10(250)))
    return Link(
        profile="D" if sight else ("A", "C")[int(rng.integers(2))],
        delay_spread=float(np.clip(spread, 8, 250)),
        k_db=float(np.clip(rng.normal(8.0, 4.0), 3.0, 18.0)) if sight else None,
        speed=(0.0, rng.uniform(0.15, 0.8), rng.uniform(0.8, 2.5))[int(rng.integers(3))],
        snr=float(rng.uniform(5, 35)),
        carrier=CARRIERS[int(rng.integers(2))],
    )


def any_snr(rng: np.random.Generator) -> Link:
    return replace(ordinary(rng), snr=float(rng.uniform(-2, 35)))


def any_k(rng: np.random.Generator) -> Link:
    link = ordinary(rng)
    return link if link.k_db is None else replace(link, k_db=float(rng.uniform(-5, 18)))


def drawing(label: Callable[[Link], int], links: Links = ordinary) -> Draw:
    def draw(rng: np.random.Generator) -> Sample:
        link = links(rng)
        return Sample(observe(link, rng), (label(link),))

    return draw


def shifts(label: Callable[[Link], int], links: Links = ordinary) -> dict[str, Draw]:
    """Profiles that were not trained on, an SNR of -2 to 5 dB, a K factor of -4 to 3 dB, and offices in place of factory halls."""

    def other_profile(rng: np.random.Generator) -> Link:
        link = links(rng)
        return replace(link, profile="B" if link.k_db is None else "E")

    def low_snr(rng: np.random.Generator) -> Link:
        return replace(links(rng), snr=float(rng.uniform(-2, 5)))

    def low_k(rng: np.random.Generator) -> Link:
        link = links(rng)
        return link if link.k_db is None else replace(link, k_db=float(rng.uniform(-4, 3)))

    def office(rng: np.random.Generator) -> Link:
        link = links(rng)
        sight = rng.uniform() < Office.sight_probability(float(rng.uniform(1.0, 30.0)))
        spread = Office.delay_spread(sight, link.carrier, float(rng.normal()))
        strength = float(np.clip(rng.normal(*Office.K), -5.0, 20.0)) if sight else None
        return replace(link, profile="D" if sight else ("A", "C")[int(rng.integers(2))], delay_spread=spread, k_db=strength)

    drawn = (("profile", other_profile), ("SNR", low_snr), ("K", low_k), ("office", office))
    return {name: drawing(label, shifted) for name, shifted in drawn}


def radio(name: str, model: Model, label: Callable[[Link], int], links: Links = ordinary, covered: str = "", **told: object) -> Recipe:
    """The recipe of an expert for channel state. `covered`: the shift that `links` trains on itself; `told`: what its card says beside the common."""
    common = {
        "version": "1.0.0",
        "data": "TDL channels of 3GPP TR 38.901 v16.1 with InF statistics, seen as commodity WiFi sees them (experts/signals)",
        "command": f"python -m experts.training {name}",
        "trained_on": RANGES,
    }
    outside = {shift: draw for shift, draw in shifts(label, links).items() if shift != covered}
    return Recipe(name=name, model=model, draw=drawing(label, links), shifts=outside, told={**common, **told})
