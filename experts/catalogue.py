"""Which experts there are: every folder of this package with a card and a model. A new one needs nothing but its folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TypeVar

from experts.expert import Expert, Model, read_card
from experts.recipe import Recipe
from experts.window import Window
from schemas.errors import ConfigError, ModelError
from schemas.experts import ExpertCard, Verdict

HOME = Path(__file__).parent
T = TypeVar("T")


def names(home: Path = HOME) -> tuple[str, ...]:
    return tuple(sorted(card.parent.name for card in home.glob("*/model.toml")))


def cards(home: Path = HOME) -> tuple[ExpertCard, ...]:
    """Raises ConfigError for a card that cannot be read."""
    return tuple(read_card(home / name) for name in names(home))


def open_expert(name: str) -> Expert:
    """Raises ConfigError when there is no such expert, or its files are altered."""
    return Expert(HOME / name, _part(name, "model", Model))


class Unusable:
    """In the place of an expert whose files are altered or missing: its card is shown, so that questions for it are known; it has no verdicts."""

    def __init__(self, name: str) -> None:
        """Raises ConfigError when even the card cannot be read."""
        self.card = read_card(HOME / name)

    def judge(self, window: Window) -> Verdict:
        raise ModelError("its model is altered or missing, and it says nothing until that is mended")


def recipe_of(name: str) -> Recipe:
    """What it was trained and is judged on. Raises ConfigError."""
    return _part(name, "recipe", Recipe)


def _part(name: str, module: str, kind: type[T]) -> T:
    if name not in names():
        raise ConfigError(f"{name}: no such expert; there are {', '.join(names())}")
    found = getattr(importlib.import_module(f"experts.{name}.{module}"), module.upper(), None)
    if not isinstance(found, kind):
        raise ConfigError(f"{HOME / name / module}.py: it has no {module.upper()}")
    return found
