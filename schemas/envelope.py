"""The envelope around every body, and the one door in (`open_message`) and out (`seal_message`).

Strict when sending. On receipt, unknown fields of the same major version are stripped and counted; everything else that is wrong is a `ContractError`
that says why, so that the caller can count it, log one line and drop the message.
"""

from __future__ import annotations

import json
import math
from typing import Any, Protocol

from pydantic import Field, ValidationError

from schemas.base import Frozen
from schemas.errors import ContractError
from schemas.ids import Uuid7, WireId
from schemas.messages import EPOCH_LIMIT, Body

MAJOR, MINOR = 1, 0
MAX_BYTES = 256 * 1024


class Envelope(Frozen):
    """`epoch` and `seq` order what a coordinator sends to one device; `sent_at` is coordinator time in s; `traceparent` as in W3C Trace Context."""

    id: Uuid7
    version: str = Field(default=f"{MAJOR}.{MINOR}", alias="schema", pattern=r"^\d{1,4}\.\d{1,4}$")
    source: WireId
    sent_at: float
    epoch: int = Field(default=0, ge=0, lt=EPOCH_LIMIT)
    seq: int = Field(default=0, ge=0, le=2**53)
    instruction: Uuid7 | None = None
    subtask: Uuid7 | None = None
    attempt: int = Field(default=1, ge=1, le=1_000_000)
    traceparent: str | None = Field(default=None, max_length=55)
    body: Body

    @property
    def kind(self) -> str:
        return self.body.kind


class Seal(Protocol):
    """The seam where signatures go: bytes on the wire to bytes of JSON and back. `open` raises ContractError on a bad signature."""

    def seal(self, data: bytes) -> bytes: ...
    def open(self, data: bytes) -> bytes: ...


class PlainSeal:
    """No signature: for the loopback and the demo."""

    def seal(self, data: bytes) -> bytes:
        return data

    def open(self, data: bytes) -> bytes:
        return data


def seal_message(envelope: Envelope, seal: Seal | None = None) -> bytes:
    """JSON bytes ready for the bus. Raises ContractError above 256 KiB, and for a value that JSON cannot carry."""
    try:
        text = envelope.model_dump_json(by_alias=True, exclude_none=True)
    except ValueError as error:
        raise ContractError(f"message {envelope.id} cannot be written as JSON: {str(error)[:200]}") from None
    data = (seal or PlainSeal()).seal(text.encode())
    if len(data) > MAX_BYTES:
        raise ContractError(f"message {envelope.id} is {len(data)} bytes, the limit is {MAX_BYTES}")
    return data


def open_message(data: bytes, seal: Seal | None = None) -> tuple[Envelope, int]:
    """The envelope and how many unknown fields were stripped. Raises ContractError with one line saying what is wrong."""
    if len(data) > MAX_BYTES:
        raise ContractError(f"oversize: {len(data)} bytes, the limit is {MAX_BYTES}")
    raw = _parse((seal or PlainSeal()).open(data))
    _check_major(raw)
    try:
        return Envelope.model_validate(raw), 0
    except ValidationError as error:
        unknown = [e["loc"] for e in error.errors() if e["type"] == "extra_forbidden"]
        if len(unknown) != error.error_count():
            raise ContractError(_first_line(error)) from None
    for location in unknown:
        _strip(raw, location)
    try:
        return Envelope.model_validate(raw), len(unknown)
    except ValidationError as error:
        raise ContractError(_first_line(error)) from None


def _parse(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode()
        raw = json.loads(text, parse_float=_finite, parse_int=_whole, parse_constant=_finite)
        if "\\ud" in text.lower():
            json.dumps(raw, ensure_ascii=False).encode()  # half a surrogate pair is no text: no file, log or model could take it
    except (ValueError, RecursionError):
        raise ContractError("bad JSON") from None
    if not isinstance(raw, dict):
        raise ContractError("not a JSON object")
    return raw  # pyright: ignore[reportUnknownVariableType]


def _finite(text: str) -> float:
    """NaN and the infinities are not JSON (RFC 8259 section 6), nor is a number that is too large to be one."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _whole(text: str) -> int:
    """Nor can a whole number be told from others, or compared, that no float comes near."""
    _finite(text)
    return int(text)


def _check_major(raw: dict[str, Any]) -> None:
    version = raw.get("schema")
    major = version.split(".")[0] if isinstance(version, str) else None
    if major != str(MAJOR):
        raise ContractError(f"foreign version {str(version)[:20]!r}, this side speaks {MAJOR}.{MINOR}")


def _strip(raw: Any, location: tuple[int | str, ...]) -> None:
    """Remove the value at a pydantic error location; union tags in the location, which name no key, are skipped."""
    node, steps = raw, list(location)
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        if isinstance(node, dict) and step in node:
            if last:
                del node[step]
                return
            node = node[step]  # pyright: ignore[reportUnknownVariableType]
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):  # pyright: ignore[reportUnknownArgumentType]
            node = node[step]  # pyright: ignore[reportUnknownVariableType]


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place or 'message'}: {first['msg']}"[:300]
