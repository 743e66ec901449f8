"""Which value belongs to which name, and nothing else: functions with parameters named by random words, and sentences that say them, in five languages."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from device_agent.scripts import CJK
from device_agent.training.data import Example, Kind, Mark, place
from device_agent.training.wording import listed
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
_YES = {
    "en": (
        "with {a}",
        "{a} on",
        "turn {a} on",
        "switch on the {a}",
        "enable {a}",
        "{a} please",
        "activate {a}",
        "{a} should be on",
        "and do {a}",
        "{a}: yes",
    ),
    "de": (
        "mit {a}",
        "{a} an",
        "{a} ein",
        "{a} einschalten",
        "schalte {a} ein",
        "aktiviere {a}",
        "{a} bitte",
        "auch {a}",
        "{a} soll an sein",
        "{a}: ja",
    ),
    "fr": (
        "avec {a}",
        "active {a}",
        "{a} activé",
        "allume {a}",
        "{a} s'il te plaît",
        "et aussi {a}",
        "mets {a} en marche",
        "{a} : oui",
        "il faut {a}",
    ),
    "es": ("con {a}", "activa {a}", "{a} activado", "enciende {a}", "{a} por favor", "y también {a}", "pon en marcha {a}", "{a}: sí", "que haya {a}"),
    "zh": ("要{a}", "开{a}", "打开{a}", "{a}打开", "启用{a}", "带{a}", "也要{a}", "{a}开着", "{a}：是"),
}
_NO = {
    "en": (
        "without {a}",
        "no {a}",
        "{a} off",
        "turn {a} off",
        "switch off the {a}",
        "disable {a}",
        "skip the {a}",
        "leave out {a}",
        "don't do {a}",
        "never mind the {a}",
        "{a} isn't needed",
        "forget {a}",
        "{a}: no",
        "stop {a}",
    ),
    "de": (
        "ohne {a}",
        "kein {a}",
        "{a} aus",
        "{a} ausschalten",
        "schalte {a} ab",
        "lass {a} weg",
        "{a} nicht",
        "{a} brauchen wir nicht",
        "auf {a} verzichten",
        "{a}: nein",
    ),
    "fr": (
        "sans {a}",
        "pas de {a}",
        "désactive {a}",
        "{a} désactivé",
        "coupe {a}",
        "éteins {a}",
        "laisse tomber {a}",
        "{a} : non",
        "inutile de mettre {a}",
        "jamais de {a}",
    ),
    "es": (
        "sin {a}",
        "nada de {a}",
        "desactiva {a}",
        "{a} desactivado",
        "apaga {a}",
        "quita {a}",
        "olvídate de {a}",
        "{a}: no",
        "no hace falta {a}",
        "deja fuera {a}",
    ),
    "zh": ("不要{a}", "关{a}", "关掉{a}", "{a}关掉", "停用{a}", "不带{a}", "别{a}", "没有{a}", "{a}就免了", "{a}：否"),
}
"""What switches something on or off; the whole clause is what is said of it."""
_TYPES = ("integer", "integer", "number", "string", "string", "boolean", "boolean", "choice", "choice", "strings", "integers")
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
    if kind in ("strings", "integers"):
        return listed([_value(kind[:-1], language, words, rng) for _ in range(rng.choice((1, 2, 2, 2, 3, 3, 4, 6)))], language, rng)
    if kind == "string":
        if rng.random() < 0.5:
            letters = "".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randrange(1, 4)))
            return f"{letters}{rng.choice(('', '-', '-', ' '))}{rng.randrange(1, 999)}"
        chosen = rng.sample(words, rng.choice((1, 1, 2)))
        return "".join(chosen) if language == "zh" else " ".join(w.capitalize() for w in chosen)
    return str(rng.randrange(0, 100) if rng.random() < 0.8 else rng.randrange(100, 5000)) if kind == "integer" else f"{rng.uniform(0, 60):.1f}"


@dataclass(frozen=True)
class Role:
    """A parameter, the words it goes by, and for a choice how each member is called in a sentence."""

    key: str
    name: str
    kind: str
    unit: str | None
    members: Mapping[str, str]

    def schema(self, description: str, rng: random.Random) -> dict[str, Any]:
        if self.kind in ("strings", "integers"):
            return {"type": "array", "items": {"type": self.kind[:-1]}, "description": description}
        if self.kind != "choice":
            return {"type": self.kind, "description": description, **({"unit": self.unit} if self.unit else {})}
        told = "; ".join(f"{member}: {phrase}" for member, phrase in self.members.items() if member != phrase)
        parts = [part for part in (description, told) if part]
        return {"type": "string", "enum": list(self.members), "description": rng.choice((". ", "; ", ", ")).join(parts)}


def _members(language: str, words: Sequence[str], rng: random.Random) -> dict[str, str]:
    """Two to five, called as they are written, or coded and explained by the description."""
    phrases = list(
        dict.fromkeys(("" if language == "zh" else " ").join(rng.sample(words, rng.choice((1, 1, 2)))) for _ in range(rng.randrange(2, 6)))
    )
    if rng.random() < 0.5:
        return {phrase: phrase for phrase in phrases}
    initials = string.ascii_uppercase
    return {f"{rng.choice(initials)}{rng.choice(initials)}{number}": phrase for number, phrase in enumerate(phrases, rng.randrange(9))}


def roles_task(words: Words, rng: random.Random) -> tuple[tuple[Function, ...], list[Example]]:
    """Two to four functions in one language, each with two to five parameters, some of them optional, and three sentences for each."""
    language = rng.choice(tuple(words))
    functions: list[Function] = []
    examples: list[Example] = []
    for number in range(rng.randrange(2, 5)):
        named = rng.random() < 0.5
        roles = _roles(named, language, words[language], rng)
        properties = {r.key: r.schema(r.name if not named or rng.random() < 0.3 else "", rng) for r in roles}
        title = f"set{number + 1}_{roles[0].key}" if named else f"apply{number + 1}"
        needed = [role.key for role in roles if rng.random() < 0.6] if rng.random() < 0.5 else list(properties)
        schema = {"type": "object", "properties": properties, "required": needed}
        functions.append(Function(name=title, description=", ".join(role.name for role in roles), parameters=schema))
        for _ in range(3):
            said = [role for role in roles if role.key in needed or rng.random() < 0.5] or roles[:1]
            examples.append(_sentence(title, said, language, words[language], rng))
    return tuple(functions), examples


def _roles(named: bool, language: str, words: Sequence[str], rng: random.Random) -> list[Role]:
    names = list(dict.fromkeys(_name(language, words, rng) for _ in range(rng.choice((2, 2, 3, 3, 4, 5)))))
    kinds = [rng.choice(_TYPES)] * len(names) if rng.random() < 0.6 else [rng.choice(_TYPES) for _ in names]
    same = _members(language, words, rng) if rng.random() < 0.5 else None
    roles = list[Role]()
    for number, (name, kind) in enumerate(zip(names, kinds, strict=True), 1):
        unit = rng.choice((None, *_UNITS)) if kind in ("integer", "number") else None
        members = (same or _members(language, words, rng)) if kind == "choice" else {}
        roles.append(Role(name.replace(" ", "_") if named else f"p{number}", name, kind, unit, members))
    return roles


def _shown(name: str, rng: random.Random) -> str:
    return name if rng.random() < 0.7 else name.lower() if rng.random() < 0.6 else name.upper()


def _switched(role: Role, language: str, rng: random.Random) -> list[str | Mark]:
    truth = rng.random() < 0.5
    clause = rng.choice((_YES if truth else _NO)[language])
    return [Mark(role.key, clause.replace("{a}", _shown(role.name, rng)), "true" if truth else "false")]


def _clause(role: Role, language: str, words: Sequence[str], rng: random.Random) -> list[str | Mark]:
    if role.kind == "boolean":
        return _switched(role, language, rng)
    tail = _UNITS[role.unit] if role.unit and rng.random() < 0.6 else ""

    def value() -> tuple[str, str | None]:
        member, phrase = rng.choice(list(role.members.items())) if role.members else (None, _value(role.kind, language, words, rng) + tail)
        return phrase, member

    (phrase, member), (other, _) = value(), value()
    clause = rng.choice([c for c in _CLAUSES[language] if phrase != other or "{w}" not in c])
    before, _, after = clause.replace("{w}", other).replace("{a}", _shown(role.name, rng)).partition("{v}")
    return [before, Mark(role.key, phrase, member), after]


def _sentence(function: str, roles: list[Role], language: str, words: Sequence[str], rng: random.Random) -> Example:
    parts = list[str | Mark]()
    for i, role in enumerate(rng.sample(roles, len(roles))):
        parts += [] if i == 0 else [rng.choice(_JOINTS[language])]
        parts += _clause(role, language, words, rng)
    return Example(function, tuple(p for p in parts if p), language=language)
