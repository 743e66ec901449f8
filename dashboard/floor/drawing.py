"""The floor from above, in characters. What differs in colour differs in its mark or its letters, too. Pure.

Drawn in the order of what matters: devices, the chosen one's name, names of places, other names, outlines, the chosen one's way, and what is reserved
for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from dashboard.floor.arrange import stand
from dashboard.floor.canvas import Canvas
from dashboard.floor.chart import Cell, Chart, fit
from dashboard.floor.going import Going, going, scene_of
from dashboard.floor.ground import Point, Spot
from dashboard.picture import BAD, Picture

OUTLINES = (("┌", "─", "┐", "│", "└", "┘", "[", "]"), ("╔", "═", "╗", "║", "╚", "╝", "║", "║"), ("╭", "┄", "╮", "┊", "╰", "╯", "(", ")"))
"""By kind of place: six for a box, and the two ends of one that is a single row high."""
RESERVED = "•"
"""Ground that is reserved for a device on its way."""
BESIDE: tuple[Cell, ...] = ((0, 0), (1, 0), (-1, 0), (0, -1), (0, 1), (2, 0), (-2, 0), (1, -1), (-1, -1), (1, 1), (-1, 1))
"""Where a second device at the same point is drawn."""

ELBOW = 12
"""Cells that each device needs for its name to be of use: where all have less, names hide more than they tell."""


@dataclass(frozen=True)
class Drawing:
    """`marks`: where each device is drawn. `away`: devices that have no place on it. `chart` None: there is nothing to draw.

    `crowded`: only what is chosen, stopped or in trouble has its name.
    """

    lines: tuple[Text, ...]
    marks: Mapping[str, Cell]
    away: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    to_scale: bool = True
    chart: Chart | None = None
    crowded: bool = False

    @property
    def text(self) -> Text:
        return Text("\n").join(self.lines)


def draw(picture: Picture, width: int, height: int) -> Drawing:
    scene = scene_of(picture)
    spots, to_scale = tuple(scene.spots.values()), scene.to_scale
    moves = {d.device: going(d, picture, scene) for d in picture.view.fleet.values()}
    at = {device: m.at for device, m in sorted(moves.items()) if m.at is not None}
    corners = [c for s in spots for c in (*s.corners, *([s.at] if s.at else []))] or list(at.values())
    if not corners:
        return Drawing((), {}, tuple(moves), to_scale=to_scale)
    chart, canvas = fit(corners, width, height), Canvas(width, height)
    kinds = tuple(dict.fromkeys(s.kind for s in spots if not s.zone))
    marks = _devices(canvas, chart, at, moves)
    chosen = picture.device if picture.device in marks else ""
    if chosen:
        _name(canvas, marks[chosen], (f"«{chosen}»", f"«{_brief(chosen)}»", "«»"), "bold reverse")
    _titles(canvas, chart, spots)
    crowded = len(marks) * ELBOW > width * height
    for device in marks:
        if device != chosen and not (crowded and moves[device].style != BAD):
            _name(canvas, marks[device], (device, _brief(device)), moves[device].style)
    for spot in spots:
        _outline(canvas, chart, spot, OUTLINES[kinds.index(spot.kind) % len(OUTLINES)] if spot.kind in kinds else None)
    ways = {d.device: d.life.way for d in picture.view.fleet.values() if to_scale and d.life.way}
    for device in sorted(ways, key=lambda d: d != chosen):
        _reserved(canvas, chart, ways[device], "bold" if device == chosen else "dim")
    if chosen and chosen not in ways:
        _way(canvas, chart, marks[chosen], moves[chosen].goal)
    return Drawing(canvas.lines(), marks, tuple(d for d in moves if d not in marks), kinds, to_scale, chart, crowded)


def _devices(canvas: Canvas, chart: Chart, at: Mapping[str, Point], moves: Mapping[str, Going]) -> dict[str, Cell]:
    marks: dict[str, Cell] = {}
    for device, point in at.items():
        if not chart.holds(point):
            continue
        column, row = chart.cell(point)
        cell = next(((column + c, row + r) for c, r in BESIDE if canvas.free(column + c, row + r)), None)
        if cell is not None:
            canvas.dot(*cell, moves[device].mark, moves[device].style or "bold")
            marks[device] = cell
    return marks


def _brief(name: str) -> str:
    """Its first letter and its number: r12."""
    return f"{name[:1]}{_number(name)}"


def _number(name: str) -> str:
    return "".join(c for c in name if c.isdigit())


def _name(canvas: Canvas, mark: Cell, texts: Sequence[str], style: str) -> None:
    column, row = mark
    beside = ((column + 1, row, 0), (column, row, 1), (column, row + 1, 0.5), (column, row - 1, 0.5), (column, row - 1, 0), (column, row + 1, 0))
    canvas.write_somewhere(texts, beside, style)


def _titles(canvas: Canvas, chart: Chart, spots: Sequence[Spot]) -> None:
    """All places of a kind in full, or all in brief."""
    boxes = {spot.id: _box(chart, spot) for spot in spots}
    rooms = {s.id: boxes[s.id][2] - boxes[s.id][0] - 1 if s.corners else canvas.width for s in spots}
    brief = {s.kind for s in spots if cell_len(s.name) > rooms[s.id] and _number(s.name)}
    for spot in spots:
        text = f"{spot.kind[:1].upper()}{_number(spot.name)}" if spot.kind in brief and _number(spot.name) else spot.name
        _title(canvas, boxes[spot.id], spot, set_cell_size(text, max(3, rooms[spot.id])).rstrip())


def _title(canvas: Canvas, box: tuple[int, int, int, int], spot: Spot, text: str) -> None:
    """In its middle, or at an end of it."""
    left, top, right, bottom = box
    row = (top + bottom) // 2
    ends = ((left + 1, row, 0), (right, row, 1), (left + 1, top, 0), (left + 1, bottom, 0)) if spot.corners else ()
    canvas.write_somewhere((text,), (((left + right + 1) // 2, row, 0.5), *ends), "dim" if spot.zone else "")


def _box(chart: Chart, spot: Spot) -> tuple[int, int, int, int]:
    if spot.corners:
        return chart.box(spot.corners)
    column, row = chart.cell(stand(spot))
    return column, row, column, row


def _outline(canvas: Canvas, chart: Chart, spot: Spot, outline: tuple[str, ...] | None) -> None:
    if outline is None or not spot.corners:
        return
    left, top, right, bottom = chart.box(spot.corners)
    north_west, across, north_east, down, south_west, south_east, begin, end = outline
    if top == bottom:
        canvas.dot(left, top, begin, "dim")
        canvas.dot(right, top, end, "dim")
        return
    for row, first, last in ((top, north_west, north_east), (bottom, south_west, south_east)):
        canvas.dot(left, row, first, "dim")
        canvas.dot(right, row, last, "dim")
        for column in range(left + 1, right):
            canvas.dot(column, row, across, "dim")
    for row in range(top + 1, bottom):
        canvas.dot(left, row, down, "dim")
        canvas.dot(right, row, down, "dim")


def _way(canvas: Canvas, chart: Chart, mark: Cell, goal: Point | None) -> None:
    """As the crow flies: every other cell, over blank ones."""
    if goal is None:
        return
    cell = chart.cell(goal)
    for column, row in _between(mark, cell)[1:]:
        canvas.dot(column, row, "·", "bold")


def _reserved(canvas: Canvas, chart: Chart, way: Sequence[Point], style: str) -> None:
    """From corner to corner, as far as it is on the floor."""
    cells = [chart.cell(point) for point in way if chart.holds(point)]
    for column, row in (cell for start, end in pairwise(cells) for cell in (*_between(start, end), end)):
        canvas.dot(column, row, RESERVED, style)


def _between(start: Cell, end: Cell) -> list[Cell]:
    """From the start on and without the end: every other column, every row."""
    across, down = end[0] - start[0], end[1] - start[1]
    steps = max(abs(across) // 2, abs(down))
    return [(start[0] + round(across * n / steps), start[1] + round(down * n / steps)) for n in range(steps)]


def toward(marks: Mapping[str, Cell], chosen: str, right: int, down: int) -> str:
    """The nearest device in this direction; the chosen one where there is none."""
    if chosen not in marks:
        return min(marks, default="")
    column, row = marks[chosen]

    def far(device: str) -> tuple[float, str]:
        x, y = (marks[device][0] - column) / 2, marks[device][1] - row
        along, across = (x * right + y * down), abs(x * down) + abs(y * right)
        return (along + 2 * across if along > 0 else float("inf"), device)

    best = min(marks, key=far)
    return best if far(best)[0] < float("inf") else chosen
