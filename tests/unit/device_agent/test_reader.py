"""The reader's layout: what the encoder sees of a sentence and a function, and where the heads look."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from device_agent.heads import Heads, Reading
from device_agent.reader import (
    CLS,
    LIMIT,
    OPTION,
    PARAMETER,
    SEP,
    UNKNOWN,
    function_text,
    name_words,
    option_views,
    options_of,
    pass_ids,
    read_sentence,
    retrieval_views,
    split_words,
)
from runtime.settings import MODELS
from schemas.errors import ConfigError
from schemas.skills import Function, Parameter, parameters_of


class CharacterPieces:
    """A vocabulary whose pieces are single characters; blanks divide."""

    def tokenize(self, text: str, glued: bool = False) -> list[int]:
        return [1000 + ord(c) for c in text.lower() if not c.isspace()]

    def piece_length(self, token: int) -> int:
        return 1


PIECES = CharacterPieces()
SPIN = Function(
    name="startSpin",
    description="Spins the rotor.",
    parameters={
        "type": "object",
        "properties": {
            "rpm": {"type": "integer", "unit": "rpm", "minimum": 100, "maximum": 9000},
            "mode": {"type": "string", "enum": ["soft", "hard"], "description": "braking"},
            "silent": {"type": "boolean"},
            "label": {"type": "string"},
        },
    },
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("startSpin", "start spin"),
        ("get_battery_level", "get battery level"),
        ("HTTPStatusRead", "http status read"),
        ("mvTo2", "mv to 2"),
        ("größe_setzen", "größe setzen"),
        ("zone-4", "zone 4"),
        ("_", "_"),
    ],
)
def test_a_function_name_is_split_into_words(name: str, words: str) -> None:
    assert name_words(name) == words


def test_words_are_divided_at_blanks_and_punctuation() -> None:
    text = "Go, shelf-4 now"
    assert [text[a:b] for a, b in split_words(text)] == ["Go", ",", "shelf", "-", "4", "now"]


def test_scripts_do_not_mix_in_a_word_and_chinese_runs_on() -> None:
    text = "把3号灯调到50%，型号QX-7"
    assert [text[a:b] for a, b in split_words(text)] == ["把", "3", "号灯调到", "50", "%", "，", "型号", "QX", "-", "7"]


def test_only_what_follows_a_blank_begins_a_word() -> None:
    class Begins(CharacterPieces):
        def tokenize(self, text: str, glued: bool = False) -> list[int]:
            return [int(glued)] * len(text)

    assert read_sentence("go (to B-7", Begins()).ids == (0, 0, 0, 1, 1, 0, 1, 1)


def test_pieces_know_their_characters() -> None:
    sentence = read_sentence("go to B-7", PIECES)
    assert sentence.pieces_in(6, 9) == range(4, 7)
    assert sentence.text[sentence.spans[4][0] : sentence.spans[6][1]] == "B-7"
    assert sentence.pieces_in(2, 3) == range(0)


def test_characters_that_the_vocabulary_lacks_leave_the_others_theirs() -> None:
    class Lacks(CharacterPieces):
        def tokenize(self, text: str, glued: bool = False) -> list[int]:
            return [UNKNOWN if m[0][0] in "镍槽" else 1000 + ord(m[0]) for m in re.finditer("[镍槽]+|.", text)]

        def piece_length(self, token: int) -> int:
            return int(token != UNKNOWN)

    sentence = read_sentence("从镍槽吊到锌槽", Lacks())
    assert [sentence.text[a:b] for a, b in sentence.spans] == ["从", "镍槽", "吊", "到", "锌", "槽"]


def test_every_parameter_and_option_has_its_marker() -> None:
    text = function_text(SPIN, PIECES)
    assert [text.ids[p] for p in text.places] == [PARAMETER] * 4
    assert [len(own) for own in text.options] == [3, 2, 2, 0]
    assert all(text.ids[o] == OPTION for own in text.options for o in own)
    assert text.ids[-1] == SEP


def test_backwards_the_last_parameter_stands_first() -> None:
    text, turned = function_text(SPIN, PIECES), function_text(SPIN, PIECES, backwards=True)
    assert turned.parameters == text.parameters[::-1]
    assert [len(own) for own in turned.options] == [0, 2, 2, 3]
    assert len(turned.ids) == len(text.ids)


def test_a_pass_is_sentence_then_function() -> None:
    sentence, text = read_sentence("spin", PIECES), function_text(SPIN, PIECES)
    ids = pass_ids(sentence, text)
    assert ids[0] == CLS and ids[5] == SEP
    assert ids[6 + text.places[0]] == PARAMETER


def test_descriptions_are_cut_before_parameters_are() -> None:
    wordy = SPIN.model_copy(update={"description": "word " * 500})
    text = function_text(wordy, PIECES)
    assert len(text.ids) <= LIMIT
    assert len(text.places) == 4


def test_a_number_that_may_be_negative_offers_more_meanings() -> None:
    around = Parameter(path=("x",), type="number", minimum=-5, maximum=5)
    assert options_of(around) == ("as said", "lowest", "highest", "zero", "negative")
    assert options_of(Parameter(path=("x",), type="number")) == ()


def test_what_currency_codes_stand_for_is_shown_with_them() -> None:
    def length(*members: str) -> int:
        return len(function_text(Function(name="f", parameters={"properties": {"to": {"type": "string", "enum": [*members]}}}), PIECES).ids)

    assert length("EUR", "SEK") > length("EUR", "CAP")


def test_retrieval_sees_a_function_by_its_names_by_what_its_parameters_mean_and_by_these_alone() -> None:
    names, meanings, alone = retrieval_views(SPIN)
    assert names == "start spin : Spins the rotor.. rpm, mode, silent, label"
    assert meanings == f"start spin : Spins the rotor.. {alone}"
    assert alone == "rpm; mode braking (soft, hard); silent; label"
    assert retrieval_views(SPIN.model_copy(update={"parameters": {}})) == ("start spin : Spins the rotor.",)


def test_an_option_is_seen_with_its_function_and_what_its_parameter_means() -> None:
    assert option_views(SPIN, parameters_of(SPIN)[1]) == ("start spin , mode : braking = soft", "start spin , mode : braking = hard")
    assert option_views(SPIN, parameters_of(SPIN)[3]) == ()


def test_an_option_that_lies_nearer_to_the_sentence_gains() -> None:
    none, half, even = np.zeros(0, np.float32), np.array([0.6, 0.4], np.float32), np.eye(2, dtype=np.float32)
    alone = Reading(1.0, np.ones(2, np.float32), even, even, (half, none))
    beside = alone.beside([np.array([0.1, 0.2], np.float32), none], 10.0)
    assert beside.options[0].argmax() == 1 and np.isclose(beside.options[0].sum(), 1.0)
    assert np.allclose(alone.beside([np.array([0.2, 0.2], np.float32), none], 10.0).options[0], half)
    assert beside.options[1].size == 0
    turned = replace(alone, options=(none, half)).beside([none, np.array([0.1, 0.2], np.float32)], 10.0)
    assert np.allclose(beside.with_backwards(turned).options[0], beside.options[0])


def test_missing_heads_are_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no-such\.npz"):
        Heads.load(tmp_path / "no-such.npz")


def test_a_file_that_holds_no_heads_is_a_configuration_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "odd.npz", x=np.zeros(3))
    with pytest.raises(ConfigError, match="not a file of reader heads"):
        Heads.load(tmp_path / "odd.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(ConfigError, match="not a file of reader heads"):
        Heads.load(tmp_path / "text.npz")


def test_the_shipped_heads_read_probabilities() -> None:
    heads = Heads.load(MODELS / "parley-reader-2-heads.npz")
    sentence, text = read_sentence("spin softly", PIECES), function_text(SPIN, PIECES)
    vectors = np.random.default_rng(0).normal(size=(len(pass_ids(sentence, text)), 384)).astype(np.float32)
    reading = heads.read(vectors, len(sentence.ids), text)
    assert reading.said.shape == (4,)
    assert reading.starts.shape == reading.ends.shape == (4, len(sentence.ids))
    assert np.allclose(reading.starts.sum(axis=1), 1.0, atol=1e-5)
    assert [len(o) for o in reading.options] == [3, 2, 2, 0]
