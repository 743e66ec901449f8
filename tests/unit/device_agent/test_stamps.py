"""Times of day and dates, from what people say to the spelling that a maker's string wants."""

from __future__ import annotations

from datetime import date

import pytest

from device_agent.stamps import wanted, written

TODAY = date(2026, 6, 3)
"""A Wednesday."""


def read(marked: str, template: str, today: date | None = TODAY) -> str | None:
    """`marked`: a sentence with the span in brackets; without brackets all of it."""
    start, end = (marked.index("["), marked.index("]") - 1) if "[" in marked else (0, len(marked))
    return written(marked.replace("[", "").replace("]", ""), start, end, template, today)


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("07:15", "07:15"),
        ("7:15", "07:15"),
        ("18.30", "18:30"),
        ("half past six", "06:30"),
        ("half six", "06:30"),
        ("half past six in the evening", "18:30"),
        ("quarter past eight in the morning", "08:15"),
        ("a quarter to nine", "08:45"),
        ("ten to nine pm", "20:50"),
        ("twenty-five past four", "04:25"),
        ("five minutes before noon", "11:55"),
        ("ten to one", "12:50"),
        ("six thirty", "06:30"),
        ("six oh five", "06:05"),
        ("6:05 a.m.", "06:05"),
        ("12 am", "00:00"),
        ("12:30 pm", "12:30"),
        ("6.30pm", "18:30"),
        ("0730 hours", "07:30"),
        ("at 1830", "18:30"),
        ("seven-thirty", "07:30"),
        ("noon", "12:00"),
        ("twelve noon", "12:00"),
        ("at midnight", "00:00"),
        ("six o’clock", "06:00"),
        ("ten at night", "22:00"),
        ("two at night", "02:00"),
        ("tonight at eight", "20:00"),
        ("six tomorrow morning", "06:00"),
        ("eight this evening", "20:00"),
        ("in the afternoon at four", "16:00"),
        ("9 sharp", "09:00"),
        ("24:00", "00:00"),
    ],
)
def test_english_times_of_day_are_read(said: str, clock: str) -> None:
    assert read(said, "HH:MM") == clock


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("halb drei", "02:30"),
        ("halb drei nachts", "02:30"),
        ("halb sechs am Abend", "17:30"),
        ("Viertel nach zwölf", "12:15"),
        ("viertel vor drei", "02:45"),
        ("viertel drei", "02:15"),
        ("dreiviertel drei", "02:45"),
        ("drei viertel sechs", "05:45"),
        ("fünf vor halb drei", "02:25"),
        ("fünf nach halb drei", "02:35"),
        ("zwanzig vor sieben", "06:40"),
        ("halb eins", "12:30"),
        ("15 Uhr 30", "15:30"),
        ("8.30 Uhr", "08:30"),
        ("drei Uhr früh", "03:00"),
        ("elf Uhr abends", "23:00"),
        ("um acht", "08:00"),
        ("nachmittags um drei", "15:00"),
        ("ein Uhr mittags", "13:00"),
        ("um sechs am Montagabend", "18:00"),
        ("gegen Mittag", "12:00"),
        ("Mitternacht", "00:00"),
        ("einundzwanzig Uhr zehn", "21:10"),
    ],
)
def test_german_times_of_day_are_read(said: str, clock: str) -> None:
    assert read(said, "HH:MM") == clock


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("midi", "12:00"),
        ("minuit cinq", "00:05"),
        ("midi et demi", "12:30"),
        ("six heures", "06:00"),
        ("onze heures et quart", "11:15"),
        ("cinq heures et demie", "05:30"),
        ("cinq heures moins le quart", "04:45"),
        ("dix-sept heures trente", "17:30"),
        ("vingt et une heures", "21:00"),
        ("22 h 15", "22:15"),
        ("2h15", "02:15"),
        ("à partir de 9 h", "09:00"),
        ("7\u202fh\u202f45", "07:45"),
        ("huit heures du matin", "08:00"),
        ("sept heures du soir", "19:00"),
        ("trois heures de l’après-midi", "15:00"),
        ("minuit moins le quart", "23:45"),
    ],
)
def test_french_times_of_day_are_read(said: str, clock: str) -> None:
    assert read(said, "HH:MM") == clock


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("las cinco y cuarto", "05:15"),
        ("siete y media de la mañana", "07:30"),
        ("siete y media de la tarde", "19:30"),
        ("siete menos diez de la tarde", "18:50"),
        ("once y diez", "11:10"),
        ("a las once", "11:00"),
        ("las 20 horas", "20:00"),
        ("nueve de la noche", "21:00"),
        ("doce de la noche", "00:00"),
        ("la una de la madrugada", "01:00"),
        ("a la una y media", "01:30"),
        ("mediodía", "12:00"),
        ("medianoche", "00:00"),
        ("5:15", "05:15"),
        ("siete en punto de la mañana", "07:00"),
        ("mañana por la tarde, a las cinco", "17:00"),
    ],
)
def test_spanish_times_of_day_are_read(said: str, clock: str) -> None:
    assert read(said, "HH:MM") == clock


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("十点半", "10:30"),
        ("早上七点", "07:00"),
        ("下午三点一刻", "15:15"),
        ("三点二十分", "03:20"),
        ("八点零五", "08:05"),
        ("晚上十点", "22:00"),
        ("晚上十点半", "22:30"),
        ("凌晨十二点", "00:00"),
        ("夜里两点", "02:00"),
        ("中午一点", "13:00"),
        ("中午", "12:00"),
        ("午夜", "00:00"),
        ("14点05分", "14:05"),
        ("差一刻九点", "08:45"),
        ("在[晚上九点]关灯", "21:00"),
        ("星期天[晚上九点]通风", "21:00"),
    ],
)
def test_chinese_times_of_day_are_read(said: str, clock: str) -> None:
    assert read(said, "HH:MM") == clock


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("Wake me at half past [six] in the evening.", "18:30"),
        ("Wake me [at half past six] in the evening.", "18:30"),
        ("Wake me at half past six in the [evening].", "18:30"),
        ("From [8] to 10:30.", "08:00"),
        ("From 8 to [10:30].", "10:30"),
        ("Quiet from [8] to 10 pm.", "20:00"),
        ("Quiet from [9] to 5 pm.", "09:00"),
        ("Quiet from 8 am to [10 pm].", "22:00"),
        ("下午两点到[四点]", "16:00"),
        ("晚上十点到[六点]", "06:00"),
        ("kurz nach [sieben]", "07:00"),
        ("open [10] to 6", "10:00"),
        ("De [8 h] à 10 h 30, s'il te plaît.", "08:00"),
        ("entre dix heures et [onze heures et quart]", "11:15"),
        ("abre entre [mediodía] y medianoche", "12:00"),
        ("como muy tarde a [las once]", "11:00"),
        ("Um [neun Uhr] zwei Lampen auf 20 Grad.", "09:00"),
        ("Um [9 Uhr] 20 Prozent.", "09:00"),
        ("Level twelve [tonight at nine].", "21:00"),
        ("On 3 June [at 7], please.", "07:00"),
        ("[on 3 June at 7]", "07:00"),
        ("Start the oven at [7].", "07:00"),
        ("Start the oven at [seven].", "07:00"),
    ],
)
def test_the_whole_expression_that_the_span_touches_most_is_read(said: str, clock: str) -> None:
    assert read(said, "HH:MM") == clock


