"""The grammar of one plan: keys in order, only the references that the instruction has, free text only from the instruction's own words.

Property, value and name strings are runs of words as they stand in the instruction; `do` sentences take its words (and their base forms) in any
order plus a small closed list. So a half-copied id, an invented number or a device that nobody mentioned cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from coordinator.mentions import Linked
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
_ATOM = re.compile(r"\w+|[^\w\s]")
_EDGE = '.,;:!?"()[]“”…'
_STEPS, _SENTENCES, _WORDS = 6, 4, 15


def plan_grammar(linked: Linked) -> str:
    """GBNF for the plans of this instruction (compact JSON). Any text is safe; its length bounds the size of the grammar."""
    rules = Rules()
    _names(rules, linked)
    _sentences(rules, linked)
    _parts(rules)
    rules.add("root", "plan | query | goal | control | ask | refuse")
    return rules.text()


def _names(rules: Rules, linked: Linked) -> None:
    _runs(rules, linked.text)
    devices = [m.ref for m in linked.mentions if m.letter in "dk"]
    places = [m.ref for m in linked.mentions if m.letter in "ps"]
    rules.add("devices", _any_of(devices))
    rules.add("places", _any_of([*places, *devices]))


def _any_of(refs: Iterable[str]) -> str:
    return " | ".join([*(quoted(ref) for ref in refs), "said"])


def _runs(rules: Rules, text: str) -> None:
    """`said`: a run of words of the text as a JSON string. One rule for each word: it, or it and what follows; so a run cannot skip or mix."""
    atoms = [(m.group(), m.start(), m.end()) for m in _ATOM.finditer(text)]
    starts: list[str] = []
    for i, (atom, start, end) in enumerate(atoms):
        more = ""
        if i + 1 < len(atoms):
            gap = '" " ' if atoms[i + 1][1] > end else ""
            more = f" ({gap}w{i + 1})?"
        rules.add(f"w{i}", literal(escaped(atom)) + more)
        inside_word = i > 0 and atoms[i - 1][2] == start and atoms[i - 1][0].isalnum()
        if not inside_word and (atom[0].isalnum() or atom in "-+$€£#"):
            starts.append(f"w{i}")
    rules.add("run", " | ".join(starts))
    rules.add("said", r'"\"" run "\""')


def _sentences(rules: Rules, linked: Linked) -> None:
    words = {w for chunk in linked.text.split() for w in (chunk.strip(_EDGE),) if w}
    forms = {form for word in words for form in _base_forms(word)} | set(HELPERS)
    refs = [f"{{{name}}}" for name in ("", "pick", *(m.ref for m in linked.mentions))]
    inside = {escaped(form) for form in forms} | set(refs)
    capital = {escaped(form[:1].upper() + form[1:]) for form in forms}
    rules.add("word", trie(sorted(inside)))
    rules.add("first", trie(sorted(inside | capital)))
    rules.add("sentence", rf'"\"" first (" " word){{0,{_WORDS}}} "."? "\""')
    rules.add("do", f'"[" sentence ("," sentence){{0,{_SENTENCES - 1}}} "]"')


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


def _parts(rules: Rules) -> None:
    def key(name: str) -> str:
        return literal(f'"{name}":')

    def choice(*values: str) -> str:
        return "(" + " | ".join(quoted(value) for value in values) + ")"

    def optional(name: str, body: str) -> str:
        return f'("," {key(name)} {body})?'

    rules.add("index", "[0-9]")
    rules.add("indices", '"[" index ("," index){0,4} "]"')
    rules.add("op", choice("==", "!=", "<", "<=", ">", ">="))
    rules.add("places-list", 'places | "[" places ("," places){0,7} "]"')
    rules.add("of", f'{quoted("any")} | devices | "[" devices ("," devices){{0,7}} "]"')
    rules.add("n", f"{choice('all', 'the')} | [1-9] [0-9]?")
    rules.add("limit", f'{key("op")} op "," {key("v")} said')
    rules.add("where", f'"{{" {key("what")} said "," limit "}}"')
    rules.add("top", f'"[" {choice("max", "min")} "," said "]"')
    rules.add("but", '"[" places ("," places){0,7} "]"')
    options = (("n", "n"), ("at", "places"), ("where", "where"), ("top", "top"), ("near", "places"), ("but", "but"))
    rules.add("who", f'"{{" {key("of")} of {" ".join(optional(*option) for option in options)} "}}"')
    seen = f'{key("what")} said "," limit'
    rules.add("if", f'"{{" {key("step")} index "," ({key("is")} {choice("done", "failed")} | {seen}) "}}"')
    rules.add("pick", f'"{{" {key("from")} index "," {key("what")} said "," {key("as")} {choice("first", "max", "min")} "}}"')
    after = " ".join(optional(*option) for option in (("after", "indices"), ("if", "if"), ("pick", "pick")))
    rules.add("step", f'"{{" {key("who")} who {optional("each", "(places-list)")} "," {key("do")} do {after} "}}"')
    aggregate = choice("list", "count", "min", "max", "mean", "any", "all", "value")
    limited = '"{" limit "}"'
    told = f'{key("what")} said "," {key("as")} {aggregate} {optional("where", limited)}'
    rules.add("plan", f'"{{" {key("plan")} "[" step ("," step){{0,{_STEPS - 1}}} "]" {optional("tell", "tell")} "}}"')
    rules.add("tell", f'"{{" {told} "}}"')
    rules.add("query", f'"{{" {key("query")} "{{" {key("who")} who "," {told} "}}" "}}"')
    rules.add("goal", f'"{{" {key("goal")} "{{" ({key("who")} who ",")? {key("what")} said "," limit {optional("spare", "devices")} "}}" "}}"')
    rules.add("control", f'"{{" {key("control")} {choice("stop", "cancel", "pause", "resume")} "," {key("who")} who "}}"')
    rules.add("ask", f'"{{" {key("ask")} {choice("which_device", "which_place", "what_action", "which_value")} "}}"')
    rules.add("refuse", f'"{{" {key("refuse")} {choice("no_ability", "unsafe", "not_a_task")} "}}"')
