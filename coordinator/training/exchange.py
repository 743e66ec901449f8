"""Another instruction of the same form: other names, nouns, phrases, words and numbers, in the plan too where it copies them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from coordinator.training.pools import Pools, exchange_noun, is_plural_set, noun_in, role_of
from coordinator.training.templates import Mark, Template, strings
from coordinator.training.wording import NUMBER_WORDS, change_numbers


def exchange(one: Template, pools: Pools, rng: random.Random) -> None:
    """Changes `one`; each change is made at random, so some of the author's words stay."""
    exchange_names(one, pools, rng)
    exchange_nouns(one, pools, rng)
    exchange_phrases(one, pools, rng)
    exchange_words(one, pools, rng)
    exchange_counts(one, rng)


def outside(template: Template) -> str:
    """All words that are not in a mark: of the instruction and of the plan."""
    return " ".join([*(p for p in template.parts if isinstance(p, str)), *strings(template.plan)]).lower()


def exchange_names(one: Template, pools: Pools, rng: random.Random) -> None:
    others = outside(one)
    for mark in one.marks:
        if mark.letter not in "dps" or rng.random() < 0.5 or mark.surface.lower() in others:
            continue
        if mark.letter == "s" and not is_plural_set(mark.surface, mark.kind):
            continue
        name = pools.other_name(mark, rng)
        usable = mark.letter != "s" or is_plural_set(name, mark.kind)
        if usable and all(name.lower() != o.surface.lower() for o in one.marks):
            mark.surface = name.capitalize() if mark.surface[:1].isupper() and rng.random() < 0.8 and name.islower() else name


def exchange_nouns(one: Template, pools: Pools, rng: random.Random) -> None:
    others = outside(one)
    for kind, letter in {m.kind: m.letter for m in one.marks if m.letter in "dkps"}.items():
        if rng.random() < 0.5 or noun_in(others, kind) or not kind:
            continue
        new = pools.other_noun(letter, one.domain, rng)
        if any(m.kind == new for m in one.marks):
            continue
        for mark in one.marks:
            if mark.kind == kind:
                mark.surface, mark.kind = exchange_noun(mark.surface, kind, new), new


def exchange_phrases(one: Template, pools: Pools, rng: random.Random) -> None:
    for index, part in enumerate(one.parts):
        if not isinstance(part, Mark):
            continue
        if part.letter == "x" and rng.random() < 0.4:
            part.surface = rng.choice(pools.phrases.get(role_of(one, index)) or [part.surface])
        elif part.letter == "x" and rng.random() < 0.35:
            part.surface = " ".join(pools.any_word(rng) for _ in range(rng.choice((1, 2, 2, 3))))
        elif part.letter == "v" and rng.random() < 0.7:
            part.surface = change_numbers(part.surface, rng)


def exchange_words(one: Template, pools: Pools, rng: random.Random) -> None:
    """Words that instruction and sentences share become others, in both: what is to be done must be copied, not remembered with the template."""
    if "plan" not in one.plan or rng.random() < 0.3:
        return
    said = {w.lower() for step in one.plan["plan"] for text in step["do"] for w in re.findall(r"[^\W\d_]{3,}", re.sub(r"\{\w*\}", "", text))} - set(
        _KEPT.split()
    )
    for word in sorted(said):
        here = re.compile(rf"\b{word}(?=(s|es|ed|ing)?\b)", re.IGNORECASE)
        if rng.random() < 0.6 and any(here.search(part) for part in one.parts if isinstance(part, str)):
            change = _in_case(pools.any_word(rng))
            one.parts = [here.sub(change, part) if isinstance(part, str) else part for part in one.parts]
            for step in one.plan["plan"]:
                step["do"] = [here.sub(change, text) for text in step["do"]]


_KEPT = "the and for with from into its that this then them there your yourself out off over under until whether"


def _in_case(word: str) -> Callable[[re.Match[str]], str]:
    return lambda found: word.capitalize() if found[0][0].isupper() else word


def exchange_counts(one: Template, rng: random.Random) -> None:
    """ "two of the robots" → "four of the robots", in the plan too."""
    for step in one.plan.get("plan", []):
        count, ref = step["who"].get("n"), step["who"].get("of")
        mark = next((m for m in one.marks if m.id == ref), None)
        if not isinstance(count, int) or not 2 <= count <= 12 or mark is None or rng.random() < 0.4:
            continue
        new = rng.randrange(2, 8)
        spelled = re.compile(rf"\b({NUMBER_WORDS[count]}|{count})\b", re.IGNORECASE)
        found = spelled.search(mark.surface)
        if found:
            word = str(new) if found[0].isdigit() else NUMBER_WORDS[new]
            mark.surface = spelled.sub(word.capitalize() if found[0][0].isupper() else word, mark.surface, count=1)
            step["who"]["n"] = new
