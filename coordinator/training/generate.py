"""Authored templates → endless training examples: other nouns, names, numbers and phrases, a fleet around them, the linker's tags, and noise.

python -m coordinator.training.generate --count 20        # look at some
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from coordinator.prompt import planner_prompt
from coordinator.training.exchange import exchange
from coordinator.training.pools import Pools, noun_in
from coordinator.training.surroundings import summary_of
from coordinator.training.templates import Mark, Template, load, strings
from coordinator.training.wording import decapitalise, hesitate, mistype_some, wrap


@dataclass(frozen=True)
class Example:
    """`answer` is the compact JSON that follows `prompt`."""

    prompt: str
    answer: str
    shape: str
    refs: tuple[str, ...]
    text: str
    """The instruction without tags."""


def expand(template: Template, pools: Pools, rng: random.Random, *, natural: bool = False) -> Example:
    """One example; the same template gives another one each time. `natural` keeps the author's words (for validation)."""
    one = copy.deepcopy(template)
    if not natural:
        exchange(one, pools, rng)
        one = copy.deepcopy(template) if _repeats(one) else one
    summary = summary_of(one, pools.fleet(one.domain, rng), rng)
    disturb(one, rng)
    as_linked(one, rng)
    name_everyone(one)
    refs = renumber(one)
    answer = json.dumps(filled(one.plan, one.marks, refs), separators=(",", ":"), ensure_ascii=False)
    tagged = "".join(part if isinstance(part, str) else _tag(part, refs) for part in one.parts)
    return Example(planner_prompt(summary, tagged), answer, one.shape, tuple(refs.values()), one.plain)


def _repeats(one: Template) -> bool:
    """Whether the same verb was drawn for two sentences in a row."""
    return any(a == b for step in one.plan.get("plan", []) for a, b in pairwise(step["do"]))


def disturb(one: Template, rng: random.Random) -> None:
    """Wrappers, small letters, missing punctuation, slips and fillers; what the plan copies changes along, or not at all."""
    keep = frozenset(re.findall(r"\w+", " ".join(strings(one.plan)).lower()))
    before, after = wrap(one.plain, rng)
    if before and isinstance(one.parts[0], str) and not before.rstrip().endswith("."):
        one.parts[0] = decapitalise(one.parts[0])
    slips, lower, bare, filler = rng.random() < 0.14, rng.random() < 0.3, rng.random() < 0.2, rng.random() < 0.07
    for index, part in enumerate(one.parts):
        if isinstance(part, str):
            text = mistype_some(part, 0.12, keep, rng) if slips else part
            text = hesitate(text, rng) if filler and rng.random() < 0.4 else text
            one.parts[index] = re.sub(r"[.,;:!?]+(?=\s|$)", "", text) if bare else text
        elif part.letter == "x" and slips:
            part.surface = mistype_some(part.surface, 0.2, frozenset(), rng)
    one.parts = [p for p in [before, *one.parts, after] if p]
    if lower:
        one.parts = [p.lower() if isinstance(p, str) else p for p in one.parts]
        for mark in one.marks:
            mark.surface = mark.surface.lower()
        for step in one.plan.get("plan", []):
            step["do"] = [text[:1] + text[1:].lower() for text in step["do"]]


_REFERENCE = re.compile(r"[dkps]\d+", re.IGNORECASE)
"""A name that would be taken for a reference when it stood bare in a plan ("P2")."""


def as_linked(one: Template, rng: random.Random) -> None:
    """Tags where the linker would set them: the noun with its determiner and label; some mentions it misses altogether."""
    parts = list[str | Mark]()
    for part in one.parts:
        if not isinstance(part, Mark) or part.letter in "xv":
            parts.append(part)
            continue
        part.tagged = rng.random() >= _missed(part) or bool(_REFERENCE.fullmatch(part.surface))
        found = noun_in(part.surface, part.kind) or re.search(r"\S+$", part.surface)
        if part.letter == "k" and part.tagged and found and rng.random() < 0.85:
            parts += _trimmed(part, found)
        else:
            parts.append(part)
    one.parts = parts
    for mark in one.marks:
        if mark.letter == "s":
            mark.count = _count(mark.surface, rng)


def _missed(mark: Mark) -> float:
    """The chance that the linker does not see a mention: small for a kind with a label, large for "the little yellow one"."""
    noun = noun_in(mark.surface, mark.kind) is not None
    plain = noun and len(mark.surface.split()) <= (6 if mark.letter in "sk" else 3)
    if plain:
        return 0.08
    name = mark.letter in "dp" and (re.search(r"\d", mark.surface) or mark.surface[:1].isupper() or len(mark.surface.split()) <= 2)
    return 0.25 if name else 0.5


