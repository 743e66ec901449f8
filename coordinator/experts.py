"""Which experts there are, which of them a question is for, and what their verdicts come to. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemas.base import Frozen
from schemas.experts import ExpertCard, Verdict
from schemas.messages import ExpertConnection
from schemas.observations import Observation

MOST = 3
"""Experts that are asked for one question."""
ORDINARY = Path(__file__).parent / "not_for_experts.txt"


class Rules(Frozen):
    """Chosen by letting one author's examples judge another's. `examples`: the nearest that count, by exp(`sharpness` · cosine); `nobody`: the
    share from which on the question is for no expert; `also`: what another expert must have of the best one's share to be asked, too."""

    examples: int = 8
    sharpness: float = 20.0
    nobody: float = 0.5
    also: float = 0.85


@dataclass(frozen=True)
class Roster:
    """Expert processes by their id on the bus, as they last said."""

    processes: Mapping[str, ExpertConnection] = field(default_factory=dict[str, ExpertConnection])

    def on_connection(self, ident: str, body: ExpertConnection) -> Roster:
        """A goodbye or a will of another boot than the latest is ignored."""
        known = self.processes.get(ident)
        if body.status != "online" and (known is None or known.boot != body.boot):
            return self
        return Roster({**self.processes, ident: body})

    def reachable(self) -> dict[str, ExpertConnection]:
        """Those that are up and say where."""
        return {ident: body for ident, body in sorted(self.processes.items()) if body.status == "online" and body.endpoint}


@dataclass(frozen=True)
class Asked:
    """One expert about one device: its verdict, or why there is none."""

    card: ExpertCard
    device: str
    verdict: Verdict | None = None
    problem: str = ""

    @property
    def finding(self) -> str | None:
        """What it says, in the card's words alone; of a window in parts, how many are what. None: it cannot tell."""
        if self.verdict is None:
            return None
        if not self.verdict.parts:
            return self.verdict.label if self.verdict.label in self.card.labels else None
        labels = [part.label for part in self.verdict.parts if part.label in self.card.labels]
        counts = [f"{labels.count(label)} {label}" for label in self.card.labels if label in labels]
        unsure = len(self.verdict.parts) - len(labels)
        return ", ".join([*counts, *([f"{unsure} not sure"] if unsure else [])]) if labels else None


def phrases(card: ExpertCard) -> tuple[str, ...]:
    """What a question for this expert may sound like."""
    return card.asks or (card.title, card.description)


def ordinary() -> tuple[str, ...]:
    """What people ask of a fleet, or of nobody, that is not for experts."""
    return tuple(line for line in ORDINARY.read_text(encoding="utf-8").splitlines() if line)


def chosen(examples: Sequence[tuple[str | None, float]], rules: Rules) -> tuple[str, ...]:
    """Names of the experts that the question is for, best first: those of its nearest examples, each of which counts the more the nearer it is.

    `examples`: whose it is (None: nobody's), and how near the question is to it.
    """
    shares: dict[str | None, float] = {}
    for name, similarity in sorted(examples, key=lambda e: -e[1])[: rules.examples]:
        shares[name] = shares.get(name, 0.0) + math.exp(rules.sharpness * similarity)
    nobody, whole = shares.pop(None, 0.0), sum(shares.values())
    if nobody >= rules.nobody * (nobody + whole):
        return ()
    ranked = sorted(((share, name) for name, share in shares.items() if name is not None), key=lambda r: (-r[0], r[1]))
    return tuple(name for share, name in ranked if share >= rules.also * ranked[0][0])[:MOST]


def told(found: Sequence[Asked], spoken: Mapping[str, str]) -> str:
    """Every verdict with whom it is from and how sure they are; what they could not tell, and why."""
    sentences = (_sentence(one, spoken.get(one.device, one.device)) for one in found)
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)


def _sentence(one: Asked, device: str) -> str:
    who = (
        f"the expert for {one.card.title[:1].lower() + one.card.title[1:]}"
        if not one.card.title[:2].isupper()
        else f"the expert for {one.card.title}"
    )
    if one.verdict is None:
        return f"{device}: {who} could not be asked ({one.problem})."
    if one.finding is None:
        return f"{device}: {who} cannot tell. {one.problem}".rstrip(". ") + "."
    sure = "" if one.verdict.parts else f", {one.verdict.confidence:.0%} sure"
    return f"{device}: {one.finding}, says {who}{sure}."


def observations(found: Sequence[Asked], now: float) -> tuple[Observation, ...]:
    """What was told, as facts; a verdict that is none is not one."""
    return tuple(
        Observation(subject=one.device, property=one.card.name, value=one.finding, time=now, device=one.device)
        for one in found
        if one.finding is not None
    )
