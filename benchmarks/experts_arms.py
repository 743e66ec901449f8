"""What a language model is shown in each arm, and how its answer is read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from benchmarks.experts_questions import Question, measured, numbers
from coordinator.experts import Asked, told
from runtime.llm.protocol import Generation

PHYSICS = {
    "line_of_sight": "A strong first path (K factor above 3 dB) speaks for a free path, many paths of like strength for a blocked one.",
    "fading": "Without a dominant path the amplitude is Rayleigh distributed, with a K factor up to 8 dB Ricean; above that it hardly fades.",
    "mobility": "The channel of what stands still stays alike from packet to packet; the faster something moves, the sooner it is another.",
    "delay_spread": "The longer the echoes, the narrower the coherence bandwidth: about 1 / (5 times the delay spread).",
    "snr": "Below 4 dB no rate is carried, to 12 dB the lowest, to 20 dB the middle ones, above that the highest.",
    "interference": "A microwave oven follows the mains, Bluetooth has slots of 0.625 ms, ZigBee bursts of milliseconds, WiFi irregular short ones.",
    "congestion": "Much busy air speaks for contention, a weak signal for a weak link, losses in free air at a good signal for a hidden node.",
    "shelf_vacancy": "A slot with goods differs from the empty back of the shelf in colour and edges.",
    "device_health": "A worn bearing vibrates, an aged battery sags, a dragging wheel draws current, a loose connector drops out.",
}
"""What a textbook says, for the arm that gets the features."""


class Writer(Protocol):
    """A language model: the shipped one, another GGUF, or a server's."""

    def generate(self, prompt: str, grammar: str | None, max_tokens: int) -> Generation: ...


def with_numbers(question: Question) -> str:
    return _prompt(question, numbers(question.window))


def with_features(question: Question) -> str:
    return _prompt(question, f"{PHYSICS.get(question.expert, '')}\n{measured(question)}")


def with_verdicts(question: Question, found: Sequence[Asked]) -> str:
    return _prompt(question, told(found, {}) or "No expert could be asked.")


def _prompt(question: Question, shown: str) -> str:
    part = f"Asked about: {question.part[1]}.\n" if question.part else ""
    choice = ", ".join(question.labels)
    return f"Answer the question from what is known.\n{shown}\nQuestion: {question.text}\n{part}Answer with one of: {choice}.\nAnswer: "


def said(writer: Writer, prompt: str, labels: Sequence[str]) -> str | None:
    """One of the labels; None when it wrote something else, as a server without grammars may. Raises ModelError."""
    grammar = "root ::= " + " | ".join(f'"{label}"' for label in labels)
    text = writer.generate(prompt, grammar, 24).text.strip().casefold()
    return next((label for label in sorted(labels, key=len, reverse=True) if text.startswith(label.casefold())), None)


def by_expert(found: Sequence[Asked], question: Question) -> tuple[str | None, str | None]:
    """What the wanted expert answers, and what it would guess where it abstains; None: nothing, as it was not asked or could not be."""
    verdict = next((one.verdict for one in found if one.card.name == question.expert and one.verdict is not None), None)
    if verdict is None:
        return None, None
    if question.part is not None:
        label = verdict.parts[question.part[0]].label if verdict.parts else None
        return label, label
    return verdict.label, verdict.label or verdict.likeliest
