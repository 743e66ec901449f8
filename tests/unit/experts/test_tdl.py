"""The channel generator against TR 38.901 and the theory of fading."""

from __future__ import annotations

import math

import numpy as np
import pytest

from experts.signals.csi import Hall, Link, Office, draw_hall, observe
from experts.signals.tdl import LIGHT, TABLES, Profile, gains, taps_of


def bessel_j0(x: float) -> float:
    """By its integral (DLMF 10.9.1)."""
    angles = (np.arange(2000) + 0.5) * np.pi / 2000
    return float(np.cos(x * np.sin(angles)).mean())


@pytest.mark.parametrize(("profile", "taps"), [("A", 23), ("B", 23), ("C", 24), ("D", 13), ("E", 14)])
def test_a_profile_has_its_taps_and_the_delay_spread_that_was_asked_for(profile: Profile, taps: int) -> None:
    made = taps_of(profile, 80e-9)
    assert len(made.delays) == len(made.powers) == taps
    assert made.delay_spread == pytest.approx(80e-9)
    assert made.powers.sum() + made.sight == pytest.approx(1.0)


@pytest.mark.parametrize("profile", ["A", "B", "C", "D", "E"])
def test_the_tables_are_normalised_to_a_delay_spread_of_one(profile: Profile) -> None:
    assert taps_of(profile, 1.0).delays == pytest.approx(TABLES[profile][0], rel=0.01)


@pytest.mark.parametrize(("profile", "first_tap"), [("D", 13.3), ("E", 22.0)])
def test_the_first_taps_k_factor_is_that_of_the_standard(profile: Profile, first_tap: float) -> None:
    made = taps_of(profile, 50e-9)
    assert 10 * math.log10(made.sight / made.powers[0]) == pytest.approx(first_tap, abs=0.01)


@pytest.mark.parametrize("k_db", [-3.0, 7.0, 15.0])
def test_a_wanted_k_factor_is_met_and_the_delay_spread_kept(k_db: float) -> None:
    made = taps_of("D", 60e-9, k_db)
    assert 10 * math.log10(made.k_factor) == pytest.approx(k_db)
    assert made.delay_spread == pytest.approx(60e-9)


def test_power_per_tap_is_the_tables() -> None:
    made, rng = taps_of("A", 50e-9), np.random.default_rng(1)
    power = np.mean([np.abs(gains(made, 50.0, np.arange(64) / 100.0, rng)[0]) ** 2 for _ in range(400)], axis=(0, 2))
    assert 10 * np.log10(power) == pytest.approx(10 * np.log10(made.powers), abs=0.6)


def test_fading_is_alike_over_time_as_clarke_says() -> None:
    made, rng, doppler, step = taps_of("A", 50e-9), np.random.default_rng(2), 20.0, 0.005
    rows = np.concatenate([gains(made, doppler, np.arange(40) * step, rng)[0] for _ in range(60)])
    power = (np.abs(rows) ** 2).mean()
    for lag in (1, 2, 4, 6, 10):
        found = (rows[:, lag:] * rows[:, :-lag].conj()).mean(axis=1)
        weighted = (found.real).mean() / power
        assert weighted == pytest.approx(bessel_j0(2 * np.pi * doppler * lag * step), abs=0.06)


def test_rayleigh_taps_have_the_amplitude_of_rayleigh() -> None:
    made, rng = taps_of("A", 50e-9), np.random.default_rng(3)
    strongest = int(made.powers.argmax())
    found = np.concatenate([np.abs(gains(made, 40.0, np.arange(10) / 10.0, rng)[0][strongest]) for _ in range(500)])
    assert (found**4).mean() / (found**2).mean() ** 2 == pytest.approx(2.0, abs=0.1)


def test_a_large_halls_delay_spreads_do_not_tell_a_line_of_sight() -> None:
    hall = Hall(120.0, 60.0, 10.0)
    assert hall.volume_to_surface == pytest.approx(4.0)
    assert (round(hall.delay_spread(True)), round(hall.delay_spread(False))) == (53, 55)


def test_a_line_of_sight_gets_rarer_with_distance_and_clutter() -> None:
    hall = Hall(clutter=0.4, size=2.0)
    assert hall.sight_probability(0.0) == 1.0
    assert hall.sight_probability(10.0) == pytest.approx(0.6**5)
    assert draw_hall(np.random.default_rng(0)) == draw_hall(np.random.default_rng(0))


def test_the_largest_shift_is_speed_over_wavelength() -> None:
    assert Link("A", 50.0, None, 1.5, 20.0, 5.18).doppler == pytest.approx(1.5 * 5.18e9 / LIGHT)


def test_the_same_seed_gives_the_same_window_and_another_another() -> None:
    link = Link("D", 50.0, 7.0, 0.5, 20.0)
    first, again, other = (observe(link, np.random.default_rng(seed)).arrays["csi"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (64, 52)


def test_an_office_has_the_statistics_of_inh() -> None:
    """Table 7.5-6 at 6 GHz: medians of 20 and 39 ns; table 7.4.2-1: the line of sight is certain up to 1.2 m and 0.32 at 6.5 m."""
    assert Office.delay_spread(True, 5.18) == pytest.approx(19.9, abs=0.3)
    assert Office.delay_spread(False, 5.18) == pytest.approx(38.9, abs=0.5)
    assert Office.delay_spread(False, 28.0) < Office.delay_spread(False, 2.437)
    assert Office.sight_probability(1.0) == 1.0
    assert Office.sight_probability(6.5) == pytest.approx(0.32, abs=1e-6)
    assert Office.sight_probability(6.49) == pytest.approx(0.325, abs=0.005)
