"""Byte-level BPE of our own, trained on generated text and split as llama.cpp's `qwen2` pre-tokenizer splits (single digits)."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from coordinator.training.generate import Example, Source

END = "<eos>"
VOCABULARY = 6144
_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def train(source: Source, examples: int = 60_000) -> Tokenizer:
    """Token 0 ends a plan; the other specials are none."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), min_frequency=8, show_progress=False
    )
    texts = (text for _ in range(examples // 1000) for example in source.take(1000) for text in (example.prompt, example.answer))
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_or_train(path: Path, source: Source) -> Tokenizer:
    if not path.exists():
        train(source).save(str(path))
    return Tokenizer.from_file(str(path))


def encode(tokenizer: Tokenizer, example: Example) -> tuple[list[int], int, int]:
    """Ids of prompt, answer and end; where the instruction begins; where the answer begins. Prompt and answer never share a token."""
    before = example.prompt.partition("\n> ")[0]
    head, full, answer = (tokenizer.encode(text).ids for text in (before, example.prompt, example.answer))
    return [*full, *answer, 0], min(len(head), len(full)), len(full)
