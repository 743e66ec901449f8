"""From one reading to typed arguments. Numbers are quantities of the sentence or the schema's bounds, strings are its words; nothing is invented."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import JsonValue

from device_agent.denominations import Mention, asks_denomination, asks_unit, is_amount_of_money, is_unit, mentions, unit_words
from device_agent.heads import Floats, Reading
from device_agent.lists import items_in
from device_agent.quantities import Quantity, find_quantities
from device_agent.reader import HIGHEST, LITERAL, LOWEST, NEGATIVE, ZERO, FunctionText, Sentence, name_words, options_of
from device_agent.scripts import runs_on
from device_agent.spans import Span, choose_spans, together
from device_agent.stamps import wanted, written
from device_agent.values import in_range, is_share, literal, number_for, suits_prose, typed_number, typed_text
from schemas.skills import Parameter

SAID_REQUIRED, SAID_OPTIONAL = 0.5, 0.7
"""Below these a parameter counts as not said."""
SHARED = 0.6
"""A required number may take a quantity that another one has from this score on ("both to five")."""
DOUBT = 0.02
UNREAD = 0.3
"""Factor on words that are not spelled as the schema's pattern wants them."""
MISFIT = 0.02
"""Factor on words that are no time, date or mail address where one is asked for, while words are shared out among the strings."""
NAMED = 0.98
"""Confidence in a place that was said by its proper name."""
_LITTLE = 0.3
_PRICE = re.compile(
    r"\b(?:prices?|costs?|amounts?|budget|fees?|fare|salary|income|principal|loan|deposit|payments?|investment|money|value|worth|cash|rent|wage|bill|"
    r"tip|balance|capital|savings|revenue|profit|spend(?:ing)?|bid|donation|currency|dollars?|euros?|pounds?|USD|EUR|GBP|preis|kosten|betrag|prix|"
    r"montant|precio|importe|coste)\b|[价钱额费]",
    re.IGNORECASE,
)
_RATE = re.compile(
    r"\b(?:rates?|percent|percentage|yield|interest|discount|growth|inflation|margin|decimal|share|ratio|prozent|zins\w*|rabatt|pourcentage|taux|"
    r"remise|porcentaje|tasa|descuento)\b|率|百分",
    re.IGNORECASE,
)
"""What a name or description says of an amount of money, and of a number that people tell in per cent."""
_MAIL_NAME = re.compile(r"(?:^|_|\.)(?:e_?mail|mail)(?:_?addr(?:ess)?)?$|(?<=[a-z])E?[Mm]ail(?:Addr(?:ess)?)?$")
_MAIL = re.compile(r"\be-?mail[- ]address|adresse (?:e-?mail|électronique)|dirección de correo|邮箱", re.IGNORECASE)


@dataclass(frozen=True)
class Argument:
    """A value as the schema types it; `in_range` False when it breaks the schema's bounds."""

    value: JsonValue
    confidence: float
    in_range: bool = True


@dataclass(frozen=True)
class _Claim:
    """How much one parameter wants one quantity."""

    parameter: int
    quantity: int
    score: float


def extract(sentence: Sentence, text: FunctionText, reading: Reading, facts: Mapping[str, str], today: date | None = None) -> dict[int, Argument]:
    """Arguments that the sentence says, by the parameter's number. `facts` maps names in the sentence to what they stand for; `today` is for dates
    such as "tomorrow"."""
    quantities = find_quantities(sentence.text)
    wanted = [p for p in range(len(reading.said)) if reading.said[p] >= _threshold(text.parameters[p])]
    numeric = [p for p in wanted if text.parameters[p].is_number]
    claims = _claims(numeric, text, reading, sentence, quantities)
    found = named_places(sentence.text, text.parameters)
    taken = [(quantities[c.quantity].start, quantities[c.quantity].end) for c in claims.values()]
    worded = [(p, text.parameters[p], reading.starts[p], reading.ends[p]) for p in wanted if p not in found and _is_worded(text.parameters[p])]
    mails = any(_is_mail(parameter) for _, parameter, _, _ in worded)
    spans = choose_spans(worded, sentence, taken, lambda p, a, b: _suits(p, sentence.text, a, b, mails, today)) if sentence.ids else {}
    for p in wanted:
        argument = found.get(p) or _argument(p, text.parameters[p], reading, sentence, quantities, claims.get(p), spans.get(p), facts, today)
        if argument:
            found[p] = argument
    return found | _units_beside(sentence.text, text.parameters, {p: (quantities[c.quantity], c.score) for p, c in claims.items()}, found)


