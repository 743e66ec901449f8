"""Text that tries to be more than text, and messages of every kind that carry it in each field."""

from __future__ import annotations

import types
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from schemas import topics
from schemas.approval import Digest
from schemas.ids import Uuid7, WireId
from tests.dashboard.wire import Wire, uid

M = TypeVar("M", bound=BaseModel)
MARKUP = ["[red]", "[/]", "\\[", "[link=http://evil.example]", "[@click=app.stop_all]", "[@click=app.bell()]x[/]", "[bold on red]", "[[", "$primary"]
ESCAPES = ["\x1b[2J", "\x1b[31m", "\x1b[10;1H", "\x1b]0;owned\x07", "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\", "\x1b]52;c;ZXZpbA==\x07",
           "\x1bP1$r\x1b\\", "\x1b_x\x1b\\", "\x9b31m", "\x9d0;owned\x9c", "\x90q\x9c", "\x07", "\x08", "\x7f", "\x00", "\x0e", "\x85"]  # fmt: skip
BIDI = ["\u202e", "\u202d", "\u2066", "\u2067", "\u2068", "\u2069", "\u200e", "\u200f", "\u061c"]
UNSEEN = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u3164", "\u2800", "\ufe0f", "\U000e0041"]
WIDE = ["棚", "👩\u200d🔧", "👍🏽", "🇩🇪", "ｗ", "한", "\u0301" * 9, "का" * 5, "\u0903" * 5, "☰", "ﷺ", "\U0001d300"]
BREAKS = ["\t", "\n", "\r\n", "\u2028", "\x0b", "\x1c", "  "]
LONG = ["x" * 8192, "[" * 8192, "\x1b" * 8192, "棚" * 8192, "a b " * 2048, "\u0301" * 8192]
text = st.lists(st.sampled_from([*MARKUP, *ESCAPES, *BIDI, *UNSEEN, *WIDE, *BREAKS]) | st.text(max_size=5), min_size=1, max_size=9).map("".join)
hostile = text.map(lambda t: t.encode(errors="ignore").decode()) | st.sampled_from(LONG)


def forbidden(shown: str) -> list[str]:
    """Characters of it that must never reach a screen."""
    return [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or c in "".join(UNSEEN)]


def everything(wire: Wire, said: str) -> None:
    """A message of every kind on its topic, each with this text in every field that can hold it."""
    wire.online("agent-r1", "r1")
    ident = wire.instruct(1, said[:8192])
    for topic in topics.TOPICS:
        for variant in range(7):
            body = filled(topic.body, said, variant)
            subtask = uid(11) if topic.role == "device" else None
            message = ident if topic is topics.INSTRUCTION else None
            wire.say(topic, "r1" if topic.role == "device" else "c", body, instruction=ident, subtask=subtask, message=message)


def filled(model: type[M], said: str, variant: int = 0) -> M:
    """The model with the text wherever it may stand; `variant` chooses among what a field can be."""
    return model.model_validate({info.alias or name: _value(info.annotation, info, said, variant) for name, info in _fields(model)})


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return iter(model.model_fields.items())


def _value(kind: Any, info: FieldInfo | None, said: str, variant: int) -> Any:
    if info is not None and (fixed := _identity(info)) is not None:
        return fixed
    longest = next((m.max_length for m in info.metadata if hasattr(m, "max_length")), 8192) if info is not None else 8192
    return _made(kind, said[:longest], variant)


def _identity(info: FieldInfo) -> str | None:
    """Ids have a form of their own: nothing hostile fits into them."""
    for form, example in ((WireId, "r1"), (Uuid7, uid(11)), (Digest, "0" * 64)):
        if info.metadata and repr(get_args(form)[1:]) == repr(tuple(info.metadata)):
            return example
    return None


def _made(kind: Any, said: str, variant: int) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _value(arguments[0], FieldInfo.from_annotation(kind), said, variant)
    if origin is Literal:
        return arguments[variant % len(arguments)]
    if origin in (Union, types.UnionType):
        return _chosen([a for a in arguments if a is not type(None)], said, variant)
    if origin is tuple:
        return [_made(arguments[0], said, variant)] if arguments[-1] is ... else [_made(a, said, variant) for a in arguments]
    if origin is dict:
        return {_made(arguments[0], said, variant): _made(arguments[1], said, variant)}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return filled(kind, said, variant)
    return {str: said, bool: bool(variant % 2), int: 1, float: 1.0}.get(kind, said)


def _chosen(kinds: list[Any], said: str, variant: int) -> Any:
    """Text where it may be text."""
    return said if str in kinds else _made(kinds[variant % len(kinds)], said, variant)
