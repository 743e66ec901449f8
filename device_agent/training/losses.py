"""The losses of one training step and the batching that feeds them."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from device_agent.reader import CLS, SENTENCE, SEP, Pieces, retrieval_views
from device_agent.training.batches import Choice, Episode, Pass, make_pass
from device_agent.training.model import Encoder, ReaderHeads, match_features, mean_pool, option_features, said_features

SCALE = 20.0
"""Inverse temperature of the bi-encoder's softmax over cosine similarities."""


@dataclass
class Run:
    """The rows of one length: their numbers and vectors [B, T, H]."""

    rows: list[int]
    vectors: Tensor


def batched(rows: list[list[int]]) -> tuple[list[list[int]], list[Tensor]]:
    """Row numbers by length, the shortest first, and their ids [B, T]: nothing is padded."""
    by_length: dict[int, list[int]] = {}
    for number in sorted(range(len(rows)), key=lambda i: len(rows[i])):
        by_length.setdefault(len(rows[number]), []).append(number)
    return list(by_length.values()), [torch.tensor([rows[i] for i in numbers]) for numbers in by_length.values()]


def forward(encoder: Encoder, rows: list[list[int]]) -> list[Run]:
    numbers, batches = batched(rows)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return [Run(own, vectors) for own, vectors in zip(numbers, encoder(batches), strict=True)]


def embed(encoder: Encoder, rows: list[list[int]]) -> Tensor:
    """Normalised sentence vectors [n, H] in the rows' order."""
    runs = forward(encoder, rows)
    order = torch.tensor([i for run in runs for i in run.rows]).argsort()
    return torch.cat([mean_pool(run.vectors) for run in runs])[order]


def retrieval_loss(sentences: Tensor, functions: Tensor, positives: list[int | None]) -> tuple[Tensor, int]:
    """Summed InfoNCE of each sentence against its own catalogue, and how many counted."""
    known = [i for i, p in enumerate(positives) if p is not None]
    if not known:
        return sentences.sum() * 0.0, 0
    logits = sentences[known] @ functions.T * SCALE
    return functional.cross_entropy(logits, torch.tensor([positives[i] for i in known]), reduction="sum"), len(known)


def paraphrase_loss(sentences: Tensor, keys: list[int | None]) -> Tensor:
    """Sentences of one function lie nearer to each other than to those of other functions of the same scene."""
    known = [i for i, k in enumerate(keys) if k is not None]
    same = torch.tensor([[keys[i] == keys[j] and i != j for j in known] for i in known])
    if not known or not same.any():
        return sentences.sum() * 0.0
    own = torch.eye(len(known), dtype=torch.bool)
    log = (sentences[known] @ sentences[known].T * SCALE).masked_fill(own, -1e4).log_softmax(dim=1)
    rows = same.any(1)
    return -((log * same).sum(1)[rows] / same.sum(1)[rows]).mean()


def distill_loss(student: Tensor, sense: Tensor) -> Tensor:
    """Everyday phrases are as alike as another encoder finds them."""
    return functional.mse_loss(student @ student.T, sense @ sense.T)


def choose_candidates(similar: Tensor, positive: int | None, absent: bool, arguments: int, rng: random.Random) -> list[int]:
    """Functions the reader is shown: the positive and one or two of its nearest rivals (often none, when the sentence says several
    arguments: rivals teach nothing about those); rivals alone when nothing fits."""
    ranked = [i for i in similar.argsort(descending=True).tolist() if i != positive]
    wanted = (1 if rng.random() < 0.7 else 2) if positive is not None and not absent else 2
    if positive is not None and not absent and arguments > 1 and rng.random() < 0.5:
        wanted = 0
    near = ranked[:1] if wanted and rng.random() < 0.7 else []
    near += rng.sample([i for i in ranked[:6] if i not in near], min(max(wanted - len(near), 0), max(len(ranked[:6]) - len(near), 0)))
    return ([positive] if positive is not None and not absent else []) + near


def collect(episodes: list[Episode], similar: list[Tensor], pieces: Pieces, rng: random.Random) -> list[Pass]:
    """All reader passes of a step; sentences are numbered through the episodes."""
    passes: list[Pass] = []
    number = 0
    for episode, scores in zip(episodes, similar, strict=True):
        for i, item in enumerate(episode.items):
            shown = choose_candidates(scores[i], item.positive, item.absent, len(item.spans or {}), rng)
            passes += [make_pass(item, number, episode.functions[f], f == item.positive, pieces) for f in shown]
            number += 1
    return passes


def collect_alone(episodes: list[Episode], pieces: Pieces) -> list[Pass]:
    """Each sentence with the function that it means, without rivals."""
    shown = [
        (item, episode.functions[item.positive]) for episode in episodes for item in episode.items if item.positive is not None and not item.absent
    ]
    return [make_pass(item, number, function, True, pieces) for number, (item, function) in enumerate(shown)]


