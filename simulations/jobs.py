"""Something a robot does for a while: it ends once, as done, failed or cancelled, and tells whoever waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

JobState = Literal["running", "done", "failed", "cancelled"]


@dataclass(eq=False)
class Job:
    """`result` is what the job found; `reason` a short phrase saying why it did not end well."""

    number: int
    name: str
    state: JobState = "running"
    result: Any = None
    reason: str = ""
    _waiting: list[Callable[[Job], None]] = field(default_factory=list["Callable[[Job], None]"], repr=False)

    @property
    def running(self) -> bool:
        return self.state == "running"

    def finish(self, result: Any = None) -> None:
        self._end("done", result, "")

    def fail(self, reason: str) -> None:
        self._end("failed", None, reason)

    def cancel(self, reason: str = "stopped") -> None:
        self._end("cancelled", None, reason)

    def then(self, tell: Callable[[Job], None]) -> None:
        """Calls `tell(job)` when the job has ended; at once if it has."""
        if self.running:
            self._waiting.append(tell)
        else:
            tell(self)

    def _end(self, state: JobState, result: Any, reason: str) -> None:
        if not self.running:
            return
        self.state, self.result, self.reason = state, result, reason
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell(self)
