"""Which experts there are, which of them a question is for, and what their verdicts come to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.experts import Consulted, ExpertCard, Verdict
from schemas.observations import Observation

ORDINARY = Path(__file__).parent / "not_for_experts.txt"
SUREST = 0.99
"""Nobody is surer than that."""
SEVERAL = Path(__file__).parent / "for_several_experts.txt"


@dataclass(frozen=True)
class Asked:
    """One expert about one device: its verdict, or why there is none."""

    card: ExpertCard
    device: str
    verdict: Verdict | None = None
    problem: str = ""
    blind: bool = False
    """The expert is there, but the device has nothing for it to look at."""
    seconds: float = 0.0
    """From the question to its answer."""

    @property
    def spoken(self) -> str | None:
        """The finding in plain words."""
        return self.finding and self.card.means.get(self.finding, self.finding)

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


def examples(cards: Iterable[ExpertCard], abilities: Iterable[str]) -> list[tuple[frozenset[str], str]]:
    """What these experts are asked, alone and together; what devices do themselves, and what people ask of a fleet or of nobody, is for none."""
    asked = [(frozenset({card.name}), phrase) for card in cards for phrase in phrases(card)]
    known = {name for names, _ in asked for name in names}
    together = [(names & known, text) for names, text in for_several()]
    return [*asked, *(one for one in together if one[0]), *((frozenset[str](), text) for text in (*_lines(ORDINARY), *abilities))]


def for_several() -> list[tuple[frozenset[str], str]]:
    """Questions that need more than one expert: "snr congestion | can it stream video?"."""
    parts = (line.partition(" | ") for line in _lines(SEVERAL))
    return [(frozenset(names.split()), text) for names, _, text in parts]


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(line for line in path.read_text(encoding="utf-8").splitlines() if line)


def told(found: Sequence[Asked], spoken: Mapping[str, str]) -> str:
    """Every verdict with whom it is from and how sure they are; what they could not tell, and why. What is the same of several is said once."""
    by_tail = dict[str, list[str]]()
    for one in found:
        by_tail.setdefault(_tail(one), []).append(spoken.get(one.device, one.device))
    sentences = (f"{' and '.join(filter(None, (', '.join(devices[:-1]), devices[-1])))}: {tail}" for tail, devices in by_tail.items())
    return " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)


def _tail(one: Asked) -> str:
    title = one.card.title
    who = f"the expert for {title if title[:2].isupper() else title[:1].lower() + title[1:]}"
    if one.verdict is None:
        return f"{who} could not be asked ({one.problem})."
    if one.finding is None:
        return f"{who} cannot tell. {one.problem}".rstrip(". ") + "."
    sure = "" if one.verdict.parts else f", {min(one.verdict.confidence, SUREST):.0%} sure"
    return f"{one.spoken}, says {who}{sure}."


def observations(found: Sequence[Asked], now: float) -> tuple[Observation, ...]:
    """What was told, as facts; a verdict that is none is not one."""
    return tuple(
        Observation(subject=one.device, property=one.card.name, value=one.finding, time=now, device=one.device)
        for one in found
        if one.finding is not None
    )


def consulted(found: Sequence[Asked]) -> tuple[Consulted, ...]:
    """Everybody who was asked, for those who watch."""
    return tuple(
        Consulted(
            expert=one.card.name,
            device=one.device,
            finding=one.finding,
            confidence=min(one.verdict.confidence, SUREST) if one.verdict else 0.0,
            problem=one.problem[:200],
            seconds=one.seconds,
        )
        for one in found
    )
