"""Days of the week as five languages say them: names, short forms, "Monday to Friday", "at the weekend". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.base import Value

_NAMES = (
    "monday mondays mon montag montags mo lundi lundis lun lunes 周一 星期一 礼拜一",
    "tuesday tuesdays tue tues dienstag dienstags di mardi mardis mar martes 周二 星期二 礼拜二",
    "wednesday wednesdays wed mittwoch mittwochs mi mercredi mercredis mer miércoles miercoles mié mie 周三 星期三 礼拜三",
    "thursday thursdays thu thur thurs donnerstag donnerstags do jeudi jeudis jeu jueves jue 周四 星期四 礼拜四",
    "friday fridays fri freitag freitags fr vendredi vendredis ven viernes vie 周五 星期五 礼拜五",
    "saturday saturdays sat samstag samstags sonnabend sonnabends sa samedi samedis sam sábado sabado sábados sabados sáb sab 周六 星期六 礼拜六",
    "sunday sundays sun sonntag sonntags so dimanche dimanches dim domingo domingos dom 周日 周天 星期日 星期天 礼拜天 礼拜日",
)
"""Monday first, as ISO 8601 counts them."""
_DAYS = {name: day for day, names in enumerate(_NAMES) for name in names.split()}
_WORKING, _WEEKEND, _ALL = (0, 1, 2, 3, 4), (5, 6), (0, 1, 2, 3, 4, 5, 6)
_GROUPS = {
    **dict.fromkeys(("weekdays", "weekday", "workdays", "working days", "werktags", "werktage", "unter der woche", "en semaine"), _WORKING),
    **dict.fromkeys(("jours ouvrés", "jours ouvrables", "la semaine", "entre semana", "días laborables", "días hábiles", "工作日", "平日"), _WORKING),
    **dict.fromkeys(
        ("weekend", "weekends", "week-end", "week-ends", "wochenende", "wochenenden", "fin de semana", "fines de semana", "周末"), _WEEKEND
    ),
    **dict.fromkeys(("every day", "each day", "daily", "all week", "täglich", "jeden tag", "tous les jours", "chaque jour"), _ALL),
    **dict.fromkeys(("toda la semana", "todos los días", "cada día", "a diario", "每天", "天天", "每日"), _ALL),
}
_SPOKEN = re.compile(
    "|".join(
        rf"{re.escape(w)}" if not w.isascii() and len(w) < 4 else rf"(?<!\w){re.escape(w)}(?!\w)"
        for w in sorted([*_GROUPS, *_DAYS], key=len, reverse=True)
    ),
    re.IGNORECASE,
)
_UP_TO = re.compile(r"\s*(?:to|through|thru|till|until|bis|à|au|a|al|hasta|到|至|[-–—])\s*", re.IGNORECASE)


def members(choices: Sequence[Value]) -> dict[int, Value] | None:
    """The days that the members of an enumeration are; None when one of them is none, or there are none."""
    days = {_DAYS.get(str(choice).strip().casefold()): choice for choice in choices}
    return None if not choices or None in days or len(days) < len(choices) else {day: choice for day, choice in days.items() if day is not None}


def days_in(text: str) -> list[int]:
    """The days that it says, each once, in the order said; "Monday to Friday" is five."""
    found, last = list[int](), 0
    for match in _SPOKEN.finditer(text):
        word = match[0].casefold()
        days = _GROUPS.get(word) or (_DAYS[word],)
        if found and word in _DAYS and _UP_TO.fullmatch(text[last : match.start()]):
            days = tuple((found[-1] + step) % 7 for step in range(1, (days[0] - found[-1]) % 7 + 1))
        found += [day for day in days if day not in found]
        last = match.end()
    return found
