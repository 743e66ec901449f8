"""Which value belongs to which name, and nothing else: functions with parameters named by random words, and sentences that say them, in five languages."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterable, Mapping, Sequence

from device_agent.scripts import CJK
from device_agent.training.data import Example, Kind, Mark, place
from schemas.skills import Function

Words = Mapping[str, Sequence[str]]
"""By language, words that names and values are made of."""

_CLAUSES = {
    "en": (
        "{a} {v}",
        "{a} to {v}",
        "{v} for {a}",
        "{v} on the {a}",
        "{a} at {v}",
        "{a} should be {v}",
        "{v} as {a}",
        "the {a} gets {v}",
        "use {v} for the {a}",
        "set {a} to {v}",
        "{a} is {v}",
        "{v} goes to the {a}",
        "not {w} but {v} for {a}",
        "with {a} {v}",
    ),
    "de": (
        "{a} {v}",
        "{a} auf {v}",
        "{v} für {a}",
        "{a} soll {v} sein",
        "bei {a} {v}",
        "stell {a} auf {v}",
        "{v} als {a}",
        "{a} kriegt {v}",
        "nimm {v} für {a}",
        "{a} bitte {v}",
        "{a} nicht {w}, sondern {v}",
        "{v} kommt auf {a}",
        "mit {a} {v}",
    ),
    "fr": (
        "{a} {v}",
        "{a} à {v}",
        "{v} pour {a}",
        "mets {a} sur {v}",
        "{v} comme {a}",
        "{a} doit être {v}",
        "{a}, ce sera {v}",
        "pour {a} {v}",
        "règle {a} à {v}",
        "prends {v} pour {a}",
        "{a} pas {w} mais {v}",
        "avec {a} {v}",
    ),
    "es": (
        "{a} {v}",
        "{a} a {v}",
        "{v} para {a}",
        "pon {a} en {v}",
        "{v} como {a}",
        "{a} tiene que ser {v}",
        "{a} que sea {v}",
        "para {a} {v}",
        "ajusta {a} a {v}",
        "usa {v} en {a}",
        "{a} no {w} sino {v}",
        "con {a} {v}",
    ),
    "zh": (
        "{a} {v}",
        "{a}设为{v}",
        "{a}调到{v}",
        "{v}给{a}",
        "把{a}设成{v}",
        "{a}用{v}",
        "{a}是{v}",
        "{a}要{v}",
        "{a}不要{w}，要{v}",
        "让{a}变成{v}",
        "{a}：{v}",
    ),
}
_JOINTS = {
    "en": (", ", " and ", ", and ", "; ", " plus ", ", then "),
    "de": (", ", " und ", "; ", " sowie ", ", dazu "),
    "fr": (", ", " et ", "; ", " ainsi que ", ", puis "),
    "es": (", ", " y ", "; ", " además ", ", luego "),
    "zh": ("，", "；", "、", "，再", "，另外"),
}
_TYPES = ("integer", "integer", "number", "string", "string")
_UNITS = {"%": " %", "s": " s", "mm": " mm", "celsius": " °C", "bar": " bar", "l/min": " l/min"}


def words_of(kinds: Iterable[Kind]) -> Words:
    """The words of the kinds' sentences, by language (Chinese: two characters that stand side by side)."""
    found: dict[str, set[str]] = {language: set() for language in _CLAUSES}
    for kind in kinds:
        for example in kind.examples:
            pattern = rf"[{CJK}]{{2}}" if example.language == "zh" else r"[^\W\d_]{4,}"
            found[example.language].update(re.findall(pattern, place(example.parts)[0].lower()))
    return {language: sorted(words) for language, words in found.items() if len(words) > 1}


def _name(language: str, words: Sequence[str], rng: random.Random) -> str:
    if rng.random() < 0.4:
        return "".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randrange(2, 6)))
    return ("" if language == "zh" else " ").join(rng.sample(words, rng.choice((1, 1, 2))))


def _value(kind: str, language: str, words: Sequence[str], rng: random.Random) -> str:
    if kind == "string":
        if rng.random() < 0.5:
            letters = "".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randrange(1, 4)))
            return f"{letters}{rng.choice(('', '-', '-', ' '))}{rng.randrange(1, 999)}"
        chosen = rng.sample(words, rng.choice((1, 1, 2)))
        return "".join(chosen) if language == "zh" else " ".join(w.capitalize() for w in chosen)
    return str(rng.randrange(0, 100) if rng.random() < 0.8 else rng.randrange(100, 5000)) if kind == "integer" else f"{rng.uniform(0, 60):.1f}"


def roles_task(words: Words, rng: random.Random) -> tuple[tuple[Function, ...], list[Example]]:
    """Two to four functions in one language, each with two to five parameters, some of them optional, and three sentences for each."""
    language = rng.choice(tuple(words))
    functions: list[Function] = []
    examples: list[Example] = []
    for number in range(rng.randrange(2, 5)):
        names = list(dict.fromkeys(_name(language, words[language], rng) for _ in range(rng.choice((2, 2, 3, 3, 4, 5)))))
        same = rng.random() < 0.6
        kinds = [rng.choice(_TYPES)] * len(names) if same else [rng.choice(_TYPES) for _ in names]
        units = [rng.choice((None, *_UNITS)) if kind != "string" else None for kind in kinds]
        named = rng.random() < 0.5
        keys = [name.replace(" ", "_") if named else f"p{i + 1}" for i, name in enumerate(names)]
        properties = {
            key: {"type": kind, "description": name if not named or rng.random() < 0.3 else "", **({"unit": unit} if unit else {})}
            for key, name, kind, unit in zip(keys, names, kinds, units, strict=True)
        }
        title = f"set{number + 1}_{keys[0]}" if named else f"apply{number + 1}"
        needed = keys if rng.random() < 0.5 else [key for key in keys if rng.random() < 0.6]
        schema = {"type": "object", "properties": properties, "required": needed}
        functions.append(Function(name=title, description=", ".join(names), parameters=schema))
        roles = list(zip(keys, names, kinds, units, strict=True))
        for _ in range(3):
            said = [role for role in roles if role[0] in needed or rng.random() < 0.5] or roles[:1]
            examples.append(_sentence(title, said, language, words[language], rng))
    return tuple(functions), examples


def _sentence(function: str, roles: list[tuple[str, str, str, str | None]], language: str, words: Sequence[str], rng: random.Random) -> Example:
    said = rng.sample(roles, len(roles))
    parts = list[str | Mark]()
    for i, (key, name, kind, unit) in enumerate(said):
        tail = _UNITS[unit] if unit and rng.random() < 0.6 else ""
        clause = rng.choice(_CLAUSES[language]).replace("{w}", _value(kind, language, words, rng) + tail)
        shown = name if rng.random() < 0.7 else name.lower() if rng.random() < 0.6 else name.upper()
        before, _, after = clause.replace("{a}", shown).partition("{v}")
        parts += [("" if i == 0 else rng.choice(_JOINTS[language])) + before, Mark(key, _value(kind, language, words, rng) + tail), after]
    return Example(function, tuple(p for p in parts if p), language=language)
