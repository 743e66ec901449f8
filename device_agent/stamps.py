"""Times of day and dates as five languages say them, spelled as a maker's string wants them ("halb drei nachts" for HH:MM is 02:30). Pure.

The sentence is first made plain: small letters, numbers in digits, weekdays as D0 to D6, months as M01 to M12, and Q for what is measured in
anything but time ("Am dritten Juni um halb neun auf 20 Grad" is "am 3th M06 um halb 9 auf Q Q"), so that the
expressions of `stamp_words` name no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

from device_agent.idioms import chinese
from device_agent.number_words import ordinal, spoken
from device_agent.quantities import find_quantities
from device_agent.stamp_words import CLEARER, DATES, DAY_PART, HAN, HAN_DAY, MONTH, NEXT_WEEK, OTHER, PARTS, SHORTEST_DAY, TIMES, UNITS, WORTH
from device_agent.tokens import Token, token_at, tokens_of, words_at
from device_agent.weekdays import UP_TO, days_in

_FORMATS = {"date": "YYYY-MM-DD", "time": "HH:MM:SS", "date-time": "YYYY-MM-DDTHH:MM:SS"}
"""JSON Schema's names."""
_Y, _D, _CLOCK = "(?:Y{4}|J{4}|A{4})", "(?:DD|TT|JJ)", "HH?:MM(?::SS)?"
_FIELDS = re.compile(rf"(?<![A-Z])(?:({_Y}([-/.]?)MM\2{_D}|{_D}([-/.])MM\3{_Y}|MM([-/.]){_D}\4{_Y})(?:([ T])({_CLOCK}))?|({_CLOCK}))(?![A-Z:])")
_STRFTIME = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "HH", "%I": "HH", "%M": "MM", "%S": "SS", "%p": "AM/PM"}
_EXAMPLES = tuple(
    (re.compile(rf"(?<![\d:./-]){example}(?![\d:/-]|\.\d)"), fields)
    for example, fields in (
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "YYYY-MM-DDTHH:MM:SS"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d", "YYYY-MM-DDTHH:MM"),
        (r"\d{4}-\d\d-\d\d", "YYYY-MM-DD"),
        (r"\d{4}/\d\d/\d\d", "YYYY/MM/DD"),
        (r"\d\d\.\d\d\.\d{4}", "DD.MM.YYYY"),
        (r"(?:1[3-9]|2\d|3[01])/\d\d/\d{4}", "DD/MM/YYYY"),
        (r"\d\d/(?:1[3-9]|2\d|3[01])/\d{4}", "MM/DD/YYYY"),
        (r"[0-2]\d:[0-5]\d:[0-5]\d", "HH:MM:SS"),
        (r"(?:[0-2]\d:[0-5]\d|\d:[0-5]\d(?= ?[AaPp]\.?[Mm]))", "HH:MM"),
    )
)
"""Makers show the spelling by an example, too ("departure time, e.g. 14:30")."""
_TWELVE = re.compile(r"\b12[- ]?(?:H\b|HOUR|STUNDEN|HEURES|HORAS)|MM\s?(?:[AP]\.?M\b|A(?=\W*$|[,;.)]))")
_KINDS = {"DATE": "date", "DATUM": "date", "FECHA": "date", "TIME": "time"}
_KIND = rf"\b(DATE[- ]?TIME|DATE AND TIME|TIMESTAMP|{'|'.join(_KINDS)})\b"
_ISO = re.compile(rf"\bISO\b.{{0,15}}?{_KIND}|{_KIND}.{{0,15}}\bISO\b")
_LASTING = re.compile(r"\b(?:DURATION|DAUER|DURÉE|DURACIÓN|HOW LONG)\b|时长")
_CODES = {"YYYY": "%Y", "HH:MM": "%H:%M", "hh:mm a": "%I:%M %p", "SS": "%S", "MM": "%m", "DD": "%d"}
_THROUGH = re.compile(rf"(?:{UP_TO.pattern}|\s(?:and|und|et|y)\s)(?:las?\s|les\s)?", re.IGNORECASE)
_CLOSE = 16
"""Characters at most between a date and its time."""
_ONE_YEAR, _NEXT_LEAP_YEAR = 366, 8 * 366


@dataclass(frozen=True)
class _Plain:
    """`at`: the characters of the sentence that each of `text` stands for. `lasting`: those of amounts of time ("20 minutes")."""

    text: str
    at: Sequence[tuple[int, int]]
    lasting: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class _Said:
    """Characters [start, end) of the sentence. `value` is None where there is no such day or time, or nobody can tell which.
    `part`: the hour where the part of the day begins that is said with it."""

    start: int
    end: int
    value: datetime | None
    part: int | None = None

    def shared(self, start: int, end: int) -> int:
        return min(self.end, end) - max(self.start, start)

    def inside(self, other: _Said) -> bool:
        return self.shared(other.start, other.end) == self.end - self.start < other.end - other.start


