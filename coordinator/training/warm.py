"""Word vectors to begin with: those of a pretrained encoder (all-MiniLM-L6-v2, Apache-2.0), so that synonyms are neighbours before the first step."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from coordinator.training.model import Words


def warm(words: Words, base: Path, own: Tokenizer, std: float = 0.05) -> None:
    """Each BPE token starts as the mean of its word pieces' vectors, mapped on their main axes; spellings differ by a little noise.

    Tokens without letters or digits (the marks of JSON) mean something else here than in prose: they start at random.
    """
    table = next(v for k, v in load_file(str(base / "model.safetensors")).items() if k.endswith("word_embeddings.weight")).float()
    pieces = Tokenizer.from_file(str(base / "tokenizer.json"))
    pieces.no_padding()
    pieces.no_truncation()
    table = table - table[1000:].mean(0)
    rows = torch.stack([_mean(table, pieces.encode(own.decode([i]).strip(), add_special_tokens=False).ids) for i in range(own.get_vocab_size())])
    _, _, axes = torch.pca_lowrank(rows, q=words.map.out_features, center=False, niter=4)
    marks = torch.tensor([not any(c.isalnum() for c in own.decode([i])) for i in range(own.get_vocab_size())])[:, None]
    rows = (rows * (std / (rows @ axes).std())).masked_fill(marks, 0.0)
    with torch.no_grad():
        words.known.copy_(rows)
        words.map.weight.copy_(axes.T)
        words.own.normal_(std=std).mul_(torch.where(marks, 1.0, 0.4))


def _mean(words: Tensor, ids: list[int]) -> Tensor:
    return words[ids].mean(0) if ids else torch.zeros(words.shape[1])
