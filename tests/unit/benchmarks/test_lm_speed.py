"""The decode loop beside llama-bench."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.lm_speed import LmSpeed, Speed, as_text, reference_of, run_llama_bench
from cli.main import app
from schemas.errors import ConfigError

ROWS = [
    {"n_prompt": 256, "n_gen": 0, "avg_ts": 9000.5, "build_commit": "x"},
    {"n_prompt": 0, "n_gen": 64, "avg_ts": 3000.0},
]
MODELS = Path(__file__).parents[3] / "models"
OWN = Speed(prompt=8000.0, decode=2500.0)


def program(folder: Path, body: str) -> Path:
    """A stand-in for llama-bench that prints `body`."""
    path = folder / "llama-bench"
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_what_llama_bench_says_is_read() -> None:
    assert reference_of(ROWS) == Speed(prompt=9000.5, decode=3000.0)


def test_the_ratio_is_of_the_time_for_a_token() -> None:
    speed = LmSpeed(model="a.gguf", threads=1, own=OWN, grammar_ms=0.1, reference=reference_of(ROWS))
    assert speed.ratio == pytest.approx(1.2)
    assert "1.20 times as long" in as_text(speed)
    assert "adds 0.10 ms to a token of 0.40 ms" in as_text(speed)
    assert "not given" in as_text(speed.model_copy(update={"reference": None}))


def test_llama_bench_is_asked_for_the_same_tokens_on_the_same_file(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    run = program(tmp_path, f"open({str(asked)!r}, 'w').write(' '.join(sys.argv[1:])); print({json.dumps(ROWS)!r})")
    assert run_llama_bench(run, Path("a.gguf"), 2).decode == 3000.0
    assert asked.read_text() == "-m a.gguf -p 256 -n 64 -t 2 -r 5 -ngl 0 -o json"


@pytest.mark.parametrize("body", ["sys.exit(3)", "print('no json')", "print('[]')", "print('{}')"])
def test_a_llama_bench_without_figures_is_told(tmp_path: Path, body: str) -> None:
    with pytest.raises(ConfigError, match="--llama-bench"):
        run_llama_bench(program(tmp_path, body), Path("a.gguf"), 1)


def test_a_llama_bench_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be run"):
        run_llama_bench(tmp_path / "none", Path("a.gguf"), 1)


def test_an_encoder_is_no_language_model() -> None:
    done = CliRunner().invoke(app, ["bench", "lm", "--model", str(MODELS / "parley-reader-2.gguf")])
    assert done.exit_code != 0
    assert "an encoder" in str(done.exception)


def test_the_shipped_model_is_measured() -> None:
    done = CliRunner().invoke(app, ["bench", "lm", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["own"]["decode"] > 10
    assert found["own"]["prompt"] > found["own"]["decode"]
    assert (found["reference"], found["ratio"]) == (None, None)
