"""A device's API catalogue: its functions as the agent, and nobody else, knows them."""

from __future__ import annotations

import hashlib
import json
import math
import re
import sys
from typing import Any, Literal, cast

from pydantic import Field, JsonValue

from schemas.base import Condition, Frozen, Value
from schemas.experts import WindowKind

Safety = Literal["read", "reversible", "irreversible", "forbidden"]
Reduce = Literal["value", "count", "count_true", "count_false", "not", "first", "list", "points"]

_NUMBER = re.compile("[0-9]{1,9}")
_HOLE = re.compile(r"\{n[^}]*\}")


class PlaceRef(Frozen):
    """How a maker numbers the places of one kind: the site's id is `prefix` + n, the maker's `format` of n + `offset`.

    `shelf-4` is "S04" with format "S{n:02d}", and 3 with offset -1.
    """

    prefix: str
    format: str = "{n}"
    offset: int = 0

    def to_site(self, value: Value) -> str | None:
        """The site's place id for a maker's value; None when it has no number or another form. A site id is returned as it is."""
        text = str(value).strip()
        if text.startswith(self.prefix) and _NUMBER.fullmatch(text[len(self.prefix) :]):
            return text
        if _NUMBER.fullmatch(text):
            return f"{self.prefix}{int(text) - self.offset}"
        found = re.fullmatch(_HOLE.sub(f"({_NUMBER.pattern})", re.escape(self.format).replace(r"\{", "{").replace(r"\}", "}")), text)
        numbers = found.groups() if found is not None else ()
        if not numbers or text != self._spell(int(numbers[0])):
            return None
        return f"{self.prefix}{int(numbers[0]) - self.offset}"

    def to_maker(self, site_id: str) -> Value | None:
        """The maker's value for a site place id: an int where the format is just the number; None for a place of another kind."""
        number = site_id.removeprefix(self.prefix)
        if not site_id.startswith(self.prefix) or not _NUMBER.fullmatch(number):
            return None
        n = int(number) + self.offset
        return n if self.format == "{n}" else self._spell(n)

    def _spell(self, n: int) -> str:
        return self.format.format(n=n)


class Returns(Frozen):
    """One observation made from a call's JSON result.

    `path` is a dotted path into the result ("" = the result itself; "slots.free"). `reduce` turns makers' shapes into one value: `count` of a list,
    `count_true`/`count_false` of booleans in a list or map, `points` of a list of pairs, or of maps with two numbers each. `values` renames raw
    values (or the elements of a list or map) by their JSON text. Numbers become `scale` * n + `offset` in `unit`. A step `*` of the path goes to
    every element of a list or map. Of several for one property the first that yields a value counts.
    `subject` names what the fact is about: `self` or an argument (`{shelf}`).
    """

    property: str
    path: str = ""
    unit: str | None = None
    reduce: Reduce = "value"
    scale: float = 1.0
    offset: float = 0.0
    values: dict[str, Value] = {}
    subject: str = "self"
    place: PlaceRef | None = None
    """Turns a maker's place name into the site's: the value of an `at` attribute, or the subject when that is an argument."""


class Poll(Frozen):
    """How to wait for a call that returns at once: read `path` every `every` s until `done` (or `failed`) holds on the reply's fields."""

    path: str
    done: Condition
    failed: Condition | None = None
    every: float = 0.2


class Binding(Frozen):
    """The REST request of a function. `{argument}` in path, query and body stands for the value; a body value that is nothing else keeps its type.

    Of a device that is an MCP server: `tool` and, as `body`, its arguments; `result` and `error` are about its structured answer.
    """

    tool: str = ""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = "/"
    query: dict[str, JsonValue] = {}
    body: dict[str, JsonValue] | None = None
    result: str = ""
    """Dotted path of the result inside the reply."""
    error: Condition | None = None
    """Holds on the reply when the maker reports a failure with status 200."""
    poll: Poll | None = None


class SeenBy(Frozen):
    """What an expert for this kind of window can say of a reading. `labels`: a returned property → the label whose parts are counted for it."""

    window: WindowKind
    labels: dict[str, str]


