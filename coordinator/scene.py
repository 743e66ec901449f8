"""Everything that resolving a plan may look at, gathered once: the linked instruction, the fleet, the site, and what the plan's phrases mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from coordinator.glossary import NAMES_OF, PropertyInfo
from coordinator.meaning import Meaning, bare, properties_of
from coordinator.mentions import Linked, Mention
from coordinator.names import Names, build_names
from coordinator.quantities import asks_how_many, unit_of, value_of
from coordinator.registry import Device
from coordinator.words import is_plural_of
from schemas.base import Frozen, Value
from schemas.plan import Control, Goal, Intent, Plan, Query, Ref, Who
from schemas.site import Site

_SLOT = re.compile(r"\{([a-z]+\d*)?\}")
_WHAT = re.compile(r"\b(?:what|which items)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[.,;:!?]+\s|[.,;:!?]+$")
_CERTAIN = re.compile(r"\b(?:the|that|this)$")
_REF = re.compile(r"[dkps]\d+")
HOME = " (home)"
"""Behind a position: the device belongs there."""


class Meanings(Frozen):
    """`properties`: phrase → property names, nearest first. `able`: sentence → device → score. `refs`: phrase → what it names."""

    properties: dict[str, tuple[str, ...]] = {}
    able: dict[str, dict[str, float]] = {}
    refs: dict[str, Mention] = {}
    known: dict[str, PropertyInfo] = {}
    able_at: float = 0.3
    able_margin: float = 0.12


@dataclass(frozen=True)
class Scene:
    """`loads`: open pieces of work per device. `reserve`: battery in % below which the system does not choose a device by itself."""

    linked: Linked
    site: Site
    devices: tuple[Device, ...]
    meanings: Meanings = field(default_factory=Meanings)
    loads: Mapping[str, int] = field(default_factory=dict[str, int])
    reserve: float = 10.0

    @cached_property
    def names(self) -> Names:
        return build_names(self.site, self.devices)

    @cached_property
    def by_id(self) -> dict[str, Device]:
        return {d.id: d for d in self.devices}

    @cached_property
    def places(self) -> dict[str, str]:
        """Place id → what people call it."""
        return {p.id: p.name or p.id.replace("-", " ").replace("_", " ") for p in self.site.places}

    def mention(self, ref: Ref) -> Mention | None:
        """What a reference or a phrase of the plan stands for."""
        return self.linked.mention(ref) or self.meanings.refs.get(ref)

    def spoken(self, ident: str) -> str:
        """What people call a place or device."""
        device = self.by_id.get(ident)
        return self.places.get(ident) or (device.spoken if device else ident)

    def property(self, phrase: str, in_state: bool = False, numeric: bool = False) -> PropertyInfo | None:
        """The nearest property; with `in_state` the nearest that states carry, with `numeric` the nearest that is no yes-or-no."""
        ranked = [self.meanings.known[n] for n in self.meanings.properties.get(phrase, ()) if n in self.meanings.known]
        return next((i for i in ranked if (i.in_state or not in_state) and not (numeric and i.name in self._yes_or_no)), None)

    def compared(self, what: str, said: str) -> PropertyInfo | None:
        """What a condition on states is about: "charge below 30 %" is the battery, not whether it is charging; "below 60 %" is what has percents."""
        if not what and isinstance(value_of(said, None), str):
            return self.property(said, in_state=True)
        info = self.property(what, in_state=True, numeric=isinstance(value_of(said, None), float))
        unit = unit_of(said)
        if unit is None or (info is not None and info.unit == unit):
            return info
        carried = Counter(name for d in self.devices for name in d.facts())
        same = [(carried[i.name], i) for i in self.meanings.known.values() if i.in_state and i.unit == unit]
        most = [i for count, i in same if count == max(c for c, _ in same)]
        return most[0] if len(most) == 1 else info

    def wanted(self, what: str, said: str, info: PropertyInfo | None) -> Value:
        """The value that a condition compares with; a state said by its name ("idle") shall be so."""
        return True if not what and info is not None and info.name in self._yes_or_no else self.value(said, info)

    @cached_property
    def _yes_or_no(self) -> frozenset[str]:
        return frozenset(name for d in self.devices for name, value in d.facts().items() if isinstance(value, bool))

    def value(self, said: str, info: PropertyInfo | None) -> Value:
        return value_of(said, info.unit if info else None)

    def expand(self, template: str, item: str | None = None, pick: str | None = None) -> str:
        """A `do` template as a sentence: `{}` is the item, `{pick}` what was picked, `{p1}` a mention by its proper name (a set by its own words).

        Words that a person addressed to a device stay as they are, blanks and all.
        """
        if (alone := _SLOT.fullmatch(template)) and (words := self.mention(alone[1] or "")) and words.letter == "w":
            return words.surface

        def fill(match: re.Match[str]) -> str:
            ref = match[1]
            if ref is None:
                return self.spoken(item) if item else ""
            if ref == "pick":
                return self.spoken(pick) if pick else ""
            mention = self.mention(ref)
            return "" if mention is None else self.spoken(mention.ids[0]) if len(mention.ids) == 1 else mention.surface

        return " ".join(_SLOT.sub(fill, template).split()).replace(" .", ".").replace(" ,", ",")

    def generic(self, template: str, item_kind: str | None) -> str:
        """The template with kinds in place of names: what is compared with abilities."""

        def fill(match: re.Match[str]) -> str:
            mention = self.mention(match[1]) if match[1] else None
            return mention.kind if mention else (item_kind or "place")

        return _SLOT.sub(fill, template)

    def positions(self, text: str, named: Iterable[str | None], device: str) -> str:
        """Where on the floor the places are that a sentence for a device names, of those that it may name (ids or references): one a line."""
        ids: set[str] = set()
        for name in filter(None, named):
            mention = self.mention(name)
            ids |= set(mention.ids) if mention is not None else {name}
        at = {i: self._at[i] for i in sorted(ids & self._at.keys())}
        said = {i: self.places[i] for i in at if re.search(rf"(?<!\w){re.escape(self.places[i])}(?!\w)", text, re.IGNORECASE)}
        own = self.by_id[device].place if device in self.by_id else None
        return "\n".join(f"{name} = x {at[i][0]:.3f} m, y {at[i][1]:.3f} m{HOME if i == own else ''}" for i, name in said.items())

    @cached_property
    def _at(self) -> dict[str, tuple[float, float]]:
        return {p.id: p.at for p in self.site.places if p.at is not None}

    def before(self, mention: Mention) -> str:
        """What stands before the noun of a mention, in small letters."""
        return f"{self.linked.text[: mention.start]}{mention.surface}".lower().rsplit(mention.surface.lower().split()[-1], 1)[0].rstrip()

    def certain_one(self, mention: Mention) -> bool:
        """ "The dock", where there are several: one, and the person knows which."""
        last = mention.surface.lower().split()[-1]
        several = any(is_plural_of(last, noun) for noun in (mention.kind, *self.site.kinds.get(mention.kind, ())))
        return mention.letter == "s" and mention.count > 1 and not several and _CERTAIN.search(self.before(mention)) is not None

    def homes(self, mention: Mention) -> bool:
        """Whether a place of this kind is where each device that moves about belongs: "the dock" is everybody's own."""
        return all(d.place in mention.ids and "at" in d.attributes for d in self.devices)

    def item_kind(self, each: Ref | tuple[Ref, ...] | None) -> str | None:
        refs = (each,) if isinstance(each, str) else each or ()
        return next((m.kind for m in map(self.mention, refs) if m), None)


