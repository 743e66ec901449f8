"""Which words of a sentence are a string argument: spans chosen together, so that no two arguments take the same words. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from device_agent.heads import Floats
from device_agent.lists import QUOTED, joints_in
from device_agent.reader import Sentence, name_words
from device_agent.units import unit_of
from schemas.skills import Parameter

SEAM, OWN, TAKEN = 0.05, 0.02, 0.3
"""Factors on a span across a comma ("KLX-9, batch 4"), on one that begins with its parameter's own noun ("hive 7" for a hive), and on one that
holds a number which is another argument (lists have all of these). Of 2,443 authored strings 0.3 % hold a comma and none begins so."""
_LONGEST, _LONGEST_LIST, _LIKELY, _BEAM = 24, 80, 4, 64
_ITEM = 0.03
_WITH_REGION = re.compile(r"\b[A-Z][\w. ]+, [A-Z]{2,3}\b|(?i:\bcity(?: and|,) (?:state|country|region))")
"""How a description asks for a place and where that is ("City and state, e.g. 'Austin, TX'")."""
_REGION = re.compile(r", (?:[A-Z]{2,3}\b|[A-Z][a-z]+(?: [A-Z][a-z]+)*)")
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_DATED = re.compile(rf"\b{_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?(?=(?P<year>, \d{{4}}\b))")
_STATE = re.compile(r"\b[A-Z]\w+(?=, [A-Z]{2}\b)")
"""Before commas that are no seam: "May 25, 2023", "Austin, TX"."""
_PLACED = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*)*, $")
_SEAM = re.compile(r"[,;:!?](?=\s)|\.(?=\s+\S)|[，；：。！？、](?=.)")


@dataclass(frozen=True)
class Span:
    """Characters [start, end) for one parameter. `score`: geometric mean of the probabilities that it begins, and that it ends, there."""

    parameter: int
    start: int
    end: int
    score: float


T = TypeVar("T")


def together(rows: Sequence[Sequence[T]], score: Callable[[T], float], clash: Callable[[T, T], bool], width: int = _LIKELY) -> list[T]:
    """One of each row (or none), no two that clash, the greatest sum of scores; of each row the `width` best are tried."""
    partial: list[tuple[float, list[T]]] = [(0.0, [])]
    for row in rows:
        likely = sorted(row, key=lambda c: -score(c))[:width]
        grown = [(total + score(c), [*taken, c]) for total, taken in partial for c in likely if not any(clash(c, t) for t in taken)]
        partial = sorted([*partial, *grown], key=lambda x: -x[0])[:_BEAM]
    return partial[0][1]


def choose_spans(
    wanted: Sequence[tuple[int, Parameter, Floats, Floats]],
    sentence: Sentence,
    taken: Collection[tuple[int, int]],
    suits: Callable[[Parameter, int, int], float] = lambda parameter, start, end: 1.0,
) -> dict[int, Span]:
    """The words of each string parameter; an optional one is left out where others take its words. `wanted`: number, parameter, and where its span
    begins and ends [T]; `taken`: characters of numbers that are other arguments; `suits`: a factor on characters [start, end) as this parameter."""
    rows = [_likely(number, parameter, starts, ends, sentence, taken, suits) for number, parameter, starts, ends in wanted]
    chosen = together(rows, lambda s: s.score, lambda a, b: a.start < b.end and b.start < a.end)
    found = {span.parameter: span for span in chosen}
    required = {number for number, parameter, _, _ in wanted if parameter.required}
    return found | {row[0].parameter: row[0] for row in rows if row and row[0].parameter in required - found.keys()}


def _likely(
    number: int,
    parameter: Parameter,
    starts: Floats,
    ends: Floats,
    sentence: Sentence,
    taken: Collection[tuple[int, int]],
    suits: Callable[[Parameter, int, int], float],
) -> list[Span]:
    count = min(len(starts), len(sentence.spans))
    several, regional = parameter.type == "array", bool(_WITH_REGION.search(parameter.description))
    if several:
        joint = np.triu(_of_items(starts[:count], ends[:count], sentence)) * np.tri(count, count, _LONGEST_LIST - 1)
    else:
        joint = np.triu(np.outer(starts[:count], ends[:count])) * np.tri(count, count, _LONGEST - 1) * (1.0 if regional else _across(sentence, count))
    joint = joint * _own(parameter, sentence, count) * _within_brackets(sentence, count)
    found, quoted = list[Span](), [m.span() for m in QUOTED.finditer(sentence.text)]
    for flat in np.argsort(-joint, axis=None)[: 2 * _LIKELY]:
        first, last = divmod(int(flat), count)
        start, end = sentence.spans[first][0], sentence.spans[last][1]
        if regional and (region := _REGION.match(sentence.text, end)):
            end = region.end()
        elif regional and (place := _PLACED.search(sentence.text[:start])) and _REGION.match(sentence.text, start - 2):
            start = place.start()
        end = next((m.end("year") for m in _DATED.finditer(sentence.text) if m.end() == end), end)
        if not several:
            start, end = next(((a + 1, b - 1) for a, b in quoted if a < start and end < b), (start, end))
        share = TAKEN if not several and any(a < end and b > start and not _is_unit(sentence.text[start:end], a < start) for a, b in taken) else 1.0
        found.append(Span(number, start, end, math.sqrt(max(float(joint[first, last]), 0.0)) * share * suits(parameter, start, end)))
    return sorted(found, key=lambda s: -s.score)[:_LIKELY]


def _of_items(starts: Floats, ends: Floats, sentence: Sentence) -> Floats:
    """[T, T]: the probability that a list begins, times that it ends, from piece to piece. Where one of its items begins or ends, it may seem that
    the list does: that counts for the longer one, less `_ITEM` for each item, so that it does not reach into what follows."""
    count = len(starts)
    begins, stops = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for start, end in joints_in(sentence.text):
        first = next((i for i in range(count) if sentence.spans[i][0] >= end), None)
        last = next((i for i in range(count - 1, -1, -1) if sentence.spans[i][1] <= start), None)
        if first is not None and last is not None:
            begins[first], stops[last] = starts[first] - _ITEM, ends[last] - _ITEM
    begun, ended = np.cumsum(begins), np.cumsum(stops) - stops
    many = (starts[:, None] + begun[None, :] - begun[:, None]) * (ends[None, :] + ended[None, :] - ended[:, None])
    return np.clip(many, 0.0, 1.0).astype(np.float32)


def _is_unit(words: str, inside: bool) -> bool:
    """The unit of a number may be another argument ("a base of 10 cm")."""
    return inside and unit_of(words) is not None


def _within_brackets(sentence: Sentence, count: int) -> Floats:
    """[T, T]: `SEAM` where the span reaches out of a bracket into another ("[0, 0] and [6, 8]")."""
    closed = [m.start() for m in re.finditer(r"[])）】][^])）】]*?[\[(（【]", sentence.text)]
    before = np.array([sum(c < a for c in closed) for a, _ in sentence.spans[:count]])
    return np.where(before[None, :] > before[:, None], SEAM, 1.0).astype(np.float32)


def _across(sentence: Sentence, count: int) -> Floats:
    """[T, T]: `SEAM` where the span from piece to piece lies across a seam of the sentence that is not quoted."""
    quoted = [m.span() for m in QUOTED.finditer(sentence.text)]
    within = {m.end() for m in (*_DATED.finditer(sentence.text), *_STATE.finditer(sentence.text))}
    seams = [m.start() for m in _SEAM.finditer(sentence.text) if m.start() not in within and not any(a < m.start() < b for a, b in quoted)]
    before = np.array([sum(s < a for s in seams) for a, _ in sentence.spans[:count]])
    return np.where(before[None, :] > before[:, None], SEAM, 1.0).astype(np.float32)


def _own(parameter: Parameter, sentence: Sentence, count: int) -> Floats:
    """[T, T]: `OWN` where a span begins with a word of the parameter's name and goes on."""
    words = set(name_words(parameter.name).split())
    out = np.ones((count, count), np.float32)
    for match in re.finditer(r"\w+", sentence.text):
        if match[0].lower() in words:
            for i in sentence.pieces_in(match.start(), match.end()):
                beyond = next((j for j in range(i, count) if sentence.spans[j][0] >= match.end()), count)
                if i < count:
                    out[i, beyond:] = OWN
    return out