class Function(Frozen):
    """One API function. `parameters` is a JSON Schema object; a numeric property may carry `unit`."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    returns: tuple[Returns, ...] = ()
    safety: Safety = "reversible"
    idempotent: bool = False
    requires: tuple[Condition, ...] = ()
    achieves: tuple[Condition, ...] = ()
    """What holds afterwards, in terms of its arguments: `at == {shelf}`. Used to prepare other functions and as post-condition."""
    places: dict[str, PlaceRef] = {}
    """Parameters that name places, and how this maker writes them."""
    longest: float = 120.0
    """Longest duration, s."""
    seen_by: SeenBy | None = None
    """An expert that is asked for a second opinion on what it returned, where there is one."""
    binding: Binding | None = None


class StateRead(Frozen):
    """One request whose reply yields standard attributes (battery in %, position in m, `at`, busy)."""

    binding: Binding
    attributes: tuple[Returns, ...]


class Catalogue(Frozen):
    """Everything an agent knows of one model of device."""

    kind: str
    maker: str = "unknown"
    abilities: tuple[str, ...] = ()
    """Plain-language abilities for the profile; never API names."""
    functions: tuple[Function, ...]
    state: tuple[StateRead, ...] = ()
    initialise: str | None = None
    """Name of a function without required arguments, run in preprocessing."""
    release: str | None = None
    stop: Binding | None = None
    windows: dict[str, Binding] = {}
    """Raw data that experts may look at, by what it is ("csi"): how to ask the device for it."""

    def digest(self) -> str:
        """sha256 of the canonical JSON: the identity under which vectors are cached and changes noticed."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def function(self, name: str) -> Function | None:
        return next((f for f in self.functions if f.name == name), None)


class Call(Frozen):
    """A validated call: the only thing that ever reaches a driver."""

    function: str
    arguments: dict[str, JsonValue] = {}


ParameterType = Literal["number", "integer", "string", "boolean", "array", "object", "any"]


