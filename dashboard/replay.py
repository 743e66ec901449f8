"""The recorded source (`dashboard.source`): its time is the recording's, and can be stopped, wound and made to go faster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from dashboard.reel import Reel
from dashboard.view import ViewState
from runtime.clock import Clock

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Replay:
    """It plays from its making on. `name`: of the file."""

    operator, recorder, connected = None, None, True

    def __init__(self, reel: Reel, clock: Clock, *, speed: float = 1.0, name: str = "") -> None:
        self.reel, self.speed = reel, speed
        self.clock, self._name = clock, name
        self._from, self._since = reel.start, clock.monotonic()
        self._playing = True

    @property
    def replay(self) -> Replay:
        return self

    @property
    def counters(self) -> Mapping[str, int]:
        return {}

    @property
    def note(self) -> str:
        return f"▷ recorded {datetime.fromtimestamp(self.reel.start).astimezone():%Y-%m-%d}  {self._name}"

    @property
    def view(self) -> ViewState:
        return self.reel.at(self.now())

    @property
    def playing(self) -> bool:
        """Not at the end: there it stands still."""
        return self._playing and self.now() < self.reel.end

    def now(self) -> float:
        gone = (self.clock.monotonic() - self._since) * self.speed if self._playing else 0.0
        return min(self.reel.end, self._from + gone)

    def play(self) -> None:
        """Go on or stand still; at the end, from the beginning again."""
        playing = self.playing
        self.seek(self.now() if playing or self.now() < self.reel.end else self.reel.start)
        self._playing = not playing

    def seek(self, to: float) -> None:
        """To this time, as far as the recording reaches."""
        self._from, self._since = min(self.reel.end, max(self.reel.start, to)), self.clock.monotonic()

    def pace(self, by: int) -> None:
        """A step faster or slower."""
        further = [s for s in SPEEDS if s > self.speed] if by > 0 else [s for s in reversed(SPEEDS) if s < self.speed]
        self.seek(self.now())
        self.speed = next(iter(further), self.speed)
