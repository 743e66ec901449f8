"""The reader: one pass of the encoder over a sentence and one function says whether they fit, which parameters are said, where, and which option.

Layout of a pass (all segment 0; an ordinary one stays below `LIMIT` tokens):
`[CLS] sentence [SEP] function name words : description [P] parameter name words : description , type , unit [O] option [O] option … [SEP]`.
`[P]` and `[O]` are two pieces of the vocabulary that no text has; the small heads read the encoder's vectors at these places.
Training and use share this module, so the layout cannot drift.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from device_agent.denominations import CURRENCIES
from device_agent.scripts import runs_on
from schemas.skills import Function, Parameter, parameters_of

CLS, PAD, SEP, UNKNOWN, PARAMETER, OPTION = range(6)
"""The vocabulary begins with these."""
LIMIT, POSITIONS, SENTENCE = 256, 512, 200
YES, NO = "yes", "no"
_SHOWN = {YES: "yes , on", NO: "no , off , not"}
"""What the encoder reads for an option whose name says too little."""
LITERAL, LOWEST, HIGHEST, ZERO, NEGATIVE = "as said", "lowest", "highest", "zero", "negative"
"""Options of a number with both bounds: the quantity said, or what "all the way down", "level" and "two metres back" mean."""


class Pieces(Protocol):
    """A vocabulary of word pieces (SentencePiece unigram)."""

    def tokenize(self, text: str, glued: bool = False) -> list[int]:
        """Ids without special tokens. `glued`: the text goes on where the last one ended, without a blank."""
        ...

    def piece_length(self, token: int) -> int:
        """Characters of the normalised word that the piece stands for."""
        ...


@dataclass(frozen=True)
class Sentence:
    """A sentence in pieces; `spans[i]` are the characters [start, end) of piece i in `text`."""

    text: str
    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def pieces_in(self, start: int, end: int) -> range:
        """Indices of the pieces that overlap characters [start, end)."""
        inside = [i for i, (a, b) in enumerate(self.spans) if a < end and b > start]
        return range(inside[0], inside[-1] + 1) if inside else range(0)


@dataclass(frozen=True)
class FunctionText:
    """The function's half of a pass. `places[p]` and `options[p]` are offsets into `ids`."""

    ids: tuple[int, ...]
    parameters: tuple[Parameter, ...]
    places: tuple[int, ...]
    options: tuple[tuple[int, ...], ...]


_BORDERS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)")


def name_words(name: str) -> str:
    """`moveTo_shelf2` → "move to shelf 2"."""
    return " ".join(_BORDERS.sub(" ", re.sub(r"[_\-/\s]+", " ", name)).lower().split()) or name


def _class_of(char: str) -> str:
    """What joins into a word: letters and digits of one sort of script; punctuation stands alone; Chinese and Japanese run on without blanks."""
    if char.isspace():
        return "blank"
    if unicodedata.category(char).startswith("P") or (char.isascii() and not char.isalnum()):
        return "separate"
    return "cjk" if runs_on(char) else "word"


def split_words(text: str) -> list[tuple[int, int]]:
    """Character spans of what is cut into pieces by itself: blanks divide, punctuation stands alone, scripts do not mix."""
    spans: list[tuple[int, int]] = []
    last = "blank"
    for i, char in enumerate(text):
        kind = _class_of(char)
        if kind == last and kind not in ("blank", "separate"):
            spans[-1] = (spans[-1][0], i + 1)
        elif kind != "blank":
            spans.append((i, i + 1))
        last = kind
    return spans


def read_sentence(text: str, pieces: Pieces) -> Sentence:
    """The sentence in pieces with their characters; at most `SENTENCE` pieces are kept."""
    ids: list[int] = []
    spans: list[tuple[int, int]] = []
    for start, end in split_words(text):
        word = pieces.tokenize(text[start:end], glued=start > 0 and not text[start - 1].isspace())
        ids += word
        ends = [start + e for e in accumulate(_lengths(text[start:end], word, pieces))]
        # When normalising changed the length (ligatures, full width) each piece stands for the whole word.
        spans += zip([start, *ends], ends, strict=False) if ends[-1:] == [end] else [(start, end)] * len(word)
    return Sentence(text, tuple(ids[:SENTENCE]), tuple(spans[:SENTENCE]))


