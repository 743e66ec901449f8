"""A fast look at held-out kinds during training: stages alone, not yet the whole call (that is evaluate.py)."""

from __future__ import annotations

import torch

from device_agent.reader import Pieces
from device_agent.training.batches import Episode, make_pass
from device_agent.training.losses import embed, forward, heads_of, retrieval_rows
from device_agent.training.model import Encoder, ReaderHeads


def quick_eval(encoder: Encoder, heads: ReaderHeads, episodes: list[Episode], pieces: Pieces) -> dict[str, float]:
    """choice@1 and recall@4 of retrieval; reader choice among the four; refusals; said, span and option accuracy given the function."""
    encoder.eval()
    tally: dict[str, list[float]] = {}
    with torch.no_grad():
        for episode in episodes:
            _judge(encoder, heads, episode, pieces, tally)
    encoder.train()
    return {name: round(100 * sum(rows) / max(len(rows), 1), 1) for name, rows in tally.items()}


def _judge(encoder: Encoder, heads: ReaderHeads, episode: Episode, pieces: Pieces, tally: dict[str, list[float]]) -> None:
    sentences, functions = retrieval_rows(episode, pieces)
    similar = embed(encoder, sentences) @ embed(encoder, functions).T
    passes, first = [], list[tuple[int, list[int]]]()
    for i, item in enumerate(episode.items):
        top = similar[i].topk(min(4, len(functions))).indices.tolist()
        if item.positive is not None:
            tally.setdefault("choice@1", []).append(top[0] == item.positive)
            tally.setdefault("recall@4", []).append(item.positive in top)
        shown = top if item.positive is None or item.positive in top else [*top[:3], item.positive]
        first.append((len(passes), shown))
        passes += [make_pass(item, i, episode.functions[f], f == item.positive, pieces) for f in shown]
    out = heads_of(heads, forward(encoder, [p.ids for p in passes], 4096), passes)
    for (begin, shown), item in zip(first, episode.items, strict=True):
        logits = out.match[begin : begin + len(shown)]
        best = int(logits.argmax())
        refused = bool(logits[best] < heads.none[0])
        two = bool(out.several[begin : begin + len(shown)].mean() > 0)
        if item.several:
            tally.setdefault("several", []).append(two)
        elif item.positive is None:
            tally.setdefault("none refused", []).append(refused)
        else:
            tally.setdefault("reader choice", []).append(shown[best] == item.positive)
            tally.setdefault("false refusal", []).append(refused)
            tally.setdefault("false several", []).append(two)
    for number, one in enumerate(passes):
        for p, truth in enumerate(one.target.said if one.target else ()):
            assert one.target is not None
            if truth >= 0:
                tally.setdefault("said", []).append(bool(out.said[number][p] > 0) == bool(truth))
            if (where := one.target.spans[p]) is not None and one.target.options[p] < 1:
                tally.setdefault("span", []).append((int(out.starts[number][p].argmax()), int(out.ends[number][p].argmax())) == where)
            if one.target.options[p] >= 0:
                tally.setdefault("option", []).append(int(out.options[number][p].argmax()) == one.target.options[p])
