"""Writes a recording as the messages come, so that whenever it is killed, what had come is in the file."""

from __future__ import annotations

import gzip
import os
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO

from runtime.bus import Message
from runtime.clock import Clock
from runtime.recording import Entry, Head, end_line, entry_line, head_line
from schemas import topics
from schemas.envelope import Envelope
from schemas.errors import ConfigError

MB = 1_000_000
RETAINED = 20_000
"""Topics whose last message is remembered; the one that was silent longest gives way."""


class Recorder:
    """A watcher of an operator (`runtime.operator`), from before its first message. It remembers what is retained, for a recording begins with that.

    `problem`: why the last recording broke off; `full`: it ended at its limit. `lost`: messages that came too fast, as far as it was told.
    """

    def __init__(self, site: str, name: str, clock: Clock) -> None:
        self._site, self._name, self._clock = site, name, clock
        self._retained: dict[str, Message] = {}
        self._file: _File | None = None
        self._begun = self._since = 0.0
        self.path = Path()
        self.messages = self.bytes = self.limit = self.lost = 0
        self.problem, self.full = "", False

    @property
    def recording(self) -> bool:
        return self._file is not None

    @property
    def seconds(self) -> float:
        return self._clock.monotonic() - self._since

    def start(self, path: Path, limit: int = 0) -> None:
        """Into a new file, packed if it is called `.gz`; `limit`: its size in bytes, 0 for none. Raises ConfigError."""
        self._begun, self._since = self._clock.now(), self._clock.monotonic()
        self.path, self.messages, self.bytes, self.limit, self.problem, self.full = path, 0, 0, limit, "", False
        try:
            self._file = _File(path)
        except FileExistsError:
            raise ConfigError(f"{path}: exists already; choose another name, a recording overwrites nothing") from None
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror or error}") from None
        self._write(head_line(Head(self._site, self._name, self._begun)))
        for message in list(self._retained.values()):
            self._take(message)
        if self.problem:
            raise ConfigError(self.problem)

    def hear(self, message: Message, arrived: tuple[topics.Address, Envelope] | None = None) -> None:
        address = topics.parse(message.topic)
        if address is not None and address.topic.retain:
            self._retained.pop(message.topic, None)
            if message.payload:
                self._retained[message.topic] = Message(message.topic, message.payload, retained=True)
            if len(self._retained) > RETAINED:
                del self._retained[next(iter(self._retained))]
        if self.recording:
            self._take(message)

    def flush(self) -> None:
        """A packed file is on the disk up to here; one that is not always is."""
        if self._file is not None:
            try:
                self._file.flush()
                self.bytes = self._file.size
            except OSError as error:
                self._fail(error)

    def stop(self) -> None:
        """On purpose: the file says so."""
        if self._write(end_line(self._begun + self.seconds)):
            self._close()

    def _take(self, message: Message) -> None:
        if self._write(entry_line(Entry(self._begun + self.seconds, message))):
            self.messages += 1
        if self.limit and self.bytes >= self.limit:
            self.stop()
            self.full = True

    def _write(self, line: bytes) -> bool:
        if self._file is None:
            return False
        try:
            self._file.write(line)
            self.bytes = self._file.size
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _fail(self, error: OSError) -> None:
        self.problem = f"{self.path}: {error.strerror or error}"
        self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as error:
            self.problem = self.problem or f"{self.path}: {error.strerror or error}"


class _File:
    """A new file; a line is on its way at once, or with the next flush where lines are packed together."""

    def __init__(self, path: Path) -> None:
        self._raw: BinaryIO = _private(path)
        self._packed = gzip.GzipFile(fileobj=self._raw, mode="wb", filename="") if path.suffix == ".gz" else None

    @property
    def size(self) -> int:
        return self._raw.tell()

    def write(self, line: bytes) -> None:
        if self._packed is not None:
            self._packed.write(line)
        else:
            self._raw.write(line)
            self._raw.flush()

    def flush(self) -> None:
        (self._packed or self._raw).flush()

    def close(self) -> None:
        try:
            if self._packed is not None:
                self._packed.close()
        finally:
            self._raw.close()


def _private(path: Path) -> BinaryIO:
    """A new file that only its owner may read: it holds what people said."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def default_path(now: float) -> Path:
    """A free one in the folder where one is, with the date and the time of day."""
    name = f"parley-{datetime.fromtimestamp(now).astimezone():%Y-%m-%d-%H%M%S}"
    paths = (Path(f"{name}{f'-{number}' if number > 1 else ''}.jsonl") for number in count(1))
    return next(path for path in paths if not path.exists())
