"""Days of the week as five languages say them: names, short forms, "Monday to Friday", "at the weekend". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from schemas.base import Value

_NAMES = (
    "monday mondays mon montag montags mo lundi lundis lun lunes 周一 星期一 礼拜一",
    "tuesday tuesdays tue tues dienstag dienstags di mardi mardis mar martes 周二 星期二 礼拜二",
    "wednesday wednesdays wed weds mittwoch mittwochs mi mercredi mercredis mer miércoles miercoles mié mie 周三 星期三 礼拜三",
    "thursday thursdays thu thur thurs donnerstag donnerstags do jeudi jeudis jeu jueves jue 周四 星期四 礼拜四",
    "friday fridays fri freitag freitags fr vendredi vendredis ven viernes vie 周五 星期五 礼拜五",
    "saturday saturdays sat samstag samstags sonnabend sonnabends sa samedi samedis sam sábado sabado sábados sabados sáb sab 周六 星期六 礼拜六",
    "sunday sundays sun sonntag sonntags so dimanche dimanches dim domingo domingos dom 周日 周天 星期日 星期天 礼拜天 礼拜日",
)
"""Monday first, as ISO 8601 counts them."""
_DAYS = {name: day for day, names in enumerate(_NAMES) for name in names.split()}
_WORKING, _WEEKEND, _ALL = (0, 1, 2, 3, 4), (5, 6), (0, 1, 2, 3, 4, 5, 6)
_GROUPS = {
    **dict.fromkeys(
        ("weekdays", "weekday", "workdays", "working days", "werktags", "werktage", "wochentags", "unter der woche", "en semaine"), _WORKING
    ),
    **dict.fromkeys(("jours ouvrés", "jours ouvrables", "semaine", "entre semana", "días laborables", "días hábiles", "工作日", "平日"), _WORKING),
    **dict.fromkeys(
        ("weekend", "weekends", "week-end", "week-ends", "wochenende", "wochenenden", "fin de semaine", "fin de semana", "fines de semana", "周末"),
        _WEEKEND,
    ),
    **dict.fromkeys(("every day", "each day", "daily", "all week", "täglich", "jeden tag", "tous les jours", "chaque jour"), _ALL),
    **dict.fromkeys(
        ("toda la semana", "toute la semaine", "whole week", "ganze woche", "todos los días", "cada día", "a diario", "每天", "天天", "每日"),
        _ALL,
    ),
}
_SPOKEN = re.compile(
    "|".join(
        rf"{re.escape(w)}" if not w.isascii() and len(w) < 4 else rf"(?<!\w){re.escape(w)}(?!\w)"
        for w in sorted([*_GROUPS, *_DAYS], key=len, reverse=True)
    ),
    re.IGNORECASE,
)
UP_TO = re.compile(
    r"(?<!\s)\s*(?:(?:to|through(?:\s+to)?|thru|till|until|up\s+to|bis(?:\s+(?:zu[mr]?|einschließlich))?|à|au|jusqu['’]?(?:à|au)?|a|al|hasta(?:\s+el)?)"
    r"(?![^\W\d_])|[到至–—~～-])(?:\s+and\s+including)?\s*",
    re.IGNORECASE,
)
_CHAINED = re.compile(r"(周|星期|礼拜)([一二三四五六日天](?:[、，和与及到至~～-]{0,2}[一二三四五六日天])+)(?![点号个月年时分气])")
_SHORTEST = 2
"""Letters of the German short forms, which are words of other languages: no days beside a day that is said in full ("so Monday", "do Tuesday")."""


def each_named(text: str) -> str:
    """ "周一、三、五": the day's noun before each."""
    return _CHAINED.sub(lambda m: re.sub("[一二三四五六日天]", lambda day: m[1] + day[0], m[2]), text)


def members(choices: Sequence[Value]) -> dict[int, Value] | None:
    """The days that the members of an enumeration are; None when one of them is none, or there are none."""
    days = {_DAYS.get(str(choice).strip().casefold()): choice for choice in choices}
    return None if not choices or None in days or len(days) < len(choices) else {day: choice for day, choice in days.items() if day is not None}


def days_in(text: str) -> list[int]:
    """The days that it says, each once, in the order said; "Monday to Friday" is five."""
    matches = list(_SPOKEN.finditer(text))
    if any(len(m[0]) > _SHORTEST + 1 and m[0].casefold() in _DAYS for m in matches):
        matches = [m for m in matches if len(m[0]) > _SHORTEST or not m[0].isascii()]
    gaps = ["", *(text[one.end() : other.start()].lstrip(".") for one, other in pairwise(matches)), ""]
    ranges = [bool(UP_TO.fullmatch(gap)) for gap in gaps]
    found = list[int]()
    last = 0
    for i, match in enumerate(matches):
        word = match[0].casefold()
        days = _GROUPS.get(word) or (_DAYS[word],)
        if word in _DAYS and ranges[i] and not (ranges[i - 1] or ranges[i + 1]):  # "Mon-Wed-Fri" is three days
            days = tuple((last + step) % 7 for step in range(1, (days[0] - last) % 7 + 1))
        found += [day for day in days if day not in found]
        last = days[-1] if days else last
    return found
