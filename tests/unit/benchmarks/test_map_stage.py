"""The stages of sentence → call, counted; risk and coverage; what the machine spends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks import machine
from benchmarks.map_eval import SET, Answer, Case, Expected
from benchmarks.map_stage import BY_LANGUAGE, as_text, at_coverage, curve, groups, judged, stages
from benchmarks.plots import draw_stages
from cli.main import app
from device_agent.training.cases import cases_of
from device_agent.training.data import FOLDER, Kind, load_kind, load_kinds, split_of
from schemas.errors import ConfigError

GO = Expected(name="go", arguments={"n": 1, "speed": 2, "loud": True})
NONE = Expected(reason="none_fits")


def answer(expect: Expected, name: str | None, confidence: float, decision: Any = "act", **more: Any) -> Answer:
    case = Case(instruction="x", functions=(), expect=expect, language=more.pop("language", "en"), tags=more.pop("tags", ()))
    reason = None if name else "none_fits"
    arguments = more.pop("arguments", dict(expect.arguments) if name else {})
    near = more.pop("near", ("go", "stay"))
    return Answer(case=case, name=name, arguments=arguments, decision=decision, reason=reason, best=name, confidence=confidence, near=near)


ANSWERS = [
    answer(GO, "go", 0.9),
    answer(GO, "go", 0.6, "ask", arguments={"n": 2}, language="de"),
    answer(GO, "stay", 0.8, near=("stay", "run", "go"), tags=("indirect", "polite")),
    answer(NONE, None, 0.7, "refuse"),
    answer(NONE, "go", 0.4, near=("go",)),
]


def test_every_stage_counts_its_own_cases() -> None:
    found = {name: (s.hits, s.of) for name, s in stages(ANSWERS).items()}
    assert {k: found[k] for k in ("recall@1", "recall@2", "recall@4", "choice", "arguments", "three_arguments", "acted_on", "acted_right")} == {
        "recall@1": (2, 3),
        "recall@2": (2, 3),
        "recall@4": (3, 3),
        "choice": (2, 3),
        "arguments": (1, 2),
        "three_arguments": (1, 3),
        "acted_on": (3, 5),
        "acted_right": (1, 3),
    }
    assert found["right_ends"] == (2, 5)
    assert found["wrong_actions"] == (2, 5)


def test_groups_are_by_language_arguments_kind_and_wording() -> None:
    found = {title: {name: (s.hits, s.of) for name, s in rows.items()} for title, rows in groups(ANSWERS).items()}
    assert found == {
        "language": {"de": (0, 1), "en": (2, 4)},
        "arguments": {"3": (1, 3)},
        "kind": {"call": (1, 3), "none_fits": (1, 2)},
        "wording": {"indirect": (0, 1), "polite": (0, 1)},
    }


def test_stages_of_several_languages_are_printed_side_by_side() -> None:
    report = judged(ANSWERS, "reader", "a.gguf", "a set")
    rows = as_text(report).splitlines()
    heading = next(i for i, row in enumerate(rows) if row.split() == ["de", "en"])
    told = {row.split()[0]: [float(x) for x in row.split()[1:]] for row in rows[heading + 1 : heading + 1 + len(BY_LANGUAGE)]}
    assert list(told) == list(BY_LANGUAGE)
    assert told["choice"] == [100.0, 50.0]
    assert told["right_ends"] == [0.0, 50.0]
    english = judged([a for a in ANSWERS if a.case.language == "en"], "reader", "a.gguf", "a set")
    assert not any(row.split() == ["en"] for row in as_text(english).splitlines())


def test_the_surest_come_first_and_a_right_refusal_is_right() -> None:
    points = curve(ANSWERS)
    assert [(p.coverage, round(p.right, 3), p.confidence) for p in points] == [
        (0.2, 1.0, 0.9),
        (0.4, 0.5, 0.8),
        (0.6, 0.667, 0.7),
        (0.8, 0.5, 0.6),
        (1.0, 0.4, 0.4),
    ]
    half = at_coverage(points, 0.5)
    assert half is not None
    assert half.coverage == 0.6
    assert at_coverage((), 0.5) is None


def test_a_picture_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plot\.odd"):
        draw_stages(judged(ANSWERS, "encoder", "model.gguf", "set.jsonl"), tmp_path / "plot.odd")


def test_the_machine_is_measured() -> None:
    assert machine.resident_mb() > 10
    assert 0.1 < machine.bandwidth_gbs(mb=4, rounds=2) < 5000
    assert machine.spent_j(None) is None
    assert machine.spent_j(1e18) is None


def test_parley_eval_reads_runs_writes_and_draws(tmp_path: Path) -> None:
    few, report = tmp_path / "few.jsonl", tmp_path / "report.json"
    few.write_text("".join(f"{line}\n" for line in SET.read_text(encoding="utf-8").splitlines()[:6]), encoding="utf-8")
    run = CliRunner().invoke(app, ["eval", "--stage", "map", "--set", str(few), "--json", str(report), "--plot", str(tmp_path / "p.png")])
    assert run.exit_code == 0, run.output
    assert "6 cases of few.jsonl; encoder: parley-reader-2.gguf" in run.output
    assert json.loads(report.read_text())["stages"]["call_exact"]["of"] > 0
    assert (tmp_path / "p.png").exists()


@pytest.mark.parametrize("wrong", [["--stage", "plan"], ["--engine", "magic"]])
def test_an_unknown_stage_or_engine_is_a_clear_mistake(wrong: list[str]) -> None:
    run = CliRunner().invoke(app, ["eval", *wrong])
    assert isinstance(run.exception, ConfigError)
    assert wrong[1] in str(run.exception)


def test_an_authored_kind_becomes_cases_that_can_be_judged() -> None:
    kind = load_kind(FOLDER / "anna_palletiser_arm.json")
    cases = [Case.model_validate(raw) for raw in cases_of(kind)]
    assert len(cases) == len(kind.examples)
    called = [c for c in cases if c.expect.name is not None]
    names = {f.name for f in kind.functions}
    assert len(called) > 50
    assert {c.expect.name for c in called} <= names
    assert {c.expect.reason for c in cases} == {None, "none_fits", "missing_argument", "out_of_range", "several"}


def test_one_kind_in_ten_is_for_testing_and_one_for_thresholds() -> None:
    sizes = {split: sum(split_of(k) == split for k in load_kinds()) for split in ("train", "calibrate", "test")}
    assert sizes["train"] > 3 * sizes["test"] > 0
    assert sizes["calibrate"] > 5
    twin = Kind("someone_else", "  SAUNA Controller ", (), ())
    assert split_of(twin) == split_of(Kind("x", "sauna controller", (), ()))


def test_the_text_holds_every_stage() -> None:
    report = judged(ANSWERS, "encoder", "model.gguf", "set.jsonl")
    assert all(name in as_text(report) for name in (*report.stages, "right among the surest", "not counted by this machine"))