@dataclass
class Outputs:
    """Head outputs of all passes: match logits [n]; per parameter said, start/end rows and option logits."""

    match: Tensor
    said: list[Tensor]
    starts: list[list[Tensor]]
    ends: list[list[Tensor]]
    options: list[list[Tensor]]


def heads_of(heads: ReaderHeads, runs: list[Run], passes: list[Pass]) -> Outputs:
    count = len(passes)
    empty: list[Tensor] = [torch.zeros(0)] * count
    out = Outputs(torch.zeros(0), list(empty), [[] for _ in passes], [[] for _ in passes], [[] for _ in passes])
    match = list(empty)
    for run in runs:
        sizes = torch.tensor([passes[number].pieces for number in run.rows])
        matches = heads.match(match_features(run.vectors, sizes))[:, 0]
        starts, ends = heads.start_in(run.vectors), heads.end_in(run.vectors)
        for row, number in enumerate(run.rows):
            one, tokens = passes[number], run.vectors[row]
            match[number] = matches[row]
            asked, inside = tokens[list(one.places)], slice(1, 1 + one.pieces)
            first, last = heads.start_of(asked) @ starts[row, inside].T, heads.end_of(asked) @ ends[row, inside].T
            meant = (first.softmax(-1) + last.softmax(-1)) / 2 @ tokens[inside]
            out.said[number] = heads.said(said_features(asked, meant))[:, 0]
            out.starts[number], out.ends[number] = list(first), list(last)
            out.options[number] = [heads.option(option_features(tokens[list(own)], meant[p]))[:, 0] for p, own in enumerate(one.options)]
    out.match = torch.stack(match)
    return out


def reader_losses(heads: ReaderHeads, out: Outputs, passes: list[Pass]) -> dict[str, Tensor]:
    """Mean losses: match, said, span, option, meaning."""
    own: dict[int, list[int]] = {}
    for i, one in enumerate(passes):
        own.setdefault(one.sentence, []).append(i)
    matches: list[Tensor] = []
    for numbers in own.values():
        logits = torch.cat([heads.none, out.match[numbers]])
        target = next((k + 1 for k, n in enumerate(numbers) if passes[n].positive), 0)
        matches.append(functional.cross_entropy(logits, torch.tensor(target)))
    return {"match": torch.stack(matches).mean()} | _argument_losses(out, passes)


def _argument_losses(out: Outputs, passes: list[Pass]) -> dict[str, Tensor]:
    """`option` is that of enum members and of yes or no, `meaning` how a number is meant: nearly always as said, it would hide the others in one mean."""
    rows: dict[str, list[Tensor]] = {"said": [], "span": [], "option": [], "meaning": []}
    for number, one in enumerate(passes):
        if one.target is None:
            continue
        for p, truth in enumerate(one.target.said):
            if truth >= 0:
                rows["said"].append(functional.binary_cross_entropy_with_logits(out.said[number][p], torch.tensor(float(truth))))
            if (where := one.target.spans[p]) is not None:
                first, last = out.starts[number][p], out.ends[number][p]
                rows["span"] += [
                    functional.cross_entropy(first, torch.tensor(where[0])) / 2,
                    functional.cross_entropy(last, torch.tensor(where[1])) / 2,
                ]
            if one.target.options[p] >= 0:
                name = "meaning" if one.target.numbers[p] else "option"
                rows[name].append(functional.cross_entropy(out.options[number][p], torch.tensor(one.target.options[p])))
    zero = out.match.sum() * 0.0
    return {name: torch.stack(own).mean() if own else zero for name, own in rows.items()}


def retrieval_rows(episode: Episode, pieces: Pieces, rng: random.Random | None = None) -> tuple[list[list[int]], list[list[int]]]:
    """Ids of the sentences and of the functions, specials included; sentences as `TextEncoder.embed` cuts them. Functions are seen in the first way
    mostly, sometimes in another; without `rng` always in the first."""
    way = rng.choices((0, 1, 2), (0.6, 0.2, 0.2))[0] if rng else 0
    views = [retrieval_views(f) for f in episode.functions]
    sentences = [[CLS, *pieces.tokenize(item.sentence.text)[:SENTENCE], SEP] for item in (*episode.items, *episode.others)]
    return sentences, [[CLS, *pieces.tokenize(v[min(way, len(v) - 1)])[:80], SEP] for v in views]


def choice_losses(sentences: Tensor, options: Tensor, choices: list[Choice]) -> list[Tensor]:
    """Cross entropy of each choice: the sentence lies nearest to the option that it means."""
    return [functional.cross_entropy(options[list(one.options)] @ sentences[one.sentence] * SCALE, torch.tensor(one.meant)) for one in choices]
