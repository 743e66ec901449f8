"""What the simulation tells the system about itself: the site model, and each robot's profile."""

from __future__ import annotations

from schemas.base import Value
from schemas.messages import Profile, Property
from schemas.site import Place, Site
from schemas.skills import Catalogue, Returns
from simulations.floor import Cell, Spot, centre
from simulations.makers import catalogue_of
from simulations.robot import Robot
from simulations.world import World

KINDS = {
    "shelf": ("rack", "shelving unit"),
    "dock": ("charging dock", "charger", "charging station"),
    "station": ("packing station", "packing table"),
    "aisle": ("row",),
    "robot": ("bot",),
}


def site_of(world: World, site: str = "site") -> Site:
    """Places with their names, aliases and positions (m)."""
    spots = [_place(world, spot) for spot in world.floor.spots]
    return Site(id=site, name="warehouse", places=(*_aisles(world), *spots), kinds=KINDS)


def _aisles(world: World) -> list[Place]:
    names = dict.fromkeys(s.aisle for s in world.floor.of_kind("shelf") if s.aisle)
    return [Place(id=name, kind="aisle", name=name.replace("-", " "), at=_middle(_aisle_cells(world, name))) for name in names]


def _aisle_cells(world: World, aisle: str) -> tuple[Cell, ...]:
    return tuple(cell for s in world.floor.of_kind("shelf") if s.aisle == aisle for cell in s.bays)


def _place(world: World, spot: Spot) -> Place:
    n = spot.number
    names = {
        "shelf": (f"shelf {n}", (f"rack {n}", f"S{n}")),
        "dock": (f"dock {n}", (f"charging dock {n}", f"charger {n}")),
        "station": ("packing station", ("packing table",)),
    }
    name, aliases = names[spot.kind]
    slots: dict[str, Value] = {"slots": len(world.shelves[n].slots)} if spot.kind == "shelf" else {}
    at, corners = _middle(spot.bays), _corners(spot.body)
    return Place(id=spot.id, kind=spot.kind, name=name, aliases=aliases, zone=spot.aisle, at=at, vertices=corners, attributes=slots)


def _corners(cells: tuple[Cell, ...]) -> tuple[tuple[float, float], ...]:
    """Of the rectangle that the cells fill, m."""
    (west, south), (east, north) = map(min, zip(*cells, strict=True)), map(max, zip(*cells, strict=True))
    return (west, south), (east + 1, south), (east + 1, north + 1), (west, north + 1)


def _middle(cells: tuple[Cell, ...]) -> tuple[float, float]:
    points = [centre(c) for c in cells]
    return round(sum(x for x, _ in points) / len(points), 2), round(sum(y for _, y in points) / len(points), 2)


def profiles_of(world: World) -> tuple[Profile, ...]:
    """One per robot, in the order of their numbers."""
    return tuple(profile_of(robot) for robot in world.robots.values())


def profile_of(robot: Robot) -> Profile:
    catalogue = catalogue_of(robot.maker)
    return Profile(
        device=robot.id,
        device_kind="robot",
        maker=catalogue.maker,
        name=f"robot {robot.number}",
        place=robot.home,
        abilities=catalogue.abilities,
        properties=_properties(catalogue),
    )


def _properties(catalogue: Catalogue) -> tuple[Property, ...]:
    """What the state carries, then what the robot can find out by looking."""
    in_state = [r for read in catalogue.state for r in read.attributes]
    found = [r for f in catalogue.functions for r in f.returns]
    rows: dict[str, Property] = {}
    for returns, known in [*((r, True) for r in in_state), *((r, False) for r in found)]:
        rows.setdefault(returns.property, _property(returns, known))
    return tuple(rows.values())


def _property(returns: Returns, in_state: bool) -> Property:
    return Property(name=returns.property, unit=returns.unit, in_state=in_state)
