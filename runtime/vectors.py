"""The one door to FAISS: exact inner-product search over a small set of unit vectors."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Index:
    """Immutable after `build`."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Floats) -> Index:
        """An index over `vectors` [n, d]; n may be 0."""
        index: Any = faiss.IndexFlatIP(int(vectors.shape[1]))
        if len(vectors):
            index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: Floats, k: int) -> list[tuple[int, float]]:
        """The `k` (or fewer) rows most like `query` [d], best first, as (row, inner product)."""
        found = min(k, len(self))
        if found <= 0:
            return []
        scores, rows = self._index.search(np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1), found)
        return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True)]
