"""How often the planner's model is right on held-out templates, by shape, and how long it takes.

python -m coordinator.training.evaluate --model models/parley-lm.gguf
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from coordinator.mentions import Linked, Mention
from coordinator.plan_grammar import plan_grammar
from coordinator.training.generate import Example, Source
from coordinator.training.templates import SHAPES
from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.protocol import Generation


def without_wording(value: Any) -> Any:
    """The plan with its sentences reduced to the references in them: the same structure, other verbs."""
    if isinstance(value, dict):
        return {
            k: [sorted(w.strip(".") for w in text.split() if w.startswith("{")) for text in v] if k == "do" else without_wording(v)
            for k, v in value.items()
        }
    return [without_wording(v) for v in value] if isinstance(value, list) else value


def linked_of(example: Example) -> Linked:
    """Enough of a Linked for the grammar: the text and the references."""
    mentions = tuple(Mention(ref=ref, start=0, end=0, surface="", kind="", ids=(), count=0) for ref in example.refs)
    return Linked(text=example.text, mentions=mentions)


def score(example: Example, text: str) -> dict[str, bool]:
    """Exact; right but for the wording of `do`; right shape."""
    right = json.loads(example.answer)
    try:
        written = json.loads(text)
    except ValueError:
        return {"exact": False, "structure": False, "shape": False}
    return {
        "exact": written == right,
        "structure": without_wording(written) == without_wording(right),
        "shape": next(iter(written), None) == example.shape,
    }


def report(rows: list[tuple[Example, Generation, dict[str, bool]]]) -> None:
    by_shape = defaultdict(list)
    for row in rows:
        by_shape[row[0].shape].append(row[2])
    by_shape["all"] = [row[2] for row in rows]
    print(f"{'shape':8} {'n':>4} {'exact':>6} {'struct':>6} {'shape':>6}")
    for shape in (*SHAPES, "all"):
        scores = by_shape[shape]
        if scores:
            print(f"{shape:8} {len(scores):4}", *(f"{100 * statistics.mean(s[k] for s in scores):6.1f}" for k in ("exact", "structure", "shape")))
    ms = sorted(row[1].ms for row in rows)
    print(f"ms p50 {ms[len(ms) // 2]:.0f} p95 {ms[len(ms) * 95 // 100]:.0f}; tokens: prompt {statistics.mean(r[1].prompt_tokens for r in rows):.0f}",
          f"plan {statistics.mean(r[1].tokens for r in rows):.0f}")  # fmt: skip
    for least in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        kept = [row[2]["structure"] for row in rows if (row[1].probability or 0) >= least]
        print(f"probability >= {least}: {len(kept) / len(rows):.2f} of all, structure right in {statistics.mean(kept) if kept else 0:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/parley-lm.gguf"))
    parser.add_argument("--each", type=int, default=2, help="examples of each held-out template")
    parser.add_argument("--free", action="store_true", help="without the grammar")
    parser.add_argument("--show", action="store_true", help="print what is wrong")
    options = parser.parse_args()
    decoder = Decoder(options.model)
    rows = list[tuple[Example, Generation, dict[str, bool]]]()
    for example in Source(1).validation(options.each):
        made = decoder.generate(example.prompt, None if options.free else plan_grammar(linked_of(example)), 320)
        rows.append((example, made, score(example, made.text)))
        if options.show and not rows[-1][2]["exact"]:
            print(example.prompt.split("\n> ")[1], f"\n   right {example.answer}\n   wrote {made.text} {made.probability:.2f}")
    report(rows)


if __name__ == "__main__":
    main()
