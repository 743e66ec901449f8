"""Tokens per second of the low-level decode loop, beside llama.cpp's own `llama-bench` on the same file; what the grammar costs, shown apart."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runtime.llm.grammar import grammar_of
from runtime.llm.llama_cpp.decoder import Decoder
from schemas.base import Frozen
from schemas.errors import ConfigError

PROMPT, GENERATED, ROUNDS = 256, 64, 5
"""Tokens read at once, tokens written one by one, and how often. Own figures are medians after one run to warm up; llama-bench tells means."""
_GRAMMAR = grammar_of({"type": "array", "items": {"type": "string"}})
_SEED, _PATIENCE = 11, 600.0


class Speed(Frozen):
    """Tokens per second, of reading a prompt and of writing one token after the other."""

    prompt: float
    decode: float


class LmSpeed(Frozen):
    """`grammar_ms`: what a JSON grammar adds to each token, in ms. `reference`: llama-bench; None when it was not given."""

    model: str
    threads: int
    own: Speed
    grammar_ms: float
    reference: Speed | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as long as llama-bench the decode loop takes for a token."""
        return self.reference.decode / self.own.decode if self.reference else None


def measure(model: Path, threads: int, llama_bench: Path | None = None) -> LmSpeed:
    """Raises ConfigError for a file that is no causal model, and for a llama-bench that does not run."""
    reference = run_llama_bench(llama_bench, model, threads) if llama_bench else None
    decoder = Decoder(model, n_ctx=PROMPT + GENERATED + 8, threads=threads)
    try:
        own = Speed(prompt=_prompt_speed(decoder), decode=_decode_speed(decoder))
        grammar_ms = _token_ms(decoder, _GRAMMAR) - _token_ms(decoder, None)
    finally:
        decoder.close()
    return LmSpeed(model=model.name, threads=threads, own=own, grammar_ms=grammar_ms, reference=reference)


def _prompt_speed(decoder: Decoder) -> float:
    """Other tokens each time, since a known beginning is not computed again."""
    rng, seconds = random.Random(_SEED), list[float]()
    for _ in range(ROUNDS + 1):
        tokens = [rng.randrange(decoder.size) for _ in range(PROMPT)]
        began = time.perf_counter()
        decoder.logits(tokens)
        seconds.append(time.perf_counter() - began)
    return PROMPT / statistics.median(seconds[1:])


def _decode_speed(decoder: Decoder) -> float:
    """As the decoder's own loop without a grammar: scores, the likeliest token, on."""
    rng, seconds = random.Random(_SEED + 1), list[float]()
    for _ in range(ROUNDS + 1):
        tokens = [rng.randrange(decoder.size)]
        began = time.perf_counter()
        for _ in range(GENERATED):
            tokens.append(int(decoder.logits(tokens).argmax()))
        seconds.append(time.perf_counter() - began)
    return GENERATED / statistics.median(seconds[1:])


def _token_ms(decoder: Decoder, grammar: str | None) -> float:
    """ms of a generated token, the prompt read before."""
    decoder.generate("A list of names: ", grammar, 1)
    runs = [decoder.generate("A list of names: ", grammar, GENERATED) for _ in range(ROUNDS)]
    return statistics.median(run.ms / max(run.tokens, 1) for run in runs)


def run_llama_bench(program: Path, model: Path, threads: int) -> Speed:
    """Raises ConfigError when it fails or says something else than `-o json` does."""
    told = [str(program), "-m", str(model), "-p", str(PROMPT), "-n", str(GENERATED), "-t", str(threads), "-r", str(ROUNDS), "-ngl", "0", "-o", "json"]
    try:
        run = subprocess.run(told, capture_output=True, text=True, check=True, timeout=_PATIENCE)
        return reference_of(json.loads(run.stdout))
    except OSError as error:
        raise ConfigError(f"{program}: cannot be run ({error.strerror}) (--llama-bench)") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()
        raise ConfigError(f"{program}: {said[-1] if said else error} (--llama-bench)") from None
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError, StopIteration) as error:
        raise ConfigError(f"{program}: no figures from it ({error}) (--llama-bench)") from None


def reference_of(rows: Sequence[dict[str, Any]]) -> Speed:
    """From the rows of `llama-bench -o json`: one that only reads, one that only writes."""
    prompt = next(r for r in rows if r["n_gen"] == 0)["avg_ts"]
    return Speed(prompt=float(prompt), decode=float(next(r for r in rows if r["n_prompt"] == 0)["avg_ts"]))


def as_text(speed: LmSpeed) -> str:
    lines = [f"{speed.model}, {speed.threads} thread{'s' if speed.threads > 1 else ''}; tokens per second"]
    lines.append(f"{'':<22}{'prompt':>9}{'decode':>9}")
    lines.append(f"{'decode loop':<22}{speed.own.prompt:>9.0f}{speed.own.decode:>9.0f}")
    if speed.reference is not None:
        lines.append(f"{'llama-bench':<22}{speed.reference.prompt:>9.0f}{speed.reference.decode:>9.0f}")
        lines.append(f"the loop takes {speed.ratio:.2f} times as long as llama-bench for a token")
    else:
        lines.append("llama-bench           not given (--llama-bench PROGRAM, built from llama.cpp)")
    lines.append(f"a JSON grammar adds {speed.grammar_ms:.2f} ms to a token of {1000 / speed.own.decode:.2f} ms")
    return "\n".join(lines)
