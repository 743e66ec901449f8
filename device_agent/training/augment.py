"""One authored sentence → one of its many renderings: other numbers, ids, cases, typos, politeness, distracting numbers, left-out arguments."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from device_agent.lists import is_numeric, split_items
from device_agent.quantities import find_quantities
from device_agent.reader import name_words
from device_agent.scripts import CJK
from device_agent.training.data import Example, Mark
from device_agent.training.wording import AFTER, BEFORE, NAMES, ONES, ORDINALS, SIBLINGS, SPOKEN, TENS, listed
from device_agent.units import unit_of
from schemas.skills import Parameter

_LEAD_IN = re.compile(r"(?:[,;]?\s*(?:at|for|to|of|by|with|from|in|on|over|after|every|until|into|under|as|is|number|up to))?\s*$", re.I)

_ORDINAL = re.compile(r"(?:st|(?<!thousa)nd|rd|th|\dd)$", re.I)


def spell(number: int) -> str:
    """English words of 0 … 999 999."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    big, name = (number // 1000, "thousand") if number >= 1000 else (number // 100, "hundred")
    rest = number % (1000 if number >= 1000 else 100)
    return f"{spell(big)} {name}" + (f" {'and ' if rest < 100 else ''}{spell(rest)}" if rest else "")


def _ordinal(words: str) -> str:
    head, last = words[: -len(words.split("-")[-1])], words.split("-")[-1]
    return head + ORDINALS.get(last, last[:-1] + "ieth" if last.endswith("y") else last + "th")


def _fresh(value: float, parameter: Parameter, rng: random.Random) -> float:
    """Another number of similar size and grain, inside the bounds when they are in the same unit."""
    digits = len(f"{value:g}".partition(".")[2])
    low, high = (max(value * 0.2, 0.0), max(value * 3.0, 9.0)) if rng.random() < 0.7 else (value * 0.5, value * 20 + 10)
    new = round(rng.uniform(low, high), digits)
    grain = 10 if value >= 50 and value % 10 == 0 and rng.random() < 0.6 else 1
    new = round(new / grain) * grain if digits == 0 else new
    if parameter.minimum is not None and parameter.maximum is not None and parameter.unit is None:
        new = min(max(new, parameter.minimum), parameter.maximum)
    return new


def _number_surface(mark: Mark, parameter: Parameter, rng: random.Random, english: bool = True) -> str:
    """A new quantity in place of a plain one ("3000 rpm", "five minutes"); anything cleverer stays as written. In other languages only digits change."""
    found = find_quantities(mark.surface)
    if len(found) != 1 or found[0].fraction or found[0].value < 0 or (found[0].start, found[0].end) != (0, len(mark.surface)):
        return mark.surface
    if not english:
        plain = re.match(r"\d+(?:[.,]\d+)?", mark.surface)
        new = _fresh(found[0].value, parameter, rng)
        compound = plain is not None and re.search(r"\d", mark.surface[plain.end() :])
        return f"{new:.6g}{mark.surface[plain.end() :]}" if plain and not compound and "e" not in f"{new:.6g}" else mark.surface
    old, ordinal = found[0], found[0].unit is None and _ORDINAL.search(mark.surface) is not None
    new = _fresh(old.value, parameter, rng)
    whole = float(new).is_integer() and 0 <= new < 100000
    if ordinal:
        return _ordinal(spell(int(new) or 1)) if whole and new < 100 else mark.surface
    words = whole and rng.random() < (0.4 if new <= 100 or new % 100 == 0 else 0.08)
    text = spell(int(new)) if words else (f"{int(new)}" if float(new).is_integer() else f"{new:g}")
    if not words and not whole and rng.random() < 0.1:
        text = text.replace(".", ",")
    if whole and old.unit in SPOKEN and 0 < new < 20 and rng.random() < 0.1:
        text = f"{text} and a half" if words else f"{text}.5"
    return text + _unit_surface(mark.surface, old.unit, words, rng)


