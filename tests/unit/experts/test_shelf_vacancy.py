"""The shipped shelf vacancy expert on fresh frames: right where it answers, silent where it cannot tell, and as good as its card says."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

import experts.shelf_vacancy
from experts.expert import Expert
from experts.onnx import Network
from experts.shelf_vacancy.model import MODEL, features, summary
from experts.shelf_vacancy.splits import SHIFTS, TRAINED, draw
from experts.signals.camera import Conditions, Layout, Light, Ranges, render
from experts.window import Unreadable, Window

FOLDER = Path(experts.shelf_vacancy.__file__).parent
EXPERT = Expert(FOLDER, MODEL)
SEED = 77_001
"""Of no split of the training."""
FLOOR, UNSEEN_FLOOR = 0.97, 0.96
"""Shares of the slots that it answers for."""


def told(ranges: Ranges, frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, likeliest label and whether it was answered, slot by slot."""
    network, rows = Network(FOLDER / EXPERT.card.file), list[tuple[int, int, bool]]()
    for number in range(frames):
        window, labels = draw(ranges, np.random.default_rng([SEED, number]))
        chances, distance = network.run(features(window))
        sure = (chances.max(axis=1) >= EXPERT.card.certain_from) & (distance <= EXPERT.card.inside_until)
        rows += zip(labels, chances.argmax(axis=1).tolist(), sure.tolist(), strict=True)
    truth, best, answered = (np.array(column) for column in zip(*rows, strict=True))
    return truth, best, answered


