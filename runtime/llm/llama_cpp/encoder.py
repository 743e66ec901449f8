"""The sentence encoder in llama.cpp: token vectors through the low-level batch, because the high-level one reads "[SEP]" as text and pools.

Synchronous and not safe for two calls at once; `runtime.llm.worker` gives it a thread of its own.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from runtime.llm.llama_cpp.weights import open_context, open_weights
from runtime.meters import METERS
from schemas.errors import ModelError

Floats = NDArray[np.float32]

CLS, SEP, UNKNOWN = 0, 2, 3
BATCH, SEQUENCES, LONGEST = 256, 32, 512
"""Tokens and sequences of one `llama_encode` call, unless one sequence alone is longer; the longest sequence. What a call costs in memory, and what
it wastes on attention between sequences, grows with the square of its tokens."""


class Encoder:
    """A bert GGUF. Raises ConfigError when the file is missing, altered or no such model."""

    def __init__(self, path: Path | str, threads: int = 1) -> None:
        self._path = Path(path)
        self._stack = contextlib.ExitStack()
        self._model = open_weights(self._path, "models.embed", self._stack)
        self._vocab: Any = llama_cpp.llama_model_get_vocab(self._model)
        self.width = int(llama_cpp.llama_model_n_embd(self._model))
        self._context = self._open(threads)
        self._batch = llama_cpp.llama_batch_init(LONGEST, 0, SEQUENCES)
        self._stack.callback(llama_cpp.llama_batch_free, self._batch)
        self._lengths: dict[int, int] = {}

    def _open(self, threads: int) -> Any:
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = LONGEST
        parameters.n_seq_max = SEQUENCES
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.embeddings = True
        parameters.pooling_type = llama_cpp.LLAMA_POOLING_TYPE_NONE
        return open_context(self._model, parameters, self._path, self._stack)

    def close(self) -> None:
        """Free the native memory; using the encoder afterwards is an error of the caller."""
        self._stack.close()

    def tokenize(self, text: str, glued: bool = False) -> list[int]:
        """Ids without special tokens ("</s>" in the text is text). `glued`: the text goes on where the last one ended, without a blank."""
        shown = " ".join(text.split())
        raw = (shown if glued else f" {shown}").encode()
        room = len(raw) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), tokens, room, False, False)
        return list(tokens[: max(count, 0)])

    def piece_length(self, token: int) -> int:
        """Characters of the normalised word that the piece stands for."""
        known = self._lengths.get(token)
        if known is None:
            text = llama_cpp.llama_vocab_get_text(self._vocab, token).decode(errors="replace")
            known = self._lengths[token] = 0 if token == UNKNOWN else len(text.removeprefix("\u2581"))
        return known

    def token_vectors(self, sequences: Sequence[Sequence[int]]) -> list[Floats]:
        """Vectors [T, width] of each id sequence (specials included by the caller), attention within each alone. At most 512 ids count."""
        out: list[Floats] = []
        for group in _groups([list(s[:LONGEST]) for s in sequences]):
            out += self._encode(group)
        return out

    def _encode(self, group: list[list[int]]) -> list[Floats]:
        total, began = self._fill(group), time.perf_counter()
        if llama_cpp.llama_encode(self._context, self._batch) != 0:
            raise ModelError("the encoder failed on a batch")
        METERS.computed(total, time.perf_counter() - began)
        # One block for the whole batch, in the order of its tokens.
        first = llama_cpp.llama_get_embeddings(self._context)
        vectors = np.ctypeslib.as_array(cast("Any", first), shape=(total * self.width,)).reshape(total, self.width).copy()
        return np.split(vectors, np.cumsum([len(s) for s in group])[:-1])

    def _fill(self, group: list[list[int]]) -> int:
        batch, at = self._batch, 0
        for number, ids in enumerate(group):
            for position, token in enumerate(ids):
                batch.token[at], batch.pos[at] = token, position
                batch.n_seq_id[at], batch.seq_id[at][0], batch.logits[at] = 1, number, 1
                at += 1
        batch.n_tokens = at
        return at

    def embed(self, texts: Sequence[str]) -> Floats:
        """Unit vectors [n, width]: the mean over all tokens, [CLS] and [SEP] included."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        sequences = [[CLS, *self.tokenize(text)[: LONGEST - 2], SEP] for text in texts]
        means = np.stack([vectors.mean(axis=0) for vectors in self.token_vectors(sequences)])
        return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)


def _groups(sequences: list[list[int]]) -> list[list[list[int]]]:
    """Cut into consecutive batches that the context can hold."""
    groups: list[list[list[int]]] = []
    tokens = 0
    for ids in sequences:
        if not groups or tokens + len(ids) > BATCH or len(groups[-1]) == SEQUENCES:
            groups.append([])
            tokens = 0
        groups[-1].append(ids)
        tokens += len(ids)
    return groups
