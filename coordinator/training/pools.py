"""What authored templates have in common, so that one can borrow from another: names of a kind, nouns of a domain, phrases of a role."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable

from coordinator.training.templates import Mark, Template
from coordinator.training.wording import NUMBER_WORDS, invent
from coordinator.words import plural

_PLACES = (
    "shelf rack bay bin tray tank room hall field bed ward gate lane cabinet locker zone station box pallet aisle desk plot pen container "
    "chamber cell drawer stall"
)
PLACES = _PLACES.split()
_DEVICES = (
    "robot drone rover cart vehicle arm camera sensor lamp pump valve fan door printer vacuum scanner heater mower crane forklift machine "
    "shuttle tug router"
)
DEVICES = _DEVICES.split()


class Pools:
    """Filled from the templates that may be trained on, never from held-out ones."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self.names: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.nouns: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.phrases: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self.words: list[str] = []
        for template in templates:
            self._add(template)

        self.words = sorted(set(self.words))

    def any_word(self, rng: random.Random) -> str:
        """A word that some instruction has, or one that nobody has heard."""
        return rng.choice(self.words) if rng.random() < 0.75 else invent(rng)

    def _add(self, template: Template) -> None:
        self.words += re.findall(r"\b[a-z]{4,}\b", template.plain)
        for index, part in enumerate(template.parts):
            if not isinstance(part, Mark):
                continue
            if part.letter in "dps":
                self.names[(part.letter, part.kind)].append(part.surface)
            if part.letter in "dkps":
                self.nouns[(side(part.letter), template.domain)].append(part.kind)
            elif part.letter == "x":
                self.phrases[role_of(template, index)].append(part.surface)

    def other_noun(self, letter: str, domain: str, rng: random.Random) -> str:
        """Another kind of device or place: mostly of this domain, else any, sometimes an invented word."""
        own = self.nouns.get((side(letter), domain), [])
        chance = rng.random()
        if chance < 0.45 and own:
            return rng.choice(own)
        return rng.choice(DEVICES if letter in "dk" else PLACES) if chance < 0.8 else invent(rng)

    def other_name(self, mark: Mark, rng: random.Random) -> str:
        """Another name for a device, place or set of the same kind."""
        authored = self.names.get((mark.letter, mark.kind), [])
        if authored and rng.random() < 0.4:
            return rng.choice(authored)
        return {"d": _device, "p": _place, "s": _places}[mark.letter](mark.kind or "thing", rng)

    def fleet(self, domain: str, rng: random.Random) -> list[str]:
        """A few device kinds that such a site has."""
        pool = self.nouns.get(("device", domain)) or DEVICES
        count = rng.choice((1, 1, 2, 2, 3, 4))
        return list(dict.fromkeys(rng.choice(pool if rng.random() < 0.8 else DEVICES) for _ in range(count)))


def side(letter: str) -> str:
    return "device" if letter in "dk" else "place"


def role_of(template: Template, index: int) -> tuple[str, ...]:
    """Where a property phrase stands: shape, aggregate and the word before it; phrases of one role can be exchanged."""
    told = template.plan.get("query") or template.plan.get("tell") or {}
    before = template.parts[index - 1] if index else ""
    words = re.findall(r"[\w%']+", before.lower()) if isinstance(before, str) else ["*"]
    return template.shape, str(told.get("as", "")), words[-1] if words else ""


def noun_in(surface: str, noun: str) -> re.Match[str] | None:
    """The noun in a surface, singular or plural."""
    return re.search(rf"\b({re.escape(plural(noun))}|{re.escape(noun)}s|{re.escape(noun)})\b", surface, re.IGNORECASE) if noun else None


def exchange_noun(surface: str, noun: str, new: str) -> str:
    """The surface with another noun in the same number and case: "a robot" → "an arm", "Shelves 3 to 6" → "Racks 3 to 6"."""
    found = noun_in(surface, noun)
    if found is None:
        return surface
    word = new if found[0].lower() == noun else plural(new)
    word = word.capitalize() if found[0][0].isupper() else word
    out = surface[: found.start()] + word + surface[found.end() :]
    if not re.match(r"an? ", surface, re.IGNORECASE):
        return out
    return re.sub(r"\b([Aa])n? (?=(\w))", lambda m: f"{m[1]}{'n' if m[2].lower() in 'aeiou' else ''} ", out)


def is_plural_set(surface: str, noun: str) -> bool:
    """Whether a set is spoken of as many ("the racks", "every bed"), so another many can stand for it."""
    found = noun_in(surface, noun)
    return found is not None and (found[0].lower() != noun or bool(re.match(r"(every|each|all)\b", surface, re.IGNORECASE)))


def _label(rng: random.Random) -> str:
    number = str(rng.randrange(1, 13) if rng.random() < 0.7 else rng.randrange(13, 130))
    spelled = rng.choice(NUMBER_WORDS[1:])
    return rng.choice((number, number, number, number, rng.choice("ABCDEFGH"), rng.choice("ABCD") + number, spelled))


def _device(kind: str, rng: random.Random) -> str:
    number, name = _label(rng), invent(rng).capitalize()
    numbered = (f"{kind} {number}", f"{kind} {number}", f"{kind.capitalize()} {number}", f"{kind}-{number}", f"{kind}{number}")
    ids = (f"{kind[:1].upper()}{number}", f"{name[:3].upper()}-{number}", f"{kind} number {number}")
    named = (name, f"the {kind}", f"the {name} {kind}", f"the second {kind}")
    return rng.choice((*numbered, *ids, *named))


def _place(kind: str, rng: random.Random) -> str:
    name, side_of = invent(rng), rng.choice(_SIDES.split())
    numbered = [f"{kind} {_label(rng)}" for _ in range(3)]
    return rng.choice(
        (
            *numbered,
            f"{kind.capitalize()} {_label(rng)}",
            f"{kind}-{_label(rng)}",
            f"the {name} {kind}",
            f"the {kind}",
            name.capitalize(),
            f"the {side_of} {kind}",
        )
    )


_SIDES = "north south east west main back front upper red big"


def _places(kind: str, rng: random.Random) -> str:
    many, a = plural(kind), rng.randrange(1, 20)
    b, c = a + rng.randrange(1, 4), a + rng.randrange(4, 20)
    numbered = (f"{many} {a} to {c}", f"{many} {a} through {c}", f"{many} {a}-{c}", f"{many} {a}, {b} and {c}", f"{many} {a} and {c}")
    every = (f"the {many}", f"the {many}", f"all {many}", f"all the {many}", f"every {kind}", f"each {kind}", f"all of the {many}", f"our {many}")
    first = f"the first {rng.choice(('two', 'three', 'four', '5'))} {many}"
    within = f"the {many} in {rng.choice(('aisle', 'zone', 'hall'))} {rng.choice('ABC')}"
    return rng.choice((*numbered, *every, first, within, f"every second {kind}"))
