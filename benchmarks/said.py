"""What an answer's text says: the things it names as being so, its first figure, its yes or no. Pure; it reads the text as a person would get it."""

from __future__ import annotations

import re

_DENIALS = re.compile(r"(no|not|unknown|none|nothing|done)\b", re.IGNORECASE)
_NAMES = re.compile(r"\b(?:shelf|shelves|robots?|docks?|aisle|station)[ -](?:\d+|[a-z])\b", re.IGNORECASE)
_QUOTED = re.compile(r"'[^']*'")
_ZERO = r"(?!\d)(?!\s*\(0\))(?!\s*:\s*(?:0(?![.\d])|none\b))"


def named(text: str, kind: str) -> frozenset[str]:
    """Ids (`shelf-3`) of the things of a kind that the text affirms: not those of a sentence that denies or only tells what was done, and not
    those given with 0 or none."""
    affirmed = " ".join(_QUOTED.sub("", s) for s in re.split(r"(?<=[.!?])\s+", text) if not _DENIALS.match(s))
    return frozenset(f"{kind}-{int(n)}" for n in re.findall(rf"\b{kind}[ -](\d+){_ZERO}", affirmed, re.IGNORECASE))


def first_number(text: str) -> float | None:
    """The first figure that is no part of a name: in "2 of 4 robots: robot 1 and robot 3" it is 2."""
    found = re.search(r"(?<![\w.])-?\d+(?:\.\d+)?", _NAMES.sub("", text))
    return float(found[0]) if found else None


def yes_or_no(text: str) -> bool | None:
    """Said as the first word or as a value ("robot 3: yes"); "No robot is …" is not a no."""
    found = re.search(r"(?:^|: )(yes|no)(?=\s*[,:;.!]|\s*$)", text.strip(), re.IGNORECASE)
    return None if found is None else found[1].lower() == "yes"


def says(text: str, value: object) -> bool:
    """Whether the text says this value of a set: a truth value, a number, an id, or exactly these ids."""
    if isinstance(value, bool):
        return yes_or_no(text) is value
    if isinstance(value, int | float):
        number = first_number(text)
        return number is not None and abs(number - value) < 0.5
    ids = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
    if ids == ["station"]:
        return "station" in text.lower()
    kinds = {i.rsplit("-", 1)[0] for i in ids} or {"robot"}
    return {name for kind in kinds for name in named(text, kind)} == set(ids)
