"""Numbers and letters after a kind's noun: "2", "B", "A1 to A12", "2, 4 and 7", "3-6"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coordinator.names import Entity, Names, is_unit
from coordinator.words import Token, words_of

_JOIN = frozenset({",", "and", "&", "or", "plus"})
_TO = words_of("to through thru until till - – —")
_FILLERS = frozenset({"number", "numbers", "no", "nr", "#", "nos"})
LONGEST_RANGE = 500


@dataclass(frozen=True)
class Labels:
    """`entities` that exist, `missing` names that do not; `said` how many; `last` the token after them; `spans` of single ones, empty
    when a range was said."""

    entities: tuple[Entity, ...]
    missing: tuple[str, ...]
    said: int
    last: int
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Label:
    text: str
    first: int
    last: int


def read_labels(text: str, tokens: list[Token], at: int, names: Names, kind: tuple[str, str], plural: bool) -> Labels | None:
    """What is said after the noun that ended before token `at`; None when no label follows, or when this kind has none of that form."""
    while at < len(tokens) and (tokens[at].text in _FILLERS or _is_glue(tokens, at)):
        at += 1
    first = _label(text, tokens, at, names, kind)
    if first is None:
        return None
    groups, last, ranged = [[first.text]], first.last, False
    spans = [(first.first, first.last)]
    current: _Label | None = first
    while current is not None:
        end = _range_end(text, tokens, last, names, kind, current, plural)
        if end is not None:
            groups[-1] = _between(current.text, end.text)
            last, ranged = end.last, True
        current = _next(text, tokens, last, names, kind)
        if current is not None:
            groups.append([current.text])
            spans.append((current.first, current.last))
            last = current.last
    said = list(dict.fromkeys(label for group in groups for label in group))
    entities = tuple(names.labels[(*kind, label)] for label in said if (*kind, label) in names.labels)
    missing = tuple(f"{kind[1]} {label.upper() if label.isalpha() else label}" for label in said if (*kind, label) not in names.labels)
    return Labels(entities, missing, len(said), last, () if ranged else tuple(spans))


def _is_glue(tokens: list[Token], at: int) -> bool:
    """The "-" of "robot-2"."""
    return (
        at + 1 < len(tokens) and tokens[at].text in ("-", "_") and tokens[at - 1].end == tokens[at].start and tokens[at].end == tokens[at + 1].start
    )


def _label(text: str, tokens: list[Token], at: int, names: Names, kind: tuple[str, str]) -> _Label | None:
    """One label: a known one, or one of the form that this kind's labels have."""
    if at >= len(tokens):
        return None
    for length in (2, 1):
        parts = tokens[at : at + length]
        joined = "".join(t.text for t in parts)
        if len(parts) != length or (length == 2 and parts[0].end != parts[1].start) or not re.fullmatch(r"[^\W_]{1,4}", joined):
            continue
        last = at + length
        if joined.isdecimal():
            joined = str(int(joined))
            if is_unit(tokens, last) or names.kind_at(tokens, last) is not None:
                return None
        capital = text[parts[0].start : parts[0].end].isupper()
        if (*kind, joined) in names.labels and (joined != "a" or capital or at + 1 == len(tokens) or not tokens[at + 1].text.isalpha()):
            return _Label(joined, at, last)
        pronoun = joined == "i" and at + 1 < len(tokens) and tokens[at + 1].text.isalpha()
        if _plausible(joined, names, kind) and not pronoun and (capital or not joined.isalpha()):
            return _Label(joined, at, last)
    return None


def _plausible(label: str, names: Names, kind: tuple[str, str]) -> bool:
    """Whether some entity of this kind has a label of the same form: only then can a missing one be called missing."""
    form = _form(label)
    return form is not None and any((k[0], k[1]) == kind and _form(k[2]) == form for k in names.labels)


def _form(label: str) -> str | None:
    if label.isdecimal():
        return "number"
    if label.isalpha():
        return "letter" if len(label) == 1 else None
    return "mixed" if re.fullmatch(r"[^\W\d_]\d+", label) else None


def _range_end(text: str, tokens: list[Token], at: int, names: Names, kind: tuple[str, str], start: _Label, plural: bool) -> _Label | None:
    """The label after "to", "-", "through"; in words only after a plural, for "move from shelf 3 to 6" is no range."""
    if at >= len(tokens):
        return None
    words = [t.text for t in tokens[at : at + 2]]
    skip = 2 if words == ["up", "to"] else 1 if words[0] in _TO else 0
    if not skip or (words[0] not in ("-", "–", "—") and not plural):
        return None
    end = _label(text, tokens, at + skip, names, kind)
    return end if end is not None and _form(end.text) == _form(start.text) is not None and _between(start.text, end.text) else None


def _between(first: str, last: str) -> list[str]:
    """All labels from first to last of the same form; empty when there are none or absurdly many."""
    if _form(first) == "letter":
        return [chr(c) for c in range(ord(first), ord(last) + 1)]
    head = first.rstrip("0123456789")
    if head != last.rstrip("0123456789"):
        return []
    low, high = int(first[len(head) :]), int(last[len(head) :])
    return [f"{head}{n}" for n in range(low, high + 1)] if high - low < LONGEST_RANGE else []


def _next(text: str, tokens: list[Token], at: int, names: Names, kind: tuple[str, str]) -> _Label | None:
    """One more label after ",", "and", ", and", or directly (speech without commas)."""
    start = at
    while at < len(tokens) and tokens[at].text in _JOIN:
        at += 1
    if at - start > 2:
        return None
    if at == start and (at >= len(tokens) or tokens[at].number is None):
        return None
    return _label(text, tokens, at, names, kind)
