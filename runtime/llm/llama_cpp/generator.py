"""`LlamaEngine`: any GGUF in this process, behind runtime.llm.protocol.Engine."""

from __future__ import annotations

from pathlib import Path

from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.protocol import Generation
from runtime.llm.worker import Worker
from schemas.errors import ModelError


class LlamaEngine:
    """One model, one context, one thread; calls wait in line. Raises ConfigError when the file is missing, altered or no GGUF."""

    def __init__(self, path: Path | str, n_ctx: int = 2048, threads: int = 1) -> None:
        self._decoder = Decoder(path, n_ctx, threads)
        self._worker = Worker("parley-lm")
        self._name = Path(path).name
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    async def generate(
        self, prompt: str, *, grammar: str | None = None, max_tokens: int = 256, temperature: float = 0.0, seed: int = 0
    ) -> Generation:
        """Continue `prompt`, bound by a GBNF grammar when given (built by code, see runtime.llm.grammar). Raises ModelError."""
        if self._closed:
            raise ModelError(f"{self._name}: the model has been closed")
        return await self._worker.run(self._decoder.generate, prompt, grammar, max_tokens, temperature, seed)

    async def close(self) -> None:
        """Let the running call end, then free the model's memory."""
        if self._closed:
            return
        self._closed = True
        await self._worker.close()
        self._decoder.close()
