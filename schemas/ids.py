"""Identifiers on the wire: what a device, site or agent may be called, and UUIDv7 for everything that happens once."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

WIRE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Safe in an MQTT topic level, a file name and a URL."""

WireId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def _check_uuid7(value: str) -> str:
    if not _UUID7.fullmatch(value):
        raise ValueError("not a UUIDv7 in lower-case canonical form (RFC 9562 section 5.7)")
    return value


Uuid7 = Annotated[str, AfterValidator(_check_uuid7)]


def uuid7_from(millis: int, random_bits: int) -> str:
    """Compose a UUIDv7 (RFC 9562 section 5.7) from a Unix time in ms and 74 random bits, both given: pure, so replayable."""
    rand_a = (random_bits >> 62) & 0xFFF
    rand_b = random_bits & ((1 << 62) - 1)
    value = ((millis & ((1 << 48) - 1)) << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def to_wire_id(text: str, fallback: str = "x") -> str:
    """Lower-case `text` into a wire id; characters outside the alphabet become `-`."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:63]
    return slug or fallback
