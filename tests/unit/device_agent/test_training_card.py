"""The model card that the export writes, and the one that is shipped."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from device_agent.training.card import Training, card, with_figures
from device_agent.training.data import Kind
from device_agent.training.judged import same_arguments
from runtime.settings import MODELS

FIRST = {"from_step": 0, "minutes": 30.0, "lr": 1.2e-4, "seed": 7, "frozen": 0}
KINDS = (Kind("ann_cart", "cart", (), ()), Kind("ann_lift", "elevator", (), ()))
"""The second is held out."""


def written(folder: Path, training: Training) -> dict[str, Any]:
    files = [folder / "m.gguf", folder / "m-heads.npz"]
    for file in files:
        file.write_bytes(file.name.encode())
    return tomllib.loads(card(files, training, KINDS))


def test_a_card_sums_its_files_and_tells_their_making(tmp_path: Path) -> None:
    told = written(tmp_path, Training(1041, 66.03, 22_600_000, note='said "so"'))
    assert told["sha256"] == {name: hashlib.sha256(name.encode()).hexdigest() for name in ("m.gguf", "m-heads.npz")}
    assert (told["file"], told["heads"]) == ("m.gguf", "m-heads.npz")
    assert (told["kinds"], told["held_out_kinds"], told["steps"], told["minutes"], told["note"]) == (2, 1, 1041, 66, 'said "so"')
    assert "22.6 M parameters" in told["architecture"]
    assert "trained_kinds" not in told
    assert written(tmp_path, Training(1, 1.0, 1, kinds=32))["trained_kinds"] == 32


def test_the_command_repeats_every_run_that_was_recorded() -> None:
    again = {**FIRST, "from_step": 400, "minutes": 60.0, "frozen": 2}
    first, second = Training(900, 60.0, 1, (FIRST, again)).command.split(" && ")
    assert first.endswith("--out run --minutes 30 --lr 0.00012 --seed 7 --frozen 0")
    assert second.endswith("--minutes 60 --lr 0.00012 --seed 7 --frozen 2 --resume")
    assert Training(900, 60.0, 1).command.endswith("--out run")


def test_the_card_says_of_how_many_checkpoints_the_weights_are_the_mean() -> None:
    assert Training(900, 60.0, 1).export.endswith("--state run/state.pt")
    assert Training(900, 60.0, 1, checkpoints=2).export.endswith("--state run-1/state.pt run-2/state.pt")


def test_figures_of_a_report_take_the_place_of_older_ones(tmp_path: Path) -> None:
    share = {"hits": 137, "of": 200}
    report = {"stages": {"call_exact": share}, "languages": {"en": {"choice": share}}, "cases": 2, "calibration_error": 0.011}
    path = tmp_path / "m.gguf"
    for file in (path, path.with_suffix(".npz")):
        file.write_bytes(b"")
    once = with_figures(card([path, path.with_suffix(".npz")], Training(1, 1.0, 1), KINDS), report)
    told = tomllib.loads(once)
    assert with_figures(once, report) == once
    assert (told["held_out"]["call_exact"], told["held_out"]["cases"], told["held_out"]["calibration_error"]) == (68.5, 2, 1.1)
    assert told["held_out_en"] == {"choice": 68.5}


def test_the_shipped_card_fits_the_shipped_files_and_holds_figures() -> None:
    told = tomllib.loads((MODELS / "parley-reader-2.toml").read_text(encoding="utf-8"))
    assert set(told["sha256"]) == {told["file"], told["heads"]}
    for name, expected in told["sha256"].items():
        assert hashlib.sha256((MODELS / name).read_bytes()).hexdigest() == expected, name
    assert {"recall@4", "call_exact", "none_fits_refused", "wrong_actions"} <= set(told["held_out"])
    assert {f"held_out_{code}" for code in ("en", "de", "fr", "es", "zh")} <= set(told)


def test_arguments_are_the_same_to_a_thousandth_and_whatever_the_case() -> None:
    assert same_arguments({"n": 300, "to": "Bay C2"}, {"n": 300.2, "to": " bay c2"})
    assert not same_arguments({"n": 300}, {"n": 301})
    assert not same_arguments({"on": True}, {"on": 1})
    assert not same_arguments({"n": 3}, {"n": 3, "to": "x"})