def wanted(description: str, format: str | None) -> str | None:
    """The spelling that a parameter asks for, by its fields or an example: "YYYY-MM-DD", "HH:MM:SS", "hh:mm a" or "DD.MM.YYYY HH:MM"; None for none.

    `format`: JSON Schema's, or the spelling itself, as makers write it there.
    """
    text = f"{description} {format or ''}"
    for code, field in _STRFTIME.items():
        text = text.replace(code, field)
    for example, fields in _EXAMPLES:
        text = example.sub(fields, text)
    text = text.upper()
    if format in _FORMATS or _LASTING.search(text):
        return _FORMATS.get(format or "")
    found = _FIELDS.search(text)
    if found is None:
        iso = _ISO.search(text)
        return iso and _FORMATS[_KINDS.get(iso[1] or iso[2], "date-time")]
    day = re.sub("TT|JJ", "DD", re.sub("[JA]{4}", "YYYY", found[1] or ""))
    clock = (found[6] or found[7] or "").replace("HH", "H").replace("H:", "HH:")
    return day + (found[5] or "") + ("hh:mm a" if clock and _TWELVE.search(text) else clock)


def written(text: str, start: int, end: int, template: str, today: date | None = None) -> str | None:
    """The time or day that characters [start, end) point at, spelled as `wanted` says; None where there is none, or not all that is asked for.

    `today`: for "tomorrow", "next Tuesday" (the first after today) and days without a year (the first from today on).
    """
    plain = _plain(text)
    said = days = _outermost(_days(plain, today, template.startswith("MM/")))
    if "h" in template.lower():
        said = _in_ranges(_outermost(_clocks(plain, text, start, end)), text)
    if "h" in template.lower() and "DD" in template:
        apart = [clock for clock in said if not any(clock.inside(day) for day in days)]
        said = [_joined(day, clock) for day in days for clock in apart if clock.shared(day.start, day.end) >= -_CLOSE]
    best = max(said, key=lambda one: (one.shared(start, end), one.start - one.end), default=None)
    if best is None or best.value is None or best.shared(start, end) <= 0:
        return None
    for field, code in _CODES.items():
        template = template.replace(field, code)
    return best.value.strftime(template)


def _outermost(found: Iterator[_Said]) -> list[_Said]:
    """Without what is part of something longer."""
    every = list(found)
    return [one for one in every if not any(one.inside(other) for other in every)]


def _joined(day: _Said, clock: _Said) -> _Said:
    """ "tomorrow at 7:30 pm", in either order."""
    value = datetime.combine(day.value, clock.value.time()) if day.value and clock.value else None
    return _Said(min(day.start, clock.start), max(day.end, clock.end), value)


@lru_cache(maxsize=64)
def _plain(text: str) -> _Plain:
    for word, other in CLEARER.items():
        text = re.sub(word, other, text, flags=re.IGNORECASE)
    amounts = [q for q in find_quantities(text) if q.unit]
    measured = [q for q in amounts if q.unit not in UNITS]
    tokens, plain, at, i, last = tokens_of(text), "", list[tuple[int, int]](), 0, 0
    while i < len(tokens):
        start = tokens[i].start
        word, after = ("Q", i + 1) if any(q.start <= start < q.end for q in measured) else _word(text, tokens, i)
        word = " " * (start > last) + word
        last = tokens[after - 1].end
        plain, at, i = plain + word, at + [(start, last)] * len(word), after
    return _Plain(plain, at, [(q.start, q.end) for q in amounts])


def _word(text: str, tokens: Sequence[Token], i: int) -> tuple[str, int]:
    """What the plain sentence has for the words that begin at a token, and the token after them."""
    token = tokens[i]
    if found := HAN_DAY.match(text, token.start):
        return f"D{days_in(found[0])[0]}", token_at(tokens, found.end(), i)
    if found := HAN.match(text, token.start):
        number = chinese(found[0], 0)
        said = f"{number.value:.0f}".zfill(len(found[0]) * (found[0][0] in "零〇")) if number else found[0]
        return said, token_at(tokens, found.end(), i)
    name, part = found.groups() if (found := DAY_PART.fullmatch(token.text)) else (token.text, "")
    if len(name) >= SHORTEST_DAY and len(days := days_in(name)) == 1:
        return f"D{days[0]} {part}".strip(), i + 1
    for size in range(5, 0, -1):
        words = words_at(tokens, i, size)
        if len(words) < size:
            continue
        if (size == 1 or words[1] in ("-", "et")) and (number := ordinal(words)) is not None:
            return f"{number:.0f}th", i + size
        if (number := spoken(words)) is not None:
            return f"{number:.0f}".zfill(size * (words[0] in ("o", "zero"))), i + size
    return MONTH.get(token.text, token.text.replace("’", "'")), i + 1


def _matches(pattern: str, text: str) -> Iterator[re.Match[str]]:
    """Those that overlap, too: "level 12 tonight at 9"."""
    compiled, at = re.compile(pattern), 0
    while m := compiled.search(text, at):
        yield m
        at = m.start() + 1


