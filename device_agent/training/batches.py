"""Training steps' raw material: scenes, sentences with labels, and the candidates that the reader is shown."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace

from device_agent.reader import CLS, SEP, Pieces, Sentence, function_text, option_views, options_of, pass_ids, read_sentence
from device_agent.training.augment import render
from device_agent.training.catalogues import Scene, letters_task, rename_marks, scene
from device_agent.training.data import Example, Kind, place
from device_agent.training.roles import Words, roles_task
from device_agent.training.targets import Target, meaning, target_of
from schemas.skills import Function, Parameter, parameters_of


@dataclass(frozen=True)
class Item:
    """One sentence in its scene. `positive` indexes the scene's functions (None: nothing fits).

    `absent`: hide the positive from the reader, so that nothing fits.
    """

    sentence: Sentence
    positive: int | None
    absent: bool = False
    spans: dict[str, tuple[int, int]] | None = None
    options: dict[str, str | None] | None = None


@dataclass(frozen=True)
class Episode:
    functions: tuple[Function, ...]
    items: tuple[Item, ...]
    others: tuple[Item, ...] = ()
    """Sentences that the reader is not shown: which function they mean is learnt from their vectors alone, for a tenth of the tokens."""


def _item(
    example: Example, functions: tuple[Function, ...], original: dict[str, Parameter], names: dict[str, str], alias: str | None, pieces: Pieces
) -> Item:
    options = {names.get(m.parameter, m.parameter): meaning(m, original[m.parameter]) for m in example.marks if m.parameter in original}
    text, spans = place(rename_marks(example, names).parts)
    positive = next((i for i, f in enumerate(functions) if f.name == alias), None)
    return Item(read_sentence(text, pieces), positive, False, spans, options)


def _authored(example: Example, kind: Kind, staged: Scene, pieces: Pieces, rng: random.Random | None) -> Item:
    function = next((f for f in kind.functions if f.name == example.function), None)
    original = {p.name: p for p in parameters_of(function)} if function else {}
    shown = render(example, original, rng) if rng else example
    name = example.function or ""
    return _item(shown, staged.functions, original, staged.renamed.get(name, {}), staged.alias.get(name), pieces)


def _single(kind: Kind) -> list[Example]:
    """One request each: which function two requests mean has no answer, and code finds the seam (device_agent.clauses)."""
    return [e for e in kind.examples if e.why != "several"]


def plain_episode(kind: Kind, pieces: Pieces) -> Episode:
    """The kind exactly as authored: for evaluation."""
    staged = Scene(kind.functions, {f.name: f.name for f in kind.functions}, {})
    return Episode(kind.functions, tuple(_authored(e, kind, staged, pieces, None) for e in _single(kind)))


def episode(kinds: list[Kind], words: Words, size: int, pieces: Pieces, rng: random.Random, *, arguments_only: bool = False) -> Episode:
    """A varied scene with `size` sentences; two in ten are about random names and their values alone. `arguments_only`: of sentences that mean a
    function, those most often whose arguments are the hardest to tell."""
    if rng.random() < 0.2:
        functions, examples = letters_task(rng) if rng.random() < 0.5 else roles_task(words, rng)
        originals = {f.name: {p.name: p for p in parameters_of(f)} for f in functions}
        chosen = rng.sample(examples, min(size, len(examples)))
        items = [_item(e, functions, originals[e.function or ""], {}, e.function, pieces) for e in chosen]
        return Episode(functions, tuple(replace(item, absent=rng.random() < 0.1) for item in items))
    kind = rng.choice(kinds)
    staged = scene(kind, [k for k in kinds if k.kind != kind.kind], rng)
    # Drawn without replacement, by weight (Efraimidis and Spirakis, 2006).
    weights = hardness(kind) if arguments_only else [(e, _weight(e)) for e in _single(kind)]
    drawn = [e for e, _ in sorted(weights, key=lambda pair: -(rng.random() ** (1 / pair[1])))]
    items = tuple(_draw(e, kind, kinds, staged, pieces, rng) for e in drawn[:size])
    if arguments_only:
        return Episode(staged.functions, items)
    return Episode(staged.functions, items, tuple(_authored(e, kind, staged, pieces, rng) for e in drawn[size : 3 * size] if e.function))


def _weight(example: Example) -> float:
    """Sentences that say several arguments are drawn more often: which belongs where is the hardest to learn. Refusals keep their share."""
    return 1.5 if example.why is not None else (1.0, 1.0, 2.0, 3.0)[min(len(example.marks), 3)]


def hardness(kind: Kind) -> list[tuple[Example, float]]:
    """How often each sentence is drawn where arguments alone are learnt: members of enumerations, yes and no, and values of one sort beside each other
    are read worst; a function without parameters teaches nothing."""
    known = {f.name: {p.name: p for p in parameters_of(f)} for f in kind.functions}
    return [(e, _hardness(e, asked)) for e in _single(kind) if (asked := known.get(e.function or ""))]


def _hardness(example: Example, known: dict[str, Parameter]) -> float:
    sorts = Counter(_sort(known[m.parameter]) for m in example.marks)
    alike = sum(count - 1 for sort, count in sorts.items() if sort != "option")
    return 0.2 + 0.3 * len(example.marks) + 2.0 * min(sorts["option"], 2) + 1.5 * min(alike, 2)


def _sort(parameter: Parameter) -> str:
    return "option" if parameter.is_option else "number" if parameter.is_number else "words"


def _draw(example: Example, kind: Kind, kinds: list[Kind], staged: Scene, pieces: Pieces, rng: random.Random) -> Item:
    chance = rng.random()
    ordinary = example.function is not None and example.why is None
    if chance > 0.97:
        other = rng.choice(kinds)
        foreign = rng.choice([e for e in other.examples if e.function and e.why is None])
        if other.kind != kind.kind:
            return _authored(Example(None, foreign.parts, "none_fits"), kind, staged, pieces, rng)
    item = _authored(example, kind, staged, pieces, rng)
    return Item(item.sentence, item.positive, ordinary and chance < 0.1, item.spans, item.options)


@dataclass(frozen=True)
class Pass:
    """One reader pass. `sentence` numbers the item it belongs to; `target` only for the positive."""

    ids: list[int]
    sentence: int
    pieces: int
    places: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]
    positive: bool
    target: Target | None


def make_pass(item: Item, number: int, function: Function, positive: bool, pieces: Pieces) -> Pass:
    text = function_text(function, pieces)
    shift = len(item.sentence.ids) + 2
    target = target_of(item.sentence, text, item.spans or {}, item.options or {}) if positive else None
    places = tuple(p + shift for p in text.places)
    return Pass(
        pass_ids(item.sentence, text),
        number,
        len(item.sentence.ids),
        places,
        tuple(tuple(o + shift for o in own) for own in text.options),
        positive,
        target,
    )


@dataclass(frozen=True)
class Choice:
    """A sentence of an episode that says one option of a parameter: of the rows `options`, it means the one at `meant`."""

    sentence: int
    options: tuple[int, ...]
    meant: int


def option_rows(episode: Episode, pieces: Pieces) -> tuple[list[list[int]], list[Choice]]:
    """Ids of the options that any sentence of the episode says one of, each parameter once, and which sentence means which."""
    rows, places, choices = list[list[int]](), dict[tuple[int, str], tuple[int, ...]](), list[Choice]()
    for number, item in enumerate((*episode.items, *episode.others)):
        if item.positive is None or not item.options:
            continue
        function = episode.functions[item.positive]
        for parameter in parameters_of(function):
            known, wanted = options_of(parameter), item.options.get(parameter.name)
            if not parameter.is_option or wanted not in known:
                continue
            key = (item.positive, parameter.name)
            if key not in places:
                views = option_views(function, parameter)
                places[key] = tuple(range(len(rows), len(rows) + len(views)))
                rows += [[CLS, *pieces.tokenize(view)[:80], SEP] for view in views]
            choices.append(Choice(number, places[key], known.index(wanted)))
    return rows, choices
