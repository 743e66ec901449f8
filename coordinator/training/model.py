"""A small decoder in plain torch, computed as llama.cpp's `llama` architecture computes it: RMSNorm, interleaved RoPE, SwiGLU, tied embeddings.

Shapes: B sequences, T tokens, D width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    vocabulary: int = 6144
    width: int = 256
    layers: int = 6
    heads: int = 4
    inner: int = 704
    context: int = 2048
    base: float = 10000.0
    known: int = 384
    """Width of the pretrained word vectors that the model's own are made from."""

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), self.weight, 1e-5)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Neighbouring pairs (x0, x1), (x2, x3) … turned by their angle. x is B, heads, T, D/heads; the tables hold each angle twice, sin with its sign."""
    swapped = x.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    return x * cos + swapped * sin


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Written out: for such short texts torch's own is more than twice as slow on a CPU."""
    scores = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5 + mask
    return scores.softmax(-1) @ v


class Words(nn.Module):
    """Word vectors V, D: pretrained ones through a learned map, plus a small difference for each word. So what is learned of a word holds for its like."""

    known: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.register_buffer("known", torch.zeros(shape.vocabulary, shape.known))
        self.map = nn.Linear(shape.known, shape.width, bias=False)
        self.own = nn.Parameter(torch.zeros(shape.vocabulary, shape.width))

    @property
    def weight(self) -> Tensor:
        return self.map(self.known) + self.own


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, self.heads = shape.width, shape.heads
        self.norm1, self.norm2 = Norm(width), Norm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, shape.inner, bias=False) for _ in range(2))
        self.down = nn.Linear(shape.inner, width, bias=False)
        self.drop = nn.Dropout(0.05)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = x.shape
        h = self.norm1(x)
        q, k, v = (part(h).view(batch, length, self.heads, -1).transpose(1, 2) for part in (self.q, self.k, self.v))
        mixed = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, mask)
        x = x + self.drop(self.out(mixed.transpose(1, 2).reshape(batch, length, width)))
        h = self.norm2(x)
        return x + self.drop(self.down(functional.silu(self.gate(h)) * self.up(h)))


class Decoder(nn.Module):
    """Hidden states B, T, D of ids B, T, given the word vectors; `logits` turns chosen ones into scores over the vocabulary.

    Padding stands on the right, so causality hides it.
    """

    cos: Tensor
    sin: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = Words(shape)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)
        half = shape.width // shape.heads // 2
        angles = torch.arange(shape.context)[:, None] * shape.base ** (-torch.arange(half) / half)
        twice = angles.repeat_interleave(2, dim=-1)
        self.register_buffer("cos", twice.cos(), persistent=False)
        self.register_buffer("sin", twice.sin() * torch.tensor([-1.0, 1.0]).repeat(half), persistent=False)
        self._begin()

    def _begin(self) -> None:
        for block in self.blocks:
            for name, weight in block.named_parameters():
                if weight.ndim == 2:
                    nn.init.normal_(weight, std=0.02 if name not in ("out.weight", "down.weight") else 0.02 / (2 * self.shape.layers) ** 0.5)

    def forward(self, ids: Tensor, words: Tensor) -> Tensor:
        x = functional.embedding(ids, words)
        dtype = torch.bfloat16 if torch.is_autocast_enabled("cpu") else x.dtype
        cos, sin = (table[: ids.shape[1]].to(dtype) for table in (self.cos, self.sin))
        mask = torch.full((ids.shape[1], ids.shape[1]), float("-inf"), dtype=dtype).triu(1)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return self.norm(x)

    def logits(self, hidden: Tensor, words: Tensor) -> Tensor:
        return functional.linear(hidden, words)
