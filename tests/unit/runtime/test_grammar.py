"""JSON Schema → GBNF: what llama.cpp then lets a model write. The recogniser is llama.cpp's own, over single bytes of the shipped model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.llm.grammar import Rules, escaped, grammar_of, literal, quoted, trie
from runtime.llm.llama_cpp.decoder import Decoder
from schemas.errors import ContractError

MODEL = Path(__file__).parents[3] / "models" / "parley-lm.gguf"
Accepts = Callable[[str, str], bool]


@pytest.fixture(scope="module")
def accepts() -> Any:
    decoder = Decoder(MODEL, n_ctx=256)
    yield decoder.accepts
    decoder.close()


ROBOT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "shelf": {"type": "integer"},
        "speed": {"enum": ["slow", "fast", 'a "quoted" one']},
        "note": {"type": "string"},
        "marks": {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 2},
    },
    "required": ["shelf", "marks"],
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (ROBOT, {"shelf": 4, "marks": [1.5]}),
        (ROBOT, {"shelf": -4, "speed": "slow", "note": 'say "hi" \\ ü 🤖', "marks": [1, 2e9]}),
        (ROBOT, {"shelf": 4, "speed": 'a "quoted" one', "marks": [0.25, 2]}),
        ({"type": ["string", "null"]}, None),
        ({"anyOf": [{"const": "all"}, {"type": "boolean"}]}, "all"),
        ({}, {"any": [1, "thing", None, {"deep": True}]}),
        ({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}}, {}),
        ({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}}, {"b": None}),
        ({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}, [[], [[]]]),
        ({"type": "array", "prefixItems": [{"enum": ["min", "max"]}, {"type": "string"}]}, ["min", "battery"]),
    ],
)
def test_a_value_that_fits_the_schema_can_be_written(accepts: Accepts, schema: dict[str, Any], value: Any) -> None:
    assert accepts(grammar_of(schema), json.dumps(value, separators=(",", ":"), ensure_ascii=False))


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (ROBOT, '{"shelf":4}'),
        (ROBOT, '{"shelf":4,"marks":[]}'),
        (ROBOT, '{"shelf":4,"marks":[1,2,3]}'),
        (ROBOT, '{"shelf":"4","marks":[1]}'),
        (ROBOT, '{"shelf":4,"speed":"medium","marks":[1]}'),
        (ROBOT, '{"shelf":4,"marks":[1],"other":1}'),
        (ROBOT, '{"shelf":4, "marks":[1]}'),
        ({"type": "string"}, '"a\nb"'),
        ({"type": "string"}, '"a'),
        ({"type": "integer"}, "007"),
    ],
)
def test_a_value_that_does_not_fit_cannot_be_written(accepts: Accepts, schema: dict[str, Any], text: str) -> None:
    assert not accepts(grammar_of(schema), text)


@pytest.mark.parametrize("word", ['"', "\\", '\\"', "]", "::=", "\n", "\x00", "🤖", "ü", "root ::= x", "[a-z]*", "\x7f", "”"])
def test_a_literal_is_text_and_never_grammar(accepts: Accepts, word: str) -> None:
    assert accepts(f"root ::= {quoted(word)}\n", json.dumps(word, ensure_ascii=False))
    assert not accepts(f"root ::= {quoted(word)}\n", '"other"')


def test_a_trie_matches_its_words_and_no_part_of_them(accepts: Accepts) -> None:
    words = ["shelf", "shelves", "she", "robot", 'a"b', "{}"]
    grammar = f"root ::= {trie(map(escaped, words))}\n"
    assert all(accepts(grammar, escaped(word)) for word in words)
    assert not any(accepts(grammar, word) for word in ("shel", "sh", "robots", "", "b"))


def test_a_reference_out_of_the_schema_is_an_error() -> None:
    with pytest.raises(ContractError, match="elsewhere"):
        grammar_of({"$ref": "#/$defs/elsewhere"})


def test_a_rule_name_has_one_meaning() -> None:
    rules = Rules()
    rules.add("a", literal("x"))
    rules.add("a", literal("x"))
    with pytest.raises(ContractError, match="twice"):
        rules.add("a", literal("y"))
