"""The recordings of a folder, the newest first, with when they were begun: one of them can be opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dashboard.clean import line, plain
from dashboard.widgets.over import Over
from runtime.recording import Head, begun_with
from schemas.errors import ConfigError

MOST = 200
"""Files that are looked into."""


@dataclass(frozen=True)
class Found:
    path: Path
    head: Head
    size: int


def recordings(folder: Path, but: Path | None = None) -> list[Found]:
    """The newest first; `but`: one that is still being written."""
    files = [f for pattern in ("*.jsonl", "*.jsonl.gz") for f in folder.glob(pattern) if f.is_file()]
    newest = sorted((f for f in files if but is None or f.resolve() != but.resolve()), key=lambda f: f.stat().st_mtime, reverse=True)[:MOST]
    found: list[Found] = []
    for file in newest:
        try:
            found.append(Found(file, begun_with(file), file.stat().st_size))
        except (ConfigError, OSError):
            continue  # lines of something else
    return sorted(found, key=lambda f: f.head.begun, reverse=True)


class Recordings(Over[Path | None]):
    BINDINGS = [
        ("escape,ctrl+o", "later", "Back"),
    ]
    DEFAULT_CSS = """
    Recordings > Vertical { width: 90%; max-width: 100; height: auto; max-height: 90%; border: round $accent; padding: 0 1; background: $surface; }
    Recordings OptionList { height: auto; max-height: 14; margin: 1 0; }
    Recordings OptionList, Recordings OptionList:focus { border: none; }
    """

    def __init__(self, folder: Path, now: float, found: Sequence[Found]) -> None:
        super().__init__()
        self._folder, self._now, self._found = folder, now, found

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(plain(("Recordings", "bold"), f" in {line(str(self._folder))}"), markup=False)
            if self._found:
                yield OptionList(*(Option(_told(f, self._now)) for f in self._found), markup=False)
                yield Static(plain(("↑ ↓ choose   Enter: open   Esc: back;  while one is looked at, the fleet is not steered", "dim")), markup=False)
            else:
                yield Static(plain("\nThere is none yet. Ctrl-R begins one here; elsewhere: parley record FILE, parley replay FILE."), markup=False)

    def action_later(self) -> None:
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index].path)


def _told(found: Found, now: float) -> Text:
    begun = datetime.fromtimestamp(found.head.begun).astimezone()
    size = f"{found.size / 1e6:.1f} MB" if found.size >= 1e5 else f"{found.size / 1e3:.0f} kB"
    return plain((f"{begun:%a %Y-%m-%d %H:%M}", "bold"), f"  {_ago(begun, now):<12} {size:>8}  site {line(found.head.site)}  {line(found.path.name)}")


def _ago(begun: datetime, now: float) -> str:
    days = (datetime.fromtimestamp(now).astimezone().date() - begun.date()).days
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago" if days > 1 else ""
