"""The encoder in plain torch (BERT, post-LN, learned positions, segment 0) and the reader's heads. Shapes: B passes, T tokens, H = 384."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from device_agent.heads import MATCH_SCALE
from device_agent.reader import OPTION, PARAMETER

HIDDEN, HEADS, INNER, SPAN = 384, 12, 1536, 96


PADDED = 12
"""Rows whose lengths differ by less attend in one product: many small ones cost more than some padding."""


@dataclass(frozen=True)
class Group:
    """Rows that attend together, each within itself, padded to one length. None: nothing is padded."""

    rows: int
    length: int
    tokens: int
    """Without padding."""
    places: Tensor | None = None
    """[rows * length]: the token that stands there."""
    kept: Tensor | None = None
    """[tokens]: where each token stands."""
    hidden: Tensor | None = None
    """[rows, 1, 1, length]: -inf where there is padding."""


def groups_of(shapes: list[tuple[int, int]]) -> list[Group]:
    """Of batches (rows, length) that follow each other by length."""
    together: list[list[tuple[int, int]]] = []
    for rows, length in shapes:
        if together and 0 <= length - together[-1][0][1] < PADDED:
            together[-1].append((rows, length))
        else:
            together.append([(rows, length)])
    return [_group(own) for own in together]


def _group(shapes: list[tuple[int, int]]) -> Group:
    lengths = torch.cat([torch.full((rows,), length) for rows, length in shapes])
    rows, longest, tokens = len(lengths), int(lengths.max()), int(lengths.sum())
    if len(shapes) == 1:
        return Group(rows, longest, tokens)
    real = torch.arange(longest) < lengths[:, None]
    first = (lengths.cumsum(0) - lengths)[:, None]
    places = torch.where(real, first + torch.arange(longest), first)
    hidden = torch.zeros(rows, 1, 1, longest).masked_fill(~real[:, None, None], float("-inf"))
    return Group(rows, longest, tokens, places.flatten(), real.flatten().nonzero()[:, 0], hidden.bfloat16())


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.out = nn.Linear(HIDDEN, HIDDEN)
        self.norm1 = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.up = nn.Linear(HIDDEN, INNER)
        self.down = nn.Linear(INNER, HIDDEN)
        self.norm2 = nn.LayerNorm(HIDDEN, eps=1e-12)

    def forward(self, x: Tensor, groups: list[Group]) -> Tensor:
        parts = self.qkv(x).split([group.tokens for group in groups])
        x = self.norm1(x + self.out(torch.cat([_attend(part, group) for part, group in zip(parts, groups, strict=True)])))
        return self.norm2(x + self.down(functional.gelu(self.up(x), approximate="tanh")))  # llama.cpp computes the tanh form


def _attend(qkv: Tensor, group: Group) -> Tensor:
    """[tokens, 3H] → [tokens, H]. In plain products: three times as fast as torch's fused form on a CPU in bfloat16."""
    padded = qkv if group.places is None else qkv.index_select(0, group.places)
    q, k, v = padded.view(group.rows, group.length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-1, -2) * (HIDDEN // HEADS) ** -0.5
    mixed = (scores if group.hidden is None else scores + group.hidden).softmax(-1) @ v
    out = mixed.transpose(1, 2).reshape(group.rows * group.length, HIDDEN)
    return out if group.kept is None else out.index_select(0, group.kept)


class Encoder(nn.Module):
    """Token vectors [B, T, H] of each of several batches [B, T] of ids, which need no padding: rows of one length go together
    (`device_agent.training.losses.forward`). Only `markers` of the word vectors is trained: what [P] and [O] add to theirs."""

    def __init__(self, words: int, layers: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, HIDDEN)
        self.words.weight.requires_grad_(False)  # words seen in no authored file keep their meaning, and steps are faster
        self.markers = nn.Parameter(torch.zeros(2, HIDDEN))
        self.positions = nn.Embedding(512, HIDDEN)
        self.segment = nn.Parameter(torch.zeros(2, HIDDEN))
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))

    def forward(self, batches: list[Tensor]) -> list[Tensor]:
        parts = self.states(batches)[-1].float().split([ids.numel() for ids in batches])
        return [part.view(*ids.shape, HIDDEN) for part, ids in zip(parts, batches, strict=True)]

    def states(self, batches: list[Tensor]) -> list[Tensor]:
        """What each block gives for all tokens, [N, H], one batch after the other."""
        ids = torch.cat([batch.flatten() for batch in batches])
        at = torch.cat([torch.arange(batch.shape[1]).repeat(len(batch)) for batch in batches])
        marks = (ids == PARAMETER)[:, None] * self.markers[0] + (ids == OPTION)[:, None] * self.markers[1]
        x = self.norm(self.words(ids) + marks + self.positions(at) + self.segment[0])
        groups = groups_of([(batch.shape[0], batch.shape[1]) for batch in batches])
        states = list[Tensor]()
        for block in self.blocks:
            x = block(x, groups)
            states.append(x)
        return states

    def freeze(self, layers: int) -> None:
        """Keep the input side and the lowest `layers` as they are."""
        for part in (self.norm, self.positions, *self.blocks[:layers]):
            part.requires_grad_(False)
        self.segment.requires_grad_(False)
        self.markers.requires_grad_(False)


