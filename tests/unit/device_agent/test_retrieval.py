"""The prepared catalogue: nearest functions first, forbidden ones never."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from device_agent.retrieval import Floats, digest, prepare
from runtime.vectors import Index
from schemas.skills import Function


class LetterEncoder:
    """Counts letters: texts with the same letters lie together."""

    def tokenize(self, text: str, glued: bool = False) -> list[int]:
        return [1000 + ord(c) for c in text if not c.isspace()]

    def piece_length(self, token: int) -> int:
        return 1

    def token_vectors(self, sequences: Sequence[Sequence[int]]) -> list[Floats]:
        return [np.zeros((len(s), 384), np.float32) for s in sequences]

    def embed(self, texts: Sequence[str]) -> Floats:
        counts = np.array([[t.lower().count(chr(97 + i)) for i in range(26)] for t in texts], np.float32).reshape(-1, 26)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


FUNCTIONS = (Function(name="dock"), Function(name="jump"), Function(name="erase", safety="forbidden"))


def test_the_nearest_function_comes_first() -> None:
    encoder = LetterEncoder()
    catalogue = prepare(FUNCTIONS, encoder)
    found = catalogue.nearest(encoder.embed(["jumm"])[0], 2)
    assert catalogue.functions[found[0][0]].name == "jump"
    assert found[0][1] > found[1][1]


def test_what_parameters_mean_finds_a_function_whose_name_and_description_say_nothing() -> None:
    queue = {"type": "object", "properties": {"q": {"type": "string", "description": "queue quick quit"}}}
    same = {"type": "object", "properties": {"q": {"type": "string"}}}
    functions = (Function(name="op_1", parameters=same), Function(name="op_2", parameters=queue))
    encoder = LetterEncoder()
    assert prepare(functions, encoder).nearest(encoder.embed(["quick queue"])[0], 1)[0][0] == 1


def test_each_option_has_a_vector_and_other_parameters_have_none() -> None:
    properties = {"kind": {"type": "string", "enum": ["jazz", "quiz", "waltz"]}, "loud": {"type": "boolean"}, "rpm": {"type": "number", "maximum": 5}}
    encoder = LetterEncoder()
    (own,) = prepare((Function(name="play", parameters={"properties": properties}),), encoder).options
    assert [len(one) for one in own] == [3, 2, 0]
    assert int(np.argmax(own[0] @ encoder.embed(["waltz, waltz, waltz"])[0])) == 2


def test_an_empty_catalogue_has_nothing_near() -> None:
    encoder = LetterEncoder()
    assert prepare((), encoder).nearest(encoder.embed(["dock"])[0], 2) == []


def test_functions_forbidden_to_models_are_not_candidates() -> None:
    catalogue = prepare(FUNCTIONS, LetterEncoder())
    assert [f.name for f in catalogue.functions] == ["dock", "jump"]


def test_a_changed_description_is_another_catalogue() -> None:
    changed = (FUNCTIONS[0].model_copy(update={"description": "drive to the charger"}), *FUNCTIONS[1:])
    assert digest(FUNCTIONS) == digest(list(FUNCTIONS)) != digest(changed)


def test_an_index_returns_no_more_rows_than_it_has() -> None:
    index = Index.build(np.eye(3, dtype=np.float32))
    assert index.search(np.array([0, 1, 0], np.float32), 9)[0] == (1, 1.0)
    assert len(index.search(np.array([0, 1, 0], np.float32), 9)) == 3
    assert Index.build(np.zeros((0, 4), np.float32)).search(np.zeros(4, np.float32), 3) == []
