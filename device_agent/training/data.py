"""Authored files (docs/data.md) → kinds with typed functions and marked sentences; the hold-out by kind."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from schemas.skills import Function, parameters_of

FOLDER = Path(__file__).parent / "data"
_MARK = re.compile(r"\[([^\[\]:=]+):([^\[\]]*?)(?:=([^\[\]=]*))?\]")


@dataclass(frozen=True)
class Mark:
    """Where a sentence says a parameter. `value` is None when the surface is the value (a quantity, or a string to copy)."""

    parameter: str
    surface: str
    value: str | None = None


@dataclass(frozen=True)
class Example:
    """`why` is None for an ordinary call, else none_fits, missing_argument, out_of_range or several. `language`: ISO 639-1.
    `wording`: what its author called special about it ("indirect")."""

    function: str | None
    parts: tuple[str | Mark, ...]
    why: str | None = None
    missing: tuple[str, ...] = ()
    language: str = "en"
    wording: str = ""

    @property
    def marks(self) -> list[Mark]:
        return [part for part in self.parts if isinstance(part, Mark)]


@dataclass(frozen=True)
class Kind:
    """One device kind of one author. `family`: what the same sort of device is called in another file ("elevator" of an "Aufzug")."""

    slug: str
    kind: str
    functions: tuple[Function, ...]
    examples: tuple[Example, ...]
    family: str = ""


def parse_parts(marked: str) -> tuple[str | Mark, ...]:
    """`Spin at [rpm:3000 rpm]` → plain text and marks in order."""
    parts: list[str | Mark] = []
    at = 0
    for found in _MARK.finditer(marked):
        if found.start() > at:
            parts.append(marked[at : found.start()])
        parts.append(Mark(found[1].strip(), found[2], found[3].strip() if found[3] is not None else None))
        at = found.end()
    return tuple([*parts, marked[at:]] if at < len(marked) else parts)


def place(parts: tuple[str | Mark, ...]) -> tuple[str, dict[str, tuple[int, int]]]:
    """The plain sentence and the characters [start, end) of each mark. A parameter said twice counts where it is said last."""
    text, spans = "", dict[str, tuple[int, int]]()
    for part in parts:
        piece = part if isinstance(part, str) else part.surface
        if isinstance(part, Mark):
            spans[part.parameter] = (len(text), len(text) + len(piece))
        text += piece
    return text, spans


def load_kind(path: Path) -> Kind:
    """One authored file. Sentences that name unknown functions or parameters are left out."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    known = set(Function.model_fields)
    functions = tuple(Function.model_validate({k: v for k, v in raw.items() if k in known}) for raw in data["functions"])
    names = {f.name: set(f.parameters.get("properties", {})) for f in functions}
    examples: list[Example] = []
    for raw in data["sentences"]:
        example = Example(
            raw.get("f"), parse_parts(raw["s"]), raw.get("why"), tuple(raw.get("missing", ())), data.get("language", "en"), raw.get("v", "")
        )
        known_marks = example.function in names and {m.parameter for m in example.marks} <= names[example.function]
        if example.function is None or known_marks:
            examples.append(example)
    return Kind(path.stem, data["kind"], functions, tuple(examples), data.get("family", ""))


def load_kinds(folder: Path = FOLDER) -> list[Kind]:
    return [load_kind(path) for path in sorted(folder.glob("*.json"))]


Split = Literal["train", "calibrate", "test"]


def split_of(kind: Kind) -> Split:
    """Whole families, by the hash of their name, so that adding files moves none: of ten, eight to train, one to choose thresholds, one to test."""
    name = (kind.family or kind.kind).strip().lower()
    return {0: "test", 5: "calibrate"}.get(int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10, "train")


def has_lists(kind: Kind) -> bool:
    """Whether any function takes a list."""
    return any(p.type == "array" for f in kind.functions for p in parameters_of(f))


def is_held_out(kind: Kind) -> bool:
    return split_of(kind) != "train"
