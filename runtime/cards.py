"""Model cards: what a file of weights is, and whether it is still the one that the card speaks of."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any, cast

from schemas.errors import ConfigError


def check_card(path: Path) -> None:
    """Compare the file, and what belongs to it, with the sums of its card (`<name>.toml`, keys `sha256.<file name>`) when a card is there.
    Raises ConfigError."""
    card = path.with_suffix(".toml")
    if not card.is_file():
        return
    try:
        sums: Any = tomllib.loads(card.read_text(encoding="utf-8")).get("sha256", {})
    except (OSError, ValueError) as error:
        raise ConfigError(f"{card}: the model's card cannot be read ({error})") from None
    for name, expected in cast("dict[str, str]", sums).items() if isinstance(sums, dict) else ():
        file = path.with_name(name)
        if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            raise ConfigError(f"{file}: differs from the sha256 in {card.name}; restore the file, or remove the card of a model of your own")