class Parameter(Frozen):
    """One leaf of a function's parameters, flattened. `path` ("target", "x") is its place in the arguments object."""

    path: tuple[str, ...]
    type: ParameterType = "any"
    description: str = ""
    unit: str | None = None
    choices: tuple[Value, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    format: str | None = None
    default: JsonValue = None
    required: bool = False
    place: str | None = None
    """The kind of numbered places ("shelf") that it names."""
    item: Parameter | None = None
    """What each item of an array is."""

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def is_option(self) -> bool:
        """A member of an enumeration, or yes or no."""
        return bool(self.choices) or self.type == "boolean"

    @property
    def is_number(self) -> bool:
        return self.type in ("number", "integer") and not self.choices


def parameters_of(function: Function) -> tuple[Parameter, ...]:
    """The leaves of the parameter schema in document order; an unknown or missing type becomes `any`. Never raises on odd schemas."""
    return tuple(_walk(function.parameters, function.parameters, (), True))


def _walk(raw: dict[str, Any], root: dict[str, Any], path: tuple[str, ...], required: bool) -> list[Parameter]:
    schema = _plain(raw, root)
    properties = _dict(schema.get("properties"))
    if not properties or len(path) >= 4:
        return [_leaf(schema, root, path, required)] if path else []
    needed = _list(schema.get("required"))
    leaves: list[Parameter] = []
    for key, sub in properties.items():
        leaves += _walk(_dict(sub), root, (*path, key), required and key in needed)
    return leaves


def _plain(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The schema with `$ref` looked up in its document, `allOf` merged, and of `anyOf` or `oneOf` what is not null: the first, or all members that
    are constants (JSON Schema 2020-12, as pydantic and other tools write optional and named types)."""
    if depth >= _DEEPEST:
        return {}
    ways = [way for key in ("anyOf", "oneOf") for raw in _list(schema.get(key)) if (way := _plain(_dict(raw), root, depth + 1)).get("type") != "null"]
    parts = [_plain(_dict(raw), root, depth + 1) for raw in _list(schema.get("allOf"))]
    if isinstance(reference := schema.get("$ref"), str):
        parts.append(_plain(_looked_up(reference, root), root, depth + 1))
    constants = [way["const"] for way in ways if "const" in way]
    parts += [{"enum": constants}] if len(constants) > 1 and len(constants) == len(ways) else ways[:1]
    out: dict[str, Any] = {}
    for part in (*parts, {k: v for k, v in schema.items() if k not in ("$ref", "allOf", "anyOf", "oneOf")}):
        out |= part
    return out


def _looked_up(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    """What `#/$defs/Name` points at in the same document; nothing for any other."""
    found = root
    for step in reference.removeprefix("#/").split("/"):
        found = _dict(found.get(step))
    return found


_DEEPEST = 6
_TYPES = ("number", "integer", "string", "boolean", "array", "object")
_ALIASES = {
    "float": "number",
    "double": "number",
    "int": "integer",
    "str": "string",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "dict": "object",
}
"""What tools are declared with where JSON Schema's names were not looked up."""


def _leaf(schema: dict[str, Any], root: dict[str, Any], path: tuple[str, ...], required: bool) -> Parameter:
    raw_choices = _list(schema.get("enum")) or ([schema["const"]] if "const" in schema else [])
    choices: tuple[Value, ...] = tuple(c for c in raw_choices if isinstance(c, bool | int | str) or (isinstance(c, float) and math.isfinite(c)))
    pattern, form, unit, place, kind = schema.get("pattern"), schema.get("format"), schema.get("unit"), schema.get("place"), _type(schema, choices)
    described = str(schema.get("description") or schema.get("title") or "")
    if kind == "string" and not choices and pattern is None and form is None:
        choices = listed_in(described)
    return Parameter(
        path=path,
        type=kind,
        description=described,
        unit=str(unit) if unit else None,
        choices=choices,
        minimum=_bound(schema, "minimum", "exclusiveMinimum"),
        maximum=_bound(schema, "maximum", "exclusiveMaximum"),
        pattern=pattern if isinstance(pattern, str) else None,
        format=form if isinstance(form, str) else None,
        default=schema.get("default"),
        required=required,
        place=str(place) if place else None,
        item=_leaf(_plain(_dict(schema.get("items")), root), root, path, False) if kind == "array" else None,
    )


_CUE = r"\b(?:one of|options(?: are)?|(?:possible|allowed|valid|supported|accepted) values(?: are)?|choose (?:from|between)"
_QUOTED = r"['\"`‘“]([^'\"`’”,]{1,40})['\"`’”]"
_BARE = r"([A-Za-z][\w-]{0,29})"
_LISTS = tuple(
    re.compile(rf"{_CUE}{more}):?\s*\(?({item}(?:,\s*(?:or\s+|and\s+)?{item}|\s+(?:or|and)\s+{item}){{1,19}}){end}", re.IGNORECASE)
    for item, more, end in ((_QUOTED, "|either|(?:can|must|may|should) be", ""), (_BARE, "", r"\s*(?:[.;)]|$)"))
)


def listed_in(description: str) -> tuple[str, ...]:
    """Members that a description lists where the schema has no `enum`: "either 'asc' or 'desc'", "one of low, medium or high." Examples are none."""
    for item, lists in zip((_QUOTED, _BARE), _LISTS, strict=True):
        if found := lists.search(description):
            members = re.findall(item, found[1])
            return tuple(dict.fromkeys(m for m in members if m.lower() not in ("or", "and")))
    return ()


def _type(schema: dict[str, Any], choices: tuple[Value, ...]) -> ParameterType:
    named = schema.get("type")
    declared = [_ALIASES.get(name, name) for name in (_list(named) or [named]) if isinstance(name, str)]
    for known in _TYPES:
        if known in declared:
            return known
    return "string" if choices and all(isinstance(c, str) for c in choices) else "any"


def _dict(value: Any) -> dict[str, Any]:
    return {str(k): v for k, v in cast("dict[Any, Any]", value).items()} if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _bound(schema: dict[str, Any], *keys: str) -> float | None:
    for key in keys:
        value = schema.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
            return float(value)
    return None
