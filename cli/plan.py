"""`parley plan`: the planning stage alone, for files of cases or one instruction."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import emit_json, run_async, say

LONGEST = 2000


def plan(
    source: Annotated[Path, typer.Option("--in", help="Cases, one JSON object a line.")],
    out: Annotated[Path | None, typer.Option("--out", help="Predictions, one line for each input line; default: stdout.")] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Another planner GGUF.")] = None,
    embed: Annotated[Path | None, typer.Option("--embed", help="Another encoder GGUF.")] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="llama.cpp: the shipped planner's prompt; chat: few-shot prompt for a foreign instruct model.")
    ] = "llama.cpp",
) -> None:
    """Plan each case: which device does what, in which order; or a question, a refusal."""
    from schemas.errors import ConfigError

    if engine not in ("llama.cpp", "chat"):
        raise ConfigError(f"--engine {engine!r}: choose llama.cpp or chat")
    try:
        lines = [line for line in source.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read ({error.strerror})") from None
    made = run_async(_plan_all(lines, model, embed, chat=engine == "chat"))
    if out is None:
        for row in made:
            emit_json(row)
        return
    out.write_text("".join(jsonlib.dumps(row, ensure_ascii=False) + "\n" for row in made), encoding="utf-8")


async def _plan_all(lines: list[bytes], model: Path | None, embed: Path | None, *, chat: bool) -> list[dict[str, Any]]:
    from coordinator.meaning import Meaning
    from coordinator.planner import LanguagePlanner
    from runtime.llm.embedder import open_embedder
    from runtime.llm.llama_cpp.generator import LlamaEngine
    from runtime.settings import MODELS

    embedder = open_embedder(embed or MODELS / "parley-embed.gguf")
    generator = LlamaEngine(model or MODELS / "parley-lm.gguf")
    planner, meaning = LanguagePlanner(generator, chat=chat), Meaning(embedder)
    made: list[dict[str, Any]] = []
    try:
        for number, line in enumerate(lines, start=1):
            made.append(await _plan_line(line, planner, meaning))
            if number % 20 == 0:
                say(f"{number} of {len(lines)} planned")
    finally:
        await generator.close()
        await embedder.close()
    return made


async def _plan_line(line: bytes, planner: Any, meaning: Any) -> dict[str, Any]:
    from coordinator.offline import plan_case

    try:
        case = jsonlib.loads(line)
    except (ValueError, RecursionError):
        return {"id": None, "kind": "question", "subtasks": [], "ms": 0.0, "tokens": 0, "error": "not a JSON object"}
    if not isinstance(case, dict):
        return {"id": None, "kind": "question", "subtasks": [], "ms": 0.0, "tokens": 0, "error": "not a JSON object"}
    text = case.get("instruction")
    cut = isinstance(text, str) and len(text) > LONGEST
    row = await plan_case({**case, "instruction": text[:LONGEST]} if cut else case, planner, meaning)
    return {**row, "error": f"instruction cut to {LONGEST} characters"} if cut and "error" not in row else row
