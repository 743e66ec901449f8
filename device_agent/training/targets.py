"""What the reader should answer for one pass: said, span and option of every parameter."""

from __future__ import annotations

from dataclasses import dataclass

from device_agent.quantities import find_quantities
from device_agent.reader import HIGHEST, LITERAL, LOWEST, NEGATIVE, SENTENCE, ZERO, FunctionText, Sentence, options_of
from device_agent.training.data import Mark
from device_agent.values import in_range, number_for
from schemas.skills import Parameter


@dataclass(frozen=True)
class Target:
    """Per parameter: said 1 / 0 / -1 (not trained), span of pieces (inclusive) or None, index of the option or -1, and whether the options say
    how a number is meant."""

    said: tuple[int, ...]
    spans: tuple[tuple[int, int] | None, ...]
    options: tuple[int, ...]
    numbers: tuple[bool, ...]


def meaning(mark: Mark, parameter: Parameter) -> str | None:
    """The text of the option that the mark stands for, judged by the authored schema; None when no option says it."""
    if parameter.choices:
        return mark.value if mark.value is not None else mark.surface
    if parameter.type == "boolean":
        return {"true": "yes", "false": "no"}.get((mark.value or "").lower())
    if parameter.type not in ("number", "integer"):
        return None
    return LITERAL if mark.value is None else _number_meaning(mark.surface, mark.value, parameter)


def _number_meaning(surface: str, written: str, parameter: Parameter) -> str | None:
    try:
        value = float(written)
    except ValueError:
        return None
    said = [v for q in find_quantities(surface) if (v := number_for(q, parameter)) is not None]
    close = 0.5 if parameter.type == "integer" else 1e-6 * max(1.0, abs(value))
    if any(abs(v - value) <= close for v in said):
        return LITERAL
    if any(abs(v + value) <= close for v in said):
        return NEGATIVE
    if not in_range(value, parameter):
        return LITERAL
    return {parameter.minimum: LOWEST, parameter.maximum: HIGHEST}.get(value, ZERO if value == 0 else None)


def target_of(sentence: Sentence, text: FunctionText, spans: dict[str, tuple[int, int]], options: dict[str, str | None]) -> Target:
    """`spans` and `options` by the parameter's name in this scene; a span cut off with the sentence's end is not trained."""
    said, places, chosen = list[int](), list[tuple[int, int] | None](), list[int]()
    for parameter in text.parameters:
        where = spans.get(parameter.name)
        cut = len(sentence.ids) == SENTENCE and where is not None and where[1] > sentence.spans[-1][1]
        pieces = sentence.pieces_in(*where) if where and not cut else range(0)
        said.append(1 if pieces else (-1 if where else 0))
        places.append((pieces[0], pieces[-1]) if pieces else None)
        wanted, known = options.get(parameter.name), options_of(parameter)
        chosen.append(known.index(wanted) if where and wanted in known else -1)
    numbers = tuple(p.is_number for p in text.parameters)
    return Target(tuple(said), tuple(places), tuple(chosen), numbers)
