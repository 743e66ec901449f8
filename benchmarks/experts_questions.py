"""Questions with a window of data and the truth about it: of the ranges that experts were trained on, and of every shift."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experts.catalogue import names, recipe_of
from experts.expert import Model
from experts.recipe import Draw
from experts.window import Window
from schemas.base import Frozen
from schemas.errors import ConfigError

SET = Path(__file__).parent / "sets" / "experts-193.jsonl"
IID = "iid"
SEED = 40_417
"""Windows of these seeds were drawn neither for training nor for the cards."""


class Wording(Frozen):
    """How somebody asks, and for which experts; none: for nobody."""

    text: str
    experts: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """`part`: which part of the window is asked about, by number and name, where it has parts."""

    text: str
    expert: str
    split: str
    window: Window
    labels: tuple[str, ...]
    truth: str
    part: tuple[int, str] | None = None


def read_wordings(path: Path) -> list[Wording]:
    """Raises ConfigError with the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None
    found = [_wording(path, number, line) for number, line in enumerate(lines, 1)]
    if strange := {name for wording in found for name in wording.experts} - set(names()):
        raise ConfigError(f"{path}: there is no expert {', '.join(sorted(strange))}")
    return found


def _wording(path: Path, number: int, line: str) -> Wording:
    try:
        return Wording.model_validate(json.loads(line))
    except ValueError as error:
        raise ConfigError(f"{path}, line {number}: no question with its experts ({str(error).splitlines()[0]})") from None


def draw(wordings: Sequence[Wording], iid: int, shifted: int) -> Iterator[Question]:
    """`iid` questions for each expert from its training ranges, and `shifted` from each of its shifts; the same for the same arguments."""
    for name in names():
        texts, recipe = [w.text for w in wordings if w.experts == (name,)], recipe_of(name)
        if not texts:
            raise ConfigError(f"there is no question for {name} alone")
        yield from _of_split(name, recipe.model, IID, recipe.draw, texts, iid, SEED)
        for number, (split, one) in enumerate(recipe.shifts.items(), 1):
            yield from _of_split(name, recipe.model, split, one, texts, shifted, SEED + number)


def _of_split(name: str, model: Model, split: str, one: Draw, texts: Sequence[str], count: int, seed: int) -> Iterator[Question]:
    dice = random.Random(f"{name} {split}")
    for number in range(count):
        sample = one(np.random.default_rng([seed, number]))
        at = dice.randrange(len(sample.labels))
        part = (at, model.parts(sample.window)[at]) if model.parts is not None else None
        yield Question(dice.choice(texts), name, split, sample.window, model.labels, model.labels[sample.labels[at]], part)


def numbers(window: Window, most: int = 40) -> str:
    """The raw numbers, evenly thinned out, as a language model can be given them; of complex ones the magnitude."""
    told = [f"{name} {value:.4g}" for name, value in window.about.items()]
    for name, array in window.arrays.items():
        flat: Any = np.abs(array).reshape(-1) if np.iscomplexobj(array) else array.reshape(-1)
        shown = flat[np.linspace(0, len(flat) - 1, min(most, len(flat))).astype(int)]
        told.append(f"{name} {list(array.shape)}: " + " ".join(f"{float(value):.3g}" for value in shown))
    return "\n".join(told)


def measured(question: Question, most: int = 40) -> str:
    """The figures and features that the expert itself computes, as text."""
    model = recipe_of(question.expert).model
    rows = model.features(question.window)
    row = np.asarray(rows[question.part[0] if question.part else 0]).reshape(-1)
    shown = row[np.linspace(0, len(row) - 1, min(most, len(row))).astype(int)]
    figures = [f"{name.replace('_', ' ')} {m.value:.3g} {m.unit or ''}".strip() for name, m in model.evidence(question.window).items()]
    return "\n".join([*figures, "features: " + " ".join(f"{float(value):.3g}" for value in shown)])