@cache
def iid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Some 650 slots."""
    return told(TRAINED, 100)


def balanced(truth: np.ndarray, best: np.ndarray) -> float:
    return float(np.mean([(best[truth == label] == label).mean() for label in (0, 1)]))


def sampling(share: float, count: int) -> float:
    """Two standard errors of a share."""
    return 2.0 * float(np.sqrt(share * (1 - share) / count))


def ordinary() -> Window:
    return render([True, False, False, True] * 3, Layout(), Conditions(clutter=0.1, occlusion=0.0), np.random.default_rng(1))


def altered(**arrays: np.ndarray) -> Window:
    window = ordinary()
    return replace(window, arrays=MappingProxyType({**window.arrays, **arrays}))


def test_it_is_right_on_fresh_frames() -> None:
    truth, best, answered = iid()
    assert balanced(truth, best) >= 0.95
    assert (best == truth)[answered].mean() >= FLOOR - sampling(FLOOR, answered.sum())


@pytest.mark.parametrize("name", ["light", "layout"])
def test_under_unseen_light_and_layout_it_answers_less_and_stays_right(name: str) -> None:
    figures = EXPERT.card.figures[f"held-out {name}"]
    assert figures["coverage"] < EXPERT.card.figures["iid"]["coverage"]
    truth, best, answered = told(SHIFTS[name], 160)  # mistakes come in bunches, a frame at a time
    assert (best == truth)[answered].mean() >= UNSEEN_FLOOR - sampling(UNSEEN_FLOOR, answered.sum())


def test_the_card_tells_the_truth() -> None:
    truth, best, answered = iid()
    figures = EXPERT.card.figures["iid"]
    for found, said in ((balanced(truth, best), figures["balanced_accuracy"]), (answered.mean(), figures["coverage"])):
        assert found == pytest.approx(said, abs=1.5 * sampling(said, len(truth)))


@pytest.mark.parametrize("split", ["iid", *(f"held-out {name}" for name in SHIFTS)])
def test_two_questions_about_the_patches_do_not_do(split: str) -> None:
    figures = EXPERT.card.figures[split]
    assert figures["tree"] <= figures["balanced_accuracy"] - 0.1


def test_it_names_each_slot_and_sums_up() -> None:
    verdict = EXPERT.judge(ordinary())
    assert verdict.label == "6 of 12 free"
    assert [p.label for p in verdict.parts] == ["occupied", "free", "free", "occupied"] * 3
    assert [verdict.parts[i].name for i in (0, 3, 4, 11)] == ["level 1 slot 1", "level 1 slot 4", "level 2 slot 1", "level 3 slot 4"]
    assert verdict.evidence["brightness"].unit == "%"
    assert 20 < verdict.evidence["brightness"].value < 60


@pytest.mark.parametrize(("labels", "said"), [(["free"] * 3, "empty"), (["occupied"] * 3, "full"), (["free", "occupied"], "1 of 2 free")])
def test_a_summary_says_how_many_are_free(labels: list[str], said: str) -> None:
    assert summary(labels) == said


def test_exposure_and_colour_cast_hardly_change_what_the_network_sees() -> None:
    def seen(light: Light) -> np.ndarray:
        still = Conditions(light=replace(light, photons=1e7), clutter=0.0, occlusion=0.0)
        return features(render([True, False] * 6, Layout(), still, np.random.default_rng(3)))

    bright, warm = seen(Light(brightness=0.2)), seen(Light(brightness=0.1, cast=(1.25, 1.0, 0.8)))
    assert np.corrcoef(bright[:, 0].ravel(), warm[:, 0].ravel())[0, 1] > 0.97
    assert np.abs(bright[:, 1:] - warm[:, 1:]).mean() < 0.5 * bright[:, 1:].std()


def test_slots_at_the_border_of_the_frame_give_finite_features() -> None:
    slots = np.array([[-20.0, -15.0, 40.0, 60.0], [100.0, 70.0, 175.0, 130.0]])
    assert np.isfinite(features(replace(altered(slots=slots), about={"levels": 1.0}))).all()


GARBAGE = {
    "a grey frame": ({"frame": np.zeros((120, 160), np.uint8)}, "frame has the shape"),
    "no slots": ({"slots": np.zeros((0, 4))}, "slots has the shape"),
    "a box that is not a number": ({"slots": np.full((3, 4), np.nan)}, "not finite"),
    "an infinite pixel": ({"frame": np.full((120, 160, 3), np.inf)}, "not finite"),
    "values beyond a byte": ({"frame": np.full((120, 160, 3), 900.0)}, "from 900 to 900"),
    "a covered lens": ({"frame": np.full((120, 160, 3), 3, np.uint8)}, "shows nothing"),
    "snow": ({"frame": np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)}, "nothing but noise"),
    "boxes inside out": ({"slots": np.tile([60.0, 60.0, 30.0, 30.0], (3, 1))}, "a slot's box is"),
    "boxes elsewhere": ({"slots": np.tile([400.0, 20.0, 430.0, 50.0], (3, 1))}, "outside of the frame"),
    "slots that do not share the levels": ({"slots": np.tile([10.0, 20.0, 40.0, 50.0], (4, 1))}, "4 slots on 3 levels"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_unreadable_and_it_says_why(name: str) -> None:
    arrays, why = GARBAGE[name]
    verdict = EXPERT.judge(altered(**arrays))
    assert (verdict.label, verdict.abstained) == (None, "unreadable")
    assert why in verdict.reason


def test_a_window_of_another_kind_is_unreadable() -> None:
    verdict = EXPERT.judge(Window("csi", ordinary().arrays))
    assert verdict.reason == "shelf_vacancy looks at windows of kind frame, not csi."


def test_a_missing_level_count_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="levels is None"):
        features(replace(ordinary(), about={}))


@pytest.mark.parametrize("number", [1284, 8422, 12856])
def test_the_sum_of_three_bytes_does_not_overflow(number: int) -> None:
    """Good frames of the training's draw that were taken for noise when their colours were added up as bytes."""
    window, _ = draw(TRAINED, np.random.default_rng([5, number]))
    assert window.arrays["frame"].dtype == np.uint8
    assert features(window).shape[1:] == (3, 32, 32)
