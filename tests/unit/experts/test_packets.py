"""The model of a WiFi link against published figures of DCF and against what its causes must do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experts.signals.packets import (
    COLUMNS,
    LABELS,
    NEEDED,
    TRAINED,
    air,
    attempt_chance,
    collision_chance,
    hit_by_hidden,
    link,
    lost,
    met,
    report,
    saturated_throughput,
    statistics,
)


def rng(number: int) -> np.random.Generator:
    return np.random.default_rng([2102, number])


def column(table: np.ndarray, name: str) -> np.ndarray:
    return table[:, COLUMNS.index(name)]


@pytest.mark.parametrize(("stations", "expected"), [(5, 29.83), (10, 28.15), (20, 26.29), (50, 23.56)])
def test_saturated_throughput_is_that_of_the_published_model(stations: int, expected: float) -> None:
    """Mb/s of 802.11a at 54 Mb/s with 1,500-byte packets and CWmin 15: ns-3's table for its example wifi-bianchi."""
    assert saturated_throughput(stations) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("chance", [0.0, 0.1, 0.3, 0.7])
def test_the_chance_to_send_is_bianchis_equation_7(chance: float) -> None:
    window, stages = 16, 6
    expected = 2 * (1 - 2 * chance) / ((1 - 2 * chance) * (window + 1) + chance * window * (1 - (2 * chance) ** stages))
    assert attempt_chance(chance) == pytest.approx(expected)


def test_a_lone_station_meets_nobody_and_more_stations_meet_more_often() -> None:
    chances = [collision_chance(n) for n in (1, 2, 5, 20, 50)]
    assert chances[0] == pytest.approx(0.0, abs=1e-9)
    assert chances == sorted(chances)


def test_stations_with_little_to_send_collide_in_proportion_and_never_more_than_saturated_ones() -> None:
    few = met(10, np.array([0.0, 0.1, 0.5, 1.0]), 1e-3)
    assert few[0] == 0.0
    assert (np.diff(few) > 0).all()
    assert few[-1] == pytest.approx(collision_chance(10))


def test_a_frame_at_54_mbps_lasts_the_preamble_and_whole_symbols() -> None:
    assert float(air(1500, 54.0)) == pytest.approx(248e-6)


def test_half_of_the_long_frames_are_lost_at_the_needed_snr_and_fewer_short_ones() -> None:
    mcs = np.arange(len(NEEDED))
    assert lost(NEEDED, mcs, np.full(8, 1500.0)) == pytest.approx(0.5)
    assert (lost(NEEDED, mcs, np.full(8, 200.0)) < 0.15).all()


def test_hidden_senders_spoil_long_frames_more_than_short_ones() -> None:
    """Exponential gaps: a frame of no length is hit with the share of the time that they send."""
    own = np.array([0.0, 5e-4, 3e-3])
    chances = hit_by_hidden(np.full(3, 0.3), 1e-3, own, 0.0)
    assert chances[0] == pytest.approx(0.3)
    assert (np.diff(chances) > 0.1).all()


def test_hidden_senders_hit_as_often_as_in_a_drawn_sequence() -> None:
    draw, share, frame, own = rng(1), 0.25, 1e-3, 8e-4
    gaps = draw.exponential(frame * (1 - share) / share, 40_000)
    starts = np.cumsum(gaps + frame) - frame
    mine = draw.uniform(0, starts[-1], 20_000)
    after = np.searchsorted(starts, mine)
    before = np.maximum(after - 1, 0)
    hit = (starts[after] < mine + own) | ((after > 0) & (starts[before] + frame > mine))
    assert hit.mean() == pytest.approx(float(hit_by_hidden(np.array([share]), frame, np.array([own]), 0.0)[0]), abs=0.02)


def test_a_hidden_node_raises_loss_but_not_what_the_sender_hears() -> None:
    of = replace(link(rng(2), "healthy"), snr=35.0, others=0.1, load=0.2, wary=0.0, stray=0.0, eager=0.0, seconds=30)
    alone, hidden = report(rng(3), of), report(rng(3), replace(of, hidden=0.3, capture=0.0))
    assert column(hidden, "retries").sum() > 5 * column(alone, "retries").sum()
    assert column(hidden, "busy").mean() < column(alone, "busy").mean() + 0.2


def test_many_stations_raise_the_busy_share_and_the_delay() -> None:
    of = replace(link(rng(4), "healthy"), snr=35.0, others=0.1, load=0.1, seconds=30)
    alone, crowded = report(rng(5), of), report(rng(5), replace(of, stations=15, others=1.0))
    assert column(crowded, "busy").mean() > 0.8
    assert column(crowded, "delay").mean() > 3 * column(alone, "delay").mean()


def test_a_weak_link_falls_back_to_slow_rates() -> None:
    of = replace(link(rng(6), "weak_link"), snr=5.0, fading=1.0, eager=0.0, seconds=30)
    assert column(report(rng(7), of), "mcs").mean() < 1.5


@pytest.mark.parametrize("label", LABELS)
def test_the_columns_agree_with_each_other(label: str) -> None:
    for number in range(50):
        table = statistics(rng(number), label, TRAINED).arrays["packets"]
        assert table.shape[1] == len(COLUMNS)
        assert len(table) >= 10
        assert np.isfinite(table).all()
        assert (column(table, "retries") <= column(table, "attempts")).all()
        assert ((column(table, "busy") >= 0) & (column(table, "busy") <= 1)).all()
        carried = (column(table, "attempts") - column(table, "retries") - column(table, "failures")) * column(table, "frame") * 8 / 1e6
        np.testing.assert_allclose(column(table, "throughput"), carried, rtol=1e-3, atol=1e-3)
