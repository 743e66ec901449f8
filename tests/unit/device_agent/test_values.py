"""Quantities, units and typed values: what people say becomes what the maker's schema wants."""

from __future__ import annotations

import pytest

from device_agent.quantities import find_quantities
from device_agent.units import convert, unit_of
from device_agent.values import in_range, literal, number_for, typed_number, typed_text
from schemas.skills import Parameter


def number(unit: str | None = None, **more: object) -> Parameter:
    return Parameter.model_validate({"path": ("p",), "type": "number", "unit": unit, **more})


@pytest.mark.parametrize(
    ("text", "surface", "value", "unit"),
    [
        ("measure at 300 nm", "300 nm", 300.0, "nanometer"),
        ("to twenty-one thousand eight hundred and seventy-one", "twenty-one thousand eight hundred and seventy-one", 21_871.0, None),
        ("accelerates at 2.5 m/s^2 for a while", "2.5 m/s^2", 2.5, "m/s**2"),
        ("9.8 metres per second squared", "9.8 metres per second squared", 9.8, "m/s**2"),
        ("a room of 20 square metres", "20 square metres", 20.0, "meter**2"),
        ("1e-9 coulombs", "1e-9 coulombs", 1e-9, "coulomb"),
        ("6.02e23 of them", "6.02e23", 6.02e23, None),
        ("3.5 x 10^8 m", "3.5 x 10^8 m", 3.5e8, "meter"),
        ("up to 10**-3", "10**-3", 0.001, None),
        ("worth $1.2M", "1.2M", 1.2e6, None),
        ("about €3bn", "3bn", 3e9, None),
        ("at 22 millimetres of mercury", "22 millimetres of mercury", 22.0, "mmHg"),
        ("rack 18 hectolitres", "18 hectolitres", 18.0, "hectoliter"),
        ("with 3 1/2 cups of it", "3 1/2", 3.5, None),
        ("take 20-KJ7 off", "20", 20.0, None),
        ("再擦一遍", "一", 1.0, None),
        ("吃两片", "两", 2.0, None),
        ("压到二十千牛", "二十千牛", 20.0, "kilonewton"),
        ("调低十分贝", "十分贝", 10.0, "decibel"),
        ("during the past week", "past week", 1.0, "week"),
        ("Spin at 3000 rpm", "3000 rpm", 3000.0, "rpm"),
        ("wait half an hour", "half an hour", 0.5, "hour"),
        ("in a quarter of an hour.", "a quarter of an hour", 0.25, "hour"),
        ("two and a half metres back", "two and a half metres", 2.5, "meter"),
        ("an hour and a half", "an hour and a half", 1.5, "hour"),
        ("two-and-a-half seconds", "two-and-a-half seconds", 2.5, "second"),
        ("the fifth drawer", "fifth", 5.0, None),
        ("the 4th floor", "4th", 4.0, None),
        ("five and a half thousand kelvin", "five and a half thousand kelvin", 5500.0, "kelvin"),
        ("a hundred and eighty percent", "a hundred and eighty percent", 180.0, "percent"),
        ("minus eighty dB", "minus eighty dB", -80.0, "decibel"),
        ("cool to -12.5 °C now", "-12.5 °C", -12.5, "degC"),
        ("half a litre an hour", "half a litre an hour", 0.5, "liter/hour"),
        ("two thirds of an hour", "two thirds of an hour", 2 / 3, "hour"),
        ("two point five ml", "two point five ml", 2.5, "milliliter"),
        ("1,500 ppm", "1,500 ppm", 1500.0, "ppm"),
        ("10 000 lux", "10 000 lux", 10000.0, "lux"),
        ("quiet from 6 pm", "6 pm", 18.0, None),
        ("until seven in the morning", "seven in the morning", 7.0, None),
        ("at noon", "noon", 12.0, None),
        ("rinse it twice", "twice", 2.0, None),
        ("35 cents", "35", 35.0, None),
        ("18 kilowatt hours", "18 kilowatt hours", 18.0, "kilowatt_hour"),
        ("at 3200K", "3200K", 3200.0, "kelvin"),
        ("about 5k", "5k", 5000.0, None),
        ("2,5 bar", "2,5 bar", 2.5, "bar"),
        ("every 90s", "90s", 90.0, "second"),
        ("5½ mm", "5½ mm", 5.5, "millimeter"),
        ("a dozen", "a dozen", 12.0, None),
        ("zwanzig Minuten", "zwanzig Minuten", 20.0, "minute"),
        ("vingt et un minutes", "vingt et un minutes", 21.0, "minute"),
        ("go to shelf-4", "4", 4.0, None),
        ("eine halbe Stunde warten", "eine halbe Stunde", 0.5, "hour"),
        ("zweieinhalb Stunden", "zweieinhalb Stunden", 2.5, "hour"),
        ("pendant une heure et demie", "une heure et demie", 1.5, "hour"),
        ("media hora", "media hora", 0.5, "hour"),
        ("una hora y media", "una hora y media", 1.5, "hour"),
        ("trois litres par minute", "trois litres par minute", 3.0, "liter/minute"),
        ("45 tr/min", "45 tr/min", 45.0, "rpm"),
        ("调到26度的", "26度", 26.0, "degree"),
        ("亮度调到百分之五十", "百分之五十", 50.0, "percent"),
        ("音量百分之35", "百分之35", 35.0, "percent"),
        ("等三十秒再关", "三十秒", 30.0, "second"),
        ("两个半小时后", "两个半小时", 2.5, "hour"),
        ("一分半", "一分半", 1.5, "minute"),
        ("开到第三档", "三", 3.0, None),
        ("转速每分钟三千转", "三千转", 3000.0, "rpm"),
        ("3个小时", "3个小时", 3.0, "hour"),
        ("升高三点五米", "三点五米", 3.5, "meter"),
        ("开到八成五", "八成五", 85.0, "percent"),
        ("等一刻钟", "一刻钟", 15.0, "minute"),
        ("in einer Viertelstunde", "einer Viertelstunde", 15.0, "minute"),
        ("dans trois quarts d'heure", "trois quarts d'heure", 45.0, "minute"),
        ("dentro de un cuarto de hora", "un cuarto de hora", 15.0, "minute"),
        ("espera hora y media", "hora y media", 1.5, "hour"),
        ("sube metro y medio", "metro y medio", 1.5, "meter"),
        ("another hour and a half", "hour and a half", 1.5, "hour"),
        ("une minute et demie", "une minute et demie", 1.5, "minute"),
        ("in den zweiten Herd", "zweiten", 2.0, None),
        ("die einundzwanzigste Etage", "einundzwanzigste", 21.0, None),
        ("au dix-huitième étage", "dix-huitième", 18.0, None),
        ("le 15e casier", "15e", 15.0, None),
        ("la tercera puerta", "tercera", 3.0, None),
        ("the twenty-first slot", "twenty-first", 21.0, None),
        ("a twenty-second beep", "twenty-second", 20.0, "second"),
        ("cada segundo", "cada segundo", 1.0, "second"),
        ("dos y medio", "dos y medio", 2.5, None),
        ("siete bares y medio", "siete bares y medio", 7.5, "bar"),
        ("quatre et demi", "quatre et demi", 4.5, None),
        ("zwölfeinhalb Liter", "zwölfeinhalb Liter", 12.5, "liter"),
        ("zehnmal wiederholen", "zehnmal", 10.0, None),
        ("eins Komma vier bar", "eins Komma vier bar", 1.4, "bar"),
        ("trois virgule vingt-cinq mètres", "trois virgule vingt-cinq mètres", 3.25, "meter"),
        ("une heure vingt", "une heure vingt", 80 / 60, "hour"),
        ("deux mètres cinquante", "deux mètres cinquante", 2.5, "meter"),
        ("one metre twenty", "one metre twenty", 1.2, "meter"),
        ("1 minute 30", "1 minute 30", 1.5, "minute"),
        ("升到一米二", "一米二", 1.2, "meter"),
        ("停三秒五", "三秒五", 3.5, "second"),
        ("等一小时二十分", "一小时二十分", 80 / 60, "hour"),
        ("an hour and ten minutes", "an hour and ten minutes", 70 / 60, "hour"),
        ("2 h 15 min", "2 h 15 min", 2.25, "hour"),
        ("two and three quarters", "two and three quarters", 2.75, None),
        ("an hour and three quarters", "an hour and three quarters", 1.75, "hour"),
        ("three and a third litres", "three and a third litres", 3 + 1 / 3, "liter"),
        ("每分钟80升", "每分钟80升", 80.0, "liter/minute"),
        ("一分钟九十米", "一分钟九十米", 90.0, "meter/minute"),
        ("每秒半米", "每秒半米", 0.5, "meter/second"),
        ("四十千瓦时", "四十千瓦时", 40.0, "kilowatt_hour"),
        ("五十兆帕", "五十兆帕", 50.0, "megapascal"),
        ("打两张", "两", 2.0, None),
        ("零下五度", "零下五度", -5.0, "degree"),
        ("moins dix degrés", "moins dix degrés", -10.0, "degree"),
        ("cuatro y medio bajo cero", "cuatro y medio bajo cero", -4.5, None),
        ("five degrees below zero", "five degrees below zero", -5.0, "degree"),
        ("une vingtaine de secondes", "une vingtaine de secondes", 20.0, "second"),
        ("a couple of minutes", "a couple of minutes", 2.0, "minute"),
        ("a quarter turn", "a quarter turn", 0.25, "turn"),
        ("cent grammes", "cent grammes", 100.0, "gram"),
        ("a once metros", "once metros", 11.0, "meter"),
        ("half a cubic metre", "half a cubic metre", 0.5, "meter**3"),
        ("quince grados por minuto", "quince grados por minuto", 15.0, "degree/minute"),
        ("deux cents millilitres à l'heure", "deux cents millilitres à l'heure", 200.0, "milliliter/hour"),
        ("fünfzehn Liter die Minute", "fünfzehn Liter die Minute", 15.0, "liter/minute"),
        ("33 cl", "33 cl", 33.0, "centiliter"),
        ("pendant deux mois", "deux mois", 2.0, "month"),
        ("两个月", "两个月", 2.0, "month"),
        ("the year 2024", "2024", 2024.0, None),
        ("zwei Dutzend Zettel", "zwei Dutzend", 24.0, None),
        ("deux douzaines d'œufs", "deux douzaines", 24.0, None),
        ("3,5 Millionen", "3,5 Millionen", 3.5e6, None),
        ("20 mil pesos", "20 mil", 20_000.0, None),
        ("eine dreiviertel Stunde", "eine dreiviertel Stunde", 45.0, "minute"),
        ("六打水龙头", "六打", 72.0, None),
        ("没卡的7块5", "7块5", 7.5, None),
        ("三块二", "三块二", 3.2, None),
        ("千分之五", "千分之五", 0.5, "percent"),
    ],
)
def test_a_quantity_is_read_with_its_characters_and_unit(text: str, surface: str, value: float, unit: str | None) -> None:
    (found,) = find_quantities(text)
    assert text[found.start : found.end] == surface
    assert found.value == pytest.approx(value)
    assert found.unit == unit


