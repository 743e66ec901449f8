"""The encoder as an Embedder: one worker thread, so that the event loop never waits for llama.cpp."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runtime.llm.llama_cpp.encoder import Encoder
from runtime.llm.worker import Worker


class LocalEmbedder:
    """`encoder` may be shared with others of the same worker."""

    def __init__(self, encoder: Encoder, worker: Worker) -> None:
        self._encoder, self._worker = encoder, worker

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = await self._worker.run(self._encoder.embed, list(texts))
        return [[float(x) for x in row] for row in vectors]

    async def close(self) -> None:
        await self._worker.close()


def open_embedder(path: Path, threads: int = 1) -> LocalEmbedder:
    """Load the encoder for similarity only. Raises ConfigError."""
    return LocalEmbedder(Encoder(path, threads), Worker("embed"))
