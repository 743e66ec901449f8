"""Quantities that other languages than English say in one breath ("un quart d'heure", "die Hälfte", "百分之五十"), and Chinese numerals. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import cn2an  # pyright: ignore[reportMissingTypeStubs]

from device_agent.scripts import CJK


@dataclass(frozen=True)
class Idiom:
    """Ends before the character `end`. `unit`: pint's name, None = none said. `share`: said as a part of a whole."""

    end: int
    value: float
    unit: str | None = None
    share: bool = False


@dataclass(frozen=True)
class Numeral:
    """Ends before the character `end`. "single": a number only when a unit follows; "part": of a whole."""

    end: int
    value: float
    kind: Literal["words", "single", "part"] = "words"


_SHARE = "share"
_PHRASES: dict[str, tuple[float, str | None]] = {
    "dreiviertel ?stunden?": (45.0, "minute"),
    "viertelstunden?": (15.0, "minute"),
    "viertelminuten?": (15.0, "second"),
    "trois quarts d['’]heure": (45.0, "minute"),
    "quart d['’]heure": (15.0, "minute"),
    "tres cuartos de hora": (45.0, "minute"),
    "cuarto de hora": (15.0, "minute"),
    "三刻钟": (45.0, "minute"),
    "一刻钟": (15.0, "minute"),
    "(?:half a|halbes|demi[- ]|media) ?(?:dozen|dutzend|douzaine|docena)": (6.0, None),
    "dutzend|douzaine|docena|一打(?![开印完算电])": (12.0, None),
    "dizaine": (10.0, None),
    "quinzaine": (15.0, None),
    "vingtaine": (20.0, None),
    "trentaine": (30.0, None),
    "quarantaine": (40.0, None),
    "cinquantaine": (50.0, None),
    "centaine": (100.0, None),
    "couple(?= of)|(?<=un )par(?= de (?!apriete|giro|torsión|fuerzas))": (2.0, None),
    "quarter[- ](?:of a )?turn|vierteldrehung|quart de tour|cuarto de vuelta": (0.25, "turn"),
    "half[- ](?:a )?turn|halbe drehung|demi-tour|media vuelta": (0.5, "turn"),
    "drei vierteln?|trois quarts|tres cuartos|tres cuartas partes|四分之三": (0.75, _SHARE),
    "h(?:ä|ae)lfte|moitié|mitad|二分之一": (0.5, _SHARE),
    "drittel|tiers|tercio|tercera parte|三分之一": (1 / 3, _SHARE),
    "cuarta parte|四分之一": (0.25, _SHARE),
    "三分之二": (2 / 3, _SHARE),
}
_ARTICLE = r"(?:(?:a|einer|eine|ein|einem|die|der|une|un|una|la|le|el)\s+)?"
_PHRASE = re.compile(_ARTICLE + "(?:" + "|".join(f"({phrase})" for phrase in _PHRASES) + rf")(?![^\W{CJK}])", re.I)
_TENTHS = re.compile(r"([一二两三四五六七八九])成([一二三四五六七八九半])?")
_PER_MILLE = re.compile(r"千分之([0-9零〇一二两三四五六七八九十百点.]+)")
_MONEY = re.compile(r"([0-9]+|[一二两三四五六七八九十百千]+)块([0-9一二三四五六七八九])(?![0-9零一二三四五六七八九十百千号个张片米公厘])")
""" "三块五", "5块5": the second number is tenths."""
_PER_CENT = re.compile(r"百分之(?:(\d+(?:\.\d+)?)|([零〇一二两三四五六七八九十百点]+))")
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百千万]+(?:点[零〇一二三四五六七八九]+)?")
_ABOUT = re.compile("一两|两三|三四|三五|四五|五六|六七|七八|八九")
"""Two or three: not a number that a device could be told."""
_LONGEST = 24
_COUNTED = frozenset("号档级层次个台名排架区倍楼米秒分格遍粒颗瓶箱杯袋只")
"""What follows a single numeral that is a number; else it is part of a word (一下, 一直, 统一)."""
_TIMES = frozenset("点张下趟件圈包条块步组批支根片回垛棵盒")
"""The same from two on (两张, but 一张)."""
_THOUSANDS = frozenset("瓦克米帕赫伏牛")
"""A unit's own thousand before these (四十千瓦)."""
_PER_TIME = re.compile("(?:每|一)(?:(秒)钟?|(分)钟?|(小时))(?=[0-9零一二两三四五六七八九十百千半])")
_number: Callable[[str, str], float] = cast("Any", cn2an).cn2an


def idiom(text: str, start: int) -> Idiom | None:
    """What begins at the character `start`."""
    if found := _PER_CENT.match(text, start):
        value = float(found[1]) if found[1] else _read(found[2])
        return None if value is None else Idiom(found.end(), value, "percent")
    if (found := _PER_MILLE.match(text, start)) and (value := _read(found[1])) is not None:
        return Idiom(found.end(), value / 10.0, "percent")
    if (found := _MONEY.match(text, start)) and (whole := _read(found[1])) is not None:
        return Idiom(found.end(), whole + (_read(found[2]) or 0.0) / 10.0)
    if found := _TENTHS.match(text, start):
        rest = 5.0 if found[2] == "半" else _read(found[2] or "零") or 0.0
        return Idiom(found.end(), 10.0 * (_read(found[1]) or 0.0) + rest, "percent")
    found = _PHRASE.match(text, start)
    if found is None or not found.lastindex:
        return None
    value, unit = tuple(_PHRASES.values())[found.lastindex - 1]
    return Idiom(found.end(), value, None, True) if unit == _SHARE else Idiom(found.end(), value, unit)


def chinese(text: str, start: int) -> Numeral | None:
    """ "三十", "两个半" (小时), "一半"."""
    found = _NUMERAL.match(text, start)
    if found is None:
        return None
    end, rest = found.end(), text[found.end() :]
    if len(found[0]) > 1 and found[0].endswith("千") and rest[:1] in _THOUSANDS:
        fewer = _read(found[0][:-1])
        return None if fewer is None else Numeral(end - 1, fewer)
    value = _read(found[0])
    if value is None:
        return None
    if found[0] == "一" and rest.startswith("半"):
        return Numeral(end + 1, 0.5, "part")
    if half := re.match("个?半", rest):
        return Numeral(end + half.end(), value + 0.5)
    if rest.startswith("分") and found[0] == "十" and re.match("分[^钟之后内贝，。,.]", rest):
        return None  # "very"
    if text[:start].endswith(("周", "星期", "礼拜")):
        return None  # a day of the week
    if rest.startswith("打") and not re.match("打[开印完算电]", rest):
        return Numeral(end + 1, 12.0 * value)
    counted = rest[:1] in _COUNTED or (rest[:1] in _TIMES and value > 1) or text[:start].endswith("第")
    return Numeral(end, value, "single" if len(found[0]) == 1 and found[0] != "十" and not counted else "words")


def per_time(text: str, start: int) -> tuple[str, int] | None:
    """ "每分钟" and "一分钟" before a number: the unit of time, and the character after it."""
    found = _PER_TIME.match(text, start)
    return None if found is None else (("second", "minute", "hour")[(found.lastindex or 1) - 1], found.end())


def _read(text: str) -> float | None:
    if len(text) > _LONGEST or _ABOUT.fullmatch(text):
        return None
    try:
        return float(_number(text, "smart"))
    except ValueError:
        return None