SEVERAL: list[tuple[str, list[tuple[float, str | None]]]] = [
    ("加五毫升三号管", [(5.0, "milliliter"), (3.0, None)]),
    ("走两米两次", [(2.0, "meter"), (2.0, None)]),
    ("每3天一次", [(3.0, "day"), (1.0, None)]),
    ("向右转360度一整圈", [(360.0, "degree")]),
    ("提升半米", [(0.5, "meter")]),
    ("每天半小时", [(1.0, "day"), (0.5, "hour")]),
    ("再转半小时", [(0.5, "hour")]),
    ("au moins deux minutes", [(2.0, "minute")]),
    ("por lo menos dos litros", [(2.0, "liter")]),
    ("plus ou moins cinq degrés", [(5.0, "degree")]),
    ("正负五度", [(5.0, "degree")]),
    ("huit heures moins dix", [(8.0, "hour"), (10.0, None)]),
    ("descends à moins dix degrés", [(-10.0, "degree")]),
    ("12 mm per turn", [(12.0, "millimeter")]),
    ("7 h 30", [(7.0, "hour"), (30.0, None)]),
    ("à seize heures quarante-cinq", [(16.0, "hour"), (45.0, None)]),
    ("run 5 minutes 20 times", [(5.0, "minute"), (20.0, None)]),
    ("every minute 12 boxes", [(1.0, "minute"), (12.0, None)]),
    ("un minuto diez veces", [(1.0, "minute"), (10.0, None)]),
    ("move one metre twenty times", [(1.0, "meter"), (20.0, None)]),
    ("run for 5 minutes every hour", [(5.0, "minute"), (1.0, "hour")]),
    ("烤一小时五十度", [(1.0, "hour"), (50.0, "degree")]),
    ("2 m and 20 cm left", [(2.0, "meter"), (20.0, "centimeter")]),
    ("on for 1 minute and 30 seconds off", [(1.0, "minute"), (30.0, "second")]),
    ("two hours 15 minutes 30 seconds", [(2 + 15.5 / 60, "hour")]),
    ("moins une dizaine de degrés", [(-10.0, "degree")]),
    ("零下百分之五", [(-5.0, "percent")]),
    ("riega la zona dos y media hora", [(2.0, None), (0.5, "hour")]),
    ("zone deux et demi-tour", [(2.0, None), (0.5, "turn")]),
    ("Pumpe zwei und halbe Leistung", [(2.0, None)]),
    ("zwölfmal am Tag", [(12.0, None)]),
    ("zwölf am Montag", [(12.0, None)]),
    ("dos décimas de grado", [(0.2, "degree")]),
    ("zwei Drittel", [(2 / 3, None)]),
    ("au quatre-vingtième étage", [(80.0, None)]),
    ("le vingt et unième", [(21.0, None)]),
    ("2 Komma 5 bar", [(2.5, "bar")]),
    ("1.000,50", [(1000.5, None)]),
    ("dos o tres", [(2.0, None), (3.0, None)]),
    ("5 T-junctions", [(5.0, None)]),
]


