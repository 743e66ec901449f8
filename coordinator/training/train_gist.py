"""Train the gist head: authored templates and their variations, embedded by the shipped encoder -> kind of instruction.

python -m coordinator.training.train_gist --out models          # needs torch; about five minutes on one core
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from coordinator.gist import KINDS, PLAUSIBLE, SCALE
from coordinator.training.generate import Example, Source, expand
from runtime.llm.llama_cpp.encoder import Encoder

HIDDEN, DROPOUT, SMOOTHING = 192, 0.3, 0.05


def kind_of(answer: str) -> str:
    """The kind that a plan object is."""
    plan = json.loads(answer)
    shape = next(iter(plan))
    return f"{shape}:{plan[shape]}" if shape in ("control", "ask", "refuse") else shape


def embedded(examples: Sequence[Example], encoder: Encoder) -> tuple[Tensor, Tensor]:
    """Vectors N, E and kinds N."""
    rows = [np.asarray(encoder.embed([e.text for e in examples[i : i + 64]]), dtype=np.float32) for i in range(0, len(examples), 64)]
    return torch.tensor(np.concatenate(rows)), torch.tensor([KINDS.index(kind_of(e.answer)) for e in examples])


class Head(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner, self.drop, self.outer = nn.Linear(width, HIDDEN), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, len(KINDS))

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(self.drop(functional.relu(self.inner(x * SCALE))))


def trained(x: Tensor, y: Tensor, steps: int) -> Head:
    head = Head(x.shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        batch = torch.randint(len(x), (512,))
        loss = functional.cross_entropy(head(x[batch] + 0.01 * torch.randn_like(x[batch])), y[batch], label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return head.eval()


@torch.no_grad()
def measured(head: Head, x: Tensor, y: Tensor) -> dict[str, float]:
    """On held-out templates: nearest kind right, nearest shape right, the true kind not ruled out, kinds left on average."""
    chances = head(x).softmax(-1)
    shapes = [kind.partition(":")[0] for kind in KINDS]
    best = chances.argmax(-1)
    same = [shapes[int(b)] == shapes[int(t)] for b, t in zip(best, y, strict=True)]
    kept = chances >= PLAUSIBLE
    return {
        "templates": len(y),
        "kind": round(100 * (best == y).float().mean().item(), 1),
        "shape": round(100 * sum(same) / len(same), 1),
        "kept": round(100 * kept[torch.arange(len(y)), y].float().mean().item(), 1),
        "kinds_left": round(kept.sum(-1).float().mean().item(), 2),
    }


def write(out: Path, head: Head, embed: Path, figures: dict[str, Any]) -> None:
    weights = out / "parley-reader-2-gist.npz"
    np.savez_compressed(weights, **{name: value.detach().numpy().astype(np.float16) for name, value in head.named_parameters()})
    held_out = "\n".join(f"{name} = {value}" for name, value in figures.items())
    (out / "parley-reader-2-gist.toml").write_text(
        f'''file = "{weights.name}"
task = "an instruction's sentence vector -> what kind of thing it is (plan, query, goal, control, question, refusal)"
architecture = "two layers on the vectors of {embed.name} (sha256 {hashlib.sha256(embed.read_bytes()).hexdigest()})"
licence = "Apache-2.0"
data = "coordinator/training/data/*.jsonl, written for this project, expanded by coordinator.training.generate"
command = "python -m coordinator.training.train_gist --out models"

[held_out]  # authored templates that were never trained on; per cent
{held_out}

[sha256]
"{weights.name}" = "{hashlib.sha256(weights.read_bytes()).hexdigest()}"
''',
        encoding="utf-8",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--embed", type=Path, default=Path("models/parley-reader-2.gguf"))
    parser.add_argument("--out", type=Path, required=True, help="folder for parley-reader-2-gist.npz and its card")
    parser.add_argument("--each", type=int, default=6, help="variations of each template")
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args()
    torch.manual_seed(3)
    source, encoder = Source(3), Encoder(options.embed)
    natural = [expand(t, source.pools, source.rng, natural=True) for t in source.training]
    varied = [expand(t, source.pools, source.rng) for t in source.training for _ in range(options.each)]
    print(f"embedding {len(natural) + len(varied)} examples ...", flush=True)
    head = trained(*embedded([*natural, *varied], encoder), options.steps)
    figures = measured(head, *embedded(source.validation(1), encoder))
    print(figures)
    write(options.out, head, options.embed, figures)


if __name__ == "__main__":
    main()
