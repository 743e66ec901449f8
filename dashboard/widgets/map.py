"""The floor from above: where each device is and where it is heading. Arrows choose the nearest device in their direction, a click the one there."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding
from textual.events import Click
from textual.message import Message

from dashboard.clean import plain
from dashboard.floor.drawing import OUTLINES, RESERVED, Drawing, draw, toward
from dashboard.floor.going import MARKS, going, scene_of
from dashboard.picture import ODD, Picture, battery, posture
from dashboard.widgets.sheet import Sheet

NOTES = 3
"""Lines below the floor: the chosen device, two of legend."""
NEAR = 14
"""Columns beside a mark that still are a click on its device: there its name stands."""
LEGEND = (
    f"↗ on its way there  {MARKS['busy']} busy  {MARKS['idle']} idle  {MARKS['stopped']} stopped  {MARKS['problem']} problem  {MARKS['away']} away"
    f"  {RESERVED} reserved"
)
KEYS = "   arrows: choose  Enter: its page"

FEW = "  named: those in trouble"


class MapSheet(Sheet):
    BINDINGS = [
        *(Binding(key, f"toward({right}, {down})", f"Nearest device {key}", show=False)
          for key, right, down in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))),
        Binding("enter", "app.view('device')", "Device", show=False),
    ]  # fmt: skip
    DEFAULT_CSS = "MapSheet { overflow: hidden; }"

    class Selected(Message):
        """A person has chosen another device."""

        def __init__(self, device: str) -> None:
            self.device = device
            super().__init__()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._drawing = Drawing((), {})

    def page(self, picture: Picture) -> Sequence[Text]:
        drawing = self._drawing = draw(picture, max(40, self.size.width), max(6, self.size.height - NOTES))
        if drawing.chart is None:
            return [plain("Nothing is known yet of this site's places, or of where its devices are.")]
        return [*drawing.lines, _chosen(picture), _legend(drawing), plain((_places(drawing), "dim"))]

    def action_toward(self, right: int, down: int) -> None:
        self._choose(toward(self._drawing.marks, self._picture.device if self._picture else "", right, down))

    def on_click(self, event: Click) -> None:
        column, row = event.screen_x - self.content_region.x, event.screen_y - self.content_region.y
        near = {d: abs(c - column) for d, (c, r) in self._drawing.marks.items() if r == row and -2 <= column - c <= NEAR}
        if near:
            self._choose(min(near, key=lambda d: (near[d], d)))

    def _choose(self, device: str) -> None:
        if device:
            self.post_message(self.Selected(device))


def _chosen(picture: Picture) -> Text:
    """The chosen device in a line."""
    device = picture.view.fleet.get(picture.device)
    if device is None:
        return Text()
    word, style = posture(device)
    move = going(device, picture, scene_of(picture))
    there = f"  to {move.place}" if move.place else f"  at {device.at}" if device.at else "  nobody knows where"
    metres = f", {move.metres:.0f} m away" if move.metres is not None else ""
    told = device.stop_problem or device.problem or device.doing
    return plain((f"«{device.device}»", "bold reverse"), "  ", (word.strip(), style), f"{there}{metres}  {battery(device).strip()}  {told}")


def _legend(drawing: Drawing) -> Text:
    if drawing.away:
        return plain((f"not on the map: {', '.join(drawing.away[:8])}{' …' if len(drawing.away) > 8 else ''}", ODD))
    return plain((LEGEND, "dim"))


def _places(drawing: Drawing) -> str:
    marks = (f"{o[0]}{o[2]} {kind}" for kind, o in zip(drawing.kinds[: len(OUTLINES)], OUTLINES, strict=False))
    scale = f"  1 line = {1 / drawing.chart.rows:.1f} m" if drawing.chart and drawing.to_scale else "  not to scale: the site tells no coordinates"
    return "  ".join(marks) + scale + (FEW if drawing.crowded else "") + KEYS
