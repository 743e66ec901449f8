"""The floor as an SVG drawing: shelves with their slots, docks, the station and the robots where they stand. Deterministic."""

from __future__ import annotations

from simulations.floor import Cell, Spot
from simulations.robot import Robot
from simulations.world import World

CELL = 32
_COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2", "#65a30d", "#dc2626")
_STYLE = (
    "text{font:11px sans-serif;fill:#334155;text-anchor:middle}"
    ".bay{fill:#e2e8f0}.lane{fill:#f8fafc}.full{fill:#a16207;stroke:#a16207}.free{fill:#fff;stroke:#a16207}"
)


def draw(world: World) -> str:
    """The whole picture, 32 px a metre, north up."""
    floor = world.floor
    width, height = floor.width * CELL, floor.height * CELL
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#cbd5e1"/>',
        *(_square(world, cell, "lane") for cell in sorted(floor.lanes)),
        *(_square(world, cell, "bay") for cell in sorted(floor.bays)),
        *(_spot(world, spot) for spot in floor.spots),
        *(_robot(world, robot) for robot in world.robots.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _corner(world: World, cell: Cell) -> tuple[int, int]:
    """Pixel of the cell's upper left corner."""
    return cell[0] * CELL, (world.floor.height - 1 - cell[1]) * CELL


def _square(world: World, cell: Cell, style: str) -> str:
    x, y = _corner(world, cell)
    return f'<rect class="{style}" x="{x + 1}" y="{y + 1}" width="{CELL - 2}" height="{CELL - 2}"/>'


def _spot(world: World, spot: Spot) -> str:
    x, y = _corner(world, spot.body[0])
    if spot.kind == "shelf":
        return _shelf(world, spot, x, y)
    label = f"D{spot.number}" if spot.kind == "dock" else "packing"
    return f'<text x="{x + len(spot.body) * CELL // 2}" y="{y + CELL - 4}">{label}</text>'


def _shelf(world: World, spot: Spot, x: int, y: int) -> str:
    slots, width = world.shelves[spot.number].slots, len(spot.body) * CELL
    step = (width - 8) / len(slots)
    boxes = [
        f'<rect class="{"full" if slot else "free"}" x="{x + 4 + i * step:.1f}" y="{y + 16}" width="{step - 2:.1f}" height="12"/>'
        for i, slot in enumerate(slots)
    ]
    return f'<text x="{x + width // 2}" y="{y + 12}">shelf {spot.number}</text>' + "".join(boxes)


def _robot(world: World, robot: Robot) -> str:
    x, y = world.position(robot)
    px, py = x * CELL, (world.floor.height - y) * CELL
    colour = _COLOURS[(robot.number - 1) % len(_COLOURS)]
    circle = f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{CELL * 0.36:.1f}" fill="{colour}"/>'
    return circle + f'<text x="{px:.1f}" y="{py + 4:.1f}" style="fill:#fff;font-weight:bold">{robot.number}</text>'
