"""The words of times of day and dates in five languages, and the expressions made of them, over the plain sentence of `device_agent.stamps`. Pure."""

from __future__ import annotations

import re

from device_agent.scripts import CJK

_MONTHS = (
    "january jan januar jänner janvier janv enero ene",
    "february feb februar feber février févr febrero",
    "march mar märz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août agosto",
    "september sep septembre septiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre déc diciembre dic",
)
MONTH = {name: f"M{month:02}" for month, names in enumerate(_MONTHS, 1) for name in names.split()}
HAN_DAY, HAN = re.compile("(?:周|星期|礼拜)[一二三四五六日天]"), re.compile("[零〇一二两三四五六七八九十]+")
DAY_PART = re.compile(r"(.+(?:tag|woch))(früh|morgen|vormittag|mittag|nachmittag|abend|nacht)")
CLEARER = {
    r"(?:(?<=\d[ .])|(?<=\d\. )|(?<=\d[snrt][tdh] ))sept\b|\bsept(?=\.? \d)": "sep ",  # else the French seven
    r"(?:(?<=\blas )|(?<=\b[aey] )|(?<=\bde ))once\b|\bonce(?= (?:y|menos|de|en punto)\b)": "elf ",
    r"\buno(?= de )": "one",
    r"(?<=\d)T(?=\d)|(?<=[a-z])-(?=(?:ten|fifteen|twenty|thirty|forty|fifty)\b)": " ",
}
"""Words that mean something else in another language, by as many characters."""
UNITS = ("second", "minute", "hour", "day", "week", "micrometer")
"""What an expression may have numbers of; the last is the German "um" after one."""
SHORTEST_DAY = 5
"""Letters of a weekday's name: shorter ones are other words, too ("sun", "mer", "dim")."""

