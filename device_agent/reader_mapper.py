"""A reader as the agent's Mapper: one worker thread, and the site's numbers turned into the maker's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from device_agent.heads import Heads
from device_agent.hypothesis import Interpretation
from device_agent.interpreter import Interpreter, Reader
from device_agent.language_reader import LanguageReader
from device_agent.mapper import NO_HINT, Hint, Mapped, offers
from device_agent.positions import Point, in_coordinates, is_bare_trip, makes_use_of, other_facts, point_drives, points_in
from device_agent.program import spaced
from device_agent.quantities import find_quantities
from runtime.llm.llama_cpp.decoder import Decoder
from runtime.llm.llama_cpp.encoder import Encoder
from runtime.llm.server import ServerModel
from runtime.llm.worker import Worker
from schemas.messages import Candidate
from schemas.skills import Call, Catalogue, Function, PlaceRef

SOUGHT = 0.25
"""Confidence from which a function that finds what is sought is called without asking."""
CONTEXT = 4096
"""Tokens that a model which writes calls may read and write."""
DRIVEN = 0.7
"""Match from which a sentence with a position in it is a drive to that position."""


class ReaderMapper:
    """`map` never blocks the event loop; calls of several devices wait their turn in the worker."""

    def __init__(self, reader: Reader, worker: Worker) -> None:
        self._reader, self._worker = reader, worker

    async def map(self, sentence: str, catalogue: Catalogue, context: str = "", hint: Hint = NO_HINT) -> Mapped:
        return await self._worker.run(self._map, sentence, catalogue, context, hint)

    def _map(self, sentence: str, catalogue: Catalogue, context: str, hint: Hint) -> Mapped:
        points, facts = points_in(context, sentence), other_facts(context)
        mapped = self._offered(sentence, catalogue, facts, hint, points)
        if mapped.decision == "act" or len(points) != 1 or hint.purpose == "observe":
            return mapped
        return self._driven(sentence, catalogue, points[0]) or mapped

    def _offered(self, sentence: str, catalogue: Catalogue, facts: str, hint: Hint, points: Sequence[Point]) -> Mapped:
        *first, last = offers(catalogue, hint)
        for functions in first:
            mapped = doubted(sentence, sought(self._among(functions, sentence, catalogue, facts), catalogue, hint), catalogue, points)
            if mapped.decision == "act":
                return mapped
        return doubted(sentence, self._among(last, sentence, catalogue, facts), catalogue, points)

    def _driven(self, sentence: str, catalogue: Catalogue, point: Point) -> Mapped | None:
        """For a place that the device does not know: the drive to its position, if the sentence with the position said asks for just that."""
        calls = {f.name: call for f, call in point_drives(catalogue, point)}
        if not calls or not is_bare_trip(sentence, point):
            return None
        read = self._among(catalogue.functions, in_coordinates(sentence, point), catalogue, "")
        matched = [(c.match, c.name) for c in read.candidates if c.match is not None]
        written = (read.confidence, read.call.function) if read.call is not None and read.decision == "act" else (0.0, "")
        match, name = max(matched, default=written)
        if name not in calls or match < DRIVEN:
            return None
        return Mapped(call=calls[name], decision="act", confidence=match, candidates=read.candidates)

    def _among(self, functions: Sequence[Function], sentence: str, catalogue: Catalogue, context: str) -> Mapped:
        prepared = self._reader.catalogue([site_view(f) for f in functions])
        return to_mapped(self._reader.interpret(sentence, prepared, context), catalogue)

    async def close(self) -> None:
        await self._worker.close()


def open_reader(embed: Path, threads: int = 1, model: Path | str | None = None) -> Reader:
    """The encoder with its heads; with `model`, one that writes the calls instead: a GGUF, or the URL of an OpenAI-compatible server.
    Raises ConfigError."""
    interpreter = Interpreter(Encoder(embed, threads), Heads.load(embed.with_name(f"{embed.stem}-heads.npz")))
    if model is None:
        return interpreter
    return LanguageReader(interpreter, ServerModel(model) if isinstance(model, str) else Decoder(model, CONTEXT, threads))


def open_mapper(embed: Path, threads: int = 1, model: Path | str | None = None) -> ReaderMapper:
    """As `open_reader`, in a worker thread. Raises ConfigError."""
    return ReaderMapper(open_reader(embed, threads, model), Worker("mapper"))


def sought(mapped: Mapped, catalogue: Catalogue, hint: Hint) -> Mapped:
    """Less doubt is needed against a function that merely reads and returns the very property that the coordinator seeks."""
    function = catalogue.function(mapped.call.function) if mapped.call is not None else None
    exact = function is not None and function.safety == "read" and any(r.property == hint.seeks for r in function.returns)
    return mapped.model_copy(update={"decision": "act"}) if exact and mapped.decision == "ask" and mapped.confidence >= SOUGHT else mapped


def doubted(sentence: str, mapped: Mapped, catalogue: Catalogue, points: Sequence[Point] = ()) -> Mapped:
    """Ask back where the sentence names a place that the call has no use for: "carry it from shelf 3 to the station" is not a mere trip there; or
    says a share ("at half speed") of which the call, which changes something, takes nothing.

    `points`: the places that the coordinator says the sentence names.
    """
    call, places = mapped.call, {ref.prefix: ref for f in catalogue.functions for ref in f.places.values()}
    function = catalogue.function(call.function) if call is not None else None
    if call is None or function is None or mapped.decision != "act":
        return mapped
    used = {ref.to_site(value) for name, ref in function.places.items() if isinstance(value := call.arguments.get(name), str | int | float)}
    named = {
        f"{prefix}{int(n)}" for prefix in places for n in re.findall(rf"\b{re.escape(prefix.strip('-_ '))} (\d{{1,9}})\b", sentence, re.IGNORECASE)
    }
    moves = any(c.attribute in ("at", "x", "y") for f in catalogue.functions for c in f.achieves)
    astray = moves and any(not makes_use_of(call, function, point) for point in points)
    bare = function.safety != "read" and call.arguments.keys() <= function.places.keys()
    share = bare and any(q.fraction for q in find_quantities(sentence))
    return mapped if named <= used and not astray and not share else mapped.model_copy(update={"decision": "ask"})


def site_view(function: Function) -> Function:
    """The function as a sentence speaks of it: a place parameter is the number that people use, whatever the maker's spelling and bounds are."""
    if not function.places:
        return function
    properties: Mapping[str, Any] = function.parameters.get("properties", {})
    seen = {name: _as_number(function.places[name]) if name in function.places else spec for name, spec in properties.items()}
    return function.model_copy(update={"parameters": {**function.parameters, "properties": seen}})


