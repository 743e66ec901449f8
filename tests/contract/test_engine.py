"""One suite over the scripted and the real engine: what every runtime.llm.protocol.Engine promises. And what only the file-reading one does."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.llama_cpp.generator import LlamaEngine
from runtime.llm.protocol import Engine
from runtime.llm.scripted import ScriptedEngine
from schemas.errors import ConfigError, ModelError

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models" / "parley-lm.gguf"
PROMPT = "kinds: robot 3\nknows: battery\nfinds: items\n> Everybody stop!\n<"
OTHER = "kinds: robot 3\nknows: battery\nfinds: items\n> order me a pizza\n<"


@pytest.fixture(params=["scripted", "llama_cpp"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    made: Engine = ScriptedEngine({"": '{"control" : "stop" }'}) if request.param == "scripted" else LlamaEngine(MODEL)
    yield made
    await made.close()


async def test_an_answer_tells_its_size_and_that_it_ended(engine: Engine) -> None:
    made = await engine.generate(PROMPT)
    assert made.text
    assert made.stopped
    assert made.prompt_tokens > 5
    assert 0 < made.tokens < 256
    assert engine.name


async def test_probability_is_a_share_or_unknown(engine: Engine) -> None:
    made = await engine.generate(PROMPT)
    assert made.probability is None or 0.0 <= made.probability <= 1.0


async def test_the_same_seed_draws_the_same_answer(engine: Engine) -> None:
    drawn = [(await engine.generate(PROMPT, temperature=1.5, seed=seed)).text for seed in (3, 3)]
    assert drawn[0] == drawn[1]


async def test_a_limit_of_tokens_cuts_and_says_so(engine: Engine) -> None:
    whole = await engine.generate(PROMPT)
    cut = await engine.generate(PROMPT, max_tokens=1)
    assert not cut.stopped
    assert cut.tokens == 1
    assert whole.text.startswith(cut.text)


async def test_the_same_prompt_gives_the_same_answer(engine: Engine) -> None:
    first = await engine.generate(PROMPT)
    await engine.generate(OTHER)
    again = await engine.generate(PROMPT)
    assert (first.text, first.tokens) == (again.text, again.tokens)


async def test_two_calls_at_once_do_not_mix(engine: Engine) -> None:
    alone = [await engine.generate(prompt) for prompt in (PROMPT, OTHER)]
    together = await asyncio.gather(*(engine.generate(prompt) for prompt in (PROMPT, OTHER)))
    assert [made.text for made in together] == [made.text for made in alone]


async def test_a_closed_engine_gives_up_and_closes_twice(engine: Engine) -> None:
    await engine.close()
    await engine.close()
    with pytest.raises(ModelError, match="closed"):
        await engine.generate(PROMPT)


async def test_a_scripted_engine_without_an_answer_gives_up() -> None:
    with pytest.raises(ModelError, match="nothing is scripted"):
        await ScriptedEngine({"something else": "x"}).generate(PROMPT)


@pytest.fixture
async def llama() -> AsyncIterator[LlamaEngine]:
    made = LlamaEngine(MODEL)
    yield made
    await made.close()


async def test_a_grammar_binds_the_answer(llama: LlamaEngine) -> None:
    made = await llama.generate(PROMPT, grammar='root ::= "no" [0-9]{3} "!"\n')
    assert made.text[:2] == "no"
    assert made.text[2:5].isdecimal()
    assert made.text[5:] == "!"


@pytest.mark.parametrize("grammar", ["", " ", "root ::= missing", "other ::= [a-z]", "root ::= root", 'root ::= "a', "\x00"])
async def test_a_grammar_that_cannot_be_read_is_an_error_not_a_crash(llama: LlamaEngine, grammar: str) -> None:
    with pytest.raises(ModelError, match="grammar"):
        await llama.generate(PROMPT, grammar=grammar)
    assert (await llama.generate(PROMPT)).text


async def test_a_prompt_that_does_not_fit_is_an_error(llama: LlamaEngine) -> None:
    with pytest.raises(ModelError, match="do not fit"):
        await llama.generate("shelf " * 3000)


@pytest.mark.parametrize("prompt", ["", "🤖 ü 漢字", "<eos> </s> <|endoftext|>", "\x00\x01"])
async def test_any_text_can_be_a_prompt(llama: LlamaEngine, prompt: str) -> None:
    if prompt:
        await llama.generate(prompt, max_tokens=4)
    else:
        with pytest.raises(ModelError, match="0 tokens"):
            await llama.generate(prompt)


def test_a_missing_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.gguf: no such model file"):
        LlamaEngine(tmp_path / "none.gguf")


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(b"not a model")
    with pytest.raises(ConfigError, match="not a GGUF"):
        LlamaEngine(path)


def test_half_a_model_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "half.gguf"
    path.write_bytes(MODEL.read_bytes()[:200_000])
    with pytest.raises(ConfigError, match="cannot load"):
        LlamaEngine(path)


def test_a_file_that_differs_from_its_card_is_refused(tmp_path: Path) -> None:
    raw = bytearray(MODEL.read_bytes())
    raw[-1] ^= 1
    (tmp_path / MODEL.name).write_bytes(raw)
    shutil.copy(MODEL.with_suffix(".toml"), tmp_path)
    with pytest.raises(ConfigError, match="sha256"):
        LlamaEngine(tmp_path / MODEL.name)


GOLDEN = json.loads((ROOT / "tests" / "golden" / "parley-lm-parity.json").read_text(encoding="utf-8"))


def test_tokens_equal_those_of_training() -> None:
    decoder = Decoder(MODEL, n_ctx=256)
    assert len(GOLDEN["tokens"]) >= 200
    assert [row["text"] for row in GOLDEN["tokens"] if decoder.tokenize(row["text"]) != row["ids"]] == []
    decoder.close()


def test_scores_are_those_of_training_within_rounding() -> None:
    """0.25 covers the 8-bit weights; a wrong rotation or norm is off by more than 1. The same file in f16 is checked to 0.02 at export."""
    decoder = Decoder(MODEL, n_ctx=256)
    for row in GOLDEN["logits"]:
        scores = decoder.logits(row["ids"])
        assert [scores[i] for i in row["top"]] == pytest.approx(row["scores"], abs=0.25)
    decoder.close()


def test_what_the_context_still_holds_changes_no_score() -> None:
    decoder = Decoder(MODEL, n_ctx=256)
    ids = decoder.tokenize(PROMPT)
    fresh = decoder.logits(ids).copy()
    decoder.logits([*ids[:-3], 7, 8, 9])
    assert decoder.logits(ids).copy() == pytest.approx(fresh, abs=0.05)
    decoder.close()
