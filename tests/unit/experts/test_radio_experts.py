"""The shipped experts for channel state: right where their cards say so, silent where they cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from experts.catalogue import cards, names, open_expert
from experts.expert import Expert
from experts.signals.csi import Link, observe
from experts.window import Window

RADIO = ("delay_spread", "fading", "line_of_sight", "mobility", "snr")


@cache
def expert(name: str) -> Expert:
    return open_expert(name)


def links(count: int, **fixed: object) -> list[Link]:
    """Ordinary ones, drawn here apart from any training."""
    rng, out = np.random.default_rng(2026), list[Link]()
    for _ in range(count):
        sight = bool(rng.integers(2))
        drawn = {
            "profile": "D" if sight else "AC"[int(rng.integers(2))],
            "delay_spread": float(10 ** rng.uniform(1, 2.3)),
            "k_db": float(rng.uniform(5, 14)) if sight else None,
            "speed": [0.0, rng.uniform(0.2, 0.7), rng.uniform(0.9, 2.4)][int(rng.integers(3))],
            "snr": float(rng.uniform(8, 33)),
            **fixed,
        }
        out.append(Link(**drawn))  # type: ignore[arg-type]
    return out


def right(name: str, truth: Callable[[Link], str], rows: list[Link]) -> tuple[float, float]:
    """Share answered, and right of the answered."""
    said = [(expert(name).judge(observe(link, np.random.default_rng([77, n]))).label, truth(link)) for n, link in enumerate(rows)]
    answered = [label == true for label, true in said if label is not None]
    return len(answered) / len(said), sum(answered) / max(len(answered), 1)


def sight(link: Link) -> str:
    return "no line of sight" if link.k_db is None else "line of sight"


def motion(link: Link) -> str:
    return "static" if link.speed < 0.1 else "slow" if link.speed < 0.8 else "fast"


def echoes(link: Link) -> str:
    return "short" if link.delay_spread < 30 else "medium" if link.delay_spread < 90 else "long"


@pytest.mark.parametrize(("name", "truth", "coverage"), [("line_of_sight", sight, 0.75), ("mobility", motion, 0.7), ("delay_spread", echoes, 0.35)])
def test_what_it_answers_is_right(name: str, truth: Callable[[Link], str], coverage: float) -> None:
    answered, correct = right(name, truth, links(300))
    assert answered >= coverage
    assert correct >= 0.94


def test_the_usable_modulations_follow_the_signal_to_noise_ratio() -> None:
    for snr, label in ((0.0, "none"), (8.0, "MCS 0-2"), (16.0, "MCS 3-4"), (30.0, "MCS 5-7")):
        answered, correct = right("snr", lambda _, label=label: label, links(60, snr=snr))
        assert answered >= 0.4, snr
        assert correct >= 0.9, snr


def test_in_noise_the_others_say_that_they_cannot_tell() -> None:
    for name in ("line_of_sight", "mobility", "delay_spread", "fading"):
        verdicts = [expert(name).judge(observe(link, np.random.default_rng([5, n]))) for n, link in enumerate(links(40, snr=-1.0))]
        assert sum(v.abstained == "outside" for v in verdicts) >= 36, name
        assert any("snr" in v.reason and "trained on" in v.reason for v in verdicts)


@pytest.mark.parametrize("name", RADIO)
def test_what_is_no_channel_state_is_not_judged(name: str) -> None:
    for window, said in (
        (Window("frame", {"frame": np.zeros((4, 4), np.uint8)}), "csi"),
        (Window("csi", {"csi": np.ones((3, 3), np.complex64)}, {"rate": 100.0, "carrier": 2.4}), "shape"),
        (Window("csi", {}), "csi"),
    ):
        verdict = expert(name).judge(window)
        assert (verdict.label, verdict.abstained) == (None, "unreadable")
        assert said in verdict.reason


@pytest.mark.parametrize("name", RADIO)
def test_a_verdict_says_what_was_measured_and_what_it_leans_to(name: str) -> None:
    verdict = expert(name).judge(observe(links(1, snr=25.0)[0], np.random.default_rng(1)))
    assert {"snr", "delay_spread", "k_factor"} <= set(verdict.evidence)
    assert verdict.likeliest in expert(name).card.labels
    assert sum(verdict.probabilities.values()) == pytest.approx(1.0, abs=0.01)


def test_every_folder_with_a_card_is_an_expert() -> None:
    assert set(RADIO) <= set(names())
    for card in cards():
        assert open_expert(card.name).card == card
        assert card.asks and card.limits and {"iid"} <= set(card.figures)
        assert card.figures["iid"]["balanced_accuracy"] > card.figures["iid"]["tree"]