def _clocks(plain: _Plain, text: str, start: int, end: int) -> Iterator[_Said]:
    for pattern in TIMES:
        for m in _matches(pattern, plain.text):
            words, word = m.groupdict(), m["early"] or m["late"]
            part = next(first for first, names in PARTS.items() if re.fullmatch(names, word)) if word else None
            said = _Said(plain.at[m.start()][0], plain.at[m.end() - 1][1], _clock(words), part)
            pointless = said.shared(start, end) <= 0 or any(said.shared(*span) > 0 for span in plain.lasting)
            counted = "spelled" in words and text[said.start].isdecimal()  # "open 10 to 5"
            if not counted and not ("bare" in words and part is None and pointless):
                yield said if part is None or said.value is None else replace(said, value=_within(said.value, part))


def _in_ranges(clocks: Sequence[_Said], text: str) -> list[_Said]:
    """ "from 8 to 10 pm", "下午两点到四点": both are in the part of the day that one is said with, where that keeps their order."""
    out = sorted(clocks, key=lambda one: one.start)
    for i, (low, high) in enumerate(pairwise(out)):
        part = low.part if high.part is None else high.part
        if part is None or None not in (low.part, high.part) or not _THROUGH.fullmatch(text[low.end : high.start]) or not (low.value and high.value):
            continue
        first, last = _within(low.value, part), _within(high.value, part)
        if ((first.hour - part) % 24, first.minute) < ((last.hour - part) % 24, last.minute):
            out[i : i + 2] = replace(low, value=first), replace(high, value=last)
    return out


def _clock(said: dict[str, str | None]) -> datetime | None:
    hour, plus, minus, toward = (_number(said.get(name)) for name in ("h", "plus", "minus", "toward"))
    seconds = int(said.get("s") or 0)
    minutes = 60 * hour + plus - minus - (60 - toward if toward else 0)
    if hour > 24 or plus > 59 or seconds > 59 or minutes > 24 * 60:
        return None
    if hour == 1 and minutes < 60:
        minutes += 720  # "ten to one" is said of 12:50
    return datetime.combine(date.min, time()) + timedelta(minutes=minutes % 1440, seconds=seconds)


def _within(clock: datetime, part: int) -> datetime:
    """The same of twelve hours, in those from `part` on."""
    minutes = 60 * clock.hour + clock.minute
    return clock.replace(hour=(part + (minutes - 60 * part) % 720 // 60) % 24) if 60 <= minutes < 780 else clock


def _number(said: str | None) -> int:
    return int(said) if said and said.isdecimal() else WORTH.get((said or "").replace(" ", ""), 0)


def _days(plain: _Plain, today: date | None, month_first: bool) -> Iterator[_Said]:
    for pattern in DATES:
        for m in _matches(pattern, plain.text):
            try:
                day = _day(m, today, month_first)
            except (ValueError, OverflowError):
                day = None
            value = None if day is None else datetime.combine(day, time())
            yield _Said(plain.at[m.start()][0], plain.at[m.end() - 1][1], value)


def _day(m: re.Match[str], today: date | None, month_first: bool) -> date | None:
    said = m.groupdict()
    weekday = int(said["w"]) if said.get("w") else None
    if "d" in said or "a" in said:
        day, month = _ordered(said, month_first) if "a" in said else (int(said["d"]), int(said.get("m") or 0))
        year = int(said.get("y") or 0)
        year += (2000 if year < 69 else 1900) if 0 < len(said.get("y") or "") < 3 else 0
        found = date(year, month, day) if said.get("y") else _next(today, day, month, weekday)
        return found if found and weekday in (None, found.weekday()) else None
    if today is None:
        return None
    if "n" in said:
        ahead = int(said["n"]) if said["n"].isdecimal() else 1
        return today + timedelta(days=7 * ahead if said["weeks"] else ahead)
    if weekday is None:
        return today + timedelta(days=int((m.lastgroup or "in0").removeprefix("in")))
    turn = said["before"] or said["after"] or ""
    if re.fullmatch(OTHER, turn):
        return None
    if re.fullmatch(NEXT_WEEK, turn):
        return today + timedelta(days=7 + weekday - today.weekday())
    first = today + timedelta(days=bool(turn))
    return first + timedelta(days=(weekday - first.weekday()) % 7)


def _ordered(said: dict[str, str], month_first: bool) -> tuple[int, int]:
    """Day and month of "03/06/2026"."""
    day, month = int(said["a"]), int(said["b"])
    swapped = (month_first and said["sep"] == "/" and day <= 12) or month > 12
    return (month, day) if swapped else (day, month)


def _next(today: date | None, day: int, month: int, weekday: int | None) -> date | None:
    """The first such day from today on, in any month where `month` is 0."""
    coming = (today + timedelta(days=n) for n in range(_NEXT_LEAP_YEAR if weekday is None else _ONE_YEAR)) if today else ()
    return next((at for at in coming if at.day == day and month in (0, at.month) and weekday in (None, at.weekday())), None)