@pytest.mark.parametrize(("text", "expected"), SEVERAL)
def test_what_belongs_to_a_quantity_and_what_is_another(text: str, expected: list[tuple[float, str | None]]) -> None:
    found = find_quantities(text)
    assert [q.unit for q in found] == [unit for _, unit in expected]
    assert [q.value for q in found] == pytest.approx([value for value, _ in expected])


@pytest.mark.parametrize("text", ["一分钟" * 500, "九" * 400, "1" * 400, "1" * 400 + " point five", "1 " * 3000, "十" * 4000, "½½", "-", "一 半"])
def test_odd_input_ends(text: str) -> None:
    assert isinstance(find_quantities(text), list)


def test_turns_are_an_angle_or_a_count() -> None:
    (quarter,) = find_quantities("a quarter turn")
    assert [number_for(quarter, number(unit)) for unit in ("deg", None, "laps", "mm")] == [90.0, 0.25, 0.25, 0.25]


def test_a_number_before_the_size_of_a_battery_is_no_price() -> None:
    assert [q.value for q in find_quantities("两块5号电池")] == [2.0, 5.0]


def test_sizes_written_as_a_product_are_three_quantities() -> None:
    assert [q.value for q in find_quantities("box 600x400x350, please")] == [600.0, 400.0, 350.0]


