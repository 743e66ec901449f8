"""The tools of an MCP server as a device's catalogue. Pure.

Names, schemas and descriptions come from the server and are data. What a tool may do is the site's policy: one that it does not name counts as
irreversible. A tool that has changed since it was taken over is not offered until somebody takes it over again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import JsonValue

from runtime.plain import clean
from schemas.base import Frozen
from schemas.ids import to_wire_id
from schemas.skills import Catalogue, Function, Returns, Safety

TEXT = "text"
"""The field of a result that holds what a tool without structure said."""
LONGEST_NAME, LONGEST_TEXT, LARGEST, IN_ALL = 128, 1000, 32_000, 400_000
"""Characters; a tool of which more is said is left out, and so is what is too much for all of them: an agent has other devices, too."""
MOST = 12
"""Fields of an answer that become observations."""
_SCALARS = ("string", "number", "integer", "boolean")


class Offered(Frozen):
    """One tool as the server describes it."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}
    output: dict[str, Any] | None = None
    hints: dict[str, JsonValue] = {}

    def digest(self) -> str:
        """sha256 of all that the server says of it."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


class Accepted(Frozen):
    """What was taken over: how the server called itself, and its tools."""

    server: str = ""
    tools: tuple[Offered, ...] = ()


def usable(tools: Sequence[Offered]) -> tuple[Offered, ...]:
    """Without those that no catalogue can hold: names too long or twice there; schemas that are no objects, too large, point elsewhere, or hold
    numbers that are not finite."""
    found, left = dict[str, Offered](), IN_ALL
    for tool in tools:
        try:
            size = len(json.dumps([tool.parameters, tool.output, tool.description, tool.hints], allow_nan=False))
        except ValueError:
            continue
        sound = tool.parameters.get("type", "object") == "object" and not _points_away(tool.parameters)
        if 0 < len(tool.name) <= LONGEST_NAME and tool.name not in found and size <= min(left, LARGEST) and sound:
            found[tool.name] = tool
            left -= size
    return tuple(found.values())


def _points_away(schema: Any) -> bool:
    if isinstance(schema, dict):
        said = cast("dict[str, Any]", schema)
        away = any(key in said and not str(said[key]).startswith("#") for key in ("$ref", "$dynamicRef"))
        return away or any(_points_away(part) for part in said.values())
    return isinstance(schema, list) and any(_points_away(part) for part in cast("list[Any]", schema))


def _plain(schema: Any, named: bool = False) -> Any:
    """Without patterns: a stranger's regular expression can take for ever. `named`: the keys are names of parameters."""
    if isinstance(schema, dict):
        kept = {k: v for k, v in cast("dict[str, Any]", schema).items() if named or k not in ("pattern", "patternProperties")}
        return {key: _plain(part, named=not named and key in ("properties", "$defs")) for key, part in kept.items()}
    return [_plain(part) for part in cast("list[Any]", schema)] if isinstance(schema, list) else schema


def changes(accepted: Sequence[Offered], now: Sequence[Offered]) -> dict[str, str]:
    """By the tool's name what is to be taken over: "new", "changed" or "gone"."""
    before, after = {t.name: t.digest() for t in accepted}, {t.name: t.digest() for t in now}
    found = {name: "new" if name not in before else "changed" for name, digest in after.items() if before.get(name) != digest}
    return found | {name: "gone" for name in before if name not in after}


def catalogue_of(
    accepted: Accepted, offered: Mapping[str, str] | None, policy: Mapping[str, Safety], own: Catalogue | None, kind: str, abilities: Sequence[str]
) -> Catalogue:
    """`offered`: digests of what the server offers now, None when that is not known; only what equals the accepted is in the catalogue.

    `own`: what the site adds: for functions returns, requires, achieves, places and durations; state, stop, abilities.
    """
    told = {f.name: f for f in own.functions} if own is not None else {}
    tools = [t for t in accepted.tools if offered is None or offered.get(t.name) == t.digest()]
    functions = tuple(_function(tool, policy.get(tool.name, "irreversible"), told.get(tool.name)) for tool in tools)
    base = own or Catalogue(kind=kind or accepted.server or "MCP server", functions=())
    said = tuple(abilities) or base.abilities or tuple(_first_sentence(f.description) for f in functions if f.safety != "forbidden" and f.description)
    return base.model_copy(update={"kind": kind or base.kind, "functions": functions, "abilities": said})


def _function(tool: Offered, safety: Safety, own: Function | None) -> Function:
    schema: dict[str, Any] = {"type": "object", "properties": {}, **_plain(tool.parameters)}
    made = Function(name=tool.name, description=clean(tool.description, LONGEST_TEXT), parameters=schema, safety=safety, returns=_returns(tool))
    if own is None:
        return made
    kept = {name: getattr(own, name) for name in ("requires", "achieves", "places", "longest", "idempotent", "seen_by")}
    return made.model_copy(update={**kept, "returns": own.returns or made.returns})


def _returns(tool: Offered) -> tuple[Returns, ...]:
    """Each simple field of a structured answer under its own name; else the text, under the tool's."""
    told = (tool.output or {}).get("properties")
    fields = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    simple = [name for name, schema in fields.items() if isinstance(schema, dict) and cast("dict[str, Any]", schema).get("type") in _SCALARS]
    if simple:
        return tuple(Returns(property=to_wire_id(name), path=name, unit=_unit(fields[name])) for name in simple[:MOST])
    return (Returns(property=to_wire_id(tool.name), path=TEXT),)


def _unit(schema: Mapping[str, Any]) -> str | None:
    unit = schema.get("unit")
    return clean(unit, 20) if isinstance(unit, str) else None


def result_of(structured: Mapping[str, JsonValue] | None, text: str) -> dict[str, JsonValue]:
    """A tool's answer with its text beside its fields."""
    return {TEXT: clean(text, LONGEST_TEXT), **(structured or {})}


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".")[:120]