def _as_number(place: PlaceRef) -> dict[str, Any]:
    kind = place.prefix.strip("-_ ")
    return {"type": "integer", "description": f"number of the {kind}", "place": kind}


def to_mapped(read: Interpretation, catalogue: Catalogue) -> Mapped:
    """The interpretation with place numbers in the maker's spelling."""
    candidates = tuple(Candidate(name=c.name, score=round(c.similarity, 4), match=c.match) for c in read.candidates)
    function = catalogue.function(read.name) if read.name else None
    call = None if function is None else Call(function=function.name, arguments=maker_arguments(function, read.arguments))
    missing = tuple(spaced(name) for name in read.missing)
    return Mapped(
        call=call, decision=read.decision, confidence=round(min(1.0, read.confidence), 4), reason=read.reason, candidates=candidates, missing=missing
    )


def maker_arguments(function: Function, arguments: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """`{"shelf": 4}` → `{"shelf": "S04"}` where the maker writes it so."""
    return {name: _spell(function.places[name], value) if name in function.places else value for name, value in arguments.items()}


def _spell(place: PlaceRef, value: JsonValue) -> JsonValue:
    number = re.search(r"\d+", str(value))
    spelled = place.to_maker(f"{place.prefix}{int(number[0])}") if number else None
    return value if spelled is None else spelled
