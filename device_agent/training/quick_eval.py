"""A fast look at held-out kinds during training: stages alone, not yet the whole call (that is evaluate.py)."""

from __future__ import annotations

import torch

from device_agent.reader import Pieces
from device_agent.training.batches import Episode, Pass, make_pass
from device_agent.training.losses import Outputs, embed, forward, heads_of, retrieval_rows
from device_agent.training.model import Encoder, ReaderHeads
from device_agent.training.targets import Target


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
    passes: list[Pass] = []
    for i, item in enumerate(episode.items):
        top = similar[i].topk(min(4, len(functions))).indices.tolist()
        if item.positive is not None:
            tally.setdefault("choice@1", []).append(top[0] == item.positive)
            tally.setdefault("recall@4", []).append(item.positive in top)
        shown = top if item.positive is None or item.positive in top else [*top[:3], item.positive]
        passes += [make_pass(item, i, episode.functions[f], f == item.positive, pieces) for f in shown]
    out = heads_of(heads, forward(encoder, [p.ids for p in passes]), passes)
    for i in range(len(episode.items)):
        _judge_choice([n for n, p in enumerate(passes) if p.sentence == i], passes, out, float(heads.none[0]), tally)
    for number, one in enumerate(passes):
        if one.target is not None:
            _judge_arguments(number, one.target, out, tally)


def _judge_choice(numbers: list[int], passes: list[Pass], out: Outputs, none: float, tally: dict[str, list[float]]) -> None:
    best = max(numbers, key=lambda n: float(out.match[n]))
    refused = float(out.match[best]) < none
    if any(passes[n].positive for n in numbers):
        tally.setdefault("reader choice", []).append(passes[best].positive)
        tally.setdefault("false refusal", []).append(refused)
    else:
        tally.setdefault("none refused", []).append(refused)


def _judge_arguments(number: int, target: Target, out: Outputs, tally: dict[str, list[float]]) -> None:
    for p, truth in enumerate(target.said):
        if truth >= 0:
            tally.setdefault("said", []).append(bool(out.said[number][p] > 0) == bool(truth))
        if (where := target.spans[p]) is not None and target.options[p] < 1:
            tally.setdefault("span", []).append((int(out.starts[number][p].argmax()), int(out.ends[number][p].argmax())) == where)
        if target.options[p] >= 0:
            tally.setdefault("meaning" if target.numbers[p] else "option", []).append(int(out.options[number][p].argmax()) == target.options[p])
