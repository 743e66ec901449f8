"""Prose about a fleet's surroundings and status, as places and attributes: names, numbers and lists by spelling, states by meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from coordinator.meaning import Meaning
from coordinator.words import Token, singulars, tokenise, words_of
from schemas.base import Value
from schemas.ids import to_wire_id
from schemas.site import Place

MOST = 500
_RANGE = re.compile(
    r"(?P<noun>[^\W\d_]+)\s+(?:numbered\s+|labell?ed\s+|called\s+)?(?:from\s+)?(?P<first>\d+|[A-Z])\s*(?:-|–|to|through|\.\.)\s*(?P<last>\d+|[A-Z])\b"
)
_LABELS = re.compile(r"(?P<noun>[^\W\d_]+)\s+(?P<labels>(?:\d+|[A-Z]\d*)\b(?:\s*(?:,|and|&|,\s*and)\s*(?:\d+|[A-Z]\d*)\b)*)")
_NAMED = re.compile(r"(?<![.!?]\s)(?<!^)\b(?:[A-Z][\w-]*)(?:\s+(?:[A-Z][\w-]*|\d+))*")
_NO_NOUNS = words_of("with and the has have had contains are there about over under of each holds for from between includes including")
_LISTED = re.compile(r"(?P<noun>[^\W\d_]+)s?\s*[:(]\s*(?P<names>[^.;)]+)")


def places_in(environment: str, locations: Iterable[str]) -> tuple[Place, ...]:
    """Places that the text enumerates ("shelves 1 to 8", "aisles A, B and C", "8 shelves", "rooms: kitchen, hall"), names, the locations."""
    names: dict[str, tuple[str, str]] = {}

    def add(kind: str, name: str) -> None:
        clean = " ".join(name.split())
        if clean and len(names) < MOST:
            names.setdefault(clean.lower(), (kind, clean))

    for noun, label in [*_ranges(environment), *_labelled(environment), *_counted(environment)]:
        add(noun, f"{noun} {label}")
    for noun, name in _lists(environment):
        add(noun, name)
    for found in _NAMED.finditer(environment):
        if any(len(word) > 2 for word in found[0].split()):
            add(_kind(found[0]), found[0])
    for location in locations:
        add(_kind(location), location)
    return tuple(Place(id=to_wire_id(f"{n}-{name}", "place"), kind=kind, name=name) for n, (kind, name) in enumerate(names.values(), 1))


def _noun(word: str) -> str:
    """The singular that looks most like one: shelves → shelf, boxes → box, bays → bay."""
    word = word.lower()
    forms = singulars(word)
    for ending, cut in (("ves", 3), ("ies", 3), ("ches", 2), ("shes", 2), ("xes", 2), ("sses", 2), ("s", 1)):
        if word.endswith(ending) and len(forms) > 1:
            return word[:-cut] + {"ves": "f", "ies": "y"}.get(ending, "")
    return word


def _kind(name: str) -> str:
    """The noun before a label ("Shelf 3" → shelf), else the last word of a name ("Loading Bay" → bay)."""
    words = [w for w in re.findall(r"[^\W\d_]+", name.lower()) if len(w) > 1]
    return words[-1] if words else "place"


def _ranges(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for m in _RANGE.finditer(text):
        first, last = m["first"], m["last"]
        if first.isdecimal() and last.isdecimal() and 0 <= int(last) - int(first) < MOST:
            out += [(_noun(m["noun"]), str(n)) for n in range(int(first), int(last) + 1)]
        elif first.isalpha() and last.isalpha():
            out += [(_noun(m["noun"]), chr(c)) for c in range(ord(first), ord(last) + 1)]
    return out


def _labelled(text: str) -> list[tuple[str, str]]:
    named = [m for m in _LABELS.finditer(text) if len(m["noun"]) > 2 and m["noun"].lower() not in _NO_NOUNS]
    return [(_noun(m["noun"]), label) for m in named for label in re.findall(r"\d+|[A-Z]\d*", m["labels"])]


def _counted(text: str) -> list[tuple[str, str]]:
    """ "eight shelves" are shelf 1 to shelf 8, unless they carry labels."""
    tokens = tokenise(text)
    labelled = {noun for noun, _ in [*_ranges(text), *_labelled(text)]}
    out: list[tuple[str, str]] = []
    for number, word in pairwise(tokens):
        if _is_count(number, word) and (noun := _noun(word.text)) not in labelled:
            out += [(noun, str(n)) for n in range(1, (number.number or 0) + 1)]
    return out


def _is_count(number: Token, word: Token) -> bool:
    return number.number is not None and 1 < number.number <= 100 and word.text.isalpha() and len(singulars(word.text)) > 1 and len(word.text) > 3


def _lists(text: str) -> list[tuple[str, str]]:
    """ "rooms: kitchen, living room and hall"."""
    out: list[tuple[str, str]] = []
    for m in _LISTED.finditer(text):
        parts = [re.sub(r"^(?:and|the|a|an)\s+", "", p.strip()) for p in re.split(r",|\band\b", m["names"])]
        if len(parts) > 1 and all(0 < len(p.split()) <= 4 for p in parts if p):
            out += [(_noun(m["noun"]), p) for p in parts if p and not p.isdecimal()]
    return out


_STATES: tuple[tuple[str, str, bool, tuple[str, ...]], ...] = (
    ("offline", "online", False, ("offline", "cannot be reached", "not responding", "lost connection", "powered off", "unavailable")),
    ("online", "online", True, ("online", "connected")),
    (
        "busy",
        "busy",
        True,
        ("busy with a task", "working", "in use", "carrying a load", "moving to a place", "executing a job", "occupied", "under way"),
    ),
    ("idle", "busy", False, ("idle", "ready", "available", "standing by", "waiting for work", "parked")),
    ("charging", "charging", True, ("charging", "docked and charging")),
    ("stopped", "stopped", True, ("stopped by an emergency stop", "emergency stop pressed", "halted")),
    ("broken", "normal", False, ("broken", "motor fault", "reports an error", "needs repair", "in maintenance", "out of order")),
    ("fine", "normal", True, ("everything is normal", "everything ok", "operational", "in good order")),
)
"""State, the attribute that tells it, its value there, and wordings that a clause is compared with."""
NEAR = 0.55


async def read_status(text: str, meaning: Meaning) -> dict[str, Value]:
    """Attributes that a status in prose tells: each number under the words that stand with it, each clause without one as the nearest state."""
    found: dict[str, Value] = {}
    for clause in re.split(r"[,;.!]\s+|\s+(?:and|but|with)\s+|[;!]|\.$", text.strip()):
        number = re.search(r"-?\d+(?:[.,]\d+)?", clause)
        words = " ".join(re.findall(r"[^\W\d_]{2,}", clause))
        name = await _named(words, clause, meaning) if number else None
        if number and name:
            found.setdefault(name, float(number[0].replace(",", ".")))
        elif words:
            ranked = await meaning.rank(words, [(state, said) for state, _, _, wordings in _STATES for said in wordings])
            if ranked[0].score >= NEAR:
                found |= {attribute: value for state, attribute, value, _ in _STATES if state == ranked[0].key}
    return found


async def _named(words: str, clause: str, meaning: Meaning) -> str | None:
    """What a number in a clause is of; a percentage of charge is the battery."""
    kinds = [
        ("battery", "battery charge"),
        ("battery", "charge level"),
        ("temperature", "temperature degrees"),
        ("speed", "speed"),
        ("load", "load carried"),
    ]
    ranked = await meaning.rank(words or "battery", kinds)
    if ranked[0].score >= NEAR and (ranked[0].key != "battery" or "%" in clause or "percent" in clause.lower()):
        return ranked[0].key
    return None