def _units_beside(
    text: str, parameters: Sequence[Parameter], numbers: Mapping[int, tuple[Quantity, float]], found: Mapping[int, Argument]
) -> dict[int, Argument]:
    """The unit that a number was said in, for a parameter that asks for it alone ("length_unit" beside "length") and was not read."""
    out = dict[int, Argument]()
    for p, parameter in enumerate(parameters):
        if p in found or not asks_unit(parameter):
            continue
        told = {n: (quantity, score) for n, (quantity, score) in numbers.items() if n in found and quantity.unit}
        own = {n: said for n, said in told.items() if parameter.name.startswith(f"{parameters[n].name}_")}
        said = list((own or told).values())
        if len(said) == 1 and (value := _unit_as_said(text, parameter, said[0][0])) is not None:
            out[p] = Argument(value, said[0][1])
    return out


def _unit_as_said(text: str, parameter: Parameter, quantity: Quantity) -> JsonValue | None:
    if parameter.choices:
        return next((member for mention, member in mentions(text, parameter) if mention.start == quantity.start), None)
    start, end = unit_words(text, quantity.start, quantity.end)
    return text[start:end] if start > quantity.start else None


def named_places(text: str, parameters: Sequence[Parameter]) -> dict[int, Argument]:
    """Places by their proper names: where the sentence says "shelf 4" and no other shelf, the one parameter that asks for a shelf is 4."""
    found: dict[int, Argument] = {}
    for p, parameter in enumerate(parameters):
        if parameter.place and [q.place for q in parameters].count(parameter.place) == 1:
            numbers = set(re.findall(rf"\b{re.escape(parameter.place)} (\d{{1,9}})\b", text, re.IGNORECASE))
            if len(numbers) == 1:
                found[p] = _checked(float(numbers.pop()), parameter, NAMED)
    return found


def _is_worded(parameter: Parameter) -> bool:
    """Whether its value is words of the sentence."""
    return not parameter.choices and parameter.type not in ("boolean", "number", "integer", "object")


def _threshold(parameter: Parameter) -> float:
    return SAID_REQUIRED if parameter.required and parameter.default is None else SAID_OPTIONAL


def _claims(numeric: list[int], text: FunctionText, reading: Reading, sentence: Sentence, quantities: list[Quantity]) -> dict[int, _Claim]:
    """Which quantity each number takes: one owner each, chosen together. A required number left without one may share where it is sure."""
    table = {p: _shares(p, text.parameters[p], reading, sentence, quantities) for p in numeric}
    rows = [[c for c in claims if c.score > 0.0] for claims in table.values()]
    owned = {claim.parameter: claim for claim in together(rows, lambda c: c.score, lambda a, b: a.quantity == b.quantity)}
    for p in numeric:
        best = max(table[p], key=lambda c: c.score, default=None)
        if p not in owned and best and best.score >= SHARED and text.parameters[p].required:
            owned[p] = best
    return owned


def _shares(p: int, parameter: Parameter, reading: Reading, sentence: Sentence, quantities: list[Quantity]) -> list[_Claim]:
    """The span head's probability, shared among the quantities alone: only they can be the number. `DOUBT` keeps a mere trace from certainty."""
    money = [is_amount_of_money(sentence.text, q) for q in quantities]
    suited = [affinity(q, parameter, quantities) * (_LITTLE if _in_code(sentence.text, q) else 1.0) for q in quantities]
    suited = [suit * _price_affinity(parameter, paid, any(money)) for suit, paid in zip(suited, money, strict=True)]
    masses = [_mass(reading, p, sentence, q.start, q.end) * suit for q, suit in zip(quantities, suited, strict=True)]
    total = sum(masses) + DOUBT
    return [_Claim(p, q, mass / total) for q, mass in enumerate(masses)]


