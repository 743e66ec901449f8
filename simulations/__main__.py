"""`python -m simulations FILE`: the default warehouse, a little after the robots have set out, as an SVG picture."""

from __future__ import annotations

import sys
from pathlib import Path

from simulations.picture import draw
from simulations.scenario import build_world, load_scenario

MOMENT = 6.0
"""s after the robots have set out."""


def picture() -> str:
    world = build_world(load_scenario("warehouse", robots=4))
    for robot, place in zip(world.robots.values(), ("shelf-1", "shelf-4", "shelf-6", "station-1"), strict=True):
        world.travel_to(robot, place)
    world.kernel.run_until(MOMENT)
    return draw(world)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
