"""Every name by which the fleet and the site can be called: names, aliases, ids, kinds with their synonyms, and numbers within a kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from coordinator.registry import Device
from coordinator.words import SEPARATORS, Token, is_plural_of, singulars, tokenise, words_of
from schemas.site import Site

Key = tuple[str, ...]


@dataclass(frozen=True)
class Entity:
    """A device (`letter` d) or a place (p)."""

    letter: str
    id: str
    kind: str
    name: str
    zone: str | None = None


@dataclass
class Names:
    """`labels`: (letter, kind, "4" or "b2") → entity. `kinds`: words → (letter, kind), the last word in the singular."""

    entities: list[Entity] = field(default_factory=list[Entity])
    named: dict[Key, list[Entity]] = field(default_factory=dict[Key, list[Entity]])
    kinds: dict[Key, list[tuple[str, str]]] = field(default_factory=dict[Key, list[tuple[str, str]]])
    labels: dict[tuple[str, str, str], Entity] = field(default_factory=dict[tuple[str, str, str], Entity])
    zones: dict[str, str] = field(default_factory=dict[str, str])
    by_kind: dict[tuple[str, str], list[Entity]] = field(default_factory=lambda: defaultdict(list))
    first_words: set[str] = field(default_factory=set[str])

    def inside(self, place: str, zone: str) -> bool:
        """Whether `zone` is `place` or contains it, at any depth."""
        return zone in self.around(place)

    def around(self, place: str) -> list[str]:
        """The place and the zones that it lies in, innermost first."""
        found: list[str] = []
        here: str | None = place
        while here is not None and here not in found:
            found.append(here)
            here = self.zones.get(here)
        return found

    def name_at(self, tokens: list[Token], i: int) -> tuple[list[Entity], int] | None:
        """The longest name that begins at token i, and the token after it."""
        if tokens[i].text not in self.first_words:
            return None
        words: list[str] = []
        best: tuple[list[Entity], int] | None = None
        at = i
        while at < len(tokens) and len(words) < 8:
            words.append(tokens[at].text)
            at += 1
            found = self.named.get(tuple(words))
            if found and not (words[-1].isdecimal() and len(words) > 1 and is_unit(tokens, at)):
                best = found, at
            at += glued(tokens, at)
        return best

    def kind_at(self, tokens: list[Token], i: int) -> tuple[list[tuple[str, str]], int, bool] | None:
        """The longest kind noun at token i: (letter, kind) candidates, the token after it, and whether it stood in the plural."""
        for length in (3, 2, 1):
            if i + length > len(tokens):
                continue
            head, last = tuple(t.text for t in tokens[i : i + length - 1]), tokens[i + length - 1].text
            for form in sorted(singulars(last), key=lambda f: (f != last, -len(f))):
                found = self.kinds.get((*head, form))
                if found:
                    return found, i + length, is_plural_of(last, form)
        return None


def glued(tokens: list[Token], at: int) -> int:
    """1 when token `at` is a separator stuck between two words, else 0."""
    inside = 0 < at < len(tokens) - 1 and tokens[at].text in SEPARATORS
    return int(inside and tokens[at - 1].end == tokens[at].start and tokens[at].end == tokens[at + 1].start)


_UNITS = words_of(
    "percent per % ° degrees degree metre metres meter meters m cm mm km second seconds sec s minute minutes min hour hours h times time days day "
    "watt watts w volt volts v kg kilo kilos grams g litre litres liter liters l ml celsius rpm ms hz khz mhz ghz db lux ppm steps more"
)


def is_unit(tokens: list[Token], at: int) -> bool:
    """Whether the word at `at` makes the number before it a quantity ("robot 2 metres forward")."""
    return at < len(tokens) and tokens[at].text in _UNITS


def key_of(name: str) -> Key:
    return tuple(t.text for t in tokenise(name) if t.text.isalnum())


def build_names(site: Site, devices: Iterable[Device]) -> Names:
    """The index for one instruction; nothing in it is written by hand."""
    names = Names()
    for device in devices:
        _add(names, Entity("d", device.id, device.kind, device.name), (device.id, device.name, *device.aliases), site)
    for place in site.places:
        if place.zone:
            names.zones[place.id] = place.zone
        _add(names, Entity("p", place.id, place.kind, place.name, place.zone), (place.id, place.name, *place.aliases), site)
    names.first_words = {key[0] for key in names.named}
    _add_heads(names)
    return names


def _add_heads(names: Names) -> None:
    """ "Robot" for the one kind that is a "warehouse robot", where nothing else is called so."""
    heads: dict[Key, set[tuple[str, str]]] = defaultdict(set)
    for key, kinds in names.kinds.items():
        if len(key) > 1:
            heads[key[-1:]] |= {kind for kind in kinds if kind[0] == "d"}
    for head, kinds in heads.items():
        if head not in names.kinds and len(kinds) == 1:
            names.kinds[head] = list(kinds)


def _add(names: Names, entity: Entity, called: tuple[str, ...], site: Site) -> None:
    names.entities.append(entity)
    names.by_kind[(entity.letter, entity.kind)].append(entity)
    nouns = (entity.kind, *site.kinds.get(entity.kind, ()))
    for index, noun in enumerate(nouns):
        _add_kind(names, key_of(noun), (entity.letter, entity.kind), own=index == 0)
    for name in called:
        key = key_of(name)
        if key and not (len(key) == 1 and (key[0].isdecimal() or len(key[0]) == 1)):
            owners = names.named.setdefault(key, [])
            if entity not in owners:
                owners.append(entity)
        label = _label(key, [key_of(noun) for noun in nouns])
        if label:
            names.labels.setdefault((entity.letter, entity.kind, label), entity)


def _add_kind(names: Names, key: Key, kind: tuple[str, str], own: bool) -> None:
    """A kind's own noun comes before another kind's synonym."""
    known = names.kinds.setdefault(key, [])
    if key and kind not in known:
        known.insert(0 if own else len(known), kind)


def _label(key: Key, nouns: list[Key]) -> str | None:
    """What tells this one from others of its kind: the rest after the kind's noun if it is short, else a number at the end."""
    for noun in nouns:
        if noun and key[: len(noun)] == noun and 0 < len(rest := "".join(key[len(noun) :])) <= 4:
            return rest
    return key[-1] if key and key[-1].isdecimal() else None