def _price_affinity(parameter: Parameter, paid: bool, any_paid: bool) -> float:
    """Little for an amount of money where none is asked for, and for another number where one is and the sentence has one."""
    named = f"{name_words(parameter.name)} {parameter.description}"
    if parameter.unit is not None:
        return 1.0
    if _PRICE.search(named):
        return _LITTLE if any_paid and not paid and not _RATE.search(named) else 1.0
    return _LITTLE if paid else 1.0


def _in_code(text: str, quantity: Quantity) -> bool:
    """ "B22": more likely a name than a number."""
    before = text[quantity.start - 1 : quantity.start]
    return before.isalpha() and before not in "xX×" and not runs_on(before)


def affinity(quantity: Quantity, parameter: Parameter, others: Sequence[Quantity]) -> float:
    """How well the quantity suits the parameter, 0 for another dimension; little when another quantity suits it better by unit or by range."""
    value = number_for(quantity, parameter)
    if value is None:
        return 0.0
    fitting = [(o, v) for o in others if (v := number_for(o, parameter)) is not None]
    outside = not _may_be(value, parameter) and any(_may_be(v, parameter) for _, v in fitting)
    return (_LITTLE if outside else 1.0) * _unit_affinity(quantity, parameter, [o for o, _ in fitting])


def _may_be(value: float, parameter: Parameter) -> bool:
    return in_range(value, parameter) and (0.0 <= value <= 1.0 or parameter.minimum is not None or not is_share(parameter))


def _unit_affinity(quantity: Quantity, parameter: Parameter, fitting: Sequence[Quantity]) -> float:
    if parameter.unit is None and any(q.unit == "percent" for q in fitting) and _RATE.search(f"{name_words(parameter.name)} {parameter.description}"):
        return 1.0 if quantity.unit == "percent" else _LITTLE
    if parameter.unit is None:
        loose = (
            quantity.unit is None
            or suits_prose(quantity, parameter)
            or (quantity.unit in ("percent", "degree") and all(o.unit is not None for o in fitting))
        )
        return 1.0 if loose else _LITTLE
    suited = any(o.unit is not None for o in fitting)
    return _LITTLE if quantity.unit is None and not quantity.fraction and suited else 1.0


def _mass(reading: Reading, parameter: int, sentence: Sentence, start: int, end: int) -> float:
    """Geometric mean of the probabilities that the span begins, and that it ends, inside characters [start, end)."""
    pieces = sentence.pieces_in(start, end)
    if not pieces:
        return 0.0
    inside = slice(pieces.start, pieces.stop)
    return math.sqrt(float(reading.starts[parameter, inside].sum()) * float(reading.ends[parameter, inside].sum()))


def _argument(
    p: int,
    parameter: Parameter,
    reading: Reading,
    sentence: Sentence,
    quantities: list[Quantity],
    claim: _Claim | None,
    span: Span | None,
    facts: Mapping[str, str],
    today: date | None,
) -> Argument | None:
    said = float(reading.said[p])
    if parameter.choices and (named := mentions(sentence.text, parameter)):
        return _named_member(named, p, reading, sentence, said)
    if parameter.is_option:
        best = int(reading.options[p].argmax())
        value = parameter.choices[best] if parameter.choices else best == 0
        return Argument(value, said * float(reading.options[p][best]))
    if parameter.type in ("number", "integer"):
        return _number(parameter, said, reading.options[p], quantities[claim.quantity] if claim else None, claim.score if claim else 0.0)
    if span is None:
        return None
    if parameter.type == "array":
        return _items(parameter, sentence.text, span, said * span.score, facts, today)
    if spelling := wanted(parameter.description, parameter.format):
        stamp = written(sentence.text, span.start, span.end, spelling, today)
        if stamp is not None:
            return Argument(stamp, said * span.score)
    first, last = literal(sentence.text, span.start, span.end)
    if asks_denomination(parameter):
        first, last = unit_words(sentence.text, first, last)
        if asks_unit(parameter) and not parameter.required and not is_unit(sentence.text, first, last):
            return None
    return _text(parameter, sentence.text[first:last], said * span.score, facts)


