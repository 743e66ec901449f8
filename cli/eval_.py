"""`parley eval`: one stage of the system, any model, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import emit, say
from cli.map_ import EngineOption, ModelOption, Source, UrlOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.map_eval import Answer, Case
    from device_agent.interpreter import Reader

PROGRESS = 200
"""Cases between two lines of progress."""


def evaluate(
    stage: Annotated[str, typer.Option("--stage", help="map: a sentence to one device's call.")] = "map",
    cases: Annotated[Path | None, typer.Option("--set", help="Cases with expected answers (JSONL); default: the shipped foreign devices.")] = None,
    engine: EngineOption = "encoder",
    model: ModelOption = None,
    url: UrlOption = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the whole report.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw it (PNG or SVG).")] = None,
) -> None:
    """Which model for which device: where it goes wrong, how sure it is, what it costs."""
    from benchmarks import machine, map_eval, map_stage
    from schemas.errors import ConfigError

    if stage != "map":
        raise ConfigError(f"--stage {stage!r}: choose map")
    source, file = Source.of(engine, model, url), cases or map_eval.SET
    read = map_eval.read_cases(file)
    reader, energy = source.open(), machine.energy_j()
    report = map_stage.judged(_answers(read, reader), engine, source.name, file.name).model_copy(
        update={
            "energy_j": machine.spent_j(energy), "memory_mb": machine.resident_mb(), "bandwidth_gbs": machine.bandwidth_gbs(),
            "weights_mb": source.weights_mb,
        }
    )  # fmt: skip
    if json is not None:
        json.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        from benchmarks.plots import draw_stages

        draw_stages(report, plot)
    emit(map_stage.as_text(report))


def _answers(cases: Sequence[Case], reader: Reader) -> list[Answer]:
    from benchmarks.map_eval import Stopwatch, answer

    watch, answers = Stopwatch(), list["Answer"]()
    for number, case in enumerate(cases, 1):
        answers.append(answer(case, reader, watch))
        if number % PROGRESS == 0:
            say(f"{number} of {len(cases)} cases")
    return answers
