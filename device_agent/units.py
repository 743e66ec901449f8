"""Units as people say them and as makers write them, converted through pint (one registry, built when first needed)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, cast

# Spoken or written form → pint's name. Pint's own parser is not let loose on sentences: it takes "in", "as" and "are" for units.
_NAMES: dict[str, str] = {}
for _pint, _forms in {
    "second": "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos segundito segunditos 秒 秒钟",
    "millisecond": "ms msec millis millisecond milliseconds millisekunde millisekunden milliseconde millisecondes milisegundo milisegundos 毫秒",
    "microsecond": "us µs μs microsecond microseconds",
    "minute": "min mins minute minutes minuten minuto minutos minutito minutitos 分钟 分",
    "hour": "h hr hrs hour hours std stunde stunden heure heures hora horas horita horitas 小时 个小时 个钟头 钟头 个钟",
    "day": "d day days tag tage jour jours día días dia dias 天 日",
    "week": "week weeks woche wochen semaine semaines semana semanas 周 个星期 星期 个礼拜 礼拜",
    "fortnight": "fortnight fortnights",
    "month": "month months monat monate monaten mois meses 个月",
    "year": "year years jahr jahre jahren ans année années año años",
    "meter": "m metre metres meter meters metern mètre mètres metro metros 米",
    "centimeter": "cm centimetre centimetres centimeter centimeters zentimeter zentimetern centimètre centimètres"
    " centímetro centímetros centimetros 厘米 公分",
    "millimeter": "mm millimetre millimetres millimeter millimeters millimetern millimètre"
    " millimètres milímetro milímetros milimetro milimetros 毫米",
    "micrometer": "um µm μm micron microns micrometre micrometres micrometer micrometers 微米",
    "nanometer": "nm nanometre nanometres nanometer nanometers",
    "kilometer": "km kilometre kilometres kilometer kilometers kilometern kilomètre kilomètres kilómetro kilómetros 公里 千米",
    "mile": "mi mile miles meile meilen milla millas 英里",
    "yard": "yd yard yards",
    "inch": "inch inches",
    "foot": "ft foot feet",
    "percent": "% percent percentage pct prozent pourcent",
    "degree": "° deg degs degree degrees grad degré degrés degre grado grados 度",
    "degC": "°c ℃ c celsius degc 摄氏度",
    "degF": "°f ℉ f fahrenheit degf",
    "kelvin": "k kelvin kelvins",
    "radian": "rad radian radians",
    "rpm": "rpm revs 1/min u/min tr/min umdrehungen 转 转每分 转每分钟",
    "hertz": "hz hertz 赫兹 赫",
    "kilohertz": "khz kilohertz 千赫",
    "megahertz": "mhz megahertz 兆赫",
    "gigahertz": "ghz gigahertz",
    "hectoliter": "hl hectolitre hectolitres hectoliter hectoliters hektoliter hectolitro hectolitros",
    "liter": "l litre litres liter liters litern litro litros 升",
    "milliliter": "ml millilitre millilitres milliliter milliliters cc mililitro mililitros 毫升",
    "centiliter": "cl centilitre centilitres centiliter centiliters centilitro centilitros zentiliter",
    "deciliter": "dl decilitre decilitres deciliter deciliters décilitre décilitres decilitro decilitros deziliter",
    "nanoliter": "nl nanolitre nanolitres nanoliter nanoliters",
    "microliter": "ul µl μl microlitre microlitres microliter microliters 微升",
    "gram": "g gram grams gramme grammes gramm gramo gramos 克",
    "milligram": "mg milligram milligrams 毫克",
    "kilogram": "kg kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos 公斤 千克",
    "pascal": "pa pascal pascals 帕",
    "hectopascal": "hpa hectopascal hectopascals",
    "kilopascal": "kpa kilopascal kilopascals 千帕",
    "bar": "bar bars bares 巴",
    "millibar": "mbar millibar millibars 毫巴",
    "psi": "psi",
    "volt": "v volt volts 伏 伏特",
    "millivolt": "mv millivolt millivolts 毫伏",
    "ampere": "a amp amps ampere amperes 安 安培",
    "milliampere": "ma milliamp milliamps 毫安",
    "watt": "w watt watts vatio vatios 瓦",
    "milliwatt": "mw milliwatt milliwatts",
    "kilowatt": "kw kilowatt kilowatts kilovatio kilovatios 千瓦",
    "watt_hour": "wh",
    "kilowatt_hour": "kwh 千瓦时 度电",
    "newton": "n newton newtons 牛",
    "kilonewton": "kn kilonewton kilonewtons 千牛",
    "metric_ton": "t tonne tonnes tonnen tonelada toneladas 吨",
    "hectare": "ha hectare hectares hektar hectárea hectáreas",
    "microgram": "ug µg μg mcg microgram micrograms",
    "megapascal": "mpa megapascal megapascals 兆帕",
    "mmHg": "mmhg",
    "meganewton": "meganewton meganewtons",
    "megawatt": "megawatt megawatts",
    "kiloampere": "ka kiloamp kiloamps",
    "microampere": "µa μa ua microamp microamps",
    "ampere_hour": "ah amp-hour amp-hours",
    "milliampere_hour": "mah",
    "kilolux": "klx kilolux",
    "knot": "knot knots",
    "kilovolt": "kv kilovolt kilovolts 千伏",
    "ohm": "ohm ohms ω",
    "lux": "lux lx 勒克斯",
    "lumen": "lumen lumens lm 流明",
    "decibel": "db decibel decibels 分贝",
    "dBm": "dbm",
    "bit": "bit bits",
    "kilobit": "kbit kilobit kilobits",
    "megabit": "mbit megabit megabits",
    "gigabit": "gbit gigabit gigabits",
    "byte": "byte bytes",
    "kilobyte": "kb kilobyte kilobytes",
    "gigabyte": "gb gigabyte gigabytes",
    "terabyte": "tb terabyte terabytes",
    "megabyte": "mb megabyte megabytes",
    "ppm": "ppm",
    "kilometer/hour": "kph kmh",
    "mile/hour": "mph",
    "megabit/second": "mbps",
    "kilobit/second": "kbps",
    "meter**3": "cubic_meter m3 m³ kubikmeter kubikmetern 立方米 立方",
    "centimeter**3": "cubic_centimeter cm3 cm³ ccm kubikzentimeter 立方厘米",
    "meter**2": "m2 m² sqm quadratmeter quadratmetern 平方米",
    "centimeter**2": "cm2 cm² quadratzentimeter 平方厘米",
    "kilometer**2": "km2 km² quadratkilometer 平方公里",
    "foot**2": "sqft ft2 ft²",
    "acre": "acre acres",
    "ounce": "oz ounce ounces",
    "lb": "lb lbs",
    "gallon": "gal gallon gallons",
    "joule": "joule joules",
    "kilojoule": "kj kilojoule kilojoules",
    "kilocalorie": "kcal",
    "mole": "mol mole moles",
    "coulomb": "coulomb coulombs",
    "tesla": "tesla teslas",
    "farad": "farad farads",
    "atmosphere": "atm atmosphere atmospheres",
    "m/s**2": "m/s² m/s2",
    "degree/second": "dps",
}.items():
    _NAMES.update(dict.fromkeys(_forms.split(), _pint))

_PHRASES = {
    "kilowatt-hour": "kwh",
    "kilowatt hour": "kwh",
    "kwhs": "kwh",
    "parts per million": "ppm",
    "umdrehungen pro minute": "rpm",
    "tours par minute": "rpm",
    "revoluciones por minuto": "rpm",
    "por ciento": "%",
    "pour cent": "%",
    "square metres": "m2",
    "square metre": "m2",
    "square meters": "m2",
    "square meter": "m2",
    "mètres carrés": "m2",
    "mètre carré": "m2",
    "metros cuadrados": "m2",
    "metro cuadrado": "m2",
    "square feet": "ft2",
    "square foot": "ft2",
    "sq ft": "ft2",
    "metres per second squared": "m/s2",
    "meters per second squared": "m/s2",
    "millimetres of mercury": "mmhg",
    "millimeters of mercury": "mmhg",
    "cubic metres": "m3",
    "cubic metre": "m3",
    "cubic meters": "m3",
    "cubic meter": "m3",
    "mètres cubes": "m3",
    "mètre cube": "m3",
    "metros cúbicos": "m3",
    "metro cúbico": "m3",
    "cubic centimetres": "cm3",
    "cubic centimetre": "cm3",
    "cubic centimeters": "cm3",
    "cubic centimeter": "cm3",
}
_AMBIGUOUS = frozenset(["a", "ah", "mi", "c", "d", "f", "g", "h", "k", "l", "m", "n", "s", "t", "v", "w"])
"""Too short to be a unit beside a number word; fine after digits ("5 m")."""

_WARMTH = frozenset(["degC", "degF", "kelvin"])
_TIMES = ("second", "millisecond", "minute", "hour", "day", "week", "month", "year")
_PER = re.compile(r"\s*(?:/|每|\b(?:per|pro|par|por|an|a)\b)\s*")
_EACH = re.compile(r"\s*\b(?:à l['’]|(?:al|a la|à la|die|in der)\b)\s*")
"""So people say "each" of a time: "litros a la hora", "Liter die Minute"."""
_POWER = re.compile(r"(?<=[a-z])\s?(?:\^|\*\*)\s?(?=[23]\b)")
_DEGREES = re.compile(r"^(?:degrees?|deg|°|grad|degrés?|grados?)\s*(celsius|centigrade|cent[ií]grados?|c|fahrenheit|f|kelvin)$")


@lru_cache(maxsize=4096)
def unit_of(text: str, strict: bool = False) -> str | None:
    """Pint's name of a unit as said or written ("minutes", "ml/h", "metres per second"), or None. `strict` refuses one-letter forms."""
    if text.strip() == "MW":
        return "megawatt"  # the one unit that differs by its case from another that devices have
    form = _POWER.sub("", " ".join(text.strip().lower().rstrip(".").split()))
    if strict and form in _AMBIGUOUS:
        return None
    for phrase, short in _PHRASES.items():
        form = form.replace(phrase, short)
    if degrees := _DEGREES.match(form):
        return {"f": "degF", "k": "kelvin"}.get(degrees[1][0], "degC")
    if form in _NAMES:
        return _NAMES[form]
    return _rate(form, _EACH) or _rate(form, _PER)


