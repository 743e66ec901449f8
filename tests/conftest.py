"""What every test shares: quiet logs, no task left behind, and one line about system programs that are absent."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime import logs

MOSQUITTO = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if Path("/usr/sbin/mosquitto").exists() else None)
"""The reference broker's program, or None."""


def pytest_configure(config: pytest.Config) -> None:
    logs.configure("error")
    if MOSQUITTO is None and os.environ.get("PARLEY_REQUIRE_MOSQUITTO"):
        pytest.exit("mosquitto is not installed, and PARLEY_REQUIRE_MOSQUITTO is set", returncode=1)


def pytest_report_header() -> str | None:
    return None if MOSQUITTO else "mosquitto is not installed: the tests that need it are left out"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked `mosquitto` are left out where the program is absent; the header says so."""
    absent = [item for item in items if MOSQUITTO is None and item.get_closest_marker("mosquitto")]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


@pytest.fixture(autouse=True)
async def no_task_is_left_behind(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Every task that a test starts must have ended by its end; the failure names the task."""
    if not asyncio.iscoroutinefunction(getattr(request, "function", None)):
        yield
        return
    before = asyncio.all_tasks()
    yield
    for _ in range(20):
        left = [t for t in asyncio.all_tasks() - before - {asyncio.current_task()} if not t.done()]
        if not left:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"tasks left behind: {[t.get_name() for t in left]}")