def test_two_numbers_side_by_side_stay_two() -> None:
    assert [(q.value, q.unit) for q in find_quantities("give zone 4 200 litres")] == [(4.0, None), (200.0, "liter")]


@pytest.mark.parametrize("text", ["auf die Hälfte", "à la moitié", "减一半", "hasta la mitad"])
def test_a_half_of_something_is_a_share_in_every_language(text: str) -> None:
    (found,) = find_quantities(text)
    assert (found.value, found.unit, found.fraction) == (0.5, None, True)


NONE = [
    "tag QX-7f3A",
    "host 10.0.0.1",
    "wait for me",
    "a room in the attic",
    "la media",
    "eine Lampe und ein Lied",
    "",
    "关一下",
    "一直开着",
    "万一停了",
    "一张",
    "noch einmal",
    "el cuarto de baño",
    "moins vite",
    "per cent",
    "espera en segundos",
    "el par de apriete",
    "一打开门就停",
    "六打开",
    "周三下午",
    "十分重要",
    "achte auf die Tür",
    "bay 12e",
    "两三",
]


@pytest.mark.parametrize("text", NONE)
def test_identifiers_and_plain_words_hold_no_quantity(text: str) -> None:
    assert find_quantities(text) == []


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("ten minutes", "s", 600.0),
        ("90 seconds", "min", 1.5),
        ("half an hour", "ms", 1_800_000.0),
        ("two metres", "mm", 2000.0),
        ("half a cubic metre", "litre", 500.0),
        ("6 Kubikmeter in der Stunde", "l/min", 100.0),
        ("200 grados a la hora", "celsius/h", 200.0),
        ("充三十度电", "kWh", 30.0),
        ("ten degrees per minute", "°C/min", 10.0),
        ("18 °F per minute", "celsius/min", 10.0),
        ("three degrees a minute", "K/min", 3.0),
        ("68 °F", "celsius", 20.0),
        ("20 degrees", "celsius", 20.0),
        ("36 km/h", "m/s", 10.0),
        ("half", "percent", 50.0),
        ("half a bar", "kPa", 50.0),
        ("ten megabits", "Mbit/s", 10.0),
        ("7", "kPa", 7.0),
        ("80 percent", None, 80.0),
        ("three months", "months", 3.0),
        ("two years", "month", 24.0),
    ],
)
def test_a_quantity_is_converted_into_the_parameters_unit(text: str, unit: str | None, value: float) -> None:
    assert number_for(find_quantities(text)[0], number(unit)) == pytest.approx(value)


