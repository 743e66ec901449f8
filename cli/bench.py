"""`parley bench`: measurements that anyone can repeat, one command each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.console import JsonOption, emit, emit_json
from cli.map_ import ModelOption

app = typer.Typer(help="Measure accuracy and speed on this machine.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure accuracy and speed on this machine."""


@app.command("map")
def bench_map(
    cases: Annotated[Path | None, typer.Option("--set", help="Cases with expected answers (JSONL); default: the shipped foreign devices.")] = None,
    model: ModelOption = None,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="Also list the cases that went wrong.")] = False,
    json: JsonOption = False,
) -> None:
    """Sentence → call: accuracy on devices never trained on, and the time of each stage."""
    from benchmarks import map_eval, report
    from runtime.settings import load

    models = load(None).models
    read = map_eval.read_cases(cases or map_eval.SET)
    result = map_eval.evaluate(read, map_eval.open_interpreter(model or models.embed, models.threads))
    if json:
        emit_json(result.model_dump(mode="json"))
    else:
        emit(report.as_text(result, mistakes))
