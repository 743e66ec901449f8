"""The rendered camera: optics against known laws, geometry against the pinhole, and no hint at the truth but what can be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experts.signals.camera import Conditions, Layout, Light, Ranges, render
from experts.signals.camera.goods import CLUTTER_BELOW, GOODS, GOODS_ABOVE, Opening, clutter
from experts.signals.camera.optics import READ_NOISE, expose, srgb
from experts.signals.camera.settings import BEAM
from experts.signals.camera.view import FOCAL, HEIGHT, WIDTH, boxes, look, stand

LAYOUT = Layout()
PLAIN = Light(brightness=0.18, vignette=0.0, photons=1e9)
GREY = np.ones((HEIGHT, WIDTH, 3), np.float32)


def linear(frame: np.ndarray) -> np.ndarray:
    """The inverse of the transfer function of IEC 61966-2-1."""
    value = frame / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_encoding_is_srgb() -> None:
    """IEC 61966-2-1: an 18 % grey is 118 of 255, half the light 188, and dark values are on the linear part."""
    assert srgb(np.array([0.0, 0.001, 0.18, 0.5, 1.0])).tolist() == [0, 3, 118, 188, 255]
    assert (expose(GREY, PLAIN, rng()) == 118).all()


def test_noise_grows_with_the_light_as_photons_do() -> None:
    """EMVA 1288: the variance is linear in the mean, with a slope of one electron per electron and the read noise at nothing."""
    photons, means, variances = 500.0, [], []
    for brightness in (0.1, 0.2, 0.3, 0.5):
        frame = linear(expose(GREY, replace(PLAIN, photons=photons, brightness=brightness), rng())) * photons
        means.append(frame.mean())
        variances.append(frame.var())
    slope, offset = np.polyfit(means, variances, 1)
    assert slope == pytest.approx(1.0, abs=0.08)
    assert offset == pytest.approx(READ_NOISE**2, abs=10.0)


def test_the_corners_darken_with_the_fourth_power_of_the_cosine() -> None:
    frame = linear(expose(GREY, replace(PLAIN, brightness=0.8, vignette=4.0), rng()))
    cosine = FOCAL / np.hypot(FOCAL, np.hypot(WIDTH / 2, HEIGHT / 2))
    assert frame[0, 0, 0] / frame[HEIGHT // 2, WIDTH // 2, 0] == pytest.approx(cosine**4, rel=0.03)


def test_what_is_twice_as_far_is_half_as_large() -> None:
    near, far = (look(np.zeros(3), Conditions(), d).project(np.array([[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0]])) for d in (2.0, 4.0))
    assert np.ptp(near[:, 0]) == pytest.approx(FOCAL / 2.0)
    assert np.ptp(near[:, 0]) == pytest.approx(2 * np.ptp(far[:, 0]))


def test_rays_and_projection_are_inverse() -> None:
    view = stand(LAYOUT, Conditions(yaw=18.0, elevation=-9.0, roll=2.0))
    x, y, slope_x, slope_y = view.rays()
    points = np.array([[x[30, 40] + 0.7 * slope_x[30, 40], y[30, 40] + 0.7 * slope_y[30, 40], 0.7]])
    assert view.project(points)[0] == pytest.approx([40.5, 30.5], abs=0.01)


@pytest.mark.parametrize("yaw", [-30.0, 0.0, 17.0])
def test_the_whole_front_is_in_the_frame_and_the_near_side_is_larger(yaw: float) -> None:
    view = stand(LAYOUT, Conditions(yaw=yaw, standoff=1.0))
    found = boxes(LAYOUT, view, 0.0, rng()).reshape(LAYOUT.levels, LAYOUT.slots, 4)
    assert found.min() >= 0 and (found[..., 2:] <= (WIDTH, HEIGHT)).all()
    heights = found[0, :, 3] - found[0, :, 1]
    assert np.sign(heights[-1] - heights[0]) == np.sign(yaw)


def test_slots_go_from_left_to_right_and_upwards() -> None:
    found = boxes(LAYOUT, stand(LAYOUT, Conditions()), 0.0, rng()).reshape(LAYOUT.levels, LAYOUT.slots, 4)
    assert (np.diff(found[..., 0], axis=1) > 0).all()
    assert (np.diff(found[..., 1], axis=0) < 0).all()


@pytest.mark.parametrize("kind", sorted(GOODS))
def test_goods_fill_their_slot_and_clutter_does_not(kind: str) -> None:
    opening, random = Opening(1.6, 0.7, LAYOUT), rng()
    high = LAYOUT.height - BEAM
    for _ in range(50):
        goods = list(GOODS[kind](opening, random))
        assert max(s.high[1] for s in goods) >= opening.floor + 0.85 * GOODS_ABOVE * high
        assert all(s.low[0] >= 1.6 and s.high[0] <= 1.6 + LAYOUT.width and 0 < s.low[2] < s.high[2] <= LAYOUT.depth for s in goods)
        assert all(s.high[1] <= opening.floor + CLUTTER_BELOW * high for s in clutter(opening, 3, random))


def test_boxes_tell_nothing_about_what_is_in_the_slots() -> None:
    full, empty = (render([state] * 12, LAYOUT, Conditions(), rng(4)) for state in (True, False))
    assert (full.arrays["slots"] == empty.arrays["slots"]).all()
    assert (full.arrays["frame"] != empty.arrays["frame"]).any()


def test_a_frame_changes_where_goods_are_put_and_hardly_elsewhere() -> None:
    still = Conditions(light=Light(photons=1e7), clutter=0.0, occlusion=0.0, calibration=0.0)
    states = [False] * 12
    one = render([*states[:5], True, *states[6:]], LAYOUT, still, rng(4))
    none = render(states, LAYOUT, still, rng(4))
    change = np.abs(one.arrays["frame"].astype(float) - none.arrays["frame"]).mean(axis=2)
    x0, y0, x1, y1 = one.arrays["slots"][5].astype(int)
    assert change[y0:y1, x0:x1].mean() > 10 * change[: HEIGHT // 6].mean()


def test_the_same_seed_gives_the_same_frame() -> None:
    first, second = (render([True, False] * 6, LAYOUT, Conditions(), rng(8)) for _ in range(2))
    assert (first.arrays["frame"] == second.arrays["frame"]).all()


def test_a_frame_is_small_enough_to_travel() -> None:
    frame = render([True] * 12, LAYOUT, Conditions(), rng()).arrays["frame"]
    assert (frame.shape, frame.dtype) == ((120, 160, 3), np.uint8)
    assert frame.nbytes <= 64 * 1024


def test_states_that_do_not_fit_the_layout_are_refused() -> None:
    with pytest.raises(ValueError, match="5 states for 3 × 4 slots"):
        render([True] * 5, LAYOUT, Conditions(), rng())


def test_drawn_conditions_keep_to_their_ranges() -> None:
    ranges, random = Ranges(yaw=(5.0, 6.0), brightness=(0.1, 0.2)), rng()
    drawn = [ranges.conditions(random) for _ in range(100)]
    assert all(5.0 <= abs(c.yaw) <= 6.0 and 0.1 <= c.light.brightness <= 0.2 for c in drawn)
    assert {np.sign(c.yaw) for c in drawn} == {-1.0, 1.0}
