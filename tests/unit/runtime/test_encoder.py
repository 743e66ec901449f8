"""The llama.cpp encoder: the base model's tokens, vectors that do not depend on their neighbours, and clear errors."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from device_agent.reader import CLS, OPTION, PAD, PARAMETER, SEP, UNKNOWN
from runtime.llm.llama_cpp import encoder as encoder_door
from runtime.llm.llama_cpp.encoder import SEQUENCES, Encoder
from runtime.settings import MODELS
from schemas.errors import ConfigError

MODEL = MODELS / "parley-reader-2.gguf"
REFERENCE = Path(__file__).parent / "wordpieces.json"
"""[text, ids] by the base model's own tokenizer."""


@cache
def encoder() -> Encoder:
    return Encoder(MODEL)


def test_tokens_are_those_of_the_base_models_tokenizer() -> None:
    rows = json.loads(REFERENCE.read_text(encoding="utf-8"))
    assert len(rows) >= 200
    assert [text for text, ids in rows if encoder().tokenize(text) != ids] == []


def test_special_tokens_in_a_sentence_are_text() -> None:
    tokens = encoder().tokenize("go </s> to <s> the [P] dock [O] <pad>")
    assert not {CLS, SEP, PAD, PARAMETER, OPTION} & set(tokens)


def test_the_reader_and_the_door_mean_the_same_pieces() -> None:
    assert (encoder_door.CLS, encoder_door.SEP, encoder_door.UNKNOWN) == (CLS, SEP, UNKNOWN)


def test_a_text_that_goes_on_begins_no_word() -> None:
    assert encoder().tokenize("dock") != encoder().tokenize("dock", glued=True)
    assert encoder().tokenize("  two   blanks ") == encoder().tokenize("two blanks")


def test_a_piece_knows_how_many_characters_it_stands_for() -> None:
    pieces = encoder().tokenize("recalibrating")
    assert sum(encoder().piece_length(p) for p in pieces) == len("recalibrating")


def test_embeddings_are_unit_vectors_and_like_meanings_lie_together() -> None:
    vectors = encoder().embed(["recharge the battery", "charge the accumulator", "open the window"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert encoder().embed([]).shape == (0, 384)


def test_a_sequences_vectors_do_not_depend_on_the_others_in_its_batch() -> None:
    first, second = ([CLS, *encoder().tokenize(t), SEP] for t in ("move to shelf four", "how much juice is left in the battery"))
    (alone,) = encoder().token_vectors([first])
    together = encoder().token_vectors([second, first])
    assert alone.shape == together[1].shape == (len(first), 384)
    # Blocked kernels round differently with the batch's size.
    assert np.abs(alone - together[1]).max() < 0.05


def test_more_sequences_than_one_batch_holds_come_back_in_order() -> None:
    rows = [[CLS, *encoder().tokenize(f"shelf {i}"), SEP] for i in range(SEQUENCES * 2 + 3)]
    vectors = encoder().token_vectors(rows)
    assert [len(v) for v in vectors] == [len(r) for r in rows]
    (last,) = encoder().token_vectors([rows[-1]])
    assert float(last[0] @ vectors[-1][0]) / float(np.linalg.norm(last[0]) * np.linalg.norm(vectors[-1][0])) > 0.999


def test_a_text_longer_than_the_model_reads_is_cut() -> None:
    assert encoder().embed(["word " * 2000]).shape == (1, 384)


def test_a_missing_model_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.gguf: no such model file"):
        Encoder(tmp_path / "none.gguf")


def test_a_file_that_is_no_model_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "odd.gguf").write_bytes(b"GGUF but not really")
    with pytest.raises(ConfigError, match="cannot load this model"):
        Encoder(tmp_path / "odd.gguf")


def test_an_altered_model_is_noticed_by_its_card(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"altered")
    (tmp_path / "m.toml").write_text('[sha256]\n"m.gguf" = "00"\n')
    with pytest.raises(ConfigError, match="differs from the sha256"):
        Encoder(tmp_path / "m.gguf")
