"""A generative model in the reader's place: what it sees, what it may write, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device_agent.call_prompt import call_prompt, call_schema, read_call
from device_agent.language_reader import LanguageReader
from device_agent.reader_mapper import ReaderMapper, open_reader
from runtime.llm.grammar import grammar_of
from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.protocol import Generation
from runtime.llm.worker import Worker
from schemas.errors import ModelError
from schemas.skills import Catalogue, Function

MODELS = Path(__file__).parents[3] / "models"
SCENE = Function(
    name="set_scene",
    description="Sets the scene of a room.",
    parameters={
        "type": "object",
        "properties": {
            "light": {
                "type": "object",
                "properties": {
                    "level": {"type": "number", "unit": "%", "minimum": 0, "maximum": 100},
                    "colour": {"type": "string", "enum": ["warm", "cold"]},
                },
                "required": ["level"],
            },
            "rooms": {"type": "array", "items": {"type": "string"}},
            "steps": {"type": "array", "items": {"type": "number", "unit": "s", "maximum": 60}},
        },
        "required": ["light", "rooms"],
    },
)
READ = Function(name="read_temperature", description="Reads the temperature.", safety="read")
FUNCTIONS = (SCENE, READ)
SCENE_CALL = {"name": "set_scene", "arguments": {"light": {"level": 30}, "rooms": ["kitchen", "hall"]}}


class Writer:
    """Writes what it is told to, and remembers what it was shown."""

    def __init__(self, text: str | Exception, probability: float | None = 0.9, *, stopped: bool = True) -> None:
        self.text, self.probability, self.stopped = text, probability, stopped
        self.prompts: list[str] = []

    def generate(self, prompt: str, grammar: str | None, max_tokens: int) -> Generation:
        self.prompts.append(prompt)
        if isinstance(self.text, Exception):
            raise self.text
        return Generation(self.text, probability=self.probability, stopped=self.stopped)


def test_what_changes_comes_last_in_the_prompt():
    one, two = call_prompt(FUNCTIONS, "How warm\nis it?"), call_prompt(FUNCTIONS, "Dim it.", "hall = room 3")
    shared = one.split("Sentence: How warm is it?")[0]
    assert two.startswith(shared)
    assert 'set_scene(light.level: number, %; light.colour?: "warm" or "cold"; rooms: list of string; steps?: list of number, s)' in one
    assert "Facts: hall = room 3\n" in two
    assert one.endswith("\nCall: ")


@pytest.mark.parametrize(
    ("written", "probability", "expected"),
    [
        (SCENE_CALL, 0.9, ("set_scene", SCENE_CALL["arguments"], "act", None)),
        (SCENE_CALL, 0.5, ("set_scene", SCENE_CALL["arguments"], "ask", None)),
        (SCENE_CALL, None, ("set_scene", SCENE_CALL["arguments"], "ask", None)),
        ({"name": "set_scene", "arguments": {"light": {"level": 300}, "rooms": ["hall"]}}, 0.9, (None, {}, "refuse", "out_of_range")),
        (
            {"name": "set_scene", "arguments": {"light": {"level": 30}, "rooms": ["hall"], "steps": [5, 90]}},
            0.9,
            (None, {}, "refuse", "out_of_range"),
        ),
        ({"name": "set_scene", "arguments": {"light": {"colour": "warm"}, "rooms": ["hall"]}}, 0.9, (None, {}, "ask", "missing_argument")),
        ({"name": "read_temperature", "arguments": {"light": {}, "x": None}}, 0.9, ("read_temperature", {}, "act", None)),
        ({"name": "read_temperature"}, 0.9, ("read_temperature", {}, "act", None)),
        ({"name": None, "reason": "several"}, 0.9, (None, {}, "refuse", "several")),
        ({"name": None, "reason": "none_fits"}, 0.9, (None, {}, "refuse", "none_fits")),
        ({"name": "fly"}, 0.9, (None, {}, "refuse", "none_fits")),
        ([1], 0.9, (None, {}, "refuse", "none_fits")),
    ],
)
def test_what_was_written_is_judged(written, probability, expected):
    read = read_call(json.dumps(written), FUNCTIONS, probability, 0.8)
    assert (read.name, read.arguments, read.decision, read.reason) == expected


def test_what_is_missing_is_named():
    read = read_call('{"name":"set_scene","arguments":{"rooms":["hall"]}}', FUNCTIONS, 0.9, 0.8)
    assert read.missing == ("light.level",)


@pytest.fixture(scope="module")
def accepts() -> Iterator[Callable[[str], bool]]:
    decoder = Decoder(MODELS / "parley-lm.gguf", n_ctx=512)
    yield lambda text: decoder.accepts(grammar_of(call_schema(FUNCTIONS)), text)
    decoder.close()


@pytest.mark.parametrize(
    ("written", "can"),
    [
        (SCENE_CALL, True),
        ({"name": "set_scene", "arguments": {"light": {"colour": "warm"}}}, True),
        ({"name": "read_temperature", "arguments": {}}, True),
        ({"name": None, "reason": "several"}, True),
        ({"name": "set_scene", "arguments": {"light": {"colour": "green"}}}, False),
        ({"name": "read_temperature", "arguments": {"x": 1}}, False),
        ({"name": "set_scene", "arguments": {"light": {"level": 30}, "rooms": [4]}}, False),
        ({"name": "fly", "arguments": {}}, False),
        ({"name": None, "reason": "tired"}, False),
    ],
)
def test_only_calls_of_these_functions_can_be_written(accepts: Callable[[str], bool], written: object, can: bool):
    assert accepts(json.dumps(written, separators=(",", ":"))) is can


@pytest.fixture(scope="module")
def interpreter():
    return open_reader(MODELS / "parley-reader-2.gguf")


async def test_a_model_that_writes_calls_is_a_mapper_like_any_other(interpreter):
    writer = Writer(json.dumps(SCENE_CALL))
    mapper = ReaderMapper(LanguageReader(interpreter, writer), Worker("test"))
    try:
        mapped = await mapper.map("Dim kitchen and hall to 30 %.", Catalogue(kind="house", functions=FUNCTIONS))
    finally:
        await mapper.close()
    assert mapped.call is not None
    assert (mapped.call.function, mapped.call.arguments, mapped.decision) == ("set_scene", SCENE_CALL["arguments"], "act")
    assert "Sentence: Dim kitchen and hall to 30 %.\nCall: " in writer.prompts[0]


@pytest.mark.parametrize("writer", [Writer(ModelError("tired")), Writer('{"name":"read_temp', stopped=False), Writer("")])
def test_a_model_that_gives_up_makes_no_call(interpreter, writer):
    reader = LanguageReader(interpreter, writer)
    read = reader.interpret("How warm is it?", reader.catalogue(FUNCTIONS))
    assert (read.name, read.decision) == (None, "refuse")


def test_nothing_to_read_or_to_choose_among_needs_no_model(interpreter):
    writer = Writer("")
    reader = LanguageReader(interpreter, writer)
    assert reader.interpret("  ", reader.catalogue(FUNCTIONS)).reason == "none_fits"
    assert reader.interpret("How warm is it?", reader.catalogue(())).reason == "none_fits"
    assert writer.prompts == []


def test_any_gguf_writes_a_call_that_fits_whatever_it_knows():
    reader = open_reader(MODELS / "parley-reader-2.gguf", model=MODELS / "parley-lm.gguf")
    read = reader.interpret("Dim the hall to 30 %.", reader.catalogue(FUNCTIONS))
    assert read.name in (None, "set_scene", "read_temperature")
    assert read.ms > 0
    assert {c.name for c in read.candidates} == {"set_scene", "read_temperature"}