@pytest.mark.parametrize(
    "said",
    [
        "in 20 minutes",
        "for three hours",
        "in half an hour",
        "every 6 hours",
        "zwei Stunden lang",
        "pendant 2 h 15",
        "dans deux heures",
        "durante tres horas",
        "三个小时",
        "25:00",
        "10:75",
        "um 25 Uhr",
        "二十五点",
        "20 percent",
        "2026-06-03",
        "3 June",
        "shelf B-09",
        "the 13th",
        "dusk",
        "",
        "[Start] it at 7",
        "[tomorrow] at half past nine and no earlier",
    ],
)
def test_durations_dates_and_impossible_times_are_no_times_of_day(said: str) -> None:
    assert read(said, "HH:MM") is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-06-13", "2026-06-13"),
        ("20260613", "2026-06-13"),
        ("3.6.2026", "2026-06-03"),
        ("03/06/2026", "2026-06-03"),
        ("06/13/2026", "2026-06-13"),
        ("3.6.68", "2068-06-03"),
        ("3.6.69", "1969-06-03"),
        ("3 June 2027", "2027-06-03"),
        ("June 3rd, 2027", "2027-06-03"),
        ("June 3rd", "2026-06-03"),
        ("June 2nd", "2027-06-02"),
        ("the third of July", "2026-07-03"),
        ("July the fourth", "2026-07-04"),
        ("3 sept", "2026-09-03"),
        ("29 February", "2028-02-29"),
        ("the 13th", "2026-06-13"),
        ("Monday 27 July", "2026-07-27"),
        ("today", "2026-06-03"),
        ("tomorrow morning", "2026-06-04"),
        ("the day after tomorrow", "2026-06-05"),
        ("in three days", "2026-06-06"),
        ("in a week", "2026-06-10"),
        ("Friday", "2026-06-05"),
        ("this Friday", "2026-06-05"),
        ("next Tuesday", "2026-06-09"),
        ("next Wednesday", "2026-06-10"),
        ("Friday next week", "2026-06-12"),
        ("den 3. Juni 2027", "2027-06-03"),
        ("am dritten Juli", "2026-07-03"),
        ("am 5.7.", "2026-07-05"),
        ("heute Morgen", "2026-06-03"),
        ("morgen früh", "2026-06-04"),
        ("übermorgen", "2026-06-05"),
        ("nächsten Dienstag", "2026-06-09"),
        ("Donnerstagabend", "2026-06-04"),
        ("in zwei Wochen", "2026-06-17"),
        ("bis zum 15.", "2026-06-15"),
        ("le 1er août", "2026-08-01"),
        ("quinze août", "2026-08-15"),
        ("lundi 27", "2026-07-27"),
        ("après-demain", "2026-06-05"),
        ("mardi prochain", "2026-06-09"),
        ("dans trois jours", "2026-06-06"),
        ("3 de junio de 2027", "2027-06-03"),
        ("pasado mañana", "2026-06-05"),
        ("el próximo lunes", "2026-06-08"),
        ("dentro de una semana", "2026-06-10"),
        ("2027年6月3日", "2027-06-03"),
        ("七月一号", "2026-07-01"),
        ("十二号", "2026-06-12"),
        ("明天", "2026-06-04"),
        ("大后天", "2026-06-06"),
        ("三天后", "2026-06-06"),
        ("下周三", "2026-06-10"),
        ("这周五", "2026-06-05"),
    ],
)
def test_dates_are_read(said: str, day: str) -> None:
    assert read(said, "YYYY-MM-DD") == day


