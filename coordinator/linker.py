"""Marks what an instruction mentions: devices, kinds, places and sets of places, by name, alias, id or number. Pure; site and fleet alone drive it.

Scanning runs from left to right; at each word the longest reading wins; readings never overlap. What it does not see, the planner's words still say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from coordinator.labels import Labels, read_labels
from coordinator.mentions import Linked, Mention
from coordinator.names import Entity, Names, build_names, is_unit
from coordinator.registry import Device
from coordinator.words import OWN, Token, tokenise, words_of
from schemas.base import Frozen
from schemas.site import Site

_ARTICLES = frozenset({"the", "my", "our", "your", "this", "that"})
_DETERMINERS = _ARTICLES | words_of("a an all every each both these those")
_WITHIN = words_of("in on at of along inside within from")
_EXCEPT = words_of("except excepting but excluding without besides bar save")
_EXCEPT_PAIRS = frozenset({("apart", "from"), ("other", "than"), ("all", "but"), ("leaving", "out"), ("leave", "out"), ("not", "counting")})
_JOIN = frozenset({"and", "or", ",", "&", "plus"})
_NUMBER = frozenset({"number", "no", "nr", "num", "unit"})


class Found(Frozen):
    """A reading of tokens [first, last): not yet numbered."""

    letter: str
    first: int
    last: int
    kind: str
    ids: tuple[str, ...]
    missing: tuple[str, ...] = ()


def link(text: str, site: Site, devices: Iterable[Device]) -> Linked:
    """The instruction with its mentions. Ids come back exactly as site and registry spell them."""
    return link_names(text, build_names(site, devices))


def link_names(text: str, names: Names) -> Linked:
    """`link` with an index that was built before."""
    tokens = tokenise(text)
    found: list[Found] = []
    at = 0
    while at < len(tokens):
        readings = _read(text, tokens, at, names, found)
        if readings:
            found += readings
            at = readings[-1].last
        else:
            at += 1
    found = [_without(text, tokens, f, found, names) for f in _joined(tokens, found)]
    return Linked(text=text, mentions=_number(text, tokens, found))


def _joined(tokens: list[Token], found: list[Found]) -> list[Found]:
    """ "shelf 1 and shelf 6" is a set of two, as "shelves 1 and 6" is."""
    out: list[Found] = []
    for item in found:
        last = out[-1] if out else None
        between = [t.text for t in tokens[last.last : item.first]] if last else []
        if last and {last.letter, item.letter} <= {"p", "s"} and last.kind == item.kind and between and set(between) <= _JOIN | {"the"}:
            ids = (*last.ids, *(i for i in item.ids if i not in last.ids))
            out[-1] = last.model_copy(update={"letter": "s", "last": item.last, "ids": ids, "missing": (*last.missing, *item.missing)})
        else:
            out.append(item)
    return out


def _without(text: str, tokens: list[Token], item: Found, found: list[Found], names: Names) -> Found:
    """A set without the numbers that an exception further on names: "all the shelves for free space, apart from 4 and 5"."""
    if item.letter != "s":
        return item
    taken = {i for f in found for i in range(f.first, f.last)}
    for at in range(item.last, len(tokens)):
        after = _after_except(tokens, at)
        if after is None or after in taken:
            continue
        labels = _bare(text, tokens, after, names, item.kind)
        if labels is not None and set(_ids(labels.entities)) < set(item.ids):
            return item.model_copy(update={"ids": tuple(i for i in item.ids if i not in _ids(labels.entities))})
    return item


def _after_except(tokens: list[Token], at: int) -> int | None:
    """The token after "except", "except for", "apart from", … at `at`; None when there is no such phrase."""
    if tokens[at].text in _EXCEPT:
        at += 1
    elif at + 1 < len(tokens) and (tokens[at].text, tokens[at + 1].text) in _EXCEPT_PAIRS:
        at += 2
    else:
        return None
    while at < len(tokens) and tokens[at].text in ("for", "not"):
        at += 1
    return at if at < len(tokens) else None


def _bare(text: str, tokens: list[Token], at: int, names: Names, kind: str) -> Labels | None:
    """Numbers without a noun that are labels of places of this kind: "number 8", "4 and 5"."""
    if tokens[at].text in (*_NUMBER, "numbers") and at + 1 < len(tokens):
        at += 1
    labels = read_labels(text, tokens, at, names, ("p", kind), True) if tokens[at].number is not None else None
    return labels if labels is not None and labels.entities and not is_unit(tokens, labels.last) else None


def _number(text: str, tokens: list[Token], found: list[Found]) -> tuple[Mention, ...]:
    counts: Counter[str] = Counter()
    mentions: list[Mention] = []
    free = 0
    for item in found:
        counts[item.letter] += 1
        first = _with_determiners(tokens, item, free)
        free = item.last
        start, end = tokens[first].start, tokens[item.last - 1].end
        mentions.append(
            Mention(
                ref=f"{item.letter}{counts[item.letter]}",
                start=start,
                end=end,
                surface=text[start:end],
                kind=item.kind,
                ids=item.ids,
                count=len(item.ids),
                missing=item.missing,
            )
        )
    return tuple(mentions)


def _with_determiners(tokens: list[Token], item: Found, free: int) -> int:
    """The first token, with "the", "all the", "all of the", "every" before it taken in."""
    allowed = _DETERMINERS if item.letter in "ks" else _ARTICLES
    first = item.first
    while first > free and (
        tokens[first - 1].text in allowed or (tokens[first - 1].text == "of" and first - 1 > free and tokens[first - 2].text in _DETERMINERS)
    ):
        first -= 1
    return first


def _read(text: str, tokens: list[Token], at: int, names: Names, before: list[Found]) -> list[Found]:
    """The longest reading at token `at`; a list because "robots 2 and 4" are two devices."""
    readings = [_name(tokens, at, names), _kind(text, tokens, at, names), _ordinal(tokens, at, names), _numbered(tokens, at, names, before)]
    read = [r for r in readings if r]
    return max(read, key=lambda r: r[-1].last) if read else []


def _name(tokens: list[Token], at: int, names: Names) -> list[Found]:
    hit = names.name_at(tokens, at)
    if hit is None:
        return []
    owners, last = hit
    letter = "d" if any(e.letter == "d" for e in owners) else "p"
    same = [e for e in owners if e.letter == letter]
    shared = {"d": "k", "p": "s"}[letter]
    return [Found(letter=letter if len(same) == 1 else shared, first=at, last=last, kind=same[0].kind, ids=_ids(same))]


def _ids(entities: Iterable[Entity]) -> tuple[str, ...]:
    return tuple(e.id for e in entities)


def _kind(text: str, tokens: list[Token], at: int, names: Names) -> list[Found]:
    """A kind noun, with numbers after it ("shelves 2, 4 and 7") or without ("the shelves")."""
    hit = names.kind_at(tokens, at)
    if hit is None or (at > 0 and tokens[at - 1].text in OWN):
        return []
    kinds, last, plural = hit
    for letter, kind in kinds:
        labels = read_labels(text, tokens, last, names, (letter, kind), plural)
        if labels is not None:
            return _except(tokens, _labelled(at, letter, kind, labels), names)
    letter, kind = kinds[0]
    everything = names.by_kind[(letter, kind)]
    return _set(tokens, Found(letter="k" if letter == "d" else "s", first=at, last=last, kind=kind, ids=_ids(everything)), names)


def _labelled(at: int, letter: str, kind: str, labels: Labels) -> list[Found]:
    ids, missing = _ids(labels.entities), labels.missing
    if letter == "p":
        one = labels.said == 1
        return [Found(letter="p" if one else "s", first=at, last=labels.last, kind=kind, ids=ids, missing=missing)]
    if labels.said == 1:
        return [Found(letter="d", first=at, last=labels.last, kind=kind, ids=ids, missing=missing)]
    if labels.spans and not missing and labels.said <= 3:
        firsts = [at, *(first for first, _ in labels.spans[1:])]
        return [
            Found(letter="d", first=first, last=last, kind=kind, ids=(entity.id,))
            for first, (_, last), entity in zip(firsts, labels.spans, labels.entities, strict=True)
        ]
    return [Found(letter="k", first=at, last=labels.last, kind=kind, ids=ids, missing=missing)]


def _set(tokens: list[Token], found: Found, names: Names) -> list[Found]:
    """Narrow a whole kind: "first three …" before it, "… in aisle B" and "… except shelf 3" after it. One single place of a kind is that place."""
    if found.letter != "s":
        return [found]
    found = _selected(tokens, found)
    found = _within(tokens, found, names)
    if len(found.ids) == 1 and found.last - found.first == 1:
        found = found.model_copy(update={"letter": "p"})
    return _except(tokens, [found], names)


def _selected(tokens: list[Token], found: Found) -> Found:
    """ "first three", "last two", "every second", "every other" directly before the noun."""
    at, ids = found.first, found.ids
    one = tokens[at - 1] if at >= 1 else None
    two = tokens[at - 2] if at >= 2 else None
    if two is not None and one is not None and one.number and two.text in ("first", "last"):
        chosen = ids[: one.number] if two.text == "first" else ids[-one.number :]
        return found.model_copy(update={"first": at - 2, "ids": chosen})
    step = 2 if one is not None and one.text == "other" else one.ordinal if one is not None else None
    if two is not None and two.text == "every" and step:
        start = 0 if step == 2 and one is not None and one.text == "other" else step - 1
        return found.model_copy(update={"first": at - 1, "ids": ids[start::step]})
    return found


def _within(tokens: list[Token], found: Found, names: Names) -> Found:
    """ "… in aisle B": only those whose zone it is, if any are in it."""
    if found.last >= len(tokens) or tokens[found.last].text not in _WITHIN:
        return found
    zone = _place_after(tokens, found.last + 1, names)
    if zone is None or len(zone.ids) != 1:
        return found
    inside = tuple(i for i in found.ids if i != zone.ids[0] and names.inside(i, zone.ids[0]))
    return found.model_copy(update={"ids": inside, "last": zone.last}) if inside else found


def _place_after(tokens: list[Token], at: int, names: Names) -> Found | None:
    while at < len(tokens) and tokens[at].text in _ARTICLES:
        at += 1
    if at >= len(tokens):
        return None
    named = [f for f in _name(tokens, at, names) if f.letter == "p"]
    hit = names.kind_at(tokens, at)
    for letter, kind in hit[0] if hit else []:
        labels = read_labels("", tokens, hit[1], names, (letter, kind), True) if hit and letter == "p" else None
        if labels is not None and labels.entities:
            named.append(Found(letter="p", first=at, last=labels.last, kind=kind, ids=_ids(labels.entities)))
    return max(named, key=lambda f: f.last, default=None)


def _except(tokens: list[Token], found: list[Found], names: Names) -> list[Found]:
    """ "all shelves except shelf 3 and 5": the set without them. Devices keep their exceptions as mentions of their own."""
    one = found[0]
    at = one.last + (one.last < len(tokens) and tokens[one.last].text == ",")
    after = _after_except(tokens, at) if one.letter == "s" and at < len(tokens) else None
    if after is None:
        return found
    out = _place_after(tokens, after, names)
    bare = _bare("", tokens, after, names, one.kind) if out is None else None
    ids, last = (out.ids, out.last) if out else (_ids(bare.entities), bare.last) if bare else ((), 0)
    if not ids or not set(ids) <= set(one.ids):
        return found
    return [one.model_copy(update={"ids": tuple(i for i in one.ids if i not in ids), "last": last})]


def _ordinal(tokens: list[Token], at: int, names: Names) -> list[Found]:
    """ "the second robot": number 2 of its kind, or the second in order where they have no numbers. Not after "every" ("every second shelf")."""
    nth = tokens[at].ordinal
    if nth is None or at + 1 >= len(tokens) or (at > 0 and tokens[at - 1].text == "every"):
        return []
    hit = names.kind_at(tokens, at + 1)
    if hit is None or hit[2]:
        return []
    letter, kind = hit[0][0]
    all_of_kind = names.by_kind[(letter, kind)]
    labelled = names.labels.get((letter, kind, str(nth)))
    chosen = [labelled] if labelled else all_of_kind[nth - 1 : nth]
    if len(all_of_kind) < 2:
        return []
    missing = () if chosen else (f"{kind} {nth}",)
    return [Found(letter=letter, first=at, last=hit[1], kind=kind, ids=_ids(chosen), missing=missing)]


def _numbered(tokens: list[Token], at: int, names: Names, before: list[Found]) -> list[Found]:
    """ "number 2", "#2", "except 2 and 4" without a noun: of the kind mentioned last, else of the kind of device that has most numbers."""
    token = tokens[at]
    excepted = token.number is not None and _is_excepted(tokens, at, before)
    marked = token.text in _NUMBER or token.text == "#" or excepted
    dotted = token.text in ("no", "nr") and at + 1 < len(tokens) and tokens[at + 1].text == "."
    at_label = at if excepted else at + 1 + dotted
    if not marked or at_label >= len(tokens) or tokens[at_label].number is None or is_unit(tokens, at_label + 1):
        return []
    label = tokens[at_label].text
    last_kind = next((f.kind for f in reversed(before) if f.letter in "dk"), None)
    owners = [e for (letter, _, said), e in names.labels.items() if letter == "d" and said == label]
    sizes = Counter(kind for letter, kind, _ in names.labels if letter == "d")
    most = max((sizes[e.kind] for e in owners), default=0)
    preferred = [e for e in owners if e.kind == last_kind] or [e for e in owners if sizes[e.kind] == most]
    if len(preferred) != 1:
        return []
    return [Found(letter="d", first=at, last=at_label + 1, kind=preferred[0].kind, ids=_ids(preferred))]


def _is_excepted(tokens: list[Token], at: int, before: list[Found]) -> bool:
    """Directly after "except" where no set of places was mentioned, or after "and" behind a number that was."""
    if any(f.letter == "s" for f in before):
        return False
    if any(_after_except(tokens, start) == at for start in range(max(0, at - 3), at)):
        return True
    behind = before[-1] if before else None
    return (
        behind is not None
        and behind.letter == "d"
        and behind.last == at - 1
        and tokens[at - 1].text in _JOIN
        and tokens[behind.first].number is not None
    )
