"""Which experts there are: every folder of this package with a card and a model. A new one needs nothing but its folder."""

from __future__ import annotations

import importlib
from pathlib import Path

from experts.expert import Expert, Model, read_card
from schemas.errors import ConfigError
from schemas.experts import ExpertCard

HOME = Path(__file__).parent


def names(home: Path = HOME) -> tuple[str, ...]:
    return tuple(sorted(card.parent.name for card in home.glob("*/model.toml")))


def cards(home: Path = HOME) -> tuple[ExpertCard, ...]:
    """Raises ConfigError for a card that cannot be read."""
    return tuple(read_card(home / name) for name in names(home))


def open_expert(name: str) -> Expert:
    """Raises ConfigError when there is no such expert, or its files are altered."""
    if name not in names():
        raise ConfigError(f"{name}: no such expert; there are {', '.join(names())}")
    model = getattr(importlib.import_module(f"experts.{name}.model"), "MODEL", None)
    if not isinstance(model, Model):
        raise ConfigError(f"{HOME / name / 'model.py'}: it has no MODEL")
    return Expert(HOME / name, model)
