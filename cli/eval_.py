"""`parley eval`: one stage of the system, any model, stage by stage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import emit, say
from cli.map_ import ModelOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.map_eval import Answer, Case
    from device_agent.interpreter import Reader

PROGRESS = 200
"""Cases between two lines of progress."""


def evaluate(
    stage: Annotated[str, typer.Option("--stage", help="map: a sentence to one device's call.")] = "map",
    cases: Annotated[Path | None, typer.Option("--set", help="Cases with expected answers (JSONL); default: the shipped foreign devices.")] = None,
    engine: Annotated[str, typer.Option("--engine", help="encoder: the shipped reader; chat: --model writes the call.")] = "encoder",
    model: ModelOption = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the whole report.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw it (PNG or SVG).")] = None,
) -> None:
    """Which model for which device: where it goes wrong, how sure it is, what it costs."""
    from benchmarks import machine, map_eval, map_stage
    from runtime.settings import load
    from schemas.errors import ConfigError

    if stage != "map" or engine not in ("encoder", "chat"):
        raise ConfigError(f"--stage {stage!r} --engine {engine!r}: choose map, and encoder or chat")
    models, source = load(None).models, cases or map_eval.SET
    read = map_eval.read_cases(source)
    from device_agent.reader_mapper import open_reader

    embed, writer = (model or models.embed, None) if engine == "encoder" else (models.embed, model or models.reader or models.lm)
    reader, energy = open_reader(embed, models.threads, writer), machine.energy_j()
    answers = _answers(read, reader)
    weights = writer or embed
    report = map_stage.judged(answers, engine, weights.name, source.name).model_copy(
        update={
            "energy_j": machine.spent_j(energy), "memory_mb": machine.resident_mb(), "bandwidth_gbs": machine.bandwidth_gbs(),
            "weights_mb": weights.stat().st_size / 1e6,
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