def _rate(form: str, per: re.Pattern[str]) -> str | None:
    """ "litres per minute": pint's name; a time in a time is none."""
    over, *under = per.split(form)
    top, bottom = (unit_of(over), unit_of(under[0])) if over and len(under) == 1 else (None, None)
    timed = bottom in _TIMES
    if top is None or bottom is None or (timed and top in _TIMES) or (per is _EACH and not timed):
        return None
    return f"{top}/{bottom}"


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint  # slow to import, and most sentences need no conversion

    return cast("Any", pint.UnitRegistry())


@lru_cache(maxsize=4096)
def _line(source: str, target: str) -> tuple[float, float] | None:
    """Conversion as value * factor + offset; None between different dimensions."""
    registry = _registry()
    source, target = (re.sub("deg(?=[CF]/)", "delta_deg", unit) for unit in (source, target))
    try:
        zero = registry.Quantity(0.0, source).to(target).magnitude
        return float(registry.Quantity(1.0, source).to(target).magnitude - zero), float(zero)
    except Exception:  # pint raises many kinds for odd maker units; all mean "not convertible"
        return None


def convert(value: float, source: str | None, target: str | None) -> float | None:
    """`value` in the parameter's unit `target` (as the maker writes it); None when the dimensions differ. An unsaid unit is the parameter's."""
    if source is None or target is None:
        return value
    wanted = unit_of(target) or target
    if source == wanted or (source == "degree" and wanted in _WARMTH):
        return value
    if source == "turn" and wanted not in ("degree", "radian"):
        return value  # so many of whatever turns
    if source.startswith("degree/") and (warmth := re.match("(?:degC|degF|kelvin)/", wanted)):
        source = warmth[0] + source.removeprefix("degree/")
    if "decibel" in (source, wanted) or "dBm" in (source, wanted):
        return None  # logarithmic: no straight line leads there
    if source == "kelvin" and wanted not in ("kelvin", "degC", "degF"):
        return value * 1000.0  # "2K" of anything but temperature
    line = _line(source, wanted) or _line(f"{source}/second", wanted)  # "ten megabits" for a rate in Mbit/s
    return None if line is None else float(f"{value * line[0] + line[1]:.12g}")
