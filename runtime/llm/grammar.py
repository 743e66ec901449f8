"""GBNF grammars for llama.cpp, built by code only: texts become quoted literals, so nothing a person writes is read as grammar.

`grammar_of(schema)` binds an answer to compact JSON (no blanks) of a JSON Schema. `literal`, `trie` and `Rules` are for grammars of other shapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from schemas.errors import ContractError

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BASICS = {
    "string": r'"\"" char* "\""',
    "char": r'[^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F] [0-9a-fA-F])',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,15})',
    "number": 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "value": "string | number | boolean | null | list | dict",
    "list": '"[" (value ("," value)*)? "]"',
    "dict": '"{" (string ":" value ("," string ":" value)*)? "}"',
}
_NEEDS = {
    "string": ("char",),
    "number": ("integer",),
    "value": ("string", "number", "boolean", "null", "list", "dict"),
    "list": ("value",),
    "dict": ("value", "string"),
}


def literal(text: str) -> str:
    """Exactly `text`."""
    return '"' + "".join(_ESCAPES.get(c) or (f"\\x{ord(c):02X}" if ord(c) < 32 or ord(c) == 127 else c) for c in text) + '"'


def quoted(text: str) -> str:
    """Exactly `text` as a JSON string, quotes included."""
    return literal(json.dumps(text, ensure_ascii=False))


def escaped(text: str) -> str:
    """`text` as it stands inside a JSON string, without quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


_Node = dict[str, "_Node"]
"""A letter → what may follow; the empty key marks the end of a word."""


def trie(words: Iterable[str]) -> str:
    """One of `words`; common beginnings are written once, because every open alternative costs at every token. Empty words are left out."""
    root: _Node = {}
    for word in words:
        node = root
        for char in word:
            node = node.setdefault(char, {})
        if word:
            node[""] = {}
    return _branches(root)


def _branches(node: _Node) -> str:
    options: list[str] = []
    for char, inner in node.items():
        text = char
        while char and len(inner) == 1 and "" not in inner:
            (char, inner) = next(iter(inner.items()))
            text += char
        rest = _branches(inner) if any(inner) else ""
        tail = f" ({rest}){'?' if '' in inner else ''}" if rest else ""
        if text:
            options.append(literal(text) + tail)
    return " | ".join(options)


class Rules:
    """Named rules; `text()` writes them. A name is given once."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}

    def add(self, name: str, body: str) -> str:
        """The name, to be used in other bodies. An empty body matches the empty text."""
        if name in self._bodies and self._bodies[name] != body:
            raise ContractError(f"grammar rule {name} is defined twice")
        self._bodies[name] = body or '""'
        return name

    def basic(self, name: str) -> str:
        """One of JSON's own: string, integer, number, boolean, null, value."""
        if name not in self._bodies:
            self.add(name, _BASICS[name])
            for needed in _NEEDS.get(name, ()):
                self.basic(needed)
        return name

    def text(self) -> str:
        return "\n".join(f"{name} ::= {body}" for name, body in self._bodies.items()) + "\n"


def grammar_of(schema: Mapping[str, Any]) -> str:
    """The grammar of compact JSON that fits `schema`: object, array, enum, const, anyOf, oneOf, allOf of one, local $ref, and the basic types.

    Keys stand in the order of `properties`; unknown keys are not allowed. Ranges, lengths and patterns are left to validation.
    Raises ContractError for a $ref that is not in the schema.
    """
    writer = _SchemaWriter(schema)
    writer.rules.add("root", writer.body(schema))
    return writer.rules.text()


class _SchemaWriter:
    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema, self.rules = schema, Rules()
        self._open: dict[str, str] = {}
        self._count = 0

    def body(self, schema: Mapping[str, Any] | bool) -> str:
        if isinstance(schema, bool):
            return self.rules.basic("value")
        if "$ref" in schema:
            return self._ref(str(schema["$ref"]))
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return "(" + " | ".join(self.body(option) for option in schema[key]) + ")"
        if "const" in schema or "enum" in schema:
            values = schema["enum"] if "enum" in schema else [schema["const"]]
            return "(" + " | ".join(literal(_compact(value)) for value in values) + ")"
        return self._typed(schema)

    def _typed(self, schema: Mapping[str, Any]) -> str:
        kind: Any = schema.get("type") or ("object" if "properties" in schema else None)
        if isinstance(kind, list):
            return "(" + " | ".join(self._typed({**schema, "type": one}) for one in cast("list[str]", kind)) + ")"
        if kind == "object" and "properties" in schema:
            return self._object(schema)
        if kind == "array" and ("items" in schema or "prefixItems" in schema):
            return self._array(schema)
        names = {"object": "dict", "array": "list", None: "value"}
        return self.rules.basic(names.get(kind, cast("str", kind)))

    def _ref(self, ref: str) -> str:
        if ref not in self._open:
            node: Any = self.schema
            for part in ref.removeprefix("#").strip("/").split("/") if ref != "#" else []:
                node = cast("dict[str, Any]", node).get(part) if isinstance(node, dict) else None
            if node is None or not ref.startswith("#"):
                raise ContractError(f"schema: {ref} is not in the schema")
            self._open[ref] = name = self._name("ref")
            self.rules.add(name, self.body(cast("Mapping[str, Any]", node)))
        return self._open[ref]

    def _object(self, schema: Mapping[str, Any]) -> str:
        """Two chains of rules, one for "nothing written yet", one for "a comma first", so optional keys cost no doubling."""
        required, name = set(schema.get("required", ())), self._name("object")
        properties = list(cast("dict[str, Any]", schema["properties"]).items())
        for i, (key, inner) in enumerate(properties):
            pair = f"{quoted(key)} {literal(':')} {self.body(inner)}"
            skip = key not in required
            self.rules.add(f"{name}-a{i}", f"{pair} {name}-b{i + 1}" + (f" | {name}-a{i + 1}" if skip else ""))
            self.rules.add(f"{name}-b{i}", f'"," {pair} {name}-b{i + 1}' + (f" | {name}-b{i + 1}" if skip else ""))
        for chain in "ab":
            self.rules.add(f"{name}-{chain}{len(properties)}", "")
        return f'"{{" {name}-a0 "}}"'

    def _array(self, schema: Mapping[str, Any]) -> str:
        if "prefixItems" in schema:
            return '"[" ' + ' "," '.join(self.body(item) for item in schema["prefixItems"]) + ' "]"'
        item = self.rules.add(self._name("item"), self.body(schema["items"]))
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems")
        if most == 0:
            return '"[]"'
        more = f"{{{max(least - 1, 0)},{'' if most is None else int(most) - 1}}}"
        several = f'{item} ("," {item}){more}'
        return f'"[" {several} "]"' if least else f'"[" ({several})? "]"'

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
