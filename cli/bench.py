"""`parley bench`: measurements that anyone can repeat, one command each."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import JsonOption, emit, emit_json, run_async, say
from cli.map_ import ModelOption, UrlOption

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
    result = map_eval.evaluate(read, model or models.embed, models.threads)
    if json:
        emit_json(result.model_dump(mode="json"))
    else:
        emit(report.as_text(result, mistakes))


@app.command("lm")
def bench_lm(
    model: ModelOption = None,
    llama_bench: Annotated[Path | None, typer.Option("--llama-bench", help="llama.cpp's own benchmark program, run on the same file.")] = None,
    json: JsonOption = False,
) -> None:
    """Language model: tokens per second of the decode loop, beside llama-bench; what a grammar costs."""
    from benchmarks import lm_speed
    from runtime.settings import load

    models = load(None).models
    speed = lm_speed.measure(model or models.lm, models.threads, llama_bench)
    if json:
        emit_json({**speed.model_dump(mode="json"), "ratio": speed.ratio})
    else:
        emit(lm_speed.as_text(speed))


@app.command("warehouse")
def bench_warehouse(
    cases: Annotated[Path | None, typer.Option("--set", help="Instructions with their right ends (JSONL); default: the shipped 40.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="ID", help="Only this case; may be given several times.")] = None,
    log: Annotated[Path | None, typer.Option("--log", help="Append one line on this use of the set: date, sha256 of set and models, totals.")] = None,
    json: JsonOption = False,
) -> None:
    """Instruction → what the fleet did: each in a fresh simulated warehouse with the shipped models, judged by the world."""
    from benchmarks import warehouse_eval
    from runtime import logs
    from simulations.fleet import Models

    logs.configure("error")
    source = cases or warehouse_eval.SET
    read, weights = warehouse_eval.read_cases(source, only or ()), warehouse_eval.weights_of()

    def told(row: warehouse_eval.Row) -> None:
        say(f"{row.id}: {row.verdict} ({row.seconds:.1f} s)")

    report = run_async(warehouse_eval.evaluate(read, Models.shipped(), source=source, weights=weights, told=told))
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(warehouse_eval.log_line(report) + "\n")
    if json:
        emit_json(report.model_dump(mode="json"))
    else:
        emit(warehouse_eval.as_text(report))


@app.command("experts")
def bench_experts(
    quick: Annotated[bool, typer.Option("--quick", help="An eighth of the questions.")] = False,
    cases: Annotated[Path | None, typer.Option("--set", help="Questions with the experts they are for (JSONL); default: the shipped 193.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Another language model (GGUF) than the shipped one.")] = None,
    url: UrlOption = None,
    json: Annotated[Path | None, typer.Option("--json", help="Also write the whole report.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Also draw it (PNG or SVG).")] = None,
) -> None:
    """Experts: what asking them is worth over a language model alone, on windows like their training's and on shifted ones."""
    from benchmarks import experts_questions, experts_report
    from runtime.settings import load
    from schemas.errors import ConfigError

    if model is not None and url is not None:
        raise ConfigError("--model and --url: only one of them")
    models, source = load(None).models, cases or experts_questions.SET
    wordings = experts_questions.read_wordings(source)
    asked = list(experts_questions.draw(wordings, *(5, 2) if quick else (40, 20)))
    report = run_async(_experts(wordings, source.name, asked, url or model or models.lm, models))
    if json is not None:
        json.write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if plot is not None:
        from benchmarks.plots import draw_experts

        draw_experts(report, plot)
    emit(experts_report.as_text(report))


@app.command("dashboard")
def bench_dashboard(
    devices: Annotated[int, typer.Option("--devices", min=1, max=10_000, help="Devices on the site.")] = 1000,
    rate: Annotated[float, typer.Option("--rate", min=1, max=20_000, help="Messages a second.")] = 1000,
    seconds: Annotated[float, typer.Option("--seconds", min=5, max=36_000, help="How long the load goes on.")] = 60,
    embedded: Annotated[bool, typer.Option("--embedded", help="On the embedded broker even where Mosquitto is installed.")] = False,
    json: JsonOption = False,
) -> None:
    """Dashboard: frames a second, the time from a key to its reaction, memory and counters, in a real terminal under the load of a large fleet."""
    from benchmarks import dashboard_eval

    report = run_async(dashboard_eval.evaluate(devices, rate, seconds, embedded=embedded))
    if json:
        emit_json({**report.model_dump(mode="json"), "exact": report.exact, "growth": report.growth})
    else:
        emit(dashboard_eval.as_text(report))


@app.command("stop")
def bench_stop(
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=10_000, help="Stops of each kind.")] = 50,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Stop: how soon one reaches a device, while its agent has nothing to do and while the agent's model is computing."""
    from benchmarks import stop_latency
    from runtime.settings import load

    report = run_async(stop_latency.evaluate(rounds, model or load(None).models.embed))
    if json:
        emit_json(report.model_dump(mode="json"))
    else:
        emit(stop_latency.as_text(report))


async def _experts(wordings: Any, source: str, asked: Any, model: Path | str, models: Any) -> Any:
    from benchmarks.experts_eval import evaluate
    from runtime.llm.embedder import open_embedder
    from runtime.llm.llama_cpp.decoder import Decoder
    from runtime.llm.server import ServerModel

    embedder = open_embedder(models.embed, models.threads)
    try:
        with closing(ServerModel(model) if isinstance(model, str) else Decoder(model, 2048, models.threads)) as writer:
            name = model if isinstance(model, str) else model.name
            return await evaluate(wordings, source, asked, writer, name, embedder, say)
    finally:
        await embedder.close()