def _unit_surface(surface: str, unit: str | None, words: bool, rng: random.Random) -> str:
    if unit is None:
        return ""
    if unit in SPOKEN and rng.random() < 0.6:
        family = next((f for f in SIBLINGS if unit in f), (unit,))
        forms = SPOKEN[rng.choice(family) if rng.random() < 0.4 else unit]
        form = rng.choice(forms)
        return form if not words and len(form) <= 3 and rng.random() < 0.3 else f" {form.strip()}"
    tail = re.search(r"[^\d\s.,]*(?:\s*(?:per|an?|/)\s*\S+)?$", surface)
    last = surface.split()[-1] if " " in surface else (tail.group() if tail else "")
    kept = last
    for size in (5, 4, 3, 2):
        joined = " ".join(surface.split()[-size:])
        if unit_of(joined):
            kept = joined
            break
    return f" {kept}" if unit_of(kept) else ""


def _text_surface(surface: str, rng: random.Random) -> str:
    """A string of the same shape for ids; sometimes another name for words."""
    if re.search(r"\d", surface):
        pick = {True: "ABCDEFGHJKLMNPQRSTUVWXYZ", False: "abcdefghijkmnpqrstuvwxyz"}
        keep_words = re.sub(r"[A-Za-z]{3,}", lambda m: "\0" * len(m.group()), surface) if rng.random() < 0.7 else surface
        changed = [
            rng.choice("0123456789") if c.isdigit() else rng.choice(pick[c.isupper()]) if c.isascii() and c.isalpha() else c for c in keep_words
        ]
        return "".join(o if c == "\0" else c for o, c in zip(surface, changed, strict=True))
    return rng.choice(NAMES) if rng.random() < 0.4 else surface


def _list_surface(surface: str, parameter: Parameter, language: str, rng: random.Random) -> str:
    """Some of its items, others of their shape, in another order and joined otherwise. Ranges and repeated nouns stay as they are written."""
    items = split_items(surface, 0, len(surface))
    if len(items) < 2 or any(len(item.split()) > 2 and find_quantities(item) for item in items):
        return surface
    kept = rng.sample(items, rng.randrange(1, len(items) + 1))
    if is_numeric(parameter):
        return listed([re.sub(r"\d", lambda _: rng.choice("123456789"), item) for item in kept], language, rng)
    return listed([_text_surface(item, rng) if re.search(r"\d", item) else item for item in kept], language, rng)


def _remark(mark: Mark, parameter: Parameter | None, rng: random.Random, language: str) -> Mark:
    if parameter is None or mark.value is not None or parameter.choices or rng.random() < 0.45:
        return mark
    if parameter.type == "array":
        return replace(mark, surface=_list_surface(mark.surface, parameter, language, rng))
    if parameter.type in ("number", "integer"):
        return replace(mark, surface=_number_surface(mark, parameter, rng, language == "en"))
    return replace(mark, surface=_text_surface(mark.surface, rng)) if parameter.type == "string" else mark


_BOUNDS = frozenset(["min", "minimum", "low", "lower", "lowest", "from", "start", "begin"]) | frozenset(
    ["max", "maximum", "high", "higher", "upper", "highest", "to", "stop", "end"]
)
"""In the names of numbers of which one must be the smaller."""


def _sort_of(mark: Mark, parameter: Parameter | None) -> tuple[object, ...] | None:
    """What two marks must have in common to trade places: the same options, the same unit, or both names, ids or times."""
    if parameter is None:
        return None
    if parameter.choices:
        return ("choice", *sorted(str(c) for c in parameter.choices))
    if mark.value is not None or parameter.type == "boolean":
        return None
    if parameter.type == "array":
        return None
    if parameter.type != "string":
        return None if _BOUNDS & set(name_words(parameter.name).split()) else (parameter.type, parameter.unit)
    words = len(mark.surface.split()) if re.search(r"[^\W\d_]{3}", mark.surface) else 0
    return "time" if re.search(r"\d[:h.]\d", mark.surface) else "name" if words else "id", min(words, 3)


