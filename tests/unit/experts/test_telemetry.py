"""The telemetry generator against the physics that it claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experts.signals.telemetry import (
    FAULTS,
    SENSORS,
    SIGNALS,
    Duty,
    Fault,
    Floats,
    Make,
    Sensing,
    commanded,
    heated,
    nameplate,
    open_circuit,
    telemetry,
)

EXACT = Sensing(noise=0.0, offset=0.0, repeated=0.0, skew_s=0.0)
HEALTHY = Fault()
MAKE, DUTY = Make(), Duty(seconds=600)
FLAT = replace(DUTY, slope=0.0, rough=0.0, wet=0.0, payload=0.0, lift_w=0.0)


def drive(fault: Fault = HEALTHY, make: Make = MAKE, duty: Duty = DUTY, sensing: Sensing = EXACT, seed: int = 4) -> dict[str, Floats]:
    rows = telemetry(np.random.default_rng(seed), make, duty, fault, sensing)
    return dict(zip(SIGNALS, rows.T, strict=True))


def total(name: str, kind: str, severity: float = 0.6) -> float:
    return float(np.mean([drive(Fault(kind, severity), seed=seed)[name].mean() for seed in range(5)]))


def test_a_window_is_a_table_of_the_named_signals_and_the_same_seed_gives_the_same():
    one, two = (telemetry(np.random.default_rng(7), MAKE, replace(DUTY, seconds=60), Fault("drag", 0.4), Sensing()) for _ in range(2))
    assert one.shape == (60, len(SIGNALS))
    assert np.isfinite(one).all()
    assert np.array_equal(one, two)


@pytest.mark.parametrize(("charge", "volts"), [(1.0, 3.630), (0.5, 3.3485), (0.2, 3.296)])
def test_the_open_circuit_voltage_follows_the_curve_of_an_iron_phosphate_cell(charge: float, volts: float):
    """Tremblay & Dessaint 2009: E0 − K·Q·(1 − s)/s + A·exp(−B·Q·(1 − s)), by hand."""
    assert open_circuit(np.array([charge]))[0] == pytest.approx(volts, abs=0.001)
    assert np.all(np.diff(open_circuit(np.linspace(0.05, 1.0, 50))) > 0)


def test_the_voltage_sags_at_once_by_the_fast_part_of_the_resistance():
    seen = drive(duty=replace(FLAT, ambient_c=25.0))
    started = np.convolve(np.diff(seen["commanded_speed"], prepend=0.0) > 0, [1, 1])[1:-1] > 0
    steps, drops = np.diff(seen["current"])[~started], np.diff(seen["voltage"])[~started]
    ohms = -(drops @ steps) / (steps @ steps)
    expected = MAKE.sag_1c * MAKE.nominal_v / MAKE.capacity_ah
    assert 0.65 * expected < ohms < 0.75 * expected


def test_the_state_of_charge_falls_by_the_charge_that_flows():
    seen = drive()
    used = 100 * seen["current"].sum() / 3600 / MAKE.capacity_ah
    assert seen["state_of_charge"][0] - seen["state_of_charge"][-1] == pytest.approx(used, abs=0.15)


def test_an_aged_battery_sags_deeper_and_empties_faster():
    new, old = drive(), drive(Fault("battery", 1.0))
    assert old["voltage"].min() < new["voltage"].min() - 0.1
    assert np.ptp(old["state_of_charge"]) > 1.3 * np.ptp(new["state_of_charge"])


def test_steady_driving_on_flat_floor_takes_the_power_of_rolling_resistance():
    duty = replace(FLAT, moving=0.999)
    rng = np.random.default_rng(4)
    seen, command = drive(duty=duty), commanded(rng, MAKE, duty)
    steady = np.flatnonzero((command[12:] == command[:-12]) & (command[12:] > 0.5)) + 12
    at = steady[np.abs(seen["speed"][steady] - seen["speed"][steady - 1]) < 0.002]
    force = MAKE.rolling * MAKE.mass_kg * 9.81
    copper = 0.3 * MAKE.rated_w * (force / MAKE.rated_n) ** 2
    expected = MAKE.idle_w + copper + force * seen["speed"][at] / MAKE.efficiency
    assert len(at) > 20
    assert np.median(seen["voltage"][at] * seen["current"][at] / expected) == pytest.approx(1.0, abs=0.04)


def test_a_body_under_constant_loss_warms_as_one_time_constant_says():
    """First order: 63.2 % of the final rise after one time constant."""
    warmed = heated(np.ones(500), np.ones(500), 500.0, 40.0, replace(DUTY, ambient_c=20.0, warm=0.0))
    assert warmed[-1] == pytest.approx(20.0 + 0.632 * 40.0, abs=0.1)


def test_blocked_cooling_raises_the_final_temperature_and_leaves_the_first_slope():
    one, two = (heated(np.ones(4000), np.full(4000, gain), 300.0, 30.0, replace(DUTY, warm=0.0)) for gain in (1.0, 2.0))
    assert two[-1] - DUTY.ambient_c == pytest.approx(2 * (one[-1] - DUTY.ambient_c), rel=0.01)
    assert two[5] - two[0] == pytest.approx(one[5] - one[0], rel=0.05)


def test_a_healthy_small_machine_shakes_within_zones_a_and_b_and_a_worn_bearing_beyond_them():
    """ISO 10816-1 annex B, class I (now in ISO 20816-1): zone B ends at 1.8 mm/s RMS, zone D begins at 4.5 mm/s."""
    healthy = drive(duty=FLAT)["vibration"]
    assert np.quantile(healthy, 0.95) < 1.8
    assert drive(Fault("bearing", 0.7), duty=FLAT)["vibration"].max() > 1.8


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        ("bearing", "vibration"),
        ("bearing", "current"),
        ("drag", "current"),
        ("drag", "position_error"),
        ("overheating", "motor_temperature"),
        ("encoder", "position_error"),
    ],
)
def test_a_fault_raises_what_it_is_known_for(kind: str, signal: str):
    assert total(signal, kind) > 1.08 * total(signal, "healthy")


def test_a_dragging_wheel_falls_short_of_its_command():
    assert total("speed", "drag") < 0.97 * total("speed", "healthy")


def test_a_loose_connector_drops_the_voltage_for_moments_only():
    seen, whole = drive(Fault("connector", 0.6)), drive()
    low = seen["voltage"] < np.median(seen["voltage"]) - 0.3
    assert 1 <= low.sum() < 60
    assert np.median(seen["voltage"]) == pytest.approx(np.median(whole["voltage"]), abs=0.1)


def test_a_fault_that_begins_in_the_window_leaves_what_was_before_as_it_was():
    for kind in set(FAULTS) - {"healthy", "battery"}:
        level = Fault(kind, 0.8, onset_s=100.0).level(kind, 300)
        assert not level[:100].any()
        assert level[-1] == pytest.approx(0.8)


def test_noise_has_the_size_that_the_sensors_promise():
    clean, noisy = (drive(sensing=replace(EXACT, noise=noise)) for noise in (0.0, 1.0))
    for name in ("voltage", "motor_temperature", "speed"):
        noise, quantum, _ = SENSORS[name]
        still = noisy[name][clean["speed"] > 0.2] - clean[name][clean["speed"] > 0.2]
        assert still.std() == pytest.approx(np.hypot(noise, quantum / np.sqrt(6)), rel=0.15)


def test_lost_samples_stand_as_the_one_before_and_absent_signals_are_zeros():
    rows = telemetry(np.random.default_rng(1), MAKE, DUTY, Fault(), replace(Sensing(), repeated=0.1, absent=("vibration",)))
    repeated = (np.diff(rows, axis=0) == 0).all(axis=1).mean()
    assert 0.06 < repeated < 0.14
    assert not rows[:, list(SIGNALS).index("vibration")].any()


def test_the_nameplate_says_what_is_printed_on_the_device():
    assert nameplate(MAKE) == {"rate_hz": 1.0, "nominal_v": 24.0, "capacity_ah": 30.0, "mass_kg": 100.0, "rated_w": 75.0, "top_speed": 1.5}
