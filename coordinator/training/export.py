"""Checkpoint → `parley-lm.gguf` (llama.cpp's llama architecture), its card, and reference values for the parity test.

python -m coordinator.training.export --run run --out models                       # q8_0, as shipped
python -m coordinator.training.export --run run --parity tests/golden/parley-lm-parity.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import quants
from tokenizers import Tokenizer

from coordinator.training.generate import Source
from coordinator.training.model import Decoder, Shape
from runtime.llm.llama_cpp.decoder import Decoder as Runner

_NAMES = {
    "norm1": "attn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "out": "attn_output", "norm2": "ffn_norm", "gate": "ffn_gate", "up": "ffn_up", "down": "ffn_down",
}  # fmt: skip
_TRIED = (
    "Ünïcödé, 漢字 and 🤖!", "  two  blanks ", "robot_7's v2.0-beta", "a\ttab\nand\n\nlines", "12345 67.8 %", "[s1 shelf 8: the shelves]", '{"plan":[{"who":{"of":"any"}}]}',
    "don't we'll I'M", "…—–“quotes”", "x=3.5,y=-2", "https://example.org/a?b=c&d=e", "ALL CAPS SHELF", "ñandú über naïve", "a", " ", "{}{pick}{p1}", "5°C±0.1µm",
)  # fmt: skip


def load(run: Path) -> tuple[Decoder, Tokenizer, dict[str, Any]]:
    """The model of a run's checkpoint, ready to compute, its tokenizer and the raw state."""
    state = torch.load(run / "state.pt", weights_only=True)
    model = Decoder(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model.eval(), Tokenizer.from_file(str(run / "tokenizer.json")), state


def tensors(model: Decoder) -> dict[str, np.ndarray[Any, Any]]:
    """Weights under llama.cpp's names, float32. The output matrix is the word vectors, so it is not written."""
    out = {"token_embd.weight": model.words.weight, "output_norm.weight": model.norm.weight}
    for i, block in enumerate(model.blocks):
        out |= {f"blk.{i}.{_NAMES[name.removesuffix('.weight')]}.weight": weight for name, weight in block.named_parameters()}
    return {name: tensor.detach().float().contiguous().numpy() for name, tensor in out.items()}


def write_gguf(path: Path, model: Decoder, tokenizer: Tokenizer, kind: gguf.GGMLQuantizationType) -> None:
    """One file, written beside and moved into place. Matrices in `kind` (F16 or Q8_0), norms in F32."""
    shape, part = model.shape, path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    writer.add_name("parley-lm")
    writer.add_license("apache-2.0")
    writer.add_description("Instruction to a fleet of devices -> plan. Trained from scratch; word vectors began as those of all-MiniLM-L6-v2")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(shape.base)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if kind == gguf.GGMLQuantizationType.Q8_0 else gguf.LlamaFileType.MOSTLY_F16)
    _add_vocabulary(writer, tokenizer)
    for name, array in tensors(model).items():
        matrix = array.ndim == 2
        writer.add_tensor(name, quants.quantize(array, kind) if matrix else array, raw_dtype=kind if matrix else None)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)


def _add_vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    model = json.loads(tokenizer.to_str())["model"]
    texts = [text for text, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(texts)
    writer.add_token_types([gguf.TokenType.CONTROL, *[gguf.TokenType.NORMAL] * (len(texts) - 1)])
    writer.add_token_merges(merges)
    writer.add_eos_token_id(0)
    writer.add_bos_token_id(0)
    writer.add_add_bos_token(False)


def write_card(path: Path, weights: Path, state: dict[str, Any], parameters: int) -> None:
    """`models/parley-lm.toml`: what the file is, where it comes from, and its sha256."""
    text = f'''file = "{weights.name}"
task = "an instruction with marked mentions and a summary of the fleet -> compact JSON plan"
architecture = "llama (decoder), {parameters / 1e6:.1f} M parameters, own byte-level BPE"
licence = "Apache-2.0"
base = "word vectors began as those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0, projected); all else from scratch"
data = "coordinator/training/data/*.jsonl, written for this project, expanded by coordinator.training.generate"
command = "python -m coordinator.training.train --base <all-MiniLM-L6-v2> --out run && python -m coordinator.training.export --run run"
steps = {state["step"]}
minutes = {state["seconds"] / 60:.0f}
evaluate = "python -m coordinator.training.evaluate"

[sha256]
"{weights.name}" = "{hashlib.sha256(weights.read_bytes()).hexdigest()}"
'''
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@torch.no_grad()
def parity(model: Decoder, tokenizer: Tokenizer) -> dict[str, Any]:
    """Token ids of 240 texts and the top scores after some prompts, as PyTorch has them in float32."""
    examples = Source(23).take(240 - len(_TRIED))
    texts = [*_TRIED, *(e.prompt if i % 2 else e.answer for i, e in enumerate(examples))]
    tokens = [{"text": text, "ids": tokenizer.encode(text).ids} for text in texts]
    logits = []
    for example in examples[:24]:
        ids = tokenizer.encode(example.prompt).ids + tokenizer.encode(example.answer).ids[:6]
        scores = model.logits(model(torch.tensor([ids]), model.words.weight)[0, -1], model.words.weight)
        top = scores.topk(8)
        logits.append({"ids": ids, "top": top.indices.tolist(), "scores": [round(s, 4) for s in top.values.tolist()]})
    return {"tokens": tokens, "logits": logits}


def check_parity(weights: Path, model: Decoder, tokenizer: Tokenizer, tolerance: float) -> float:
    """The largest difference of llama.cpp's top scores from PyTorch's. Raises SystemExit when it is above `tolerance`."""
    reference = parity(model, tokenizer)
    decoder = Runner(weights, n_ctx=512)
    worst = max(
        abs(float(scores[i]) - score)
        for row in reference["logits"]
        for scores in [decoder.logits(row["ids"])]
        for i, score in zip(row["top"], row["scores"], strict=True)
    )
    wrong = [row["text"] for row in reference["tokens"] if decoder.tokenize(row["text"]) != row["ids"]]
    decoder.close()
    if worst > tolerance or wrong:
        raise SystemExit(f"{weights}: scores differ by {worst:.3f} (allowed {tolerance}), {len(wrong)} texts are cut otherwise")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder with state.pt and tokenizer.json")
    parser.add_argument("--out", type=Path, default=Path("models"))
    parser.add_argument("--f16", action="store_true", help="parley-lm-f16.gguf, twice the size, for comparison")
    parser.add_argument("--parity", type=Path, help="write reference values here instead of a model")
    options = parser.parse_args()
    model, tokenizer, state = load(options.run)
    if options.parity:
        options.parity.write_text(json.dumps(parity(model, tokenizer), ensure_ascii=False) + "\n", encoding="utf-8")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    kind, name = (gguf.GGMLQuantizationType.F16, "parley-lm-f16") if options.f16 else (gguf.GGMLQuantizationType.Q8_0, "parley-lm")
    weights = options.out / f"{name}.gguf"
    write_gguf(weights, model, tokenizer, kind)
    write_card(weights.with_suffix(".toml"), weights, state, sum(p.numel() for p in model.parameters()))
    worst = check_parity(weights, model, tokenizer, 0.02 if options.f16 else 0.25)
    print(f"step {state['step']}: {weights} {weights.stat().st_size / 1e6:.1f} MB, scores within {worst:.4f} of PyTorch")


if __name__ == "__main__":
    main()