def trade(example: Example, parameters: dict[str, Parameter], rng: random.Random) -> Example:
    """Two values of one sort in each other's place: which belongs where must be read from the words around them."""
    sorts: dict[tuple[object, ...], list[int]] = {}
    for i, part in enumerate(example.parts):
        if isinstance(part, Mark) and (sort := _sort_of(part, parameters.get(part.parameter))):
            sorts.setdefault(sort, []).append(i)
    pairs = [numbers for numbers in sorts.values() if len(numbers) > 1]
    if not pairs:
        return example
    parts = list(example.parts)
    i, j = rng.sample(rng.choice(pairs), 2)
    one, other = parts[i], parts[j]
    if isinstance(one, Mark) and isinstance(other, Mark) and one.parameter != other.parameter:
        parts[i] = Mark(one.parameter, other.surface, other.value)
        parts[j] = Mark(other.parameter, one.surface, one.value)
    return replace(example, parts=tuple(parts))


def leave_out(example: Example, rng: random.Random) -> Example:
    """Drop one argument together with the preposition before it."""
    marks = [i for i, part in enumerate(example.parts) if isinstance(part, Mark)]
    if not marks:
        return example
    gone, parts = rng.choice(marks), list(example.parts)
    if gone and isinstance(parts[gone - 1], str):
        parts[gone - 1] = _LEAD_IN.sub("", str(parts[gone - 1]))
    dropped = parts.pop(gone)
    return replace(example, parts=tuple(parts), missing=(*example.missing, dropped.parameter if isinstance(dropped, Mark) else ""))


def typo(text: str, rng: random.Random) -> str:
    """One slip of the finger in a word of four letters or more."""
    words = list(re.finditer(rf"[^\W\d_{CJK}]{{4,}}", text))
    if not words:
        return text
    word = rng.choice(words)
    i = rng.randrange(word.start() + 1, word.end() - 1)
    kind = rng.random()
    if kind < 0.4:
        return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
    return text[:i] + text[i + 1 :] if kind < 0.7 else text[:i] + text[i] + text[i:]


def _after(words: str) -> str:
    return words if words.startswith(",") else f" {words}"


def _dress(parts: list[str | Mark], rng: random.Random, english: bool) -> list[str | Mark]:
    """English prefix or suffix, case, punctuation, typos; marks keep their surfaces."""
    if english and rng.random() < 0.3:
        if rng.random() < 0.6:
            head = parts[0]
            lowered = head[:1].lower() + head[1:] if isinstance(head, str) and not head[:2].isupper() and not head.startswith("I ") else head
            parts = [rng.choice(BEFORE) + " ", lowered, *parts[1:]]
        else:
            last = parts[-1]
            parts = [*parts[:-1], last.rstrip(".!?") if isinstance(last, str) else last, _after(rng.choice(AFTER))]
    if rng.random() < 0.2:
        parts = [re.sub(r"[.!?,;]+(?=\s|$)", "", part) if isinstance(part, str) else part for part in parts]
    if rng.random() < 0.12:
        parts = [part.lower() if isinstance(part, str) else part for part in parts]
    if rng.random() < 0.12:
        texts = [i for i, part in enumerate(parts) if isinstance(part, str) and len(part) > 6]
        if texts:
            i = rng.choice(texts)
            parts[i] = typo(str(parts[i]), rng)
    return parts


def render(example: Example, parameters: dict[str, Parameter], rng: random.Random) -> Example:
    """A fresh wording of the same request. Roughly one in six stays exactly as authored."""
    if rng.random() < 0.16:
        return example
    if example.why is None and rng.random() < 0.06:
        example = leave_out(example, rng)
    if rng.random() < 0.3:
        example = trade(example, parameters, rng)
    english = example.language == "en"
    parts: list[str | Mark] = [
        part if isinstance(part, str) else _remark(part, parameters.get(part.parameter), rng, example.language) for part in example.parts
    ]
    return replace(example, parts=tuple(_dress(parts, rng, english))) if parts else example
