"""The line at the bottom of a recording: where in its time one is. A click goes there; ◆ is where an instruction was given."""

from __future__ import annotations

from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from dashboard.clean import plain
from dashboard.picture import ODD, clock
from dashboard.replay import Replay


class Timeline(Static):
    class Sought(Message):
        """A person wants to be at this time."""

        def __init__(self, to: float) -> None:
            self.to = to
            super().__init__()

    def __init__(self, replay: Replay, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._replay = replay

    def show(self) -> None:
        replay = self._replay
        head, tail = self._ends()
        done, mark = self._cell(replay.now()), {self._cell(at) for at in replay.reel.marks}
        cells = ["●" if n == done else "◆" if n in mark else "━" if n < done else "─" for n in range(self._room)]
        self.update(plain(head, ("".join(cells[:done]), "bold"), (cells[done], f"bold {ODD}"), ("".join(cells[done + 1 :]), "dim"), tail))

    def on_resize(self) -> None:
        self.show()

    def on_click(self, event: Click) -> None:
        at = min(self._room - 1, max(0, event.x - len(self._ends()[0])))
        reel = self._replay.reel
        self.post_message(self.Sought(reel.start + (reel.end - reel.start) * at / max(1, self._room - 1)))

    def _ends(self) -> tuple[str, str]:
        """What stands before and behind the bar; always as long."""
        replay, reel = self._replay, self._replay.reel
        total = _span(reel.end - reel.start)
        gone = _span(replay.now() - reel.start).rjust(len(total))
        return f" {'▶' if replay.playing else '‖'} {clock(replay.now())} ", f" {gone} / {total}  ×{replay.speed:<5g}"

    @property
    def _room(self) -> int:
        return max(10, self.size.width - sum(map(len, self._ends())))

    def _cell(self, at: float) -> int:
        reel = self._replay.reel
        return round((self._room - 1) * (at - reel.start) / max(1e-9, reel.end - reel.start))


def _span(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = whole // 3600, f"{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{hours}:{minutes}" if hours else minutes
