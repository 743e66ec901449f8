"""One authored catalogue → one of many makers' versions of it; and the paper's random-letter recipe."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from device_agent.reader import name_words
from device_agent.training.augment import spell
from device_agent.training.data import Example, Kind, Mark
from schemas.skills import Function

_SHORT = {
    "position": "pos",
    "temperature": "temp",
    "speed": "spd",
    "move": "mv",
    "get": "rd",
    "read": "rd",
    "set": "st",
    "battery": "bat",
    "status": "stat",
    "light": "lgt",
    "number": "num",
    "message": "msg",
    "level": "lvl",
    "frequency": "freq",
    "pressure": "prs",
    "volume": "vol",
    "button": "btn",
    "channel": "ch",
    "network": "net",
}
_VENDORS = ("acme", "nx", "api", "dev", "hal", "rob", "io", "sys", "v2", "ctl", "device", "cmd")
_UNITS = {
    "s": ("s", "ms", "min", "seconds", "sec"),
    "min": ("min", "s", "h", "minutes"),
    "ms": ("ms", "s"),
    "h": ("h", "min", "hours"),
    "mm": ("mm", "cm", "m", "millimetres"),
    "cm": ("cm", "m", "mm"),
    "m": ("m", "cm", "mm", "metres"),
    "percent": ("percent", "%", "pct"),
    "celsius": ("celsius", "°C", "degC", "K", "fahrenheit"),
    "degrees": ("degrees", "deg", "°", "rad"),
    "ml": ("ml", "l", "µl"),
    "kPa": ("kPa", "bar", "psi"),
    "Hz": ("Hz", "kHz"),
    "kHz": ("kHz", "Hz", "MHz"),
    "m/s": ("m/s", "km/h"),
}


@dataclass(frozen=True)
class Scene:
    """A catalogue as one maker might ship it. `alias[name]` is the new name of an authored function, `renamed[name][parameter]` of its parameters."""

    functions: tuple[Function, ...]
    alias: dict[str, str]
    renamed: dict[str, dict[str, str]]


def restyle(name: str, style: str, rng: random.Random) -> str:
    words = name_words(name).split()
    if style == "terse":
        words = [_SHORT.get(w, w if len(w) < 5 else w[0] + "".join(c for c in w[1:] if c not in "aeiou")[:3]) for w in words]
        return rng.choice(("", "_")).join(words)
    if style == "camel":
        return words[0] + "".join(w.capitalize() for w in words[1:])
    return "".join(w.capitalize() for w in words) if style == "pascal" else "_".join(words)


def _vary(function: Function, style: str, vendor: str, rng: random.Random, opaque: bool) -> tuple[Function, dict[str, str]]:
    name = restyle(function.name, style, rng) if style != "keep" else function.name
    if opaque and function.description:
        name = f"{rng.choice(('fn', 'op', 'cmd', 'call', 'x'))}{rng.randrange(10, 900)}"
    description = function.description
    chance = rng.random()
    if style != "terse" and not opaque and chance < 0.08:
        description = ""
    elif chance < 0.16 and not opaque:
        description = description.split(".")[0].split(",")[0]
    properties, renamed = _vary_parameters(function, style, rng)
    schema = {"type": "object", "properties": properties, "required": [renamed.get(r, r) for r in function.parameters.get("required", [])]}
    return function.model_copy(update={"name": vendor + name, "description": description, "parameters": schema}), renamed


def _vary_parameters(function: Function, style: str, rng: random.Random) -> tuple[dict[str, dict[str, object]], dict[str, str]]:
    items = list(function.parameters.get("properties", {}).items())
    rng.shuffle(items)
    properties: dict[str, dict[str, object]] = {}
    renamed: dict[str, str] = {}
    for name, schema in items:
        fresh = dict(schema)
        new = restyle(name, style, rng) if style not in ("keep", "terse") else name
        if fresh.get("description") and len(items) > 1 and rng.random() < 0.04:
            new = "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.choice((1, 2, 3))))
        elif rng.random() < 0.12 and len(name) > 2:
            fresh.pop("description", None)
        if fresh.get("unit") in _UNITS and rng.random() < 0.35:
            fresh["unit"] = rng.choice(_UNITS[str(fresh["unit"])])
        elif rng.random() < 0.05:
            fresh.pop("unit", None)
        if "enum" in fresh:
            members = list(fresh["enum"])
            rng.shuffle(members)
            fresh["enum"] = members
        while new in properties:
            new += "_"
        properties[new], renamed[name] = fresh, new
    return properties, renamed


def scene(kind: Kind, others: list[Kind], rng: random.Random) -> Scene:
    """The kind's functions restyled, often with a few distractors of other kinds, 9–20 in all."""
    style = rng.choice(("keep", "keep", "snake", "camel", "pascal", "terse"))
    vendor = f"{rng.choice(_VENDORS)}_" if rng.random() < 0.12 else ""
    functions: list[Function] = []
    alias: dict[str, str] = {}
    renamed: dict[str, dict[str, str]] = {}
    for function in kind.functions:
        fresh, names = _vary(function, style, vendor, rng, opaque=rng.random() < 0.03)
        while fresh.name in {f.name for f in functions}:
            fresh = fresh.model_copy(update={"name": fresh.name + "2"})
        functions.append(fresh)
        alias[function.name], renamed[function.name] = fresh.name, names
    if rng.random() < 0.5 and others:
        other = rng.choice(others)
        for foreign in rng.sample(other.functions, min(rng.randrange(1, 7), len(other.functions))):
            if foreign.name not in {f.name for f in functions}:
                functions.append(foreign)
    return Scene(tuple(functions), alias, renamed)


