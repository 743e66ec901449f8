"""Authored kinds as cases for `parley eval`: the held-out ones, to test or to calibrate; or the paper's random-letter recipe.

python -m device_agent.training.cases --split test --out cases.jsonl
python -m device_agent.training.cases --letters 4800 --out letters.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from device_agent.training.catalogues import letters_task
from device_agent.training.data import FOLDER, Kind, load_kinds, place, split_of
from device_agent.training.judged import gold_value
from schemas.skills import parameters_of


def cases_of(kind: Kind) -> Iterator[dict[str, Any]]:
    """One case a sentence, in the form of benchmarks.map_eval."""
    functions = [f.model_dump(mode="json", exclude_defaults=True) for f in kind.functions]
    known = {f.name: {p.name: p for p in parameters_of(f)} for f in kind.functions}
    for number, example in enumerate(kind.examples):
        parameters = known.get(example.function or "", {})
        said = {m.parameter: v for m in example.marks if m.parameter in parameters and (v := gold_value(m, parameters[m.parameter])) is not None}
        expect = {"name": example.function, "arguments": _nested(said)} if example.why is None else {"reason": example.why}
        case = {"id": f"{kind.slug}/{number}", "instruction": place(example.parts)[0], "language": example.language}
        yield {**case, "tags": [example.wording] if example.wording else [], "functions": functions, "expect": expect}


def letters_cases(count: int, seed: int = 2024) -> Iterator[dict[str, Any]]:
    """LLMind 2.0's argument extraction: `count` sentences, a quarter each of one to four arguments, drawn with a seed that no training uses."""
    rng, made = random.Random(f"letters {seed}"), [0] * 5
    while sum(made) < count:
        functions, examples = letters_task(rng)
        kind = Kind(f"letters-{sum(made)}", "letters", functions, tuple(examples))
        for case in cases_of(kind):
            said = len(case["expect"]["arguments"])
            if made[said] * 4 < count and sum(made) < count:
                made[said] += 1
                yield {**case, "tags": [f"{said} said"]}


def _nested(said: dict[str, JsonValue]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in said.items():
        *outer, last = name.split(".")
        at = out
        for key in outer:
            at = at.setdefault(key, {})
        at[last] = value
    return out


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not how many cases to draw")
    return int(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("train", "calibrate", "test"), default="test")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--letters", type=_count, metavar="N", help="N cases of the paper's recipe instead (--split and --data do not count then)")
    options = parser.parse_args()
    if options.letters:
        lines = [json.dumps(case) for case in letters_cases(options.letters)]
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{len(lines)} cases of random letters → {options.out}")
        return
    kinds = [k for k in load_kinds(options.data) if split_of(k) == options.split]
    lines = [json.dumps(case, ensure_ascii=False) for kind in kinds for case in cases_of(kind)]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} cases of {len(kinds)} kinds → {options.out}")


if __name__ == "__main__":
    main()