def refs_in(template: str) -> list[str]:
    """The references of a `do` template, `{}` and `{pick}` left out."""
    return [m[1] for m in _SLOT.finditer(template) if m[1] and m[1] != "pick"]


def who_refs(who: Who) -> list[Ref]:
    of = (who.of,) if isinstance(who.of, str) else who.of
    return [r for r in (*of, who.at, who.near, *who.but) if r and r != "any"]


def all_refs(intent: Intent) -> list[Ref]:
    """Every reference or naming phrase of an intent, `do` templates included."""
    if isinstance(intent, Plan):
        found: list[Ref] = []
        for step in intent.steps:
            found += who_refs(step.who)
            found += [step.each] if isinstance(step.each, str) else list(step.each or ())
            found += [ref for template in step.do for ref in refs_in(template)]
        return found
    if isinstance(intent, Goal):
        return [*who_refs(intent.who), *intent.spare]
    return who_refs(intent.who) if isinstance(intent, Query | Control) else []


def _property_phrases(intent: Intent) -> Iterator[str]:
    whos = [s.who for s in intent.steps] if isinstance(intent, Plan) else [intent.who] if isinstance(intent, Query | Control) else []
    for who in whos:
        yield from [who.where.what or who.where.v] if who.where else []
        yield from [who.top[1]] if who.top else []
    if isinstance(intent, Query):
        yield intent.what
        yield from [intent.where.what or intent.where.v] if intent.where else []
    if not isinstance(intent, Plan):
        return
    for step in intent.steps:
        yield from [step.when.what] if step.when and step.when.what else []
        yield from [step.pick.what] if step.pick else []
    if intent.tell:
        yield intent.tell.what
        yield from [intent.tell.where.what] if intent.tell.where else []


async def _properties(phrase: str, text: str, names: Names, known: dict[str, PropertyInfo], meaning: Meaning) -> tuple[str, ...]:
    """What a phrase means, nearest first; where it says nothing by itself ("what's lying on shelf 3"), what its clause of the instruction means."""
    found = await meaning.properties(phrase, known)
    if not found:
        clause = next((c for c in _CLAUSE.split(text) if phrase.lower() in c.lower()), "")
        found = await meaning.properties(bare(clause, names), known)
    named = NAMES_OF.get(found[0]) if found else None
    if named is not None and named in known and _WHAT.search(text) and not asks_how_many(text):
        return (named, *(n for n in found if n != named))
    return found


async def understand(intent: Intent, linked: Linked, site: Site, devices: tuple[Device, ...], meaning: Meaning) -> Meanings:
    """Ask the embedder everything that resolving this intent needs to know, so that resolving it is pure."""
    names, known = build_names(site, devices), properties_of(devices)
    refs: dict[str, Mention] = {}
    for phrase in dict.fromkeys(all_refs(intent)):
        if linked.mention(phrase) is None and not _REF.fullmatch(phrase) and (found := await meaning.reference(phrase, names)) is not None:
            refs[phrase] = found
    properties = {p: await _properties(p, linked.text, names, known, meaning) for p in dict.fromkeys(_property_phrases(intent)) if p}
    if isinstance(intent, Plan) and intent.tell is not None and not intent.tell.what:
        properties[""] = await meaning.properties(bare(_SLOT.sub("", intent.steps[-1].do[-1]), names), known)
    limits = meaning.thresholds
    partial = Meanings(properties=properties, refs=refs, known=known, able_at=limits.able, able_margin=limits.able_margin)
    scene = Scene(linked, site, devices, partial)
    sentences = [scene.generic(t, scene.item_kind(s.each)) for s in intent.steps for t in s.do] if isinstance(intent, Plan) else []
    able = {sentence: await meaning.able(sentence, devices, names) for sentence in dict.fromkeys(sentences)}
    return partial.model_copy(update={"able": able})
