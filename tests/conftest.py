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
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""A browser's program, or None."""
NPM = Path(__file__).parent / "npm" / "node_modules" / ".bin"
"""Other people's MCP programs (`npm ci --prefix tests/npm`)."""
ABSENT = {
    marker: line
    for marker, there, line in (
        ("mosquitto", MOSQUITTO is not None, "mosquitto is not installed"),
        ("tmux", shutil.which("tmux") is not None, "tmux is not installed"),
        ("chromium", CHROMIUM is not None, "chromium is not installed"),
        ("full", Path("/dev/full").exists(), "this system has no /dev/full, a disk that is always full (Linux has)"),
        ("npm", (NPM / "node").exists(), "tests/npm is not installed (npm ci --prefix tests/npm)"),
    )
    if not there
}
"""What tests need and is not there."""


def pytest_configure(config: pytest.Config) -> None:
    logs.configure("error")
    for marker, line in ABSENT.items():
        if os.environ.get(f"PARLEY_REQUIRE_{marker.upper()}"):
            pytest.exit(f"{line}, and PARLEY_REQUIRE_{marker.upper()} is set", returncode=1)


def pytest_report_header() -> list[str]:
    return [f"{line}: the tests that need it are left out" for line in ABSENT.values()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that need what is absent are left out; the header says so."""
    absent = [item for item in items if any(item.get_closest_marker(marker) for marker in ABSENT)]
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
