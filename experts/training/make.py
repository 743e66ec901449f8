"""From generated windows to an expert's network and its card `model.toml`. On one core each takes minutes, shelf vacancy well over an hour.

The splits are drawn by the generator's parameters, never by rows: what a shift holds out, the shipped network has not seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from experts.recipe import Draw, Floats, Recipe

OPSET = 17
INSIDE = 0.995
"""Share of calibration windows that count as like the training ones."""
TREE = 100_000
"""Rows that the tree is fitted on; more change none of its three splits and take it a quarter of an hour."""


class Perceptron(nn.Module):
    """Standardised features → 64 → 32 → labels; the embedding is the standardised features themselves."""

    def __init__(self, features: int, labels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Dropout(0.05), nn.Linear(features, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, labels)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.layers(x), x


class Whole(nn.Module):
    """What is exported: standardising, the body, a calibrated softmax, and the Mahalanobis distance of the embedding."""

    def __init__(self, body: nn.Module, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("centre", torch.zeros(1))
        self.register_buffer("whiten", torch.eye(1))

    def logits(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.body((x - self.mean) / self.scale)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.verdicts(*self.logits(x))

    def verdicts(self, logits: Tensor, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities, and how unlike the training rows each row is."""
        away = (embedding - self.centre) @ self.whiten
        return (logits / self.temperature).softmax(-1), (away * away).mean(-1).sqrt()


