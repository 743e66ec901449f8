"""Whole calls on held-out kinds, through the run-time code and the exported files.

python -m device_agent.training.evaluate --model models/parley-embed.gguf
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from device_agent.heads import Heads
from device_agent.hypothesis import Interpretation, InterpreterSettings
from device_agent.interpreter import Interpreter
from device_agent.quantities import find_quantities
from device_agent.training.data import FOLDER, Example, Kind, Mark, Split, load_kinds, place, split_of
from device_agent.values import number_for, typed_number
from runtime.llm.llama_cpp.encoder import Encoder
from schemas.base import Value
from schemas.skills import Parameter, parameters_of


@dataclass(frozen=True)
class Judged:
    """One sentence: `why` as authored (None = ordinary call), what came out, and what was right about it."""

    kind: str
    text: str
    example: Example
    gold: dict[str, Value]
    result: Interpretation
    cpu_ms: float

    @property
    def right_function(self) -> bool:
        return self.result.name == self.example.function

    @property
    def right_call(self) -> bool:
        return self.right_function and same_arguments(self.gold, self.result.arguments)

    @property
    def as_wanted(self) -> bool:
        """The right call, or the right reason for none."""
        return self.right_call if self.example.why is None else self.result.reason == self.example.why


def gold_value(mark: Mark, parameter: Parameter) -> Value | None:
    """What the annotation says, typed by the schema; None when the surface cannot be read by code."""
    written = mark.value if mark.value is not None else mark.surface
    if parameter.choices:
        return next((c for c in parameter.choices if str(c) == written), None)
    if parameter.type == "boolean":
        return written.lower() == "true"
    if parameter.type not in ("number", "integer"):
        return written
    if mark.value is not None:
        return typed_number(float(mark.value), parameter)
    values = [v for q in find_quantities(mark.surface) if (v := number_for(q, parameter)) is not None]
    return typed_number(values[0], parameter) if values else None


def same_arguments(gold: Mapping[str, Value], found: Mapping[str, object]) -> bool:
    """Numbers to a relative 1e-3, text without case and outer blanks (people speak names; the case they typed is kept)."""
    if set(gold) != set(found):
        return False
    return all(_same(gold[name], found[name]) for name in gold)


def _same(left: Value, right: object) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) <= 1e-3 * max(1.0, abs(left))
    return str(left).strip().casefold() == str(right).strip().casefold()


def _found(name: str, value: Value, row: Judged) -> bool:
    return name in row.result.arguments and _same(value, row.result.arguments[name])


def run_kind(kind: Kind, interpreter: Interpreter) -> list[Judged]:
    catalogue = interpreter.catalogue(kind.functions)
    parameters = {f.name: {p.name: p for p in parameters_of(f)} for f in kind.functions}
    out: list[Judged] = []
    for example in kind.examples:
        text = place(example.parts)[0]
        known = parameters.get(example.function or "", {})
        gold = {m.parameter: v for m in example.marks if m.parameter in known and (v := gold_value(m, known[m.parameter])) is not None}
        began = time.process_time()
        result = interpreter.interpret(text, catalogue)
        out.append(Judged(kind.kind, text, example, gold, result, (time.process_time() - began) * 1000.0))
    return out


def share(rows: Iterable[bool]) -> float:
    """Per cent, one decimal; 0 for no rows."""
    values = list(rows)
    return round(100.0 * sum(values) / max(len(values), 1), 1)


def summary(rows: list[Judged]) -> dict[str, float]:
    calls = [r for r in rows if r.example.why is None and r.example.function]
    out = {
        "calls": float(len(calls)),
        "retrieval choice@1": share(r.result.candidates[0].name == r.example.function for r in calls if r.result.candidates),
        "recall@4": share(any(c.name == r.example.function for c in r.result.candidates) for r in calls),
        "function": share(r.right_function for r in calls),
        "whole call": share(r.right_call for r in calls),
        "whole call acted on": share(r.right_call and r.result.decision == "act" for r in calls),
        "wrong call acted on": share(not r.right_call and r.result.decision == "act" for r in calls),
        "false refusal": share(r.result.reason in ("none_fits", "several", "out_of_range") for r in calls),
        "asks for what was said": share(r.result.reason == "missing_argument" for r in calls),
    }
    for count in range(4):
        out[f"whole call, {count} arguments"] = share(r.right_call for r in calls if len(r.gold) == count)
    chosen = [r for r in calls if r.right_function]
    out["arguments, function right"] = share(_found(name, value, r) for r in chosen for name, value in r.gold.items())
    for why in ("none_fits", "missing_argument", "out_of_range", "several"):
        out[why] = share(r.as_wanted for r in rows if r.example.why == why)
    out["none_fits acted on"] = share(r.result.decision == "act" for r in rows if r.example.why == "none_fits")
    return out


def by_kind(rows: list[Judged]) -> dict[str, float]:
    """Of each kind, the share of sentences answered as wanted, refusals and questions included."""
    kinds = dict.fromkeys(r.kind for r in rows)
    return {kind: share(r.as_wanted for r in rows if r.kind == kind) for kind in kinds}


def judge_files(weights: Path, data: Path = FOLDER, *, margin: float = InterpreterSettings().margin, split: Split = "test") -> list[Judged]:
    """Every sentence of the kinds of a split, by an encoder and the heads beside it."""
    heads = Heads.load(weights.with_name(f"{weights.stem}-heads.npz"))
    encoder = Encoder(weights)
    try:
        interpreter = Interpreter(encoder, heads, InterpreterSettings(margin=margin))
        return [row for kind in load_kinds(data) if split_of(kind) == split for row in run_kind(kind, interpreter)]
    finally:
        encoder.close()


def show_errors(rows: list[Judged], limit: int) -> None:
    for r in [r for r in rows if not r.as_wanted][:limit]:
        wanted = f"{r.example.function}{r.gold} {r.example.why or ''}"
        got = f"{r.result.name}{r.result.arguments} {r.result.reason or ''} {r.result.confidence:.2f} missing {list(r.result.missing)}"
        print(f"- [{r.kind}] {r.text}\n    wanted {wanted}\n    got    {got}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/parley-embed.gguf"))
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--margin", type=float, default=InterpreterSettings().margin)
    parser.add_argument("--split", choices=("train", "calibrate", "test"), default="test")
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    rows = judge_files(options.model, options.data, margin=options.margin, split=options.split)
    figures = summary(rows)
    cpu = statistics.median(r.cpu_ms for r in rows)
    print(f"{len(by_kind(rows))} kinds, {len(rows)} sentences, {time.monotonic() - began:.0f} s; CPU ms p50 {cpu:.1f}")
    print("\n".join(f"{name:28} {value}" for name, value in (figures | by_kind(rows)).items()))
    show_errors(rows, options.errors)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