def _named_member(named: Sequence[tuple[Mention, str]], p: int, reading: Reading, sentence: Sentence, said: float) -> Argument:
    """The unit or currency that the sentence names; where it names several, the one that the span head points at."""
    mass = dict[str, float]()
    for mention, member in named:
        mass[member] = mass.get(member, 0.0) + _mass(reading, p, sentence, mention.start, mention.end) + DOUBT
    best = max(mass, key=lambda member: mass[member])
    return Argument(best, said * min(NAMED, mass[best] / sum(mass.values())))


def _number(parameter: Parameter, said: float, meanings: Floats, quantity: Quantity | None, score: float) -> Argument | None:
    """The claimed quantity, or a bound of the schema when the words mean one ("all the way down")."""
    names = options_of(parameter)
    chance = dict(zip(names, (float(m) for m in meanings), strict=False)) or {LITERAL: 1.0}
    literally, negated = chance.get(LITERAL, 0.0), chance.get(NEGATIVE, 0.0)
    value = number_for(quantity, parameter) if quantity else None
    bounds = {LOWEST: parameter.minimum, HIGHEST: parameter.maximum, ZERO: 0.0}
    bound = max((n for n in bounds if n in chance), key=lambda n: chance[n], default=None)
    if bound is not None and chance[bound] > max(literally, negated) * score:
        return _checked(bounds[bound] or 0.0, parameter, said * chance[bound])
    if value is None:
        return None
    return _checked(-abs(value) if negated > literally else value, parameter, said * score * max(literally, negated))


def _checked(value: float, parameter: Parameter, confidence: float) -> Argument:
    return Argument(typed_number(value, parameter), confidence, in_range(value, parameter))


def _items(parameter: Parameter, text: str, span: Span, confidence: float, facts: Mapping[str, str], today: date | None) -> Argument | None:
    first, last = literal(text, span.start, span.end)
    item = parameter.item or parameter
    spelling = wanted(f"{parameter.description} {item.description}", item.format) if item.type == "string" and not item.choices else None

    def named(name: str) -> str:
        stamp = written(name, 0, len(name), spelling, today) if spelling else None
        return stamp or facts.get(_plain(name), name)

    read = items_in(text, first, last, parameter, named)
    return Argument(list[JsonValue](read[0]), confidence, read[1]) if read else None


def _text(parameter: Parameter, surface: str, confidence: float, facts: Mapping[str, str]) -> Argument | None:
    if not surface:
        return None
    meant = facts.get(_plain(surface), surface)
    fits = parameter.pattern is None or _matches(parameter.pattern, meant)
    return Argument(typed_text(meant, parameter), confidence if fits else confidence * UNREAD)


def _suits(parameter: Parameter, text: str, start: int, end: int, mails: bool, today: date | None) -> float:
    """`MISFIT` where a time, a date or a mail address is asked for and these words are none; and where they are an address that is not asked for here
    but for another parameter (`mails`)."""
    if parameter.type == "array":
        return 1.0
    if spelling := wanted(parameter.description, parameter.format):
        return 1.0 if written(text, start, end, spelling, today) is not None else MISFIT
    return MISFIT if mails and _is_mail(parameter) != (re.fullmatch(r"\S+@\S+", text[start:end]) is not None) else 1.0


def _is_mail(parameter: Parameter) -> bool:
    """Whether it asks for a mail address (a mail's subject is none)."""
    return parameter.format == "email" or bool(_MAIL_NAME.search(parameter.name) or _MAIL.search(parameter.description))


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True


def _plain(name: str) -> str:
    return re.sub(r"^(?:the|a|an)\s+", "", " ".join(name.casefold().split()))


def read_facts(context: str) -> dict[str, str]:
    """Names from lines or clauses such as `shelf 4 = bay C2`; everything else in the context is ignored."""
    pairs = [clause.split("=", 1) for clause in re.split(r"[;\n]", context) if clause.count("=") == 1]
    return {_plain(name): meant.strip() for name, meant in pairs if name.strip() and meant.strip()}