_DETERMINERS = re.compile(r"(?:(?:all of the|all of|all the|all|both|the|a|an|every|each|these|those|my|our|your)\s+)+$", re.IGNORECASE)


def _trimmed(mark: Mark, noun: re.Match[str]) -> list[str | Mark]:
    """ "two of the robots by the door" → "two of ", the mark "the robots", " by the door"."""
    start = noun.start()
    determiner = _DETERMINERS.search(mark.surface[:start])
    start = determiner.start() if determiner else start
    head, tail = mark.surface[:start], mark.surface[noun.end() :]
    mark.surface = mark.surface[start : noun.end()]
    return [piece for piece in (head, mark, tail) if piece]


_EVERYONE = re.compile(
    r"(everyone|everybody|all of you|you all|you lot|all|anyone|anybody|somebody|someone|everything|the whole lot|all hands)", re.IGNORECASE
)


def name_everyone(one: Template) -> None:
    """ "everyone" is no kind: the linker leaves it, and the plan says "any"."""
    for mark in one.marks:
        if mark.letter == "k" and _EVERYONE.fullmatch(mark.surface.strip()):
            mark.tagged = False
            one.plan = _replaced(one.plan, mark.id)


def _replaced(value: Any, ref: str) -> Any:
    if isinstance(value, dict):
        return {key: "any" if key == "of" and inner == ref else _replaced(inner, ref) for key, inner in value.items()}
    return [_replaced(inner, ref) for inner in value] if isinstance(value, list) else value


def _count(surface: str, rng: random.Random) -> int:
    numbers = [int(n) for n in re.findall(r"\d+", surface)]
    if len(numbers) == 2 and re.search(r"\d\s*(to|through|until|till|-|–)\s*\d", surface):
        return abs(numbers[1] - numbers[0]) + 1
    return len(numbers) if len(numbers) > 1 else rng.choice((2, 3, 4, 6, 8, 8, 8, 10, 12, 16, 24, 40, 60))


def renumber(one: Template) -> dict[str, str]:
    """Mark id → reference as the linker numbers it (per letter, in order of mention, tagged ones only)."""
    refs, counts = dict[str, str](), dict[str, int]()
    for mark in one.marks:
        if mark.letter in "dkps" and mark.tagged:
            counts[mark.letter] = counts.get(mark.letter, 0) + 1
            refs[mark.id] = f"{mark.letter}{counts[mark.letter]}"
    return refs


def _tag(mark: Mark, refs: dict[str, str]) -> str:
    if mark.id not in refs:
        return mark.surface
    count = f" {mark.count}" if mark.letter in "ks" else ""
    return f"[{refs[mark.id]} {mark.kind}{count}: {mark.surface}]"


def filled(value: Any, marks: Sequence[Mark], refs: dict[str, str]) -> Any:
    """The plan with its references renumbered and surface words where there is none."""
    if isinstance(value, dict):
        return {key: filled(inner, marks, refs) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, marks, refs) for inner in value]
    if not isinstance(value, str):
        return value
    surfaces = {mark.id: mark.surface for mark in marks}
    if value in surfaces:
        return refs.get(value, surfaces[value])
    text = re.sub(r"\{([a-z]\d+)\}", lambda m: f"{{{refs[m[1]]}}}" if m[1] in refs else surfaces[m[1]], value)
    return text[:1].upper() + text[1:] if value[:1].isupper() else text


class Source:
    """Examples without end from the templates that may be trained on; `reload` takes in what authors added meanwhile."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.reload()

    def reload(self) -> None:
        templates, self.bad = load()
        self.training = [t for t in templates if not t.held_out]
        self.held_out = [t for t in templates if t.held_out]
        self.pools = Pools(self.training)

    def take(self, count: int) -> list[Example]:
        return [expand(self.rng.choice(self.training), self.pools, self.rng) for _ in range(count)]

    def validation(self, each: int = 2) -> list[Example]:
        """The same held-out examples at every call."""
        rng = random.Random(11)
        return [expand(template, self.pools, rng, natural=True) for template in self.held_out for _ in range(each)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    source = Source(options.seed)
    print(f"{len(source.training)} templates, {len(source.held_out)} held out, {len(source.bad)} bad", *source.bad, sep="\n")
    for example in source.take(options.count):
        print(example.prompt + example.answer, end="\n\n")


if __name__ == "__main__":
    main()
