"""Words for new renderings of authored sentences."""

from __future__ import annotations

import random
from collections.abc import Sequence


def _list(text: str) -> tuple[str, ...]:
    """Phrases between semicolons; line breaks are blanks."""
    return tuple(" ".join(part.split()) for part in text.split(";"))


BEFORE = _list(
    """please; could you; can you; hey,; ok,; would you mind:; now; right,; next:; when you get a chance,; thanks for the help so far.; one more
thing:; I'd like this done:; quick one,; alright then,; go ahead and; be so kind and; for the third time today,; robot 2,; unit 7,; as
number 4 on the list,; it's ten past nine, so; good morning,; hi there,; listen,; as agreed,"""
)
"""Put before a sentence, a blank between."""
AFTER = _list(
    """please; , please; , thanks; thank you; , would you; now; right away; when you can; , if you can; , cheers; , the two of us are waiting; ,
I'll be back in a bit; , as we discussed; for me; , as usual; , that's all; asap; , it's the second time I ask; , ticket 4471"""
)
"""Put after a sentence; those without a comma follow a blank."""
NAMES = _list(
    """north dock; Bay C; rack seven; guest-wifi; Anna's tablet; backup; night shift; morning routine; lab-2; Kitchen; front desk; P-204; tray B;
line three; Zone East; demo; Mrs Ortiz; CalRun; blue crate; aisle K; calibration; pallet-88; Morrow; hall 4; station Lima; fern house; ward
six; delta; profile_x; Old Town; gate 12; Sample 31B"""
)
"""Free strings to take the place of others."""
ONES = _list(
    """zero; one; two; three; four; five; six; seven; eight; nine; ten; eleven; twelve; thirteen; fourteen; fifteen; sixteen; seventeen; eighteen;
nineteen"""
)
TENS = _list("""_; _; twenty; thirty; forty; fifty; sixty; seventy; eighty; ninety""")
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}
SPOKEN: dict[str, tuple[str, ...]] = {
    "second": ("s", "sec", "seconds"),
    "minute": ("min", "minutes", "mins"),
    "hour": ("h", "hours", "hrs"),
    "millisecond": ("ms", "milliseconds"),
    "meter": ("m", "metres", "meters"),
    "centimeter": ("cm", "centimetres"),
    "millimeter": ("mm", "millimetres"),
    "percent": ("%", " percent", "percent"),
    "degC": ("°C", "degrees", "degrees celsius", "C"),
    "liter": ("l", "litres"),
    "milliliter": ("ml", "millilitres"),
    "degree": ("degrees", "°", "deg"),
    "kilohertz": ("kHz", "kilohertz"),
    "hertz": ("Hz", "hertz"),
    "megahertz": ("MHz", "megahertz"),
    "kilogram": ("kg", "kilos"),
    "gram": ("g", "grams"),
}
"""Pint's unit name → how people write or say it."""
SIBLINGS = (
    ("second", "minute", "hour", "millisecond"),
    ("meter", "centimeter", "millimeter"),
    ("liter", "milliliter"),
    ("kilohertz", "hertz", "megahertz"),
    ("gram", "kilogram"),
)
"""Units of one dimension between which a rendering may change."""

_AND = {
    "en": ("and", "and", "and", "plus", "&", "as well as"),
    "de": ("und", "und", "und", "sowie", "plus"),
    "fr": ("et", "et", "et", "puis", "ainsi que"),
    "es": ("y", "y", "y", "más", "así como"),
    "zh": ("和", "以及", "还有"),
}


def listed(items: Sequence[str], language: str, rng: random.Random) -> str:
    """The items as people of this language join them."""
    comma, blank = ("、", "") if language == "zh" else (", ", " ")
    word = f"{blank}{rng.choice(_AND[language])}{blank}"
    style = rng.random()
    if style < 0.15:
        return comma.join(items)
    if style < 0.22:
        return " ".join(items) if all(item.isdecimal() and len(item) < 3 for item in items) else word.join(items)
    return word.join(part for part in (comma.join(items[:-1]), items[-1]) if part)
