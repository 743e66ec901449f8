"""One suite for both stores."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.store import MemoryStore, SqliteStore, Store
from schemas.errors import ConfigError


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "a" / "s.db")


def test_the_latest_value_wins_and_the_history_stays(store: Store) -> None:
    store.put("t", "a", "1")
    store.put("t", "b", "2")
    store.put("t", "a", "3")
    store.put("other", "a", "x")
    assert store.get("t", "a") == "3" and store.get("t", "nobody") is None
    assert store.items("t") == [("a", "3"), ("b", "2")]
    assert store.history("t", "a") == ["1", "3"]


def test_what_was_put_is_there_after_reopening(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "s.db")
    first.put("t", "a", "1")
    second = SqliteStore(tmp_path / "s.db")
    assert second.get("t", "a") == "1"
    first.close()
    second.close()


def test_every_write_is_synced_to_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()


def test_an_unusable_file_gives_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigError, match=r"bad\.db: cannot be used as a store"):
        SqliteStore(tmp_path / "bad.db")
