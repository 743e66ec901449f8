"""The base model's word pieces for training; the run-time door reads the same vocabulary from the GGUF."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer

from device_agent.reader import UNKNOWN

BLANK = "\u2581"


class BasePieces:
    """Implements device_agent.reader.Pieces over the `tokenizer.json` that device_agent.training.make_base wrote."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._lengths = {i: len(text.removeprefix(BLANK)) for text, i in self._tokenizer.get_vocab().items()} | {UNKNOWN: 0}
        self._cache: dict[tuple[str, bool], list[int]] = {}

    def tokenize(self, text: str, glued: bool = False) -> list[int]:
        known = self._cache.get((text, glued))
        if known is None:
            shown = " ".join(text.split())
            known = self._tokenizer.encode(shown if glued else f" {shown}", add_special_tokens=False).ids
            if len(self._cache) < 200_000:
                self._cache[text, glued] = known
        return list(known)

    def piece_length(self, token: int) -> int:
        return self._lengths[token]
