"""The keys of a recording: they move its time, where there is one."""

from __future__ import annotations

from textual.binding import Binding, BindingType
from textual.widgets import Input

from dashboard.actions import Actions
from dashboard.widgets.timeline import Timeline

WINDING_KEYS: list[BindingType] = [
    Binding("space", "play", "Play/pause", priority=True),
    Binding("left", "wind(-10)", "10 s back", priority=True, key_display="←"),
    Binding("right", "wind(10)", "10 s on", priority=True, key_display="→"),
    Binding("shift+left", "wind(-60)", "A minute back", show=False, priority=True),
    Binding("shift+right", "wind(60)", "A minute on", show=False, priority=True),
    Binding("left_square_bracket", "pace(-1)", "Slower", priority=True, key_display="["),
    Binding("right_square_bracket", "pace(1)", "Faster", priority=True, key_display="]"),
    Binding("home", "wind_to('start')", "To the beginning", show=False, priority=True),
    Binding("end", "wind_to('end')", "To the end", show=False, priority=True),
]
WINDING = {"play", "wind", "pace", "wind_to"}


class Winding(Actions):
    """The part of the app that moves in time; its keys are letters and arrows to somebody who types."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action.partition("(")[0] in WINDING:
            return self.feed.replay is not None and not isinstance(self.focused, Input)
        return super().check_action(action, parameters)

    def action_play(self) -> None:
        if self.feed.replay is not None:
            self.feed.replay.play()
            self.draw(anew=True)

    def action_wind(self, seconds: int) -> None:
        self._wind(self.feed.now() + seconds)

    def action_wind_to(self, place: str) -> None:
        if self.feed.replay is not None:
            self._wind(self.feed.replay.reel.start if place == "start" else self.feed.replay.reel.end)

    def action_pace(self, by: int) -> None:
        if self.feed.replay is not None:
            self.feed.replay.pace(by)
            self.draw(anew=True)

    def on_timeline_sought(self, event: Timeline.Sought) -> None:
        self._wind(event.to)

    def _wind(self, to: float) -> None:
        if self.feed.replay is not None:
            self.feed.replay.seek(to)
            self.draw(anew=True)
