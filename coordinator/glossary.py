"""How people speak of the standard properties: wordings that the embedder compares a phrase with.

A sentence encoder takes opposites for neighbours ("vacant" and "occupied" are used in the same sentences), so a name alone is too little;
with a few wordings of each sense beside it the nearest one is of the right sense. A property that is not listed is known by its name and description.
"""

from __future__ import annotations

from schemas.base import Frozen


class PropertyInfo(Frozen):
    """One property that somewhere in the fleet is reported or can be found. `words`: how it may be said."""

    name: str
    unit: str | None = None
    in_state: bool = False
    words: tuple[str, ...] = ()


UNITS = {"battery": "%", "x": "m", "y": "m", "speed": "m/s", "temperature": "°C", "humidity": "%"}
"""Units of the standard attributes (schemas.messages.State)."""

_SPOKEN: dict[str, tuple[str, ...]] = {
    "battery": (
        "charge",
        "charge level",
        "battery level",
        "power left",
        "juice left",
        "how full the battery is",
        "energy",
        "the weakest",
        "the fullest",
        "the emptiest",
        "fuller",
        "how full",
        "how drained",
    ),
    "at": ("where it is", "whereabouts", "location", "position", "in which aisle", "at which place"),
    "charging": ("plugged in", "on charge"),
    "free_slots": (
        "vacant positions",
        "space",
        "room",
        "vacancy",
        "free space",
        "empty spots",
        "unoccupied places",
        "room for more",
        "space left",
        "room left",
        "gaps",
        "available slots",
    ),
    "occupied_slots": ("occupied positions", "used space", "filled spots", "taken places", "slots in use"),
    "items": ("number of boxes", "goods", "stock level", "how many things", "count"),
    "item_names": (
        "which things",
        "contents",
        "what is on it",
        "what is lying on it",
        "what is there",
        "what lies there",
        "what is stored",
        "inventory",
    ),
    "image": ("picture", "photo"),
    "temperature": ("how warm it is", "how cold it is"),
    "speed": ("how fast it is", "whether it moves"),
    "locked": ("locked shut",),
}

NAMES_OF = {"items": "item_names"}
"""Where a number is told by one property and the names of what it counts by another: "what items" asks for the second."""

FACTS: tuple[PropertyInfo, ...] = (
    PropertyInfo(name="online", in_state=True, words=("online", "reachable", "connected", "alive")),
    PropertyInfo(name="busy", in_state=True, words=("busy", "working", "occupied with a task")),
    PropertyInfo(name="idle", in_state=True, words=("idle", "free to work", "doing nothing", "resting", "finished", "done", "available")),
    PropertyInfo(name="stopped", in_state=True, words=("stopped", "halted")),
    PropertyInfo(name="normal", in_state=True, words=("normal", "healthy", "in order", "free of faults")),
)
"""What every device's state tells, whatever its kind."""


ELSEWHERE: tuple[str, ...] = (
    "lifts things", "puts things down", "carries things from one place to another", "picks things up and places them", "grips objects",
    "flies through the air", "hovers", "swims", "films video", "records video", "cleans the floor", "sweeps", "mops", "vacuums", "washes", "paints",
    "cooks", "makes coffee", "opens doors", "closes doors", "pushes things", "pulls a trailer", "tows", "loads and unloads trucks", "stacks boxes",
    "sorts parcels", "delivers packages", "repairs things", "welds", "drills", "screws", "cuts", "assembles parts", "prints labels",
    "waters plants", "mows", "harvests", "sprays", "digs", "heats", "cools", "dispenses", "pours", "mixes", "weighs", "locks and unlocks",
    "phones people", "buys goods", "pays", "sings", "tells jokes", "answers general questions", "hits and rams", "throws", "shoots", "guards",
    "hands things over", "fetches things", "throws away rubbish", "opens boxes", "dances",
)  # fmt: skip
"""What devices in general do. A sentence that is nearer to one of these than to anything that this fleet does is beyond it; those that the fleet does
itself are left out."""


def spoken_of(name: str) -> tuple[str, ...]:
    """The name in words, and how else it is said."""
    return (name.replace("_", " "), *_SPOKEN.get(name, ()))
