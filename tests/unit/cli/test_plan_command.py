"""`parley plan` from end to end with the shipped models: one line for each line of the golden file, whatever it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from cli.plan import plan
from schemas.errors import ConfigError

GOLDEN = Path(__file__).parents[2] / "golden"
LINES = (GOLDEN / "plan-in.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
CUT = {"long environment", "long status"}
FINE = {"w1", 2, 3.5, "unknown fields", "null is absent", "empty instruction", "empty fleet", "two of one name"}
app = typer.Typer()
app.command()(plan)


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    out = tmp_path_factory.mktemp("plan") / "out.jsonl"
    result = run("--in", GOLDEN / "plan-in.jsonl", "--out", out)
    assert result.exit_code == 0, result.exception
    assert result.stdout == ""
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def case_of(line: str) -> dict[str, Any]:
    try:
        case = json.loads(line)
    except ValueError:
        return {}
    return case if isinstance(case, dict) and "NaN" not in line else {}


def test_every_line_gets_one_line_that_fits_the_schema(plans: list[dict[str, Any]]) -> None:
    schema = json.loads((GOLDEN / "plan-out.schema.json").read_text(encoding="utf-8"))
    assert len(plans) == len(LINES)
    for made in plans:
        jsonschema.validate(made, schema)


def test_it_is_the_golden_output_but_for_times_and_probabilities(plans: list[dict[str, Any]]) -> None:
    """`parley plan --in tests/golden/plan-in.jsonl --out tests/golden/plan-out.jsonl` writes it."""
    golden = [json.loads(line) for line in (GOLDEN / "plan-out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [set(row) for row in plans] == [set(row) for row in golden]
    same = ("id", "kind", "error")
    assert [[row.get(key) for key in same] for row in plans] == [[row.get(key) for key in same] for row in golden]


def test_ids_come_back_unchanged_and_in_order(plans: list[dict[str, Any]]) -> None:
    assert [p["id"] for p in plans] == [case_of(line).get("id") for line in LINES]


def test_error_is_said_exactly_where_something_is_wrong(plans: list[dict[str, Any]]) -> None:
    for number, made in enumerate(plans):
        identity = made["id"]
        fine = number < 4 or (isinstance(identity, str | float | int) and identity in FINE)
        assert ("error" not in made) is fine, made


def test_a_text_that_was_cut_is_planned_all_the_same(plans: list[dict[str, Any]]) -> None:
    cut = [p for p in plans if p["id"] in (["long instruction"], *CUT)]
    assert [p["error"].split(" cut to ")[0] for p in cut] == ["instruction", "environment", "fleet.0.status"]
    assert all(p["ms"] > 0 for p in cut)


def test_subtasks_name_only_devices_of_the_case_and_wait_only_for_earlier_ones(plans: list[dict[str, Any]]) -> None:
    for line, made in zip(LINES, plans, strict=True):
        fleet = case_of(line).get("fleet")
        names = {d.get("device") for d in fleet if isinstance(d, dict)} if isinstance(fleet, list) else set()
        for number, subtask in enumerate(made["subtasks"]):
            assert subtask["device"] in names
            assert all(earlier < number for earlier in subtask["after"])


def test_a_case_that_needs_no_model_reports_no_tokens(plans: list[dict[str, Any]]) -> None:
    assert [p["tokens"] for p in plans if p["id"] in ("no instruction", "empty instruction", "no fleet")] == [0, 0, 0]


def test_nothing_but_plans_is_on_stdout(tmp_path: Path) -> None:
    case = tmp_path / "in.jsonl"
    case.write_text('{"id": 1}\n')
    (row,) = run("--in", case).stdout.splitlines()
    assert json.loads(row)["id"] == 1


def test_an_output_folder_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    error = run("--in", GOLDEN / "plan-in.jsonl", "--out", tmp_path / "no" / "out.jsonl").exception
    assert isinstance(error, ConfigError)
    assert "out.jsonl" in str(error)
