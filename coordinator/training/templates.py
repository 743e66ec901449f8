"""Authored templates: reading `{id:kind|surface}` marks, checking them against their plan, and holding some out.

A template is an instruction (segments of text and marks) and its plan object; coordinator/training/data/*.jsonl hold one a line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coordinator.intents import parse_intent
from schemas.errors import ContractError

DATA = Path(__file__).parent / "data"
_MARK = re.compile(r"\{([dkpsxv]\d+)(?::([^|{}]*))?\|([^{}]*)\}")
_IN_TEXT = re.compile(r"\{([a-z]\d+)\}")
SHAPES = ("plan", "query", "goal", "control", "ask", "refuse")


@dataclass
class Mark:
    """A mention in an instruction; `tagged` is whether the linker shows it to the model."""

    id: str
    kind: str
    surface: str
    tagged: bool = True
    count: int = 1

    @property
    def letter(self) -> str:
        return self.id[0]


@dataclass
class Template:
    parts: list[str | Mark]
    plan: dict[str, Any]
    domain: str
    text: str = ""
    held_out: bool = False

    @property
    def shape(self) -> str:
        return next(iter(self.plan))

    @property
    def marks(self) -> list[Mark]:
        return [part for part in self.parts if isinstance(part, Mark)]

    @property
    def plain(self) -> str:
        return "".join(part.surface if isinstance(part, Mark) else part for part in self.parts)


def parse(line: dict[str, Any]) -> Template:
    """Raises ValueError for a plan that names a mark the text does not have, ContractError for one that is no plan."""
    text = str(line["t"])
    parts: list[str | Mark] = []
    at = 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        parts.append(Mark(found[1], (found[2] or "").strip().lower(), found[3]))
        at = found.end()
    if at < len(text):
        parts.append(text[at:])
    template = Template(parts, line["o"], str(line.get("w", "")), text=text, held_out=is_held_out(text))
    _check(template)
    return template


def _check(template: Template) -> None:
    known = {mark.id for mark in template.marks}
    if template.shape not in SHAPES:
        raise ValueError(f"no such shape: {template.shape}")
    if len(known) < len(template.marks):
        raise ValueError(f"an id stands for two mentions: {template.text}")
    missing = {ref for ref in refs_of(template.plan) if ref not in known}
    if missing or "{" in template.plain:
        raise ValueError(f"unmarked: {sorted(missing)} in {template.text}")
    parse_intent(json.dumps(template.plan))


def refs_of(plan: Any) -> set[str]:
    """Every mark id that a plan uses: bare ("k1") or in braces ("Check {} for {x1}.")."""
    return {ref for text in strings(plan) for ref in ([text] if re.fullmatch(r"[dkps]\d+", text) else _IN_TEXT.findall(text))}


def strings(value: Any) -> Iterator[str]:
    """All string values, depth first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def is_held_out(text: str) -> bool:
    """One template in ten, by its hash: never expanded for training."""
    return hashlib.sha256(text.encode()).digest()[0] % 10 == 0


def load(folder: Path = DATA) -> tuple[list[Template], list[str]]:
    """All templates, and a line for each one that was left out."""
    templates, bad = list[Template](), list[str]()
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                templates.append(parse(json.loads(line)))
            except (ValueError, KeyError, TypeError, ContractError) as error:
                bad.append(f"{path.name}:{number}: {error}")
    return templates, bad
