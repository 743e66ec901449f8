"""`parley map` from end to end with the shipped model, and every mistake a person can make with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from cli.map_ import map_sentences
from schemas.errors import ConfigError

GOLDEN = Path(__file__).parents[2] / "golden"
app = typer.Typer()
app.command()(map_sentences)


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    out = tmp_path_factory.mktemp("map") / "out.jsonl"
    result = run("--in", GOLDEN / "map-in.jsonl", "--out", out)
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_every_line_gets_one_line_that_fits_the_schema(predictions: list[dict[str, Any]]) -> None:
    schema = json.loads((GOLDEN / "map-out.schema.json").read_text(encoding="utf-8"))
    lines = (GOLDEN / "map-in.jsonl").read_text(encoding="utf-8").split("\n")
    assert len(predictions) == len(lines) - 1
    for prediction in predictions:
        jsonschema.validate(prediction, schema)


def test_it_is_the_golden_output_but_for_times_and_probabilities(predictions: list[dict[str, Any]]) -> None:
    """`parley map --in tests/golden/map-in.jsonl --out tests/golden/map-out.jsonl` writes it."""
    golden = [json.loads(line) for line in (GOLDEN / "map-out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [set(row) for row in predictions] == [set(row) for row in golden]
    same = ("id", "name", "arguments", "decision", "reason", "error")
    assert [[row.get(key) for key in same] for row in predictions] == [[row.get(key) for key in same] for row in golden]


def test_ids_come_back_unchanged_and_in_order(predictions: list[dict[str, Any]]) -> None:
    ids = [p["id"] for p in predictions]
    assert ids[:4] == ["k1", 2, {"a": [1, None]}, None]
    assert "half \ud800 pair" in ids
    assert ids[-1] == "k1"


def test_error_is_said_exactly_where_something_is_wrong(predictions: list[dict[str, Any]]) -> None:
    right = {"k1", 2, "empty functions", "odd property", "empty instruction", "half \ud800 pair"}
    for number, prediction in enumerate(predictions):
        identity = prediction["id"]
        fine = number < 4 or (isinstance(identity, str | int) and identity in right)
        assert ("error" not in prediction) is fine, prediction


def test_the_same_functions_again_cost_nothing(predictions: list[dict[str, Any]]) -> None:
    assert predictions[0]["catalogue_ms"] > 0
    assert predictions[1]["catalogue_ms"] == predictions[-1]["catalogue_ms"] == 0


def test_plain_orders_are_understood(predictions: list[dict[str, Any]]) -> None:
    assert (predictions[0]["name"], predictions[0]["arguments"]) == ("open_vent", {})
    assert (predictions[1]["name"], predictions[1]["arguments"]) == ("set_temperature", {"celsius": 900})


def test_one_sentence_with_the_papers_catalogue(tmp_path: Path) -> None:
    catalogue = tmp_path / "api.json"
    catalogue.write_text(json.dumps([{"name": "battery", "input_argument": "none", "input_type": "null", "notes": "Reports the battery level."}]))
    result = run("Report the battery level.", "--catalogue", catalogue, "--json")
    assert result.exit_code == 0, result.exception
    printed = json.loads(result.stdout)
    assert "id" not in printed
    assert printed["name"] == "battery"


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give either"),
        (("a",), "needs --catalogue"),
        (("a", "--in", "in.jsonl"), "give either"),
        (("a", "--catalogue", "api.json", "--engine", "lm"), "--engine"),
        (("a", "--catalogue", "nowhere.json"), "nowhere.json"),
        (("a", "--catalogue", "broken.json"), "not a catalogue"),
        (("a", "--catalogue", "empty.json"), "functions is missing"),
        (("--in", "nowhere.jsonl"), "nowhere.jsonl"),
        (("--in", "in.jsonl", "--out", "in.jsonl"), "overwrite"),
        (("--in", "in.jsonl", "--catalogue", "api.json"), "--catalogue"),
        (("--in", "in.jsonl", "--model", "nothing.gguf"), "nothing.gguf"),
        (("--in", "in.jsonl", "--model", "api.json"), "api.json"),
    ],
)
def test_a_persons_mistake_is_one_clear_line(arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"in.jsonl": "{}\n", "api.json": "[]", "broken.json": "{", "empty.json": "{}"}.items():
        write(tmp_path / name, text)
    error = run(*arguments).exception
    assert isinstance(error, ConfigError), error
    assert says in str(error)
    assert "\n" not in str(error)
    assert (tmp_path / "in.jsonl").read_text() == "{}\n"


def test_an_output_folder_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    error = run("--in", write(tmp_path / "in.jsonl", "{}\n"), "--out", tmp_path / "no" / "out.jsonl").exception
    assert isinstance(error, ConfigError)
    assert "out.jsonl" in str(error)
