"""What phrases mean: the nearest property, name or ability, by spelling first and by embeddings then. Asynchronous; what follows is pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coordinator.glossary import ELSEWHERE, FACTS, UNITS, PropertyInfo, spoken_of
from coordinator.linker import link_names
from coordinator.mentions import Mention
from coordinator.names import Names
from coordinator.registry import Device
from coordinator.words import stems, tokenise, words_of
from runtime.llm.protocol import Embedder
from schemas.base import Frozen

CACHE = 20_000
_LEADING = re.compile(r"^(?:(?:all|both|every|each|any|the|a|an|my|our|your|of) )+", re.IGNORECASE)
_BEFORE = words_of("a an the its each every to at of on in from")


class Thresholds(Frozen):
    """Cosine similarities. `name_margin`: how much nearer one of a kind must be than the next, to be meant alone.

    `able_margin`: how far below the best device another may be when the system chooses.
    `beyond`: from when on what other devices do counts against a sentence; `beyond_margin`: by how much where its places are left out.
    `same`: from when on it is something that these do, too.
    """

    property: float = 0.52
    name: float = 0.535
    name_margin: float = 0.1
    able: float = 0.42
    able_margin: float = 0.12
    beyond: float = 0.49
    beyond_margin: float = 0.14
    same: float = 0.585


@dataclass(frozen=True)
class Ranked:
    key: str
    score: float


def properties_of(devices: Iterable[Device]) -> dict[str, PropertyInfo]:
    """All properties of these devices by name: declared ones, undeclared attributes, and the facts of every state."""
    known = {info.name: info for info in FACTS}
    for device in devices:
        for declared in device.properties:
            if declared.name not in known or (declared.in_state and not known[declared.name].in_state):
                said = (*spoken_of(declared.name), *((declared.description,) if declared.description else ()))
                known[declared.name] = PropertyInfo(name=declared.name, unit=declared.unit, in_state=declared.in_state, words=said)
        for name in device.attributes:
            known.setdefault(name, PropertyInfo(name=name, unit=UNITS.get(name), in_state=True, words=spoken_of(name)))
    return known


class Meaning:
    """Similarities over one embedder, with each distinct text embedded once."""

    def __init__(self, embedder: Embedder, thresholds: Thresholds | None = None) -> None:
        self._embedder = embedder
        self.thresholds = thresholds or Thresholds()
        self._vectors: dict[str, list[float]] = {}

    async def similarities(self, phrase: str, others: Sequence[str]) -> list[float]:
        """Of `phrase` to each of `others`, -1..1; equal content words count as 1."""
        await self._embed([phrase, *others])
        own, same = self._vectors[phrase], stems(phrase)
        return [1.0 if same and same == stems(o) else _dot(own, self._vectors[o]) for o in others]

    async def vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit vectors."""
        await self._embed(texts)
        return [self._vectors[text] for text in texts]

    async def _embed(self, texts: Sequence[str]) -> None:
        new = [t for t in dict.fromkeys(texts) if t not in self._vectors]
        if not new:
            return
        if len(self._vectors) > CACHE:
            self._vectors = {t: self._vectors[t] for t in texts if t in self._vectors}
        for text, vector in zip(new, await self._embedder.embed(new), strict=True):
            self._vectors[text] = vector

    async def rank(self, phrase: str, candidates: Sequence[tuple[str, str]]) -> list[Ranked]:
        """(key, words) candidates, best first, each key once with its best score."""
        scores = await self.similarities(phrase, [words for _, words in candidates])
        best: dict[str, float] = {}
        for (key, _), score in zip(candidates, scores, strict=True):
            best[key] = max(score, best.get(key, -1.0))
        return [Ranked(key, score) for key, score in sorted(best.items(), key=lambda kv: (-kv[1], kv[0]))]

    async def properties(self, phrase: str, known: dict[str, PropertyInfo]) -> tuple[str, ...]:
        """Names of properties that the phrase may mean, nearest first."""
        if not phrase.strip():
            return ()
        exact = phrase.strip().lower().replace(" ", "_")
        if exact in known:
            return (exact,)
        ranked = await self.rank(phrase, [(info.name, words) for info in known.values() for words in (info.words or (info.name,))])
        return tuple(r.key for r in ranked if r.score >= self.thresholds.property)[:5]

    async def able(self, sentence: str, devices: Sequence[Device], names: Names | None = None) -> dict[str, float]:
        """Device id → how near its nearest ability is to the sentence; 0 where what other devices do is nearer than anything that these do.

        The second is asked without the places, too: "Fly to the shelf." is near to "drives to a shelf" for the shelf's sake alone.
        A device that declares nothing could do anything: 1.
        """
        offers = {d.id: tuple(dict.fromkeys((*d.abilities, *(f"checks {p.name.replace('_', ' ')}" for p in d.properties)))) for d in devices}
        texts = list(dict.fromkeys(text for told in offers.values() for text in told))
        if not texts:
            return dict.fromkeys(offers, 1.0)
        scores = dict(zip(texts, await self.similarities(sentence, texts), strict=True))
        others = await self._elsewhere(texts)
        known = [word for name in {p.name for d in devices for p in d.properties} for word in spoken_of(name)]
        places, margin = names or Names(), self.thresholds.beyond_margin
        own = list(dict.fromkeys(bare(t, places) for t in (*texts, *known)))
        if await self._beyond(sentence, others, texts) or await self._beyond(bare(sentence, places), others, own, margin):
            return {device: 0.0 if told else 1.0 for device, told in offers.items()}
        return {device: max((scores[t] for t in told), default=1.0) for device, told in offers.items()}

    async def _beyond(self, sentence: str, others: Sequence[str], own: Sequence[str], margin: float = 0.0) -> bool:
        beyond = max(await self.similarities(sentence, others), default=0.0)
        return beyond >= self.thresholds.beyond and beyond > max(await self.similarities(sentence, own)) + margin

    async def _elsewhere(self, abilities: Sequence[str]) -> list[str]:
        """What other devices do and these do not."""
        return [other for other in ELSEWHERE if max(await self.similarities(other, abilities)) < self.thresholds.same]

    async def reference(self, phrase: str, names: Names) -> Mention | None:
        """Devices or places that a phrase without a mark names: linked like an instruction, else the nearest name or kind."""
        linked = link_names(phrase, names)
        if linked.mentions:
            return max(linked.mentions, key=lambda m: m.end - m.start)
        candidates = [(f"{e.letter}:{e.id}", e.name or e.id) for e in names.entities]
        candidates += [(f"{'k' if letter == 'd' else 's'}:{kind}", " ".join(key)) for key, kinds in names.kinds.items() for letter, kind in kinds]
        ranked = await self.rank(_LEADING.sub("", phrase) or phrase, candidates)
        if not ranked or ranked[0].score < self.thresholds.name:
            return None
        letter, _, key = ranked[0].key.partition(":")
        kind = next((e.kind for e in names.entities if e.id == key and e.letter == letter), key)
        near = {r.key for r in ranked[1:] if ranked[0].score - r.score < self.thresholds.name_margin}
        if letter in "dp" and any(e.kind == kind and f"{letter}:{e.id}" in near for e in names.entities):
            letter = {"d": "k", "p": "s"}[letter]
        ids = (key,) if letter in "dp" else tuple(e.id for e in names.by_kind[("d" if letter == "k" else "p", kind)])
        return Mention(ref=f"{letter}0", start=0, end=len(phrase), surface=phrase, kind=kind, ids=ids, count=len(ids))


def bare(text: str, names: Names) -> str:
    """A sentence without its places and devices, by name or by kind, and without the small words before them."""
    tokens, keep, at = tokenise(text), [(0, len(text))], 0
    while at < len(tokens):
        found = names.name_at(tokens, at) or names.kind_at(tokens, at)
        if found is None:
            at += 1
            continue
        first = at
        while first > 0 and tokens[first - 1].text in _BEFORE:
            first -= 1
        start, _ = keep.pop()
        keep += [(start, tokens[first].start), (tokens[found[1] - 1].end, len(text))]
        at = found[1]
    return " ".join(" ".join(text[a:b] for a, b in keep).split()).replace(" .", ".")


def _dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))
