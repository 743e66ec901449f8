"""Where the app gets what it shows: from the bus (`dashboard.feed`) or from a recording (`dashboard.replay`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from dashboard.replay import Replay
from dashboard.view import ViewState
from runtime.clock import Clock
from runtime.operator import Operator
from runtime.recorder import Recorder


class Source(Protocol):
    @property
    def view(self) -> ViewState: ...

    @property
    def connected(self) -> bool:
        """Whether the broker is there, or was."""
        ...

    @property
    def counters(self) -> Mapping[str, int]:
        """The door's: what it dropped, and why."""
        ...

    @property
    def note(self) -> str:
        """A few words for the line at the top; empty where there is nothing to be said."""
        ...

    @property
    def clock(self) -> Clock:
        """Ours, by which drawing is paced."""
        ...

    def now(self) -> float:
        """The time of the view, s since the epoch."""
        ...

    @property
    def operator(self) -> Operator | None:
        """Who speaks for the person; None: nothing can be steered."""
        ...

    @property
    def recorder(self) -> Recorder | None:
        """None: it has been recorded already."""
        ...

    @property
    def replay(self) -> Replay | None:
        """What can be wound back and forth; None: it is now."""
        ...
