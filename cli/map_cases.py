"""The thinking behind `parley map`: one line of a case file in, one prediction out, whatever the line holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from device_agent.hypothesis import Interpretation
from device_agent.interpreter import Reader
from device_agent.paper_format import read_functions
from device_agent.retrieval import Catalogue, digest
from schemas.errors import ContractError, ParleyError
from schemas.skills import Function

LONGEST = 2000
"""Characters of a text that are read."""


class CaseMapper:
    """Predictions for cases; never raises on a case, it says in `error` what is wrong."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: WeakValueDictionary[str, Catalogue] = WeakValueDictionary()

    def lines(self, raw: Iterable[bytes]) -> Iterator[str]:
        """One line of JSON for each line of the file, in order."""
        for line in raw:
            yield encode(self.line(line))

    def line(self, raw: bytes) -> dict[str, Any]:
        try:
            case = decode(raw)
        except ContractError as error:
            return unreadable(None, str(error))
        return self.case(case)

    def case(self, case: dict[str, Any]) -> dict[str, Any]:
        """The prediction for a decoded case."""
        identity = case.get("id")
        try:
            return self._predict(identity, case)
        except ParleyError as error:
            return unreadable(identity, str(error))
        except Exception as error:  # one odd case must not cost the others their answers
            return unreadable(identity, f"cannot be interpreted ({type(error).__name__}: {error})")

    def _predict(self, identity: Any, case: dict[str, Any]) -> dict[str, Any]:
        notes: list[str] = []
        instruction = case.get("instruction")
        if not isinstance(instruction, str):
            raise ContractError("instruction is missing" if instruction is None else "instruction must be text")
        sentence = cut(instruction, "instruction", notes)
        context = _context(case.get("context"), notes)
        functions = [_cut_description(f, notes) for f in read_functions(case.get("functions"))]
        catalogue, catalogue_ms = self._catalogue(functions)
        read = self._reader.interpret(sentence, catalogue, context)
        return prediction(identity, read, catalogue_ms, "; ".join(notes))

    def _catalogue(self, functions: Sequence[Function]) -> tuple[Catalogue, float]:
        """The prepared catalogue and what it cost, ms; 0 when the interpreter still had it."""
        key, began = digest(functions), time.perf_counter()
        catalogue = self._reader.catalogue(functions)
        cost = (time.perf_counter() - began) * 1000.0
        cached = self._known.get(key) is catalogue
        self._known[key] = catalogue
        return catalogue, 0.0 if cached else cost


def decode(raw: bytes) -> dict[str, Any]:
    """The object on a line. Raises ContractError."""
    try:
        case = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ContractError("bad line: not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise ContractError(f"bad JSON line: {error}") from None
    if not isinstance(case, dict):
        raise ContractError("bad line: not a JSON object")
    return case


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def cut(text: str, what: str, notes: list[str]) -> str:
    """At most `LONGEST` characters, and no half characters, which no encoder can read; a cut is noted."""
    if len(text) > LONGEST:
        notes.append(f"{what} cut to {LONGEST} characters")
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def _cut_description(function: Function, notes: list[str]) -> Function:
    return function.model_copy(update={"description": cut(function.description, f"{function.name}: description", notes)})


def _context(value: object, notes: list[str]) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        notes.append("context ignored: must be text")
        return ""
    return cut(value, "context", notes)


def prediction(identity: Any, read: Interpretation, catalogue_ms: float, error: str = "") -> dict[str, Any]:
    """The interface's object for an interpretation."""
    out: dict[str, Any] = {
        "id": identity,
        "name": read.name,
        "arguments": read.arguments if read.name is not None else {},
        "decision": read.decision,
        "confidence": round(min(1.0, max(0.0, read.confidence)), 4),
    }
    if read.reason is not None:
        out["reason"] = read.reason
    out |= {"ms": round(read.ms, 3), "catalogue_ms": round(catalogue_ms, 3)}
    return out | {"error": error} if error else out


def unreadable(identity: Any, error: str) -> dict[str, Any]:
    """The prediction for a case that says nothing: no call."""
    return {"id": identity, "name": None, "arguments": {}, "decision": "refuse", "confidence": 0.0, "ms": 0.0, "catalogue_ms": 0.0, "error": error}


def encode(out: dict[str, Any]) -> str:
    """One line of strict JSON."""
    try:
        return json.dumps(out, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(unreadable(out["id"], "a value in the answer is no finite number"), ensure_ascii=False)