def rows_of(draw: Draw, recipe: Recipe, count: int, seed: int) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Features, labels, and whether the window's own figures lie in the card's valid ranges, of `count` windows; each window has a seed of its own, so
    that splits never share one."""
    features, labels, valid = list[Floats](), list[int](), list[bool]()
    ranges = recipe.told.get("valid", {})
    for number in range(count):
        sample = draw(np.random.default_rng([seed, number]))
        features.append(recipe.model.features(sample.window))
        labels += sample.labels
        told = recipe.model.evidence(sample.window) if ranges else {}
        valid += [all(low <= told[name].value <= high for name, (low, high) in ranges.items())] * len(sample.labels)
    return np.concatenate(features).astype(np.float32, copy=False), np.asarray(labels), np.asarray(valid)


def judged(whole: Whole, x: Floats, size: int = 4096) -> tuple[Tensor, Tensor]:
    """Logits and embeddings of all rows, a few at a time: the activations of an image net on all of them fill no memory."""
    with torch.no_grad():
        parts = [whole.logits(part) for part in torch.from_numpy(x).split(size)]
    return torch.cat([logits for logits, _ in parts]), torch.cat([embedding for _, embedding in parts])


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[Any]:
    order = rng.permutation(count)
    return (order[at : at + size] for at in range(0, count, size))


def fit(whole: Whole, x: Floats, y: Any, recipe: Recipe, size: int = 128) -> None:
    """AdamW with a cosine; label weights make up for rare labels."""
    counts = np.bincount(y, minlength=len(recipe.model.labels))
    weights = torch.tensor(counts.sum() / np.maximum(counts, 1) / len(counts), dtype=torch.float32)
    optimizer = torch.optim.AdamW(whole.body.parameters(), lr=recipe.rate, weight_decay=0.02)
    steps = recipe.epochs * -(-len(x) // size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng, xs, ys = np.random.default_rng(recipe.seed), torch.from_numpy(x), torch.from_numpy(y)
    mean = AveragedModel(whole.body, multi_avg_fn=get_ema_multi_avg_fn(recipe.average), use_buffers=True) if recipe.average else None
    whole.train()
    for epoch in range(recipe.epochs):
        total = 0.0
        for rows in batches(len(x), size, rng):
            loss = nn.functional.cross_entropy(whole.logits(xs[rows])[0], ys[rows], weight=weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if mean is not None:
                mean.update_parameters(whole.body)
            total += loss.item() * len(rows)
        if (epoch + 1) % 5 == 0 or epoch + 1 == recipe.epochs:
            print(f"{recipe.name}: epoch {epoch + 1}, loss {total / len(x):.4f}", flush=True)
    if mean is not None:
        whole.body = mean.module
    whole.eval()


def calibrate(whole: Whole, x: Floats, y: Any, seen: Floats, least: float) -> tuple[float, float]:
    """Sets temperature (on calibration rows) and the spread of the embeddings (of `seen`, the training rows); `certain_from`, where `least` of the
    answers are right, and `inside_until`."""
    _, embedding = judged(whole, seen)
    whole.centre = embedding.mean(0)
    spread = torch.cov(embedding.T).reshape(embedding.shape[1], -1)
    values, vectors = torch.linalg.eigh(spread + 1e-3 * spread.diagonal().mean() * torch.eye(len(spread)))
    whole.whiten = vectors / values.clamp(min=1e-8).sqrt()
    logits, embedding = judged(whole, x)
    grid = np.linspace(0.3, 4.0, 75)
    losses = [nn.functional.cross_entropy(logits / t, torch.from_numpy(y)).item() for t in grid]
    whole.temperature = torch.tensor(float(grid[int(np.argmin(losses))]))
    chances, distance = (t.numpy() for t in whole.verdicts(logits, embedding))
    sure, right = chances.max(1), chances.argmax(1) == y
    order = np.argsort(-sure)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.nonzero(share >= least)[0]
    certain = float(sure[order][enough[-1]]) if len(enough) else float(sure.max())
    return round(max(certain, 1.0 / len(chances[0])), 4), round(float(np.quantile(distance, INSIDE)), 4)


def figures(whole: Whole, tree: DecisionTreeClassifier, recipe: Recipe, rows: Any, certain: float, inside: float) -> dict[str, float]:
    x, y, valid = rows
    chances, distance = (t.numpy() for t in whole.verdicts(*judged(whole, x)))
    best, answered = chances.argmax(1), (chances.max(1) >= certain) & (distance <= inside) & valid
    found = {
        "balanced_accuracy": balanced_accuracy_score(y, best),
        "tree": balanced_accuracy_score(y, tree.predict(recipe.tree(x))),
        "coverage": answered.mean(),
        "answered_right": (best == y)[answered].mean() if answered.any() else 1.0,
    }
    return {name: round(float(value), 4) for name, value in found.items()} | {"windows": len(y)}


def make(recipe: Recipe, folder: Path) -> None:
    """Writes the network and its card `model.toml` into `folder`; a depth-2 tree on the same features stands in the card's figures, for comparison."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    x, y, _ = rows_of(recipe.draw, recipe, recipe.train, recipe.seed)
    flat = x.reshape(len(x), -1)
    axes = (0,) if x.ndim == 2 else (0, *range(2, x.ndim))
    mean, scale = x.mean(axis=axes, keepdims=True), x.std(axis=axes, keepdims=True) + 1e-6
    body = recipe.body(len(recipe.model.labels)) if recipe.body else Perceptron(flat.shape[1], len(recipe.model.labels))
    whole = Whole(body, torch.from_numpy(mean), torch.from_numpy(scale))
    fit(whole, x, y, recipe)
    certain, inside = calibrate(whole, *rows_of(recipe.draw, recipe, recipe.test, recipe.seed + 1)[:2], x, recipe.right)
    tree = DecisionTreeClassifier(max_depth=2, class_weight="balanced", random_state=0).fit(recipe.tree(x[:TREE]), y[:TREE])
    splits = {"iid": recipe.draw, **{f"held-out {name}": draw for name, draw in recipe.shifts.items()}}
    told = {
        name: figures(whole, tree, recipe, rows_of(draw, recipe, recipe.test, recipe.seed + 100 + n), certain, inside)
        for n, (name, draw) in enumerate(splits.items())
    }
    network, card = folder / f"{recipe.file}.part", folder / "model.toml.part"
    export(whole, x[:2], network)
    about = {"name": recipe.name, "window": recipe.model.window, "labels": list(recipe.model.labels), "opset": OPSET, **recipe.told}
    about |= {"file": recipe.file, "certain_from": certain, "inside_until": inside}
    about["sha256"] = hashlib.sha256(network.read_bytes()).hexdigest()
    card.write_text(as_toml(about, told), encoding="utf-8")
    for part in (network, card):
        part.replace(part.with_suffix(""))
    for name, row in told.items():
        print(f"{name:<28}" + "  ".join(f"{key} {value:g}" for key, value in row.items()), flush=True)


def export(whole: Whole, example: Floats, path: Path) -> None:
    axes = {"features": {0: "n"}, "probabilities": {0: "n"}, "distance": {0: "n"}}
    names: Sequence[str] = ["probabilities", "distance"]
    torch.onnx.export(
        whole,
        (torch.from_numpy(example),),
        str(path),
        input_names=["features"],
        output_names=names,
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )


def as_toml(about: Mapping[str, Any], told: Mapping[str, Mapping[str, float]]) -> str:
    plain = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in about.items() if not isinstance(value, dict)]
    tables = {key: value for key, value in about.items() if isinstance(value, dict)}
    tables |= {f'figures."{split}"': row for split, row in told.items()}
    rest = [
        f"\n[{name}]\n" + "\n".join(f"{json.dumps(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in row.items()) for name, row in tables.items()
    ]
    return "\n".join(plain) + "\n" + "\n".join(rest) + "\n"
