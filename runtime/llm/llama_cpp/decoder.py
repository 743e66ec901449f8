"""A decoder in llama.cpp: one context, greedy, bound by a grammar. The grammar looks at all tokens only when it rejects the best one, so it is cheap.

Synchronous and not safe for two calls at once; `runtime.llm.worker` gives it a thread of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from runtime.llm.llama_cpp.weights import is_causal, open_context, open_weights
from runtime.llm.protocol import Generation
from runtime.meters import METERS
from schemas.errors import ConfigError, ModelError

Floats = NDArray[np.float32]


@dataclass
class _Answer:
    """A generation under way: bytes so far, sum of log probabilities, number of tokens."""

    raw: bytearray = field(default_factory=bytearray)
    logs: float = 0.0
    tokens: int = 0
    ended: bool = False


class _Dice:
    """Gumbel noise for sampling; at temperature 0 the scores stay as they are."""

    def __init__(self, temperature: float, seed: int) -> None:
        self._temperature, self._rng = temperature, np.random.default_rng(seed)

    def shake(self, scores: Floats) -> Floats:
        if self._temperature <= 0.0:
            return scores
        return (scores / self._temperature + self._rng.gumbel(size=scores.shape)).astype(np.float32)


class Decoder:
    """A causal GGUF with `size` tokens in its vocabulary. Raises ConfigError when the file is missing, altered or no such model."""

    def __init__(self, path: Path | str, n_ctx: int = 2048, threads: int = 1) -> None:
        self._path = Path(path)
        self._stack = contextlib.ExitStack()
        self._model = open_weights(self._path, "models.lm", self._stack)
        if not is_causal(self._model):
            self._stack.close()
            raise ConfigError(f"{path}: an encoder, which writes nothing; a causal language model is needed here (models.lm)")
        self._vocab: Any = llama_cpp.llama_model_get_vocab(self._model)
        self.size = int(llama_cpp.llama_vocab_n_tokens(self._vocab))
        self._context = self._open(n_ctx, threads)
        self._room = n_ctx
        self._cached: list[int] = []
        self._pieces: dict[int, bytes] = {}

    def _open(self, n_ctx: int, threads: int) -> Any:
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = parameters.n_batch = n_ctx
        parameters.n_threads = parameters.n_threads_batch = threads
        return open_context(self._model, parameters, self._path, self._stack)

    def close(self) -> None:
        """Free the native memory; using the decoder afterwards is an error of the caller."""
        self._stack.close()

    def tokenize(self, text: str) -> list[int]:
        """Token ids; what looks like a special token in the text is text. A beginning-of-text token is added if the model wants one."""
        raw = text.encode()
        room = len(raw) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), tokens, room, True, False)
        return list(tokens[: max(count, 0)])

    def logits(self, tokens: list[int]) -> Floats:
        """Scores over the vocabulary after `tokens`. What the context still holds of their beginning is not computed again."""
        shared = _common(self._cached, tokens[:-1])
        memory: Any = llama_cpp.llama_get_memory(self._context)
        if not llama_cpp.llama_memory_seq_rm(memory, 0, shared, -1):
            llama_cpp.llama_memory_clear(memory, True)
            shared = 0
        self._cached = self._cached[:shared]
        self._feed(tokens[shared:])
        first = llama_cpp.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(cast("Any", first), shape=(self.size,))

    def _feed(self, tokens: list[int]) -> None:
        raw, began = (llama_cpp.llama_token * len(tokens))(*tokens), time.perf_counter()
        if llama_cpp.llama_decode(self._context, llama_cpp.llama_batch_get_one(raw, len(tokens))) != 0:
            self._cached = []
            llama_cpp.llama_memory_clear(cast("Any", llama_cpp.llama_get_memory(self._context)), True)
            raise ModelError("the language model failed on a prompt")
        self._cached += tokens
        METERS.computed(len(tokens), time.perf_counter() - began)

    def generate(self, prompt: str, grammar: str | None, max_tokens: int, temperature: float = 0.0, seed: int = 0) -> Generation:
        """Continue `prompt` with the likeliest token each time until the model ends, the grammar is complete or `max_tokens` are out.

        Above temperature 0 a token is drawn instead, from what the grammar allows: the largest of score / temperature + Gumbel noise.
        Raises ModelError for a prompt that the context cannot hold and for a grammar that llama.cpp cannot read.
        """
        began = time.perf_counter()
        tokens = self.tokenize(prompt)
        if not tokens or len(tokens) + max_tokens > self._room:
            raise ModelError(f"a prompt of {len(tokens)} tokens and {max_tokens} for the answer do not fit a context of {self._room}")
        with self._grammar(grammar) as mask:
            answer = self._answer(list(tokens), mask, max_tokens, _Dice(temperature, seed))
        probability = math.exp(answer.logs / answer.tokens) if answer.tokens else 1.0
        return Generation(
            text=answer.raw.decode(errors="ignore"), prompt_tokens=len(tokens), tokens=answer.tokens, ms=(time.perf_counter() - began) * 1e3,
            probability=probability, stopped=answer.ended,
        )  # fmt: skip

    def accepts(self, grammar: str, text: str) -> bool:
        """Whether `text` is complete under the grammar. Raises ModelError for a grammar that llama.cpp cannot read."""
        raw = text.encode()
        tokens = (llama_cpp.llama_token * (len(raw) + 8))()
        count = llama_cpp.llama_tokenize(self._vocab, raw, len(raw), tokens, len(tokens), False, False)
        level = np.zeros(self.size, np.float32)
        with self._grammar(grammar) as mask:
            for token in [*tokens[:count], int(llama_cpp.llama_vocab_eos(self._vocab))]:
                if not self._allowed(mask, np.array([token]), level).size:
                    return False
                if not llama_cpp.llama_vocab_is_eog(self._vocab, token):
                    llama_cpp.llama_sampler_accept(mask, token)
        return True

    def _answer(self, tokens: list[int], mask: Any, max_tokens: int, dice: _Dice) -> _Answer:
        answer = _Answer()
        while answer.tokens < max_tokens:
            scores = self.logits(tokens)
            token = self._choose(dice.shake(scores), mask)
            answer.tokens += 1
            answer.logs += float(scores[token]) - _log_sum(scores)
            if llama_cpp.llama_vocab_is_eog(self._vocab, token):
                answer.ended = True
                break
            if mask is not None:
                llama_cpp.llama_sampler_accept(mask, token)
            answer.raw += self._piece(token)
            tokens.append(token)
        return answer

    def _choose(self, scores: Floats, mask: Any) -> int:
        best = int(scores.argmax())
        if mask is None or self._allowed(mask, np.array([best]), scores).size:
            return best
        # The next likeliest are tried before the whole vocabulary is.
        order = np.argpartition(scores, -64)[-64:] if self.size > 64 else np.arange(self.size)
        for candidates in (order, np.arange(self.size)):
            allowed = self._allowed(mask, candidates, scores)
            if allowed.size:
                return int(allowed[scores[allowed].argmax()])
        raise ModelError("the grammar allows no token here")

    def _allowed(self, mask: Any, candidates: NDArray[Any], scores: Floats) -> NDArray[Any]:
        data = (llama_cpp.llama_token_data * len(candidates))()
        view = np.ctypeslib.as_array(cast("Any", data))
        view["id"], view["logit"], view["p"] = candidates, scores[candidates], 0.0
        array = llama_cpp.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)
        llama_cpp.llama_sampler_apply(mask, cast("Any", ctypes.byref(array)))
        return view["id"][view["logit"] > -math.inf].astype(np.int64)

    @contextlib.contextmanager
    def _grammar(self, text: str | None) -> Generator[Any]:
        if text is None:
            yield None
            return
        # An empty text and all after a zero byte would count as "no grammar".
        sound = bool(text.strip()) and "\0" not in text
        sampler: Any = llama_cpp.llama_sampler_init_grammar(self._vocab, text.encode(), b"root") if sound else None
        if not sampler:
            raise ModelError("llama.cpp cannot read a grammar")
        try:
            yield sampler
        finally:
            llama_cpp.llama_sampler_free(sampler)

    def _piece(self, token: int) -> bytes:
        known = self._pieces.get(token)
        if known is None:
            room = (ctypes.c_char * 256)()
            length = llama_cpp.llama_token_to_piece(self._vocab, token, room, 256, 0, False)
            known = self._pieces[token] = bytes(room[: max(length, 0)])
        return known


def _common(a: list[int], b: list[int]) -> int:
    """Length of the common beginning."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def _log_sum(scores: Floats) -> float:
    top = float(scores.max())
    return top + math.log(float(np.exp(scores - top).sum()))