@pytest.mark.parametrize(
    "said",
    [
        "31 February",
        "31.02.2026",
        "2026-13-01",
        "Friday 3 July 2027",
        "last Friday",
        "every Tuesday",
        "Easter Monday",
        "the first Wednesday in May",
        "Friday week",
        "the end of March",
        "上周三",
        "下个月3号",
        "at half past six",
        "for three days",
        "am Morgen",
        "por la mañana",
        "half past nine [and then] tomorrow",
    ],
)
def test_what_no_single_day_is_meant_by_is_no_date(said: str) -> None:
    assert read(said, "YYYY-MM-DD") is None


@pytest.mark.parametrize("said", ["tomorrow", "3 June", "next Tuesday", "in three days", "the 13th", "三天后"])
def test_without_today_only_a_whole_date_is_one(said: str) -> None:
    assert read(said, "YYYY-MM-DD", None) is None
    assert read("3 June 2026", "YYYY-MM-DD", None) == "2026-06-03"


@pytest.mark.parametrize(
    ("said", "template", "value"),
    [
        ("half past six in the evening", "HH:MM:SS", "18:30:00"),
        ("07:15:30", "HH:MM:SS", "07:15:30"),
        ("half past six in the evening", "hh:mm a", "06:30 PM"),
        ("midnight", "hh:mm a", "12:00 AM"),
        ("3 June 2026", "DD.MM.YYYY", "03.06.2026"),
        ("3 June 2026", "YYYYMMDD", "20260603"),
        ("03/06/2026", "MM/DD/YYYY", "03/06/2026"),
        ("03/06/2026", "DD/MM/YYYY", "03/06/2026"),
        ("13/06/2026", "MM/DD/YYYY", "06/13/2026"),
        ("3.6.2026", "MM/DD/YYYY", "06/03/2026"),
        ("tomorrow at 7:30 pm", "YYYY-MM-DD HH:MM", "2026-06-04 19:30"),
        ("am 3. Juni 2027 um halb neun", "YYYY-MM-DDTHH:MM:SS", "2027-06-03T08:30:00"),
        ("half past six tomorrow", "YYYY-MM-DD HH:MM", "2026-06-04 06:30"),
        ("six tomorrow morning", "YYYY-MM-DD HH:MM", "2026-06-04 06:00"),
        ("tonight at eight", "YYYY-MM-DD HH:MM", "2026-06-03 20:00"),
        ("le 24 juin à minuit cinq", "YYYY-MM-DD HH:MM", "2026-06-24 00:05"),
        ("el jueves a las siete y media de la tarde", "YYYY-MM-DD HH:MM", "2026-06-04 19:30"),
        ("下周三上午十点", "YYYY-MM-DD HH:MM", "2026-06-10 10:00"),
        ("2026-06-03T18:30", "YYYY-MM-DD HH:MM", "2026-06-03 18:30"),
        ("[Dienstag halb zehn] oder Freitag um elf", "YYYY-MM-DD HH:MM", "2026-06-09 09:30"),
        ("tomorrow", "YYYY-MM-DD HH:MM", None),
        ("half past six", "YYYY-MM-DD HH:MM", None),
        ("Add up outlet 4, first day [2023-12-24].", "YYYY-MM-DD HH:MM", None),
        ("31 February at noon", "YYYY-MM-DD HH:MM", None),
    ],
)
def test_the_template_is_filled(said: str, template: str, value: str | None) -> None:
    assert read(said, template) == value


