"""A recording: what a participant heard of a site, as lines of JSON (docs/recording.md). The first line says what the file is; each other one is a
message with its time of arrival, or says that the recording was ended on purpose."""

from __future__ import annotations

import json
import math
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from runtime.bus import Message
from runtime.door import opened
from schemas.envelope import Envelope
from schemas.errors import ConfigError, ContractError
from schemas.topics import Address

FORMAT, MAJOR, MINOR = "parley-recording", 1, 0
LONGEST, MOST = 16 * 2**20, 10**9
"""Bytes of a line: no message that a broker carries comes near; and of all messages of a recording that are held at a time."""
LEAP = 31 * 86_400.0
"""s; no site is silent for so long, so a time that is later by more is a damaged one, and must not carry all that follow with it."""
_PACKED, _TORN, _BITE = b"\x1f\x8b", b"\x00", 512


@dataclass(frozen=True)
class Head:
    """`name`: who listened; `begun`: s since the epoch. `newer`: it may hold lines that this version does not know."""

    site: str
    name: str
    begun: float
    newer: bool = False


@dataclass(frozen=True)
class Entry:
    """A message; `at`: when it came. Times never go back."""

    at: float
    message: Message


@dataclass(frozen=True)
class Recording:
    """`damaged`: lines that could not be read. `torn`: the file breaks off within a line. `cut`: it holds more than MOST. `end`: of its time."""

    head: Head
    entries: tuple[Entry, ...]
    end: float
    damaged: int = 0
    torn: bool = False
    cut: bool = False

    @property
    def flaws(self) -> str:
        """What is missing, in one line; empty where nothing is."""
        lines = f"{self.damaged} damaged line{'s' if self.damaged > 1 else ''} skipped" if self.damaged else ""
        cut = f"too long to be held at once: only its first {len(self.entries)} messages are read" if self.cut else ""
        return "; ".join(part for part in (lines, "it breaks off within a line" if self.torn else "", cut) if part)

    def messages(self) -> Iterator[tuple[Entry, Address, Envelope]]:
        """Those that the door lets through, and what they hold."""
        for entry in self.entries:
            try:
                address, envelope, _ = opened(entry.message, self.head.site)
            except ContractError:
                continue
            yield entry, address, envelope


# Writing


def head_line(head: Head) -> bytes:
    return _line({"format": FORMAT, "version": f"{MAJOR}.{MINOR}", "site": head.site, "name": head.name, "begun": round(head.begun, 6)})


def entry_line(entry: Entry) -> bytes:
    """Bytes that are no text are written as base64."""
    message = entry.message
    held: dict[str, Any] = {"at": round(entry.at, 6), "topic": message.topic}
    try:
        held["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        held["base64"] = b64encode(message.payload).decode()
    return _line(held | {"retained": True} if message.retained else held)


def end_line(at: float) -> bytes:
    return _line({"ended": round(at, 6)})


def _line(held: dict[str, Any]) -> bytes:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


# Reading


def read(path: Path, told: Callable[[int], None] | None = None) -> Recording:
    """What the file holds, also when it breaks off or is damaged; `told` hears of each message's number. Raises ConfigError for anything else."""
    try:
        lines = _lines(path)
        return _read(_head(next(lines, b""), path), lines, told)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None


def begun_with(path: Path) -> Head:
    """What its first line says. Raises ConfigError where that is no recording's."""
    try:
        return _head(next(_lines(path), b""), path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None


def _read(head: Head, lines: Iterator[bytes], told: Callable[[int], None] | None) -> Recording:
    entries: list[Entry] = []
    at, damaged, torn, held = head.begun, 0, False, 0
    for line in lines:
        try:
            found = _entry(line, head.newer)
        except (ValueError, RecursionError):
            torn = not line.endswith(b"\n")
            damaged += not torn
            continue
        then = found.at if isinstance(found, Entry) else found
        if then > at + LEAP:
            damaged += 1
            continue
        at = max(at, then)
        if isinstance(found, Entry):
            held += len(found.message.payload) + len(found.message.topic)
            if held > MOST:
                return Recording(head, tuple(entries), at, damaged, cut=True)
            entries.append(Entry(at, found.message))
            if told is not None:
                told(len(entries))
    return Recording(head, tuple(entries), at, damaged, torn)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _split(_unpacked(file) if file.peek(2)[:2] == _PACKED else iter(lambda: file.read(2**16), b""))


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines with their ends; of one longer than LONGEST only a sign that it was there."""
    begun, size, over = list[bytes](), 0, False
    for piece in pieces:
        first, *further = piece.split(b"\n")
        begun.append(first)
        size += len(first)
        if further:
            if not over:
                yield b"".join(begun) + b"\n"
            *whole, last = further
            yield from (line + b"\n" for line in whole)
            begun, size, over = [last], len(last), False
        if size > LONGEST:
            if not over:
                yield _TORN + b"\n"
            begun, over = [], True
    if rest := b"".join(begun):
        yield rest


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """In small bites, so that all that comes before a damage is there; where it breaks off, the last line is a torn one."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        while bite := file.read(_BITE):
            yield unpack.decompress(bite)
        if not unpack.eof:
            yield _TORN
    except zlib.error:
        yield _TORN


def _head(line: bytes, path: Path) -> Head:
    if not line:
        raise ConfigError(f"{path}: empty; nothing was recorded")
    try:
        held = _object(line)
        site, name, version, begun = held["site"], held["name"], str(held["version"]), _time(held["begun"])
        if held["format"] != FORMAT or not isinstance(site, str) or not isinstance(name, str):
            raise ValueError
    except (ValueError, KeyError, RecursionError):
        raise ConfigError(f"{path}: not a recording (`parley record FILE` makes one)") from None
    major, _, minor = version.partition(".")
    if major != str(MAJOR):
        raise ConfigError(f"{path}: a recording of version {version[:20]!r}; this Parley reads {MAJOR}.{MINOR}")
    return Head(site, name, begun, newer=minor != str(MINOR))


def _entry(line: bytes, newer: bool = False) -> Entry | float:
    """A message, or a time that has come: that at which the recording was ended. Raises ValueError for anything else."""
    held = _object(line)
    if "ended" in held:
        return _time(held["ended"])
    if newer and "topic" not in held:
        return 0.0
    topic, payload, packed = held.get("topic"), held.get("payload"), held.get("base64")
    if not isinstance(topic, str) or not isinstance(payload if packed is None else packed, str):
        raise ValueError("no message")
    data = b64decode(str(packed), validate=True) if packed is not None else str(payload).encode()
    return Entry(_time(held.get("at")), Message(topic, data, held.get("retained") is True))


def _object(line: bytes) -> dict[str, Any]:
    held: Any = json.loads(line)
    if not isinstance(held, dict):
        raise ValueError("no object")
    return cast("dict[str, Any]", held)


def _time(value: Any) -> float:
    """Seconds since the epoch that a calendar knows."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value < 2**37:
        raise ValueError("no time")
    return float(value)
