"""A value as people say it ("30 percent", "half", "minus eighteen", "ten minutes", "idle") in the unit of the property it is compared with."""

from __future__ import annotations

import re
from collections.abc import Callable

from coordinator.words import Token, tokenise
from schemas.base import Op, Value

_FRACTIONS = {"half": 1 / 2, "third": 1 / 3, "thirds": 1 / 3, "quarter": 1 / 4, "quarters": 1 / 4, "fifth": 1 / 5, "fifths": 1 / 5, "tenth": 1 / 10}
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_EMPTY_OR_FULL = {"empty": 0.0, "full": 100.0}
_FACTORS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("%", "percent", "per", "pct"), ("%", 1.0)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), ("s", 1.0)),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), ("s", 0.001)),
    **dict.fromkeys(("min", "minute", "minutes"), ("s", 60.0)),
    **dict.fromkeys(("h", "hour", "hours"), ("s", 3600.0)),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), ("m", 1.0)),
    **dict.fromkeys(("cm", "centimetre", "centimetres", "centimeter", "centimeters"), ("m", 0.01)),
    **dict.fromkeys(("mm", "millimetre", "millimetres", "millimeter", "millimeters"), ("m", 0.001)),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), ("m", 1000.0)),
    **dict.fromkeys(("kg", "kilo", "kilos", "kilogram", "kilograms"), ("kg", 1.0)),
    **dict.fromkeys(("g", "gram", "grams"), ("kg", 0.001)),
    **dict.fromkeys(("l", "litre", "litres", "liter", "liters"), ("l", 1.0)),
    **dict.fromkeys(("ml", "millilitre", "millilitres", "milliliter", "milliliters"), ("l", 0.001)),
    **dict.fromkeys(("c", "celsius", "centigrade"), ("°C", 1.0)),
}
"""word → (unit, how many of that unit). Properties travel in these units."""
_SPECIAL: dict[str, Callable[[float], float]] = {
    "fahrenheit": lambda f: (f - 32) / 1.8,
    "f": lambda f: (f - 32) / 1.8,
    "kelvin": lambda k: k - 273.15,
}


def value_of(said: str, unit: str | None) -> Value:
    """A number in `unit` when one was said, else True/False for yes and no words, else the words in lower case."""
    number = _number(said)
    tokens = [t.text for t in tokenise(said)]
    if number is not None:
        return _convert(number, tokens, unit, fraction=any(t in _FRACTIONS for t in tokens))
    text = said.strip().strip(".!?").lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if unit == "%" and text in _EMPTY_OR_FULL:
        return _EMPTY_OR_FULL[text]
    return text


def unit_of(said: str) -> str | None:
    """The standard unit that is said, if any: "30 percent" %, "ten minutes" s; a bare fraction is of the whole, so %."""
    words = [t.text for t in tokenise(said)]
    return next((_FACTORS[w][0] for w in words if w in _FACTORS), "%" if any(w in _FRACTIONS for w in words) else None)


def _number(said: str) -> float | None:
    digits = re.search(r"[-−+]?\d+(?:[.,]\d+)?", said)
    tokens = tokenise(said)
    if digits and any(c.isdecimal() for c in said):
        value = float(digits[0].replace("−", "-").replace(",", "."))
        return -abs(value) if tokens and tokens[0].text in ("minus", "negative") else value
    return _spelled(tokens)


def _spelled(tokens: list[Token]) -> float | None:
    """ "twenty", "three quarters", "a third", "minus eighteen", "two and a half", "two point five"."""
    words = [t.text for t in tokens]
    sign = -1.0 if words[:1] in (["minus"], ["negative"]) else 1.0
    whole = next((float(t.number) for t in tokens if t.number is not None), None)
    part = next((_FRACTIONS[w] for w in words if w in _FRACTIONS), None)
    if part is not None and whole is not None:
        return sign * (whole + part if "and" in words else whole * part)
    if whole is not None and "point" in words:
        after = [t.text for t in tokens[words.index("point") + 1 :] if t.number is not None]
        return sign * float(f"{int(whole)}.{''.join(after) or 0}")
    value = whole if whole is not None else part
    return None if value is None else sign * value


def _convert(number: float, words: list[str], unit: str | None, fraction: bool) -> float:
    special = next((_SPECIAL[w] for w in words if w in _SPECIAL), None)
    if unit == "°C" and special is not None:
        return special(number)
    said = next((_FACTORS[w] for w in words if w in _FACTORS), None)
    if unit == "%":
        return number * 100 if fraction and said is None else number
    if said is None:
        return number
    return (
        number * said[1] / _FACTORS.get(unit or said[0], (said[0], 1.0))[1]
        if said[0] == _FACTORS.get(unit or "", (unit or said[0], 1.0))[0]
        else number
    )


def spoken(value: Value | tuple[Value, ...] | None, unit: str | None = None) -> str:
    """A value for people, to three figures: 40 %, 2.5 m, yes, a, b and c."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return listing([spoken(v) for v in value]) or "none"
    if value is None:
        return "unknown"
    text = str(value) if not isinstance(value, float) else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{text} {unit}" if unit else text


_HOW_MANY = re.compile(r"\b(?:how (?:many|much)|count\w*|add(?:ed)? up|in total|the total|altogether|the (?:sum|number) of)\b", re.IGNORECASE)


def asks_how_many(text: str) -> bool:
    """Whether a number is wanted, not names; several numbers then have a sum."""
    return _HOW_MANY.search(text) is not None


_OPS = {"<": "below ", "<=": "at most ", ">": "above ", ">=": "at least ", "==": "", "!=": "not "}


def comparison(op: Op, value: str) -> str:
    """ "below 20 %", "at least two", "red", "not red"."""
    return f"{_OPS[op]}{value}"


def listing(parts: list[str], last: str = "and") -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""