PARTS = {
    0: r"a\.?m\.?(?! ?D?\d)|madrugada|凌晨",
    1: r"mornings?|morgens?|vormittags?|früh|matin|mañana|早上|早晨|上午|清晨|清早|早",
    11: r"noon|midday|mittags?|mediod[ií]a|中午",
    12: r"p\.?m\.?|afternoons?|nachmittags?|après-midi|(?<!muy )(?<!más )tarde|下午|午后",
    16: r"evenings?|tonight|abends?|soir|noche|晚上|傍晚|晚",
    18: r"night|nachts?|nuit|夜里|半夜|深夜",
}
"""By the hour where each begins: a time of twelve hours lies in the twelve from there on ("two at night" is 2, "eleven at night" 23)."""
_PART = "|".join(PARTS.values())
_NOON, _MIDNIGHT = "noon midday mittag midi mediodía mediodia 正午 中午", "midnight mitternacht minuit medianoche 午夜"
_MINUTES = {30: "half halb demi demie media 半", 15: "quarter viertel quart cuarto 1刻", 45: "dreiviertel 3viertel 3刻"}
WORTH = {word: worth for worth, words in ({12: _NOON, 0: _MIDNIGHT, 1: "ein une una"} | _MINUTES).items() for word in words.split()}
"""In hours, or in minutes."""
_NAMED = "|".join(f"{_NOON} {_MIDNIGHT}".split())
_HOUR = rf"(?P<h>\d\d?|ein|une|una|{_NAMED})"
_LEAD = r",? ?(?:(?:at|by|from|um|gegen|ab|à|vers|(?:a|desde|sobre) las?) )?"
_FILL = r" ?(?:(?:on|in|at|the|this|today|tomorrow|am|der|heute|morgen|du|de|la|del|por|ce|cet|demain|esta|hoy|mañana|D\d) |l')*"
_FIVES = r"(?:[0-5]\d|5)"
_NO_SPAN = "".join(rf"(?<!\b{word} )" for word in ("for", "in", "during", "für", "dans", "pendant", "durant", "en", "ici", "y a", "toutes les"))
"""Before the hours of a duration."""
_TIMES = (
    r"(?P<h>\d\d?)[:：.](?P<plus>\d\d)(?:[:：](?P<s>\d\d))?(?: ?(?:uhr|h|hours|heures|horas))?",
    rf"{_NO_SPAN}{_HOUR} ?(?:uhr|h|heures?)(?: ?(?:et )?(?P<plus>(?<!et ){_FIVES}|demie?|quart)| moins (?:le |un )?(?P<minus>{_FIVES}|quart)| pile)?",
    rf"{_NO_SPAN}(?P<h>\d\d)(?P<plus>[0-5]\d)(?:(?<=at \d{{4}})| ?(?:h|hours|hrs|uhr))",
    rf"{_HOUR} (?:moins|menos) (?:le |un )?(?P<minus>quart|cuarto|{_FIVES})",
    rf"(?<!entre )(?<!entre las ){_HOUR} (?:et|y) (?P<plus>demie?|quart|media|cuarto|(?<=y )(?:5|[1-5][05]))",
    rf"(?:差(?P<minus>\d\d?|[13]刻)分?)?{_HOUR}[点时](?:钟|整|过?(?P<plus>半|[13]刻|\d\d|\d(?=分))分?)?",
    rf"(?P<plus>\d\d?|half|quarter|viertel)(?: min\w+)?[ -](?:past|after|nach) {_HOUR}(?: o'clock| uhr)?",
    rf"(?P<minus>\d\d?|viertel)(?: min\w+)? vor {_HOUR}(?: uhr)?",
    rf"(?P<minus>quarter|\d\d?(?= min))(?: minutes)? (?:to|before|till) {_HOUR}(?: o'clock)?",
    rf"(?<!from )(?<!between )(?P<minus>(?P<spelled>5|[12]0|25)) (?:to|before) {_HOUR}(?: o'clock)?",
    rf"(?:(?P<minus>\d\d?) vor |(?P<plus>\d\d?) nach )?(?P<toward>halb|viertel|dreiviertel|3 ?viertel) {_HOUR}(?: uhr)?",
    r"(?P<plus>half)[ -](?P<h>\d\d?)",
    rf"{_HOUR}(?: ?(?:o'clock|en punto|sharp)|(?:(?<=las \d)|(?<=las \d\d)) horas)",
    rf"(?P<h>{_NAMED})(?: (?P<plus>{_FIVES}))?",
    r"(?P<bare>)(?(early)(?<!, ))(?<!M\d\d )(?<!\dh )(?<!\d h )(?<!uhr )(?<!heures )(?<!\d/)(?<!\d{4}-)(?<!\d{4}-\d\d-)(?:(?<=[ap]m-)|(?<![^\W\d]-))"
    r"(?P<h>\d\d?|(?<=\bla )una)(?: (?:oh )?(?P<plus>[0-5]\d|(?<=oh )\d))?(?!/\d|-[^\W\d]|-\d\d-|\.? ?(?:of |de )?M\d|[月日号年])",
)
"""The last one, a number alone (of no date, and no part of a code), is a time only where somebody points at it."""
_SOON = (
    "today|tonight|this (?:morning|afternoon|evening)|heute|aujourd'hui|ce (?:matin|soir)|cet après-midi"
    "|hoy|esta (?:mañana|tarde|noche)|今[天日早晚]",
    "tomorrow|(?<!am )(?<!jeden )(?<!guten )morgen|demain|(?<!la )mañana|明[天日早晚]",
    "(?:the )?day after tomorrow|übermorgen|après-demain|pasado mañana|后[天日]",
    "大后天",
)
_WEEKS = "(?P<weeks>weeks?|wochen?|semaines?|semanas?|周|星期|礼拜)"
OTHER = (
    r"last|übernächste[nrs]?|easter|good|ash|\d+th|\d+\.|every|each|week|letzte[mnrs]?|jede[nrs]?|chaque|dernier|en 8|cada|pasado|上个?|每个?|下下个?"
)
NEXT_WEEK = "next week|nächste[rn]? woche|(?:de )?la semaine prochaine|(?:de )?la (?:próxima semana|semana (?:que viene|próxima))|下个?"
_COMING = "next|nächste[nrs]?|kommende[nrs]?|prochain|próximo|que viene"
_TURN = f"{OTHER}|{NEXT_WEEK}|{_COMING}"
_ON = r"(?:D(?P<w>\d),? )?(?:(?:the|den|dem|le|el) )?"
_TH = r"(?:st|nd|rd|th|er|\.|º)"
_DATES = (
    r"(?P<y>\d{4})(?:[-/.]|年 ?)(?P<m>\d\d?)(?:[-/.]|月 ?)(?P<d>\d\d?)[日号]?",
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
    rf"{_ON}(?P<a>\d\d?)(?P<sep>[-/.]) ?(?P<b>\d\d?)(?P=sep) ?(?P<y>\d{{4}}|\d\d)",
    rf"{_ON}(?P<a>\d\d?)(?P<sep>/)(?P<b>\d\d?)",
    r"(?:D(?P<w>\d),? |(?:am|den|dem|vom|zum|bis) )+(?P<d>\d\d?)\.(?P<m>\d\d?)\.?",
    rf"{_ON}(?P<d>\d\d?){_TH}?[ -]?(?:of |de )?M(?P<m>\d\d)\.?(?:,?[ -](?:del? )?(?P<y>\d{{4}}))?",
    rf"{_ON}M(?P<m>\d\d)\.? (?:the )?(?P<d>\d\d?){_TH}?(?!:)(?:,? (?P<y>\d{{4}}))?",
    r"(?P<m>\d\d?)月(?P<d>\d\d?)[日号]?",
    rf"{_ON}(?:(?<=D\d )|(?<=\bden )|(?:(?<=\bam )|(?<=\b[vz][ou]m ))(?=\d+\.)|(?<=\bdía )|(?<=\b[le][el] )|(?=\d+(?:st|nd|rd|th|er|[日号])))"
    rf"(?<!下月)(?<!下个月)(?P<d>\d\d?)(?:{_TH}|[日号])?(?! ?(?:uhr|h\b|heures|horas|o'clock|[ap]\.?m\b|点|时|:)|\.? ?(?:of |de )?M\d)",
    rf"(?:(?P<before>{_TURN}),? ?(?:on |am |le |el )?)?D(?P<w>\d)(?: (?:{_PART}))?(?:,? (?P<after>{_TURN}))?",
    rf"(?:in|dans|en|dentro de) (?P<n>\d+|an?|eine[rmn]?|une?|una?) (?:days?|tag(?:en?)?|jours?|d[ií]as?|{_WEEKS})",
    rf"(?P<n>\d+|an?) ?个?(?:天|日|days?|{_WEEKS})(?:[之以]?后| from (?:now|today))",
    rf"(?:{'|'.join(f'(?P<in{days}>{words})' for days, words in enumerate(_SOON))})(?: (?:{_PART}))?",
)
_LETTER = rf"[^\W{CJK}]"
_EDGES = rf"(?:(?<!{_LETTER})|(?=[{CJK}]))(?<!\d[.,:])(?:%s)(?:(?!{_LETTER})|(?<=[{CJK}]))(?![.,:]\d)"
_IN_THE_DAY = rf"(?:(?P<early>{_PART}){_LEAD})?(?:%s)(?:(?<=\d)|(?!{_LETTER}))(?:{_FILL}(?P<late>{_PART}))?"
TIMES = [_EDGES % (_IN_THE_DAY % said) for said in _TIMES]
DATES = [_EDGES % said for said in _DATES]