def test_a_quantity_of_another_dimension_is_none_of_the_parameters() -> None:
    assert number_for(find_quantities("five minutes")[0], number("m")) is None


@pytest.mark.parametrize(
    ("description", "value"),
    [
        ("Annual rate as a decimal, e.g. 0.05 for 5%.", 0.05),
        ("A number from 0 to 1.", 0.05),
        ("Annual rate in percent, one decimal.", 5.0),
        ("Annual rate.", 5.0),
    ],
)
@pytest.mark.parametrize("said", ["5%", "5 percent a year"])
def test_percent_of_what_is_described_as_a_share_becomes_a_share(description: str, value: float, said: str) -> None:
    assert number_for(find_quantities(said)[0], number(description=description)) == value


def test_percent_of_a_share_between_zero_and_one_becomes_a_share() -> None:
    assert number_for(find_quantities("80 percent")[0], number(None, minimum=0, maximum=1)) == pytest.approx(0.8)


def test_a_unit_named_only_in_the_description_is_used() -> None:
    assert number_for(find_quantities("two minutes")[0], number(None, description="delay in seconds")) == pytest.approx(120.0)


def test_a_unit_nobody_knows_is_left_alone() -> None:
    assert unit_of("flurbs") is None
    assert convert(3.0, None, "flurbs") == 3.0
    assert convert(3.0, "second", "flurbs") is None


def test_decibels_are_never_converted() -> None:
    assert convert(6.0, "decibel", "dB") == 6.0
    assert convert(6.0, "decibel", "percent") is None
    assert convert(50.0, "percent", "dB") is None


def test_integers_are_rounded_away_from_zero_and_numbers_are_kept() -> None:
    assert typed_number(2.5, number(type="integer")) == 3
    assert typed_number(-2.5, number(type="integer")) == -3
    assert typed_number(0.1 + 0.2, number()) == 0.3


def test_bounds_include_their_ends() -> None:
    bounded = number(minimum=0, maximum=10)
    assert in_range(10.0, bounded) and in_range(0.0, bounded)
    assert not in_range(10.1, bounded)


@pytest.mark.parametrize(
    ("text", "inside", "whole"),
    [
        ("tag QX-7f3A, please", (4, 9), "QX-7f3A"),
        ('join "Cafe Net" now', (6, 14), "Cafe Net"),
        ("scan lab_2.", (5, 8), "lab_2"),
        ("ping 10.0.0.1.", (5, 7), "10.0.0.1"),
        ("record 08:00-18:30 nonstop", (7, 12), "08:00"),
        ("record 08:00-18:30 nonstop", (13, 18), "18:30"),
        ("with Qz77!torre as the password", (5, 9), "Qz77!torre"),
        ("open Gate 7!", (5, 11), "Gate 7"),
        ("integrate x^2*sin(x) please", (10, 19), "x^2*sin(x)"),
        ("the pump (P7) please", (10, 13), "P7"),
        ("把杯盖CUP-88开起来", (1, 5), "杯盖CUP-88"),
        ("改名叫「小白」吧", (3, 7), "小白"),
    ],
)
def test_a_string_is_widened_to_whole_identifiers_and_freed_of_quotes(text: str, inside: tuple[int, int], whole: str) -> None:
    start, end = literal(text, *inside)
    assert text[start:end] == whole


def test_an_untyped_parameter_becomes_a_number_only_when_the_words_are_one() -> None:
    untyped = Parameter(path=("p",), type="any")
    assert typed_text("12", untyped) == 12
    assert typed_text("B12", untyped) == "B12"
