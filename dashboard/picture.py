"""What is drawn at one moment, and the words and signs for it: every sign has its word, so that colour alone says nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from textwrap import wrap

from rich.text import Text

from dashboard.view import DeviceView, Link, Thread, ViewState, WorkState

LINKS: dict[Link, str] = {"online": "● online", "offline": "○ offline", "broken": "✗ broken", "silent": "… silent", "unknown": "? unknown"}
WORK: dict[WorkState, str] = {
    "waiting": "· waiting", "sent": "→ sent", "running": "▶ running", "asking": "? asking", "done": "✓ done", "verified": "✓ verified",
    "unverified": "~ unverified", "refused": "⊘ refused", "failed": "✗ failed", "uncertain": "✗ uncertain", "superseded": "⊘ superseded",
    "cancelled": "⊘ cancelled", "expired": "⊘ expired", "silent": "… silent", "not sent": "⊘ not sent",
}  # fmt: skip
GOOD, BAD, ODD = "green", "bold red", "yellow"
WORK_STYLE: dict[WorkState, str] = {
    "running": "bold", "asking": ODD, "done": GOOD, "verified": GOOD, "unverified": ODD, "failed": BAD, "uncertain": BAD, "refused": ODD,
    "silent": BAD,
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """`connected`: to the broker. `device` and `thread` are selected: an id of the view, or empty."""

    view: ViewState
    now: float
    connected: bool = True
    device: str = ""
    thread: str = ""
    links: dict[str, Link] = field(default_factory=dict[str, Link])

    def link(self, device: DeviceView) -> Link:
        return self.links.get(device.device, "unknown")

    @property
    def chosen(self) -> Thread | None:
        return self.view.threads.get(self.thread)


@lru_cache(maxsize=2000)
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    return tuple(wrap(text, width)) or ("",)


def hang(head: Text, body: str, width: int, style: str = "") -> Text:
    """`body` beside `head`, its further lines below its first."""
    room = max(20, width - head.cell_len)
    return Text.assemble(head, (f"\n{' ' * head.cell_len}".join(_wrapped(body, room)), style))


def span(seconds: float) -> str:
    """A duration in a few characters."""
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.1f} s"


def clock(at: float) -> str:
    """The time of day where the person is."""
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def posture(device: DeviceView) -> tuple[str, str]:
    """What a device does or suffers in one word, and its style."""
    if device.stop_problem:
        return "! NOT STOPPED", BAD
    if device.stopped:
        return "■ STOPPED", BAD
    if device.problem or not device.normal:
        return "! problem", BAD
    if device.busy:
        return "▶ busy", "bold"
    return ("  idle", "") if device.heard else ("  -", "")


def battery(device: DeviceView) -> str:
    return f"{device.battery:3.0f} %" if device.battery is not None else "    -"


def standing(thread: Thread) -> tuple[str, str]:
    """Where an instruction stands in a word, and its style."""
    if thread.questions:
        return "? asks you", ODD
    if thread.open:
        return "▶ open", "bold"
    if thread.dry_run:
        return "· preview", ""
    return ("✓ answered", GOOD) if thread.complete else ("~ incomplete", ODD)
