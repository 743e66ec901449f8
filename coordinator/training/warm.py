"""Word vectors to begin with: those of a pretrained encoder (all-MiniLM-L6-v2, Apache-2.0), so that synonyms are neighbours before the first step."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor


def warm_embeddings(base: Path, own: Tokenizer, width: int, std: float = 0.03) -> Tensor:
    """V, width: each BPE token is the mean of its word pieces' vectors, projected on their main axes. Spelling differences are small noise."""
    words = next(v for k, v in load_file(str(base / "model.safetensors")).items() if k.endswith("word_embeddings.weight")).float()
    pieces = Tokenizer.from_file(str(base / "tokenizer.json"))
    pieces.no_padding()
    pieces.no_truncation()
    words = words - words[1000:].mean(0)
    rows = torch.stack([_mean(words, pieces.encode(own.decode([i]).strip(), add_special_tokens=False).ids) for i in range(own.get_vocab_size())])
    _, _, axes = torch.pca_lowrank(rows, q=width, center=False, niter=4)
    projected = rows @ axes
    torch.manual_seed(3)
    return projected * (std / projected.std()) + torch.randn_like(projected) * std * 0.4


def _mean(words: Tensor, ids: list[int]) -> Tensor:
    return words[ids].mean(0) if ids else torch.zeros(words.shape[1])
