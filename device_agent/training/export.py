"""Checkpoint → `parley-reader-2.gguf` (llama.cpp's bert architecture), `parley-reader-2-heads.npz`, and their card.

python -m device_agent.training.export --base base --state run/state.pt --out models

Of several checkpoints that began from the same one, the mean of their weights is written: it does better than each of them (Wortsman et al. 2022,
"Model soups").
"""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import quants

from device_agent.calibration import identity
from device_agent.heads import SHAPES
from device_agent.reader import CLS, OPTION, PAD, PARAMETER, SEP, UNKNOWN
from device_agent.training.calibrate import calibrate
from device_agent.training.card import Training, card
from device_agent.training.model import HEADS, HIDDEN, INNER

_NAMES = {"out": "attn_output", "norm1": "attn_output_norm", "up": "ffn_up", "down": "ffn_down", "norm2": "layer_output_norm"}
_CONTEXT = 512


def add_vocabulary(writer: gguf.GGUFWriter, folder: Path) -> None:
    """SentencePiece unigram, as llama.cpp reads that of XLM-R ("t5"); a leading blank is the caller's."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = tokenizer["model"]["vocab"]
    kinds = [gguf.TokenType.CONTROL] * (OPTION + 1) + [gguf.TokenType.NORMAL] * (len(pieces) - OPTION - 1)
    kinds[UNKNOWN] = gguf.TokenType.UNKNOWN
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([piece for piece, _ in pieces])
    writer.add_token_scores([score for _, score in pieces])
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    writer.add_add_space_prefix(False)
    writer.add_remove_extra_whitespaces(False)
    writer.add_precompiled_charsmap(base64.b64decode(tokenizer["normalizer"]["precompiled_charsmap"]))
    for name, token in (("bos", CLS), ("eos", SEP), ("unk", UNKNOWN), ("sep", SEP), ("pad", PAD)):
        getattr(writer, f"add_{name}_token_id")(token)


def layers_of(state: dict[str, torch.Tensor]) -> int:
    return 1 + max(int(name.split(".")[1]) for name in state if name.startswith("blocks."))


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
    for i in range(layers_of(state)):
        for end in ("weight", "bias"):
            for name, part in zip("qkv", state[f"blocks.{i}.qkv.{end}"].chunk(3), strict=True):
                out[f"blk.{i}.attn_{name}.{end}"] = part
            out |= {f"blk.{i}.{theirs}.{end}": state[f"blocks.{i}.{ours}.{end}"] for ours, theirs in _NAMES.items()}
    return {name: tensor.detach().float().contiguous().numpy() for name, tensor in out.items()}


def write_gguf(path: Path, base: Path, state: dict[str, torch.Tensor], kind: gguf.GGMLQuantizationType) -> None:
    """One file, written beside and moved into place. Matrices in `kind`, the rest in F32."""
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "bert")
    writer.add_name("parley-reader-2")
    writer.add_license("mit")
    writer.add_description("Fine-tuned from six layers of intfloat/multilingual-e5-small")
    writer.add_block_count(layers_of(state))
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind.name}"])
    add_vocabulary(writer, base)
    for name, array in tensors(state).items():
        stored = gguf.GGMLQuantizationType.F16 if name == "position_embd.weight" else kind
        matrix = array.ndim == 2 and name != "token_types.weight"
        writer.add_tensor(name, quants.quantize(array, stored) if matrix else array, raw_dtype=stored if matrix else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def write_heads(path: Path, heads: dict[str, torch.Tensor]) -> None:
    """Float32 arrays named as in the checkpoint (`match.weight` …)."""
    part = path.with_suffix(".part.npz")
    arrays: dict[str, Any] = {name: heads[name].detach().float().numpy() for name in SHAPES if name in heads}
    np.savez(part, **arrays, **identity().arrays())
    part.replace(path)


def mean_of(states: list[dict[str, Any]]) -> dict[str, Any]:
    """The last checkpoint with the mean of all weights."""
    parts = {part: {name: torch.stack([s[part][name] for s in states]).mean(0) for name in states[-1][part]} for part in ("encoder", "heads")}
    return {**states[-1], **parts}


def training_of(state: dict[str, Any], note: str, checkpoints: int = 1) -> Training:
    parameters = sum(array.size for array in tensors(state["encoder"]).values())
    return Training(state["step"], state["seconds"] / 60, parameters, tuple(state.get("runs", ())), state.get("kinds"), note, checkpoints)


def write_card(weights: Path, heads: Path, training: Training) -> None:
    """`<weights>.toml`."""
    path = weights.with_suffix(".toml")
    part = path.with_suffix(".part")
    part.write_text(card((weights, heads), training), encoding="utf-8")
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True, nargs="+", help="one checkpoint, or several whose mean is taken")
    parser.add_argument("--out", type=Path, default=Path("models"))
    parser.add_argument(
        "--type", choices=("f16", "q8_0", "q5_0", "q4_0"), default="q8_0", help="of the matrices; others than q8_0 are named, for comparison"
    )
    parser.add_argument("--note", default="", help="a sentence for the card, on what the checkpoint itself does not record")
    options = parser.parse_args()
    state = mean_of([torch.load(path, weights_only=True) for path in options.state])
    kind, name = gguf.GGMLQuantizationType[options.type.upper()], "parley-reader-2" + ("" if options.type == "q8_0" else f"-{options.type}")
    options.out.mkdir(parents=True, exist_ok=True)
    weights, heads = options.out / f"{name}.gguf", options.out / f"{name}-heads.npz"
    write_gguf(weights, options.base, state["encoder"], kind)
    write_heads(heads, state["heads"])
    weights.with_suffix(".toml").unlink(missing_ok=True)  # its sums do not fit the new files
    print(calibrate(weights))
    write_card(weights, heads, training_of(state, options.note, len(options.state)))
    print(f"step {state['step']}: {weights}, {heads.name} and their card are written")


if __name__ == "__main__":
    main()