@pytest.mark.parametrize(
    ("description", "format", "template"),
    [
        ("", "date", "YYYY-MM-DD"),
        ("", "time", "HH:MM:SS"),
        ("When it begins", "date-time", "YYYY-MM-DDTHH:MM:SS"),
        ("Start, HH:MM.", None, "HH:MM"),
        ("hh:mm", None, "HH:MM"),
        ("Heure de reprise, HH:MM:SS", None, "HH:MM:SS"),
        ("24-hour HH:MM", None, "HH:MM"),
        ("时刻HH:MM", None, "HH:MM"),
        ("yyyy-mm-dd", None, "YYYY-MM-DD"),
        ("Datum JJJJ-MM-TT", None, "YYYY-MM-DD"),
        ("AAAA-MM-JJ", None, "YYYY-MM-DD"),
        ("fecha AAAA-MM-DD", None, "YYYY-MM-DD"),
        ("TT.MM.JJJJ", None, "DD.MM.YYYY"),
        ("DD.MM.YYYY", None, "DD.MM.YYYY"),
        ("MM/DD/YYYY", None, "MM/DD/YYYY"),
        ("DD/MM/YYYY", None, "DD/MM/YYYY"),
        ("JJ/MM/AAAA", None, "DD/MM/YYYY"),
        ("YYYYMMDD", None, "YYYYMMDD"),
        ("YYYY-MM-DD HH:MM", None, "YYYY-MM-DD HH:MM"),
        ("YYYY-MM-DDTHH:MM:SS", None, "YYYY-MM-DDTHH:MM:SS"),
        ("ISO 8601 date", None, "YYYY-MM-DD"),
        ("ISO date", None, "YYYY-MM-DD"),
        ("ISO 8601 date-time", None, "YYYY-MM-DDTHH:MM:SS"),
        ("Datum (ISO 8601)", None, "YYYY-MM-DD"),
        ("%Y-%m-%d", None, "YYYY-MM-DD"),
        ("%H:%M", None, "HH:MM"),
        ("%I:%M %p", None, "hh:mm a"),
        ("12-hour HH:MM AM/PM", None, "hh:mm a"),
        ("hh:mm a", None, "hh:mm a"),
        ("clock time, e.g. 07:00", None, "HH:MM"),
        ("such as 2:30 PM", None, "hh:mm a"),
        ("Check-in date, e.g. '2024-05-31'.", None, "YYYY-MM-DD"),
        ("e.g. 31/05/2024", None, "DD/MM/YYYY"),
        ("e.g. 05/31/2024", None, "MM/DD/YYYY"),
        ("e.g. 05/06/2024", None, None),
        ("verse, e.g. John 3:16", None, None),
        ("MAC such as 00:1A:2B:3C:4D:5E", None, None),
        ("start time", None, None),
        ("the date as said", None, None),
        ("Dateiformat", None, None),
        ("starting hour, 24-hour clock", None, None),
        ("ISO 8601 duration", None, None),
        ("duration, HH:MM", None, None),
        ("YYYY-MM-DDTHH:MM:SSZ", None, None),
        ("HH:MM:SS:FF", None, None),
        ("", "uri", None),
        ("day", "YYYY-MM-DD", "YYYY-MM-DD"),
        ("start", "%H:%M", "HH:MM"),
    ],
)
def test_the_spelling_that_a_parameter_asks_for(description: str, format: str | None, template: str | None) -> None:
    assert wanted(description, format) == template
