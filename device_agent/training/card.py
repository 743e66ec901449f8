"""The model card: what the files are, where they come from and how they did on held-out kinds.

python -m device_agent.training.evaluate --json figures.json
python -m device_agent.training.card --state run/state.pt --figures figures.json --out models
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from device_agent.training.data import is_held_out, load_kinds

_HEAD = """file = "parley-embed.gguf"
heads = "parley-embed-heads.npz"
task = "sentence vectors; and, by the heads, whether a sentence fits a function, which parameters it says, where, and which option"
architecture = "bert (encoder), 22.7 M parameters, 6 layers, width 384, q8_0"
licence = "Apache-2.0"
base = "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), itself from nreimers/MiniLM-L6-H384-uncased (MIT, Microsoft); vocabulary unchanged"
data = "device_agent/training/data/*.json, written for this project (docs/data.md)"
command = "python -m device_agent.training.train_encoder --base <all-MiniLM-L6-v2> --out run --frozen 2"
export = "python -m device_agent.training.export --base <all-MiniLM-L6-v2> --state run/state.pt"
evaluate = "python -m device_agent.training.evaluate"
"""


def card(folder: Path, state: dict[str, Any], figures: dict[str, float]) -> str:
    """TOML with sha256 sums and figures; no dates, so that the same files give the same card."""
    kinds = load_kinds()
    held = [k for k in kinds if is_held_out(k)]
    files = [folder / name for name in ("parley-embed.gguf", "parley-embed-heads.npz")]
    lines = [
        _HEAD,
        f"steps = {state['step']}",
        f"minutes = {state['seconds'] / 60:.0f}",
        f"kinds = {len(kinds)}",
        f"held_out_kinds = {json.dumps([k.kind for k in held])}",
        f"sentences = {sum(len(k.examples) for k in kinds)}",
        "",
        "[sha256]",
        *(f'"{f.name}" = "{hashlib.sha256(f.read_bytes()).hexdigest()}"' for f in files),
        "",
        "[held_out]",
        *(f'"{name}" = {value}' for name, value in figures.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--figures", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models"))
    options = parser.parse_args()
    state = torch.load(options.state, weights_only=True)
    figures: dict[str, float] = json.loads(options.figures.read_text(encoding="utf-8"))
    (options.out / "parley-embed.toml").write_text(card(options.out, state, figures), encoding="utf-8")


if __name__ == "__main__":
    main()
