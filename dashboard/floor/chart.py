"""From metres to the cells of a screen: north up, stretched to use the room, as a cell is twice as high as wide. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.floor.ground import Point

WIDEST = 4.0
"""Columns for the length of a row: twice what is true to scale, so that names have room."""
FEWEST, MOST = 8.0, 40.0
"""Columns for a metre that are always allowed, for small floors; and the most."""
Cell = tuple[int, int]
"""Column, row."""


@dataclass(frozen=True)
class Chart:
    """`columns`, `rows`: cells for a metre. `left`: columns that stay free."""

    west: float
    north: float
    columns: float
    rows: float
    width: int
    height: int
    left: int = 0

    def cell(self, point: Point) -> Cell:
        """Within the screen, whatever the point."""
        column = self.left + int((point[0] - self.west) * self.columns)
        row = int((self.north - point[1]) * self.rows)
        return min(max(0, column), self.width - 1), min(max(0, row), self.height - 1)

    def box(self, corners: Sequence[Point]) -> tuple[int, int, int, int]:
        """Left, top, right and bottom cells of what these corners span."""
        columns = [self.left + (x - self.west) * self.columns for x, _ in corners]
        rows = [(self.north - y) * self.rows for _, y in corners]
        left, top = round(min(columns)), round(min(rows))
        return left, top, max(left, round(max(columns)) - 1), max(top, round(max(rows)) - 1)

    def holds(self, point: Point) -> bool:
        """With a metre's grace."""
        x, y = (point[0] - self.west) * self.columns, (self.north - point[1]) * self.rows
        return -self.columns <= x <= self.width - self.left + self.columns and -self.rows <= y <= self.height + self.rows


def fit(points: Sequence[Point], width: int, height: int) -> Chart:
    """All of these points in so many cells."""
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    wide, high = max(1.0, max(xs) - min(xs)), max(1.0, max(ys) - min(ys))
    rows = min(height / high, MOST / 2)
    columns = min(width / wide, max(FEWEST, rows * WIDEST), MOST)
    rows = min(rows, columns)
    return Chart(min(xs), max(ys), columns, rows, width, height, int((width - wide * columns) / 2))