def load_base(folder: Path) -> Encoder:
    """A BERT as published (`model.safetensors`)."""
    return encoder_of(load_file(folder / "model.safetensors"))


def encoder_of(raw: dict[str, Tensor]) -> Encoder:
    """From tensors under the names that BERTs are published with; as many layers as there are."""
    layers = 1 + max(int(name.split(".")[2]) for name in raw if name.startswith("encoder.layer."))
    words = raw["embeddings.word_embeddings.weight"]
    encoder = Encoder(len(words), layers)
    state = {
        "markers": torch.zeros(2, HIDDEN),
        "words.weight": words,
        "positions.weight": raw["embeddings.position_embeddings.weight"],
        "segment": raw["embeddings.token_type_embeddings.weight"],
        "norm.weight": raw["embeddings.LayerNorm.weight"],
        "norm.bias": raw["embeddings.LayerNorm.bias"],
    }
    for i in range(layers):
        old, new = f"encoder.layer.{i}.", f"blocks.{i}."
        for end in ("weight", "bias"):
            state[f"{new}qkv.{end}"] = torch.cat([raw[f"{old}attention.self.{n}.{end}"] for n in ("query", "key", "value")])
            state |= {f"{new}{ours}.{end}": raw[f"{old}{theirs}.{end}"] for ours, theirs in _PARTS.items()}
    encoder.load_state_dict(state)
    return encoder


def published(encoder: Encoder) -> dict[str, Tensor]:
    """The inverse of `encoder_of`."""
    state = encoder.state_dict()
    raw = {
        "embeddings.word_embeddings.weight": state["words.weight"],
        "embeddings.position_embeddings.weight": state["positions.weight"],
        "embeddings.token_type_embeddings.weight": state["segment"],
        "embeddings.LayerNorm.weight": state["norm.weight"],
        "embeddings.LayerNorm.bias": state["norm.bias"],
    }
    for i in range(len(encoder.blocks)):
        for end in ("weight", "bias"):
            split = zip(("query", "key", "value"), state[f"blocks.{i}.qkv.{end}"].chunk(3), strict=True)
            raw |= {f"encoder.layer.{i}.attention.self.{name}.{end}": part for name, part in split}
            raw |= {f"encoder.layer.{i}.{theirs}.{end}": state[f"blocks.{i}.{ours}.{end}"] for ours, theirs in _PARTS.items()}
    return {name: tensor.contiguous().clone() for name, tensor in raw.items()}


_PARTS = {"out": "attention.output.dense", "norm1": "attention.output.LayerNorm", "norm2": "output.LayerNorm"}
_PARTS |= {"up": "intermediate.dense", "down": "output.dense"}


class ReaderHeads(nn.Module):
    """The small heads; their weights go to `parley-reader-2-heads.npz` and are applied by numpy at run time (device_agent.heads)."""

    def __init__(self) -> None:
        super().__init__()
        self.match = nn.Linear(3 * HIDDEN, 1)
        self.none = nn.Parameter(torch.zeros(1))
        self.said = nn.Linear(3 * HIDDEN, 1)
        self.option = nn.Linear(2 * HIDDEN, 1)
        self.start_of, self.end_of = nn.Linear(HIDDEN, SPAN), nn.Linear(HIDDEN, SPAN)
        self.start_in, self.end_in = nn.Linear(HIDDEN, SPAN, bias=False), nn.Linear(HIDDEN, SPAN, bias=False)
        for head in (self.match, self.said, self.option):
            nn.init.zeros_(head.bias)
            nn.init.normal_(head.weight, std=0.02)
        with torch.no_grad():  # begin as a bi-encoder would: the more alike the two halves, the better the match
            self.match.weight[:, HIDDEN : 2 * HIDDEN] = 1.0
            self.option.weight[:, HIDDEN:] = 0.3


def match_features(vectors: Tensor, pieces: Tensor) -> Tensor:
    """[B, 3H]: [CLS], and product and distance of the unit means of the sentence's and the function's half."""
    at = torch.arange(vectors.shape[1])
    first = ((at >= 1) & (at <= pieces[:, None])).unsqueeze(-1)
    second = (at > pieces[:, None] + 1).unsqueeze(-1)
    a, b = (functional.normalize((vectors * half).sum(1), dim=-1) for half in (first, second))
    return torch.cat([vectors[:, 0], MATCH_SCALE * a * b, MATCH_SCALE * (a - b).abs()], dim=-1)


def said_features(asked: Tensor, meant: Tensor) -> Tensor:
    """[P, 3H]: the parameter's marker, and its product with and distance from the words its span points at."""
    a, b = functional.normalize(asked, dim=-1), functional.normalize(meant, dim=-1)
    return torch.cat([asked, MATCH_SCALE * a * b, MATCH_SCALE * (a - b).abs()], dim=-1)


def option_features(options: Tensor, meant: Tensor) -> Tensor:
    """[O, 2H]: each option's marker, and its product with the words that its parameter's span points at ([H])."""
    return torch.cat([options, MATCH_SCALE * functional.normalize(options, dim=-1) * functional.normalize(meant, dim=-1)], dim=-1)


def mean_pool(vectors: Tensor) -> Tensor:
    """L2-normalised mean over the tokens, specials included: [B, H]."""
    return functional.normalize(vectors.mean(1), dim=-1)
