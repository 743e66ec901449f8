"""The base model's word pieces for training; the run-time door reads the same vocabulary from the GGUF."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer


class BasePieces:
    """Implements device_agent.reader.Pieces over the base model's `tokenizer.json`."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        vocab = self._tokenizer.get_vocab()
        self._lengths = {i: len(text.removeprefix("##")) if text.startswith("##") else len(text) for text, i in vocab.items()}
        self._cache: dict[str, list[int]] = {}

    def tokenize(self, text: str) -> list[int]:
        known = self._cache.get(text)
        if known is None:
            known = self._tokenizer.encode(text, add_special_tokens=False).ids
            if len(self._cache) < 200_000:
                self._cache[text] = known
        return list(known)

    def piece_length(self, token: int) -> int:
        return self._lengths[token]
