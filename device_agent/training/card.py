"""The model card: what the files are, where they come from, how they were trained and how they did on held-out kinds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_agent.training.data import Kind, load_kinds, split_of

_PROGRAM = "python -m device_agent.training.train_encoder --base <all-MiniLM-L6-v2> --out run"


@dataclass(frozen=True)
class Training:
    """What a checkpoint tells of its making. `runs`: the options of each run in order, with `from_step`; empty, as `kinds` is None, when not recorded.

    `kinds`: how many kinds of devices it was trained on; authors may have added others since.
    """

    step: int
    minutes: float
    parameters: int
    runs: tuple[dict[str, Any], ...] = ()
    kinds: int | None = None
    note: str = ""

    @property
    def knows_everything(self) -> bool:
        """Whether held-out kinds were trained on too, so that no figure means anything."""
        return any(run.get("all") for run in self.runs)

    @property
    def command(self) -> str:
        """The runs one after another; without options where they were not recorded."""
        return " && ".join(_PROGRAM + _flags(run) for run in self.runs) or _PROGRAM


@dataclass(frozen=True)
class Figures:
    """Held-out figures: of all kinds together, and by kind the share of right answers; per cent."""

    together: dict[str, float] = field(default_factory=dict[str, float])
    by_kind: dict[str, float] = field(default_factory=dict[str, float])


def _flags(run: dict[str, Any]) -> str:
    values = "".join(f" --{name} {run[name]:g}" for name in ("minutes", "lr", "seed", "frozen"))
    return values + (" --all" if run["all"] else "") + (" --resume" if run["from_step"] else "")


def card(files: Sequence[Path], training: Training, figures: Figures, kinds: Sequence[Kind] | None = None) -> str:
    """TOML; `files` are the GGUF and its heads. No dates and no times, so that the same files give the same card."""
    kinds = load_kinds() if kinds is None else kinds
    about = {
        "file": files[0].name,
        "heads": files[1].name,
        "task": "sentence vectors; and, by the heads, whether a sentence fits a function, which parameters it says, where, and which option",
        "architecture": f"bert (encoder), {training.parameters / 1e6:.1f} M parameters, 6 layers, width 384; reader heads in float32",
        "licence": "Apache-2.0",
        "base": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), by the Sentence Transformers project and contributors; vocabulary unchanged",
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
        "export": "python -m device_agent.training.export --base <all-MiniLM-L6-v2> --state run/state.pt",
        "evaluate": "python -m device_agent.training.evaluate",
    }
    tables = {
        "sha256": {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files},
        "held_out": figures.together,
        "held_out_by_kind": figures.by_kind,
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in about.items() if value not in (None, "")]
    for name, rows in tables.items():
        if rows:
            lines += ["", f"[{name}]", *(f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value)}" for key, value in rows.items())]
    return "\n".join(lines) + "\n"
