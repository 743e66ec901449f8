"""One expert: a window in, a verdict with its doubt out. Deterministic, synchronous, and it never raises for a bad window."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from experts.onnx import Network
from experts.window import Unreadable, Window
from schemas.errors import ConfigError
from schemas.experts import Abstention, ExpertCard, Measured, Part, Verdict, WindowKind

Floats = NDArray[np.float32]


def nothing_measured(window: Window) -> Mapping[str, Measured]:
    return {}


@dataclass(frozen=True)
class Model:
    """What an expert computes before and after its network; `model.py` of each folder has one, named MODEL.

    `features`: window → [n, ...], one row for each part of the window (most experts: one). Raises Unreadable.
    `evidence`: figures computed from the window, for people. `parts`: names of the rows, and `summary` the label of the whole from theirs.
    """

    window: WindowKind
    labels: tuple[str, ...]
    features: Callable[[Window], Floats]
    evidence: Callable[[Window], Mapping[str, Measured]] = nothing_measured
    parts: Callable[[Window], Sequence[str]] | None = None
    summary: Callable[[Sequence[str]], str] | None = None


class Expert:
    """`folder` holds `model.toml` and the file that it names. Raises ConfigError when they are missing, altered or do not fit the model."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.card, self._model = read_card(folder), model
        if (self.card.window, self.card.labels) != (model.window, model.labels):
            raise ConfigError(f"{folder / 'model.toml'}: window and labels are not those of the expert's model.py")
        file = folder / self.card.file
        if not file.is_file():
            raise ConfigError(f"{file}: no such model file")
        if hashlib.sha256(file.read_bytes()).hexdigest() != self.card.sha256:
            raise ConfigError(f"{file}: differs from the sha256 in model.toml; restore the file")
        self._network = Network(file)

    def judge(self, window: Window) -> Verdict:
        """Abstains where it cannot tell: an unreadable window, one unlike all it was trained on, or one that leaves it unsure."""
        if window.kind != self._model.window:
            return self._abstain("unreadable", f"{self.card.name} looks at windows of kind {self._model.window}, not {window.kind}.")
        try:
            features = self._model.features(window)
            evidence = {name: m for name, m in self._model.evidence(window).items() if np.isfinite(m.value)}
        except Unreadable as error:
            return self._abstain("unreadable", f"The window cannot be read: {error}.")
        if (beyond := self._beyond(evidence)) is not None:
            return self._abstain("outside", beyond, in_domain=False, evidence=evidence)
        probabilities, distance = self._network.run(features)
        if self._model.parts is not None and self._model.summary is not None:
            return self._of_parts(self._model.parts(window), self._model.summary, probabilities, distance, evidence)
        return self._of_one(probabilities[0], float(distance[0]), evidence)

    def _beyond(self, evidence: Mapping[str, Measured]) -> str | None:
        """Which figure lies outside of the card's valid range."""
        for name, (low, high) in self.card.valid.items():
            found = evidence.get(name)
            if found is not None and not low <= found.value <= high:
                unit = f" {found.unit}" if found.unit else ""
                return f"{name.replace('_', ' ')} is {found.value:g}{unit}; it was trained on {low:g} to {high:g}{unit}."
        return None

    def _of_one(self, chances: Floats, distance: float, evidence: dict[str, Measured]) -> Verdict:
        best = int(chances.argmax())
        label, sure = self.card.labels[best], min(1.0, float(chances[best]))
        told = dict(zip(self.card.labels, (round(float(c), 4) for c in chances), strict=True))
        common: dict[str, Any] = {"likeliest": label, "probabilities": told, "confidence": round(sure, 4), "evidence": evidence}
        if not distance <= self.card.inside_until:
            return self._abstain("outside", f"The window is unlike all that {self.card.name} was trained on.", in_domain=False, **common)
        if sure < self.card.certain_from:
            seems = self.card.means.get(label, label)
            return self._abstain("unsure", f"Likeliest is: {seems}; with a probability of {sure:.0%} only.", **common)
        return Verdict(expert=self.card.name, version=self.card.version, label=label, **common)

    def _of_parts(
        self, names: Sequence[str], summary: Callable[[Sequence[str]], str], chances: Floats, distance: Floats, evidence: dict[str, Measured]
    ) -> Verdict:
        """The whole has a label when every part has one; the weakest part says how sure it is."""
        best, inside = chances.argmax(axis=1), distance <= self.card.inside_until
        sure = np.minimum(chances.max(axis=1), 1.0)
        known = inside & (sure >= self.card.certain_from)
        labels = [self.card.labels[int(i)] for i in best]
        parts = tuple(
            Part(name=name, label=label if k else None, confidence=round(float(s), 4))
            for name, label, k, s in zip(names, labels, known, sure, strict=True)
        )
        common: dict[str, Any] = {"confidence": round(float(sure.min()), 4), "evidence": evidence, "parts": parts}
        if not inside.any():
            return self._abstain("outside", f"The window is unlike all that {self.card.name} was trained on.", in_domain=False, **common)
        if not known.all():
            return self._abstain("unsure", f"It cannot tell {', '.join(p.name for p in parts if p.label is None)}.", **common)
        return Verdict(expert=self.card.name, version=self.card.version, label=summary(labels), **common)

    def _abstain(self, why: Abstention, reason: str, in_domain: bool = True, **rest: Any) -> Verdict:
        return Verdict(expert=self.card.name, version=self.card.version, label=None, abstained=why, reason=reason, in_domain=in_domain, **rest)


def read_card(folder: Path) -> ExpertCard:
    """`model.toml`, with the lines of `asks.txt` as what it is asked. Raises ConfigError, with the key."""
    path, asks = folder / "model.toml", folder / "asks.txt"
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        if asks.is_file():
            told["asks"] = [line.strip() for line in asks.read_text(encoding="utf-8").splitlines() if line.strip()]
        return ExpertCard.model_validate(told)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such card") from None
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: the card cannot be read ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from None