def rename_marks(example: Example, names: dict[str, str]) -> Example:
    parts = tuple(p if isinstance(p, str) else Mark(names.get(p.parameter, p.parameter), p.surface, p.value) for p in example.parts)
    return Example(example.function, parts, example.why, tuple(names.get(m, m) for m in example.missing))


_CLAUSES = (
    "set the device's {a} to {v}",
    "make the device's {a} work on {v}",
    "change {a} to {v}",
    "{a} should be {v}",
    "put {a} at {v}",
    "let {a} be {v}",
    "adjust the {a} of the device to {v}",
    "turn its {a} to {v}",
    "{v} for {a}",
    "I want {a} at {v}",
    "bring {a} to {v}",
    "{a} {v}",
    "raise {a} to {v}",
    "lower {a} to {v}",
)


def letters_task(rng: random.Random) -> tuple[tuple[Function, ...], list[Example]]:
    """The paper's recipe: attributes of random letters, one to four of them said in one sentence, one function with a parameter for each."""
    functions: list[Function] = []
    examples: list[Example] = []
    for index in range(rng.randrange(2, 5)):
        names = ["".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randrange(2, 6))) for _ in range(rng.choice((1, 1, 2, 3, 4, 4)))]
        names = list(dict.fromkeys(names))
        properties = {n: {"type": "integer", "description": rng.choice(("", f"value of {n}", f"the {n} attribute"))} for n in names}
        name = f"set_{'_'.join(names)}" if rng.random() < 0.5 else f"configure{index}"
        schema = {"type": "object", "properties": properties, "required": names}
        functions.append(Function(name=name, description=f"Sets {', '.join(names)}.", parameters=schema))
        examples += [_letters_sentence(name, names, rng) for _ in range(2)]
    return tuple(functions), examples


def _letters_sentence(function: str, names: list[str], rng: random.Random) -> Example:
    said = list(names)
    rng.shuffle(said)
    parts: list[str | Mark] = []
    for i, name in enumerate(said):
        clause = rng.choice(_CLAUSES).format(a=name if rng.random() < 0.8 else name.lower(), v="\0")
        before, _, after = clause.partition("\0")
        value = rng.randrange(0, 100) if rng.random() < 0.8 else rng.randrange(100, 5000)
        joint = "" if i == 0 else rng.choice((", ", " and ", ", and ", "; "))
        parts += [joint + (before.capitalize() if i == 0 and before and before.split()[0].islower() else before)]
        parts += [Mark(name, str(value) if rng.random() < 0.5 else spell(value)), after]
    return Example(function, tuple(p for p in parts if p))