def _lengths(word: str, ids: list[int], pieces: Pieces) -> list[int]:
    """How many characters each piece stands for. Those that the vocabulary lacks are one unknown piece as long as they follow each other."""
    lengths = list[int]()
    for token in ids:
        rest = word[sum(lengths) :]
        known = next((i for i, char in enumerate(rest) if pieces.tokenize(char, glued=True) != [UNKNOWN]), len(rest)) if token == UNKNOWN else 0
        lengths.append(pieces.piece_length(token) if token != UNKNOWN else known)
    return lengths


def options_of(parameter: Parameter) -> tuple[str, ...]:
    """What the option head chooses from: enum members, yes / no, or how a bounded number is meant."""
    if parameter.choices:
        return tuple(str(choice) for choice in parameter.choices)
    if parameter.type == "boolean":
        return (YES, NO)
    low, high = parameter.minimum, parameter.maximum
    if parameter.type not in ("number", "integer") or low is None or high is None:
        return ()
    return (LITERAL, LOWEST, HIGHEST, ZERO, NEGATIVE) if low < 0 < high else (LITERAL, LOWEST, HIGHEST)


def function_text(function: Function, pieces: Pieces, limit: int = LIMIT - 64, *, backwards: bool = False) -> FunctionText:
    """The function's half of a pass. Descriptions are shortened until it fits `limit` tokens; parameters and options always stay.

    `backwards`: the last parameter first, which is a second look at the same function.
    """
    parameters = parameters_of(function)[:: -1 if backwards else 1]
    for words in (40, 16, 8, 4, 0):
        text = _compose(function, parameters, pieces, words)
        if len(text.ids) <= limit:
            break
    return text


def _compose(function: Function, parameters: tuple[Parameter, ...], pieces: Pieces, words: int) -> FunctionText:
    ids = pieces.tokenize(_described(name_words(function.name), function.description, words))
    places: list[int] = []
    options: list[tuple[int, ...]] = []
    for parameter in parameters:
        places.append(len(ids))
        ids += [PARAMETER, *pieces.tokenize(_parameter_words(parameter, words // 2))]
        own: list[int] = []
        for option in options_of(parameter):
            own.append(len(ids))
            ids += [OPTION, *pieces.tokenize(_shown(option, parameter))[:8]]
        options.append(tuple(own))
    return FunctionText((*ids, SEP), parameters, tuple(places), tuple(options))


def _shown(option: str, parameter: Parameter) -> str:
    money = parameter.choices and all(str(choice) in CURRENCIES for choice in parameter.choices)
    return f"{option} {CURRENCIES[option]}" if money else _SHOWN.get(option) or name_words(option)


def _parameter_words(parameter: Parameter, words: int) -> str:
    kind = "text" if parameter.type in ("string", "any") and not parameter.choices else parameter.type
    named = _described(" ".join(name_words(part) for part in parameter.path), parameter.description, words)
    return f"{named} , {kind} , {parameter.unit}" if parameter.unit else f"{named} , {kind}"


def _described(name: str, description: str, words: int) -> str:
    short = " ".join(description.split()[:words])
    return f"{name} : {short}" if short else name


def retrieval_views(function: Function) -> tuple[str, ...]:
    """What the bi-encoder sees of a function, in three ways: name words, description (40 words) and parameter names; the same with what each
    parameter means and its members; and its parameters alone, if it has any."""
    described = _described(name_words(function.name), function.description, 40)
    parameters = parameters_of(function)[:12]
    if not parameters:
        return (described,)
    names, meanings = ", ".join(name_words(p.name) for p in parameters), "; ".join(_meaning(p) for p in parameters)
    return f"{described}. {names}", f"{described}. {meanings}", meanings


def _meaning(parameter: Parameter) -> str:
    members = f" ({', '.join(str(choice) for choice in parameter.choices[:8])})" if parameter.choices else ""
    return f"{name_words(parameter.name)} {parameter.description}".strip() + members


def option_views(function: Function, parameter: Parameter) -> tuple[str, ...]:
    """What the bi-encoder sees of each option of a parameter: function and parameter, what it means (12 words), and the option."""
    asked = _described(f"{name_words(function.name)} , {name_words(parameter.name)}", parameter.description, 12)
    return tuple(f"{asked} = {_shown(option, parameter)}" for option in options_of(parameter))


def pass_ids(sentence: Sentence, text: FunctionText) -> list[int]:
    """One reader pass; the sentence's pieces stand at 1 … len(sentence.ids)."""
    return [CLS, *sentence.ids, SEP, *text.ids][:POSITIONS]
