"""An append-only book with an index by key, in SQLite (or in memory): what ledger and journal write before they act.

Calls are synchronous and short: a thread behind the loop's back would break virtual time.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

from schemas.errors import ConfigError


class Store(Protocol):
    """`put` is durable when it returns. Values are JSON text; later values of a key replace earlier ones, the log keeps all."""

    def put(self, table: str, key: str, value: str) -> None: ...
    def get(self, table: str, key: str) -> str | None: ...
    def items(self, table: str) -> list[tuple[str, str]]:
        """Key and latest value, in the order in which the keys were first written."""
        ...

    def history(self, table: str, key: str) -> list[str]: ...
    def close(self) -> None: ...


class MemoryStore:
    """Survives a restart of its owner when the object is handed on, as a disk would."""

    def __init__(self) -> None:
        self._log: list[tuple[str, str, str]] = []
        self._latest: dict[tuple[str, str], str] = {}

    def put(self, table: str, key: str, value: str) -> None:
        self._log.append((table, key, value))
        self._latest[(table, key)] = value

    def get(self, table: str, key: str) -> str | None:
        return self._latest.get((table, key))

    def items(self, table: str) -> list[tuple[str, str]]:
        return [(k, v) for (t, k), v in self._latest.items() if t == table]

    def history(self, table: str, key: str) -> list[str]:
        return [v for t, k, v in self._log if (t, k) == (table, key)]

    def close(self) -> None:
        return None


class SqliteStore:
    """One file, write-ahead log, synced at every write: what was put survives a power cut. Raises ConfigError when the file cannot be used."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY, tab TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL)")
            self._db.execute("CREATE INDEX IF NOT EXISTS by_key ON log (tab, key, n)")
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(f"{path}: cannot be used as a store ({error}); give another file or remove it") from None

    def put(self, table: str, key: str, value: str) -> None:
        self._db.execute("INSERT INTO log (tab, key, value) VALUES (?, ?, ?)", (table, key, value))

    def get(self, table: str, key: str) -> str | None:
        row = self._db.execute("SELECT value FROM log WHERE tab = ? AND key = ? ORDER BY n DESC LIMIT 1", (table, key)).fetchone()
        return None if row is None else str(row[0])

    def items(self, table: str) -> list[tuple[str, str]]:
        rows = self._db.execute(
            "SELECT key, value FROM log WHERE n IN (SELECT max(n) FROM log WHERE tab = ? GROUP BY key)"
            " ORDER BY (SELECT min(f.n) FROM log f WHERE f.tab = log.tab AND f.key = log.key)",
            (table,),
        )
        return [(str(k), str(v)) for k, v in rows]

    def history(self, table: str, key: str) -> list[str]:
        return [str(v) for (v,) in self._db.execute("SELECT value FROM log WHERE tab = ? AND key = ? ORDER BY n", (table, key))]

    def close(self) -> None:
        self._db.close()
