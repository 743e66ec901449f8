"""Reading by a generative model: the encoder finds the nearest functions, the model writes one call of them, bound by their grammar."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from device_agent.call_prompt import call_prompt, call_schema, read_call
from device_agent.hypothesis import Considered, Interpretation
from device_agent.interpreter import Interpreter
from device_agent.retrieval import Catalogue
from runtime.llm.grammar import grammar_of
from runtime.llm.protocol import Generation
from schemas.errors import ModelError
from schemas.skills import Function

SHOWN = 6
"""Functions in the prompt: the nearest to the sentence."""
ACT = 0.8
"""Geometric-mean probability of the written call from which it is made without asking."""
_LONGEST_CALL = 256


class Writes(Protocol):
    """What is needed of runtime.llm.llama_cpp.decoder.Decoder."""

    def generate(self, prompt: str, grammar: str | None, max_tokens: int) -> Generation: ...


class LanguageReader:
    """In the Interpreter's place, with the same two methods. Synchronous; one call at a time. Never raises on odd sentences."""

    def __init__(self, interpreter: Interpreter, model: Writes, act: float = ACT) -> None:
        self._interpreter, self._model, self._act = interpreter, model, act

    def catalogue(self, functions: Sequence[Function]) -> Catalogue:
        return self._interpreter.catalogue(functions)

    def interpret(self, sentence: str, catalogue: Catalogue, context: str = "") -> Interpretation:
        began = time.perf_counter()
        if not sentence.strip() or not catalogue.functions:
            return Interpretation(name=None, decision="refuse", confidence=1.0, reason="none_fits")
        near = self._interpreter.nearest(sentence, catalogue, SHOWN)
        functions = [catalogue.functions[number] for number, _ in near]
        try:
            made = self._model.generate(call_prompt(functions, sentence, context), grammar_of(call_schema(functions)), _LONGEST_CALL)
            read = read_call(made.text if made.stopped else "", functions, made.probability, self._act)
        except ModelError:
            read = Interpretation(name=None, decision="refuse", confidence=0.0, reason="none_fits")
        considered = tuple(Considered(name=catalogue.functions[n].name, similarity=similarity) for n, similarity in near)
        return read.model_copy(update={"candidates": considered, "ms": (time.perf_counter() - began) * 1000.0})
