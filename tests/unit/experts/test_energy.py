"""The generator of energy traces against the figures of the standards that it imitates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experts.signals.energy import LABELS, TRAINED, beacons, bluetooth, bursts_of, detect, energy_until, microwave, trace, wifi, zigbee

SECOND = 1.0


def rng(number: int) -> np.random.Generator:
    return np.random.default_rng([2101, number])


@pytest.mark.parametrize("mains", [50.0, 60.0])
def test_an_oven_is_on_for_less_than_half_of_each_mains_cycle(mains: float) -> None:
    bursts = microwave(rng(1), replace(TRAINED, mains=(mains,)), SECOND)
    on = np.sort(bursts[:, 0])
    begins = on[1:][np.diff(on) > 5e-3]
    assert np.diff(begins).mean() == pytest.approx(1 / mains, rel=0.01)
    assert 0.28 < bursts[:, 1].sum() / (len(begins) + 2) * mains < 0.5


def test_bluetooth_starts_in_slots_of_625_us_and_packets_last_126_to_2870_us() -> None:
    bursts = bluetooth(rng(2), TRAINED, SECOND)
    slots = (bursts[:, 0] - bursts[0, 0]) / 625e-6
    assert np.abs(slots - np.round(slots)).max() < 1e-6
    assert bursts[:, 1].min() >= 126e-6
    assert bursts[:, 1].max() <= 2870e-6


def test_a_quarter_of_the_hops_falls_into_20_of_79_channels() -> None:
    """At full load of single slots there is a packet in each of the 1,600 slots of a second."""
    share = 20 / 79
    counts = [len(bluetooth(rng(n), replace(TRAINED, bluetooth_load=(1.0, 1.0), bluetooth_inside=(share, share)), SECOND)) for n in range(40)]
    assert max(counts) == pytest.approx(1600 * share, rel=0.15)


def test_zigbee_frames_last_up_to_4256_us_and_acknowledgements_follow_192_us_after() -> None:
    bursts = zigbee(rng(3), TRAINED, SECOND)
    assert bursts[:, 1].max() <= (6 + 127) * 32e-6 + 1e-9
    answers = np.flatnonzero(np.isclose(bursts[1:, 1], 352e-6))
    gaps = bursts[answers + 1, 0] - bursts[answers, 0] - bursts[answers, 1]
    assert len(answers) > 3
    np.testing.assert_allclose(gaps, 192e-6, atol=1e-9)


def test_wifi_waits_for_difs_and_answers_after_sifs() -> None:
    bursts = wifi(rng(4), replace(TRAINED, wifi_load=(0.97, 0.97)), SECOND)
    bursts = bursts[np.argsort(bursts[:, 0])]
    gaps = (bursts[1:, 0] - bursts[:-1, 0] - bursts[:-1, 1]) * 1e6
    apart = gaps[gaps > 1e-3]
    assert apart.min() == pytest.approx(10, abs=0.01)
    assert not ((apart > 10.5) & (apart < 27.9)).any()


def test_beacons_come_every_102_4_ms() -> None:
    starts = beacons(rng(5), replace(TRAINED, beacons=1.0), SECOND)[:, 0]
    np.testing.assert_allclose(np.diff(starts[: len(starts) // 2]), 0.1024)


def test_silence_reads_as_the_noise_floor() -> None:
    """Averaging `looks` estimates in mW keeps the mean power; the radio's offset, of 2 dB, averages out over radios."""
    means = [10 * np.log10((10 ** (detect(rng(n), np.zeros((0, 3)), 1e4, 0.1, -95.0) / 10)).mean()) for n in range(200)]
    assert np.mean(means) == pytest.approx(-95.0, abs=0.5)


def test_energy_is_that_of_all_bursts_together() -> None:
    bursts = bursts_of([0.01, 0.02, 0.021], [0.005, 0.004, 0.001], [-50.0, -60.0, -50.0])
    assert energy_until(bursts, np.array([0.0, 1.0])) == pytest.approx([0.0, (bursts[:, 1] * bursts[:, 2]).sum()])


@pytest.mark.parametrize("label", LABELS)
def test_a_seed_gives_one_trace_and_another_seed_another(label: str) -> None:
    first, again, other = (trace(rng(n), label).arrays["energy"] for n in (6, 6, 7))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or (first != other).any()
    assert np.isfinite(first).all()


def test_a_strong_source_stands_above_the_floor_that_was_asked_for() -> None:
    strong = replace(TRAINED, level=(-50.0, -50.0), floor=(-95.0, -95.0))
    for label in LABELS[1:]:
        top = np.mean([trace(rng(n), label, strong).arrays["energy"].max() for n in range(20)])
        assert -60 < top < -38, label
