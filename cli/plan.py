"""`parley plan`: the planning stage alone, for files of cases or one instruction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from cli.console import run_async, say, sink

PROGRESS = 20
"""Cases between two lines of progress."""


def plan(
    source: Annotated[Path, typer.Option("--in", help="Cases, one JSON object a line.")],
    out: Annotated[Path | None, typer.Option("--out", help="Plans, one line for each input line; default: stdout.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Another planner GGUF.")] = None,
    embed: Annotated[Path | None, typer.Option("--embed", help="Another encoder GGUF.")] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="llama.cpp: the shipped planner's prompt; chat: few-shot prompt for a foreign instruct model.")
    ] = "llama.cpp",
) -> None:
    """Plan each case: which device does what, in which order; or a question, a refusal. Exit 0 whenever it could run."""
    from schemas.errors import ConfigError

    if engine not in ("llama.cpp", "chat"):
        raise ConfigError(f"--engine {engine!r}: choose llama.cpp or chat")
    if out is not None and out.resolve() == source.resolve():
        raise ConfigError(f"--out {out}: would overwrite --in")
    try:
        with source.open("rb") as file:
            lines = file.readlines()
        done = run_async(_plan_all(lines, out, model, embed, chat=engine == "chat"))
    except OSError as error:
        raise ConfigError(f"{error.filename or out or source}: {error.strerror or error}") from None
    if out is not None:
        say(f"{done} cases → {out}")


async def _plan_all(lines: list[bytes], out: Path | None, model: Path | None, embed: Path | None, *, chat: bool) -> int:
    """Number of lines written."""
    from coordinator.gist import open_kinds
    from coordinator.meaning import Meaning
    from coordinator.planner import LanguagePlanner
    from runtime.llm.embedder import open_embedder
    from runtime.llm.llama_cpp.generator import LlamaEngine
    from runtime.settings import load

    models = load(None).models
    embedder = open_embedder(embed or models.embed, models.threads)
    try:
        generator = LlamaEngine(model or models.lm, threads=models.threads)
        try:
            with sink(out) as file:
                return await _write(
                    lines, LanguagePlanner(generator, open_kinds(embed or models.embed, embedder), chat=chat), Meaning(embedder), file
                )
        finally:
            await generator.close()
    finally:
        await embedder.close()


async def _write(lines: list[bytes], planner: Any, meaning: Any, file: TextIO) -> int:
    from cli.plan_cases import encode, plan_line
    from coordinator.offline import plan_case

    for number, line in enumerate(lines, start=1):
        planner.last = None  # a case that needs no model reports no tokens
        file.write(encode(await plan_line(line, lambda case: plan_case(case, planner, meaning))) + "\n")
        if number % PROGRESS == 0:
            say(f"{number} of {len(lines)} planned")
    return len(lines)
