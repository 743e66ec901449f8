"""What is measured in channel state is what the link had, and what a card cannot know does not change it."""

from __future__ import annotations

import numpy as np
import pytest

from experts.csi_features import channel, delay_profile, delay_spread_ns, evidence, features, snr_db
from experts.signals.csi import PLACES, Link, observe
from experts.window import Unreadable, Window


def windows(link: Link, count: int = 20) -> list[Window]:
    return [observe(link, np.random.default_rng([9, n])) for n in range(count)]


@pytest.mark.parametrize("snr", [5.0, 15.0, 25.0])
def test_the_signal_to_noise_ratio_is_found(snr: float) -> None:
    found = [snr_db(channel(w)) for w in windows(Link("A", 40.0, None, 1.0, snr))]
    assert np.mean(found) == pytest.approx(snr, abs=1.5)


@pytest.mark.parametrize("spread", [60.0, 100.0])
def test_the_delay_spread_is_found_where_twenty_megahertz_can_tell(spread: float) -> None:
    found = [delay_spread_ns(delay_profile(channel(w))) for w in windows(Link("A", spread, None, 1.0, 25.0))]
    assert np.mean(found) == pytest.approx(spread, rel=0.2)


def test_gain_common_phase_and_timing_do_not_matter() -> None:
    window = windows(Link("C", 80.0, None, 1.0, 25.0), 1)[0]
    rng = np.random.default_rng(4)
    turned = np.exp(1j * (rng.uniform(0, 6, (64, 1)) + rng.normal(0, 0.02, (64, 1)) * PLACES))
    other = Window("csi", {"csi": 7.0 * window.arrays["csi"] * turned}, window.about)
    assert features(other) == pytest.approx(features(window), abs=0.15)


def test_faster_links_are_less_alike_after_a_while() -> None:
    still, slow, fast = (np.mean([evidence(w)["alike_after_50_ms"].value for w in windows(Link("A", 40.0, None, v, 25.0))]) for v in (0.0, 0.4, 2.0))
    assert still > slow > fast


@pytest.mark.parametrize(
    ("array", "about", "said"),
    [
        (np.ones((64, 51), np.complex64), {}, "shape"),
        (np.ones((64, 52), np.float32), {}, "real"),
        (np.zeros((64, 52), np.complex64), {}, "zero"),
        (np.full((64, 52), np.nan, np.complex64), {}, "finite"),
        (np.ones((64, 52), np.complex64), {"carrier": 60.0}, "carrier"),
        (np.ones((64, 52), np.complex64), {"rate": 5.0}, "rate"),
    ],
)
def test_what_is_no_channel_state_is_named(array: np.ndarray, about: dict[str, float], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        features(Window("csi", {"csi": array}, {"rate": 100.0, "carrier": 2.437, **about}))


def test_a_channel_without_any_change_still_gives_finite_figures() -> None:
    flat = Window("csi", {"csi": np.ones((64, 52), np.complex64)}, {"rate": 100.0, "carrier": 2.437})
    assert features(flat).shape == (1, 36)
    assert np.isfinite(features(flat)).all()
