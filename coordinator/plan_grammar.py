"""The grammar of one plan: keys in order, only the references that the instruction has, free text only from the instruction's own words.

Property, value and name strings are runs of words as they stand in the instruction; `do` sentences take its words (and their base forms) in any
order plus a small closed list. So a half-copied id, an invented number or a device that nobody mentioned cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from coordinator.gist import KINDS
from coordinator.mentions import Linked, Mention
from coordinator.words import words_of
from runtime.llm.grammar import Rules, escaped, literal, quoted, trie

_HELPERS = (
    "a an the it its is are on off in at to of for from with by into onto up down out back over under whether what how until and then there "
    "them yourself check go count measure turn take set bring leave drive clean pick sweep scan close raise tidy come open start stop finish "
    "run dim read look wipe scrub roll get show put empty dock charge recharge fly keep refill restock collect weigh label point unload load "
    "return lock unlock lift lower wash test guard fill heat cool wait restart clear help fetch switch make place pull push move deliver carry "
    "drop park photograph report inspect survey water vacuum mow print play pause follow if have listen hand your"
)
HELPERS = tuple(_HELPERS.split())
"""Words that a `do` sentence may use beside those of the instruction."""
_LEADING = frozenset(["a", "an", "the", "of", "to", "at", "for", "with", "from", "by", "and", "or", "my", "your", "our", "any", "than"])
"""A run of words does not end with one of these."""
_NO_TOPIC = words_of(
    "than are is was were be of to for below above under and or if by from as has have had do does did me us you i it they please how what which who "
    "s t re ll ve d m "
    "with there them those these this that any some no not now need needs want pls right one let get tell go come when then else can could would"
)
"""What is asked about does not begin with one of these."""
_WITHIN = words_of("on in at off inside near")
"""Nor, before a mention, one of these: "what is on shelf 3" is not about "on"."""
_ATOM = re.compile(r"\w+|[^\w\s]")
_EDGE = '.,;:!?"()[]“”…'
_STEPS, _SENTENCES, _WORDS = 6, 4, 15
_BRANCHES = words_of(
    "if when whenever unless otherwise else case once soon provided should whether depending until after "
    "wenn falls sonst sobald si sinon quand cuando caso sino"
)
_EXCEPTIONS = words_of(
    "except excepting but excluding apart other others without only save bar besides not leave leaving spare rest alone don't dont keeps stays "
    "else than außer ausser ohne nur sauf excepté sans seulement salvo excepto menos solo"
)
_NEARNESS = words_of("near nearer nearest close closer closest next beside nearby by around adjacent nah nächste proche près plus cerca cercano")
"""Words without which an instruction has no branch, no exception, no nearness: then its grammar has none either."""
_PLURAL = words_of("all every each both any these those everybody everyone")


def plan_grammar(linked: Linked, kinds: Collection[str] = KINDS) -> str:
    """GBNF for the plans of this instruction (compact JSON), of these kinds only. Any text is safe; its length bounds the size."""
    rules = Rules()
    _names(rules, linked)
    _sentences(rules, linked)
    _parts(rules, frozenset(re.findall(r"[\w'’]+", linked.text.lower())))
    _root(rules, set(kinds) - _answered(linked) or set(kinds))
    return rules.text()


def _answered(linked: Linked) -> set[str]:
    """What need not be asked: which device where one is named, which place where one is."""
    letters = {m.letter for m in linked.mentions}
    return {kind for letter, kind in (("d", "ask:which_device"), ("p", "ask:which_place")) if letter in letters}


def _root(rules: Rules, kinds: Collection[str]) -> None:
    details: dict[str, list[str]] = {}
    for kind in KINDS:
        if kind in kinds:
            shape, _, detail = kind.partition(":")
            details.setdefault(shape, []).append(detail)
    for shape in ("control", "ask", "refuse"):
        if shape in details:
            who = f' "," {_key("who")} who' if shape == "control" else ""
            rules.add(shape, f'"{{" {_key(shape)} {_choice(*details[shape])}{who} "}}"')
    rules.add("root", " | ".join(details))


def _names(rules: Rules, linked: Linked) -> None:
    """A kind says how many, a named device does not; "any" and names that the linker missed may."""
    _runs(rules, linked)
    refs = {letter: [m.ref for m in linked.mentions if m.letter == letter] for letter in "dkps"}
    rules.add("devices", _any_of([*refs["d"], *refs["k"]]))
    rules.add("places", _any_of([*refs["p"], *refs["s"], *refs["d"], *refs["k"]]))
    rules.add("sites", _any_of([*refs["p"], *refs["s"]]))
    rules.add("named", _any_of(refs["d"]))
    rules.add("n", f'"," {_key("n")} ({_choice("all", "the")} | [1-9] [0-9]?)')
    rules.add("some", f'"," {_key("n")} ({_choice("the")} | [1-9] [0-9]?)')
    kinds = "".join(f" | {quoted(m.ref)} {'n' if _is_plural(m) else 'some'}" for m in linked.mentions if m.letter == "k")
    rules.add("of", f'({quoted("any")} | said) n? | named | "[" devices ("," devices){{0,7}} "]"{kinds}')


def _is_plural(mention: Mention) -> bool:
    """Whether the words may mean all of them: "the robots", "every robot"; "the weakest robot" is one."""
    words = mention.surface.lower().split() or [""]
    return words[0] in ("", *_PLURAL) or words[-1].endswith("s") != mention.kind.lower().endswith("s") or mention.kind.lower() not in words[-1]


def _any_of(refs: Iterable[str]) -> str:
    return " | ".join([*(quoted(ref) for ref in refs), "said"])


def _runs(rules: Rules, linked: Linked) -> None:
    """`said`: a run of words of the text as a JSON string; `topic`: one that may name a property, so outside mentions; `value`: one that does not
    begin inside a mention ("5" of "shelves 4 and 5"). One rule for each word: it, or it and what follows; so a run cannot skip or mix."""
    atoms = [(m.group(), m.start(), m.end()) for m in _ATOM.finditer(linked.text)]
    named = [any(m.start < end and start < m.end for m in linked.mentions) for _, start, end in atoms]
    starts: list[int] = []
    for i, (atom, start, _) in enumerate(atoms):
        rules.add(f"w{i}", _and_on("w", i, atoms, i + 1 < len(atoms)))
        rules.add(f"t{i}", _and_on("t", i, atoms, i + 1 < len(atoms) and not named[i + 1]))
        inside_word = i > 0 and atoms[i - 1][2] == start and atoms[i - 1][0].isalnum()
        if not inside_word and (atom[0].isalnum() or atom in "-+$€£#"):
            starts.append(i)
    before = {i for i in starts if i + 1 < len(atoms) and named[i + 1] and atoms[i][0].lower() in _WITHIN}
    topics = [i for i in starts if not named[i] and i not in before and atoms[i][0].lower() not in _NO_TOPIC]
    values = [i for i in starts if not any(m.start < atoms[i][1] < m.end for m in linked.mentions) and not _signed(i, atoms)] or starts
    rules.add("run", " | ".join(f"w{i}" for i in starts))
    rules.add("topical", " | ".join(f"t{i}" for i in topics) or "run")
    rules.add("said", r'"\"" run "\""')
    rules.add("valued", " | ".join(f"w{i}" for i in values))
    rules.add("value", r'"\"" valued "\""')
    rules.add("topic", r'"\"" topical "\""')


def _signed(i: int, atoms: Sequence[tuple[str, int, int]]) -> bool:
    """Whether word i is the number of "-18": without its sign it is another value."""
    if i == 0 or not atoms[i][0][0].isdigit() or atoms[i - 1][0] != "-" or atoms[i - 1][2] != atoms[i][1]:
        return False
    return i == 1 or atoms[i - 2][2] < atoms[i - 1][1]


def _and_on(rule: str, i: int, atoms: Sequence[tuple[str, int, int]], more: bool) -> str:
    """Word i, and what may follow it; after a word that cannot be the last one, something must, if anything can."""
    atom, _, end = atoms[i]
    if not more:
        return literal(escaped(atom))
    gap = '" " ' if atoms[i + 1][1] > end else ""
    return f"{literal(escaped(atom))} ({gap}{rule}{i + 1}){'' if atom.lower() in _LEADING else '?'}"


def _sentences(rules: Rules, linked: Linked) -> None:
    """`do` without an item, with the item of `each` (`{}`) in its first sentence, and with `{pick}`."""
    words = {w for chunk in _unnamed(linked).split() for w in (chunk.strip(_EDGE),) if w}
    forms = {form for word in words for form in _base_forms(word)} | set(HELPERS)
    refs = [f"{{{m.ref}}}" for m in linked.mentions]
    inside = {escaped(form) for form in forms} | set(refs)
    capital = {escaped(form[:1].upper() + form[1:]) for form in forms}
    rules.add("word", trie(sorted(inside)))
    rules.add("first", trie(sorted(inside | capital)))
    rules.add("plain", rf'"\"" first (" " word){{0,{_WORDS}}} "."? "\""')
    for name, slot in (("item", "{}"), ("picked", "{pick}")):
        rules.add(name, rf'"\"" first (" " word){{0,{_WORDS}}} " {slot}" (" " word){{0,{_WORDS}}} "."? "\""')
    more = _SENTENCES - 1
    rules.add("do-plain", f'"[" plain ("," plain){{0,{more}}} "]"')
    rules.add("do-item", f'"[" item ("," (plain | item)){{0,{more}}} "]"')
    rules.add("do-pick", f'"[" (plain ",")? picked ("," (plain | picked)){{0,{more}}} "]"')


def _unnamed(linked: Linked) -> str:
    """The text without its mentions: a sentence says them by their references."""
    text = linked.text
    for m in sorted(linked.mentions, key=lambda m: -m.start):
        text = f"{text[: m.start]} {text[m.end :]}"
    return text


def _base_forms(word: str) -> set[str]:
    """The word, its small-letter form and what its ending may hide: "docks" → dock, "switching" → switch, "stopped" → stop, "leaving" → leave."""
    low = word.lower()
    forms = {word, low}
    for ending, least in (("s", 4), ("es", 5), ("ed", 5), ("d", 5), ("ing", 6), ("'s", 4), ("’s", 4)):
        stem = low.removesuffix(ending)
        if stem != low and len(low) >= least and len(stem) >= 2:
            forms.add(stem)
            if ending in ("ed", "ing"):
                forms.add(stem + "e")
                if len(stem) > 2 and stem[-1] == stem[-2]:
                    forms.add(stem[:-1])
            if ending == "es" and stem.endswith("i"):
                forms.add(stem[:-1] + "y")
    return forms


def _key(name: str) -> str:
    return literal(f'"{name}":')


def _choice(*values: str) -> str:
    return "(" + " | ".join(quoted(value) for value in values) + ")"


def _optional(name: str, body: str) -> str:
    return f'("," {_key(name)} {body})?'


def _parts(rules: Rules, words: frozenset[str]) -> None:
    rules.add("op", _choice("==", "!=", "<", "<=", ">", ">="))
    rules.add("limit", f'{_key("op")} op "," {_key("v")} value')
    rules.add("where", f'"{{" ({_key("what")} topic ",")? limit "}}"')
    rules.add("top", f'"[" {_choice("max", "min")} "," topic "]"')
    rules.add("but", '"[" places ("," places){0,7} "]"')
    options = [("at", "sites"), ("where", "where"), ("top", "top")]
    options += [("near", "places")] if words & _NEARNESS else []
    options += [("but", "but")] if words & _EXCEPTIONS else []
    rules.add("who", f'"{{" {_key("of")} of {" ".join(_optional(*option) for option in options)} "}}"')
    aggregate = _choice("list", "count", "min", "max", "mean", "any", "all", "value")
    limited = '"{" limit "}"'
    rules.add("told", f'{_key("what")} topic "," {_key("as")} {aggregate} {_optional("where", limited)}')
    _steps(rules, branches=bool(words & _BRANCHES))
    rules.add("plan", f'"{{" {_key("plan")} "[" step0 next1 "]" {_optional("tell", "tell")} "}}"')
    asked = f"{_key('as')} {aggregate} {_optional('where', limited)}"
    rules.add("tell", f'"{{" (told | {asked}) "}}"')
    rules.add("query", f'"{{" {_key("query")} "{{" {_key("who")} who "," (told | {asked}) "}}" "}}"')
    rules.add("goal", f'"{{" {_key("goal")} "{{" ({_key("who")} who ",")? {_key("what")} topic "," limit {_optional("spare", "devices")} "}}" "}}"')


def _steps(rules: Rules, *, branches: bool) -> None:
    """`step<i>` may wait for the steps before it only; `next<i>` is it and what follows, or nothing."""
    rules.add("each", 'places | "[" places ("," places){0,7} "]"')
    rules.add("work", f'{_key("each")} each "," {_key("do")} do-item | {_key("do")} do-plain')
    rules.add("step0", f'"{{" {_key("who")} who "," work "}}"')
    seen = f'{_key("what")} topic "," limit'
    for i in range(1, _STEPS):
        rules.add(f"earlier{i}", f"[0-{i - 1}]")
        rules.add(f"after{i}", _optional("after", f'"[" earlier{i} ("," earlier{i}){{0,{_STEPS - 2}}} "]"'))
        ended = f"{_key('is')} {_choice('done', 'failed')}"
        condition = _optional("if", f'"{{" {_key("step")} earlier{i} "," ({ended} | {seen}) "}}"')
        rules.add(f"if{i}", condition if branches else "")
        pick = f'"{{" {_key("from")} earlier{i} "," {_key("what")} topic "," {_key("as")} {_choice("first", "max", "min")} "}}"'
        picking = f'{_key("do")} do-pick after{i} if{i} "," {_key("pick")} {pick}'
        rules.add(f"step{i}", f'"{{" {_key("who")} who "," (work after{i} if{i} | {picking}) "}}"')
        rules.add(f"next{i}", f'("," step{i} next{i + 1})?')
    rules.add(f"next{_STEPS}", "")
