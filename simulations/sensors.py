"""What a simulated robot senses: windows of data made from where it stands, what stands between, how fast it drives, and what lies on the shelf
before its camera.

Path loss and delay spread are those of an indoor factory (3GPP TR 38.901 tables 7.4.1-1 and 7.5-6, InF-SL); the access point stands at the station.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from pydantic import JsonValue

from experts.device_health import scenes
from experts.signals.camera import Ranges, render
from experts.signals.csi import CARRIERS, Hall, Link, observe
from experts.signals.energy import trace
from experts.signals.packets import statistics
from experts.signals.telemetry import Fault, Sensing, nameplate, telemetry
from experts.window import Window
from experts.wire import to_wire
from simulations.floor import cell_of
from simulations.robot import Robot
from simulations.world import Refusal, World

CARRIER = CARRIERS[1]
POWER, NOISE = 0.0, -91.0
"""dBm: what is sent on 20 MHz, and thermal noise with a noise figure of 10 dB."""
WEAK, MANY = 10.0, 12
"""dB of SNR below which a link is weak; robots on one channel beyond which it is contended."""
STEP = 0.25
"""m between the points at which the straight path is looked at."""


def access_point(world: World) -> tuple[float, float]:
    """x, y in m: the middle of the station."""
    cells = world.floor.of_kind("station")[0].bays
    return sum(c[0] + 0.5 for c in cells) / len(cells), sum(c[1] + 0.5 for c in cells) / len(cells)


def shelves_between(world: World, start: tuple[float, float], end: tuple[float, float]) -> int:
    """How many shelves the straight path crosses."""
    filled = {cell: spot.id for spot in world.floor.of_kind("shelf") for cell in spot.body}
    count = max(2, math.ceil(math.dist(start, end) / STEP))
    points = ((start[0] + (end[0] - start[0]) * i / count, start[1] + (end[1] - start[1]) * i / count) for i in range(count + 1))
    return len({filled[cell] for p in points if (cell := cell_of(*p)) in filled})


def link_of(world: World, robot: Robot, rng: np.random.Generator) -> Link:
    """The radio link between the robot and the access point, now."""
    here, there = world.position(robot), access_point(world)
    crossed = shelves_between(world, here, there)
    distance = max(1.0, math.dist(here, there))
    loss = _path_loss(distance, crossed)
    hall = Hall(float(world.floor.width), float(world.floor.height), 6.0)
    return Link(
        profile="C" if crossed else "D",
        delay_spread=float(np.clip(hall.delay_spread(not crossed, float(rng.normal())), 8.0, 250.0)),
        k_db=None if crossed else float(np.clip(rng.normal(9.0, 3.0), 4.0, 18.0)),
        speed=robot.speed if world.moving(robot) else 0.0,
        snr=float(np.clip(POWER - loss - NOISE, -2.0, 35.0)),
        carrier=CARRIER,
    )


def _path_loss(distance: float, crossed: int) -> float:
    """dB; each shelf in the way beyond the first costs 3 dB more."""
    free = 31.84 + 21.50 * math.log10(distance) + 19.0 * math.log10(CARRIER)
    if not crossed:
        return free
    return max(free, 33.0 + 25.5 * math.log10(distance) + 20.0 * math.log10(CARRIER)) + 3.0 * (crossed - 1)


def _csi(world: World, robot: Robot, rng: np.random.Generator) -> Window:
    return observe(link_of(world, robot, rng), rng)


def _frame(world: World, robot: Robot, rng: np.random.Generator) -> Window:
    """The shelf that it stands at, as it is; light and angle are those of the moment."""
    spot = world.at(robot)
    if spot is None or spot.kind != "shelf":
        raise Refusal("not_beside", "there is no shelf in front of the camera")
    occupied = [slot is not None for slot in world.shelves[spot.number].slots]
    levels = 2 if len(occupied) % 2 == 0 else 1
    ranges = Ranges()
    layout = replace(ranges.layout(_own(world, spot.number)), levels=levels, slots=len(occupied) // levels, bay=2)
    return render(occupied, layout, ranges.conditions(rng), rng)


def _energy(world: World, robot: Robot, rng: np.random.Generator) -> Window:
    return trace(rng, world.interference)


def _packets(world: World, robot: Robot, rng: np.random.Generator) -> Window:
    """Its link over the last seconds: weak where the signal is, contended where many robots share the channel."""
    weak, many = link_of(world, robot, rng).snr < WEAK, len(world.robots) > MANY
    return statistics(rng, "weak_link" if weak else "contention" if many else "healthy")


def _telemetry(world: World, robot: Robot, rng: np.random.Generator) -> Window:
    """Five minutes of a healthy robot of its own build, with the charge that it has."""
    ranges = scenes.Ranges()
    make, duty = scenes.drawn_make(_own(world, robot.number), ranges), scenes.drawn_duty(rng, ranges)
    seen = replace(duty, seconds=300, charge=float(np.clip(world.battery(robot) / 100.0, 0.1, 1.0)))
    data = telemetry(rng, make, seen, Fault("healthy", 0.0, -60.0), Sensing(1.0, 1.0, 0.01, 0.1, ()))
    return Window("telemetry", {"telemetry": data}, nameplate(make))


def _own(world: World, number: int) -> np.random.Generator:
    """What does not change: a robot's build, a shelf's measures."""
    return np.random.default_rng([world.seed, number])


_SENSES: dict[str, Callable[[World, Robot, np.random.Generator], Window]] = {
    "csi": _csi,
    "energy": _energy,
    "frame": _frame,
    "packets": _packets,
    "telemetry": _telemetry,
}
SENSES = tuple(_SENSES)


def window_of(world: World, robot: Robot, what: str) -> dict[str, JsonValue]:
    """As `experts.wire` writes it; the same at the same moment. Raises Refusal for what the robot has no sense for."""
    sense = _SENSES.get(what)
    if sense is None:
        raise Refusal("not_found", f"it has no sense for {what[:40]}; it has {', '.join(sorted(_SENSES))}")
    return to_wire(sense(world, robot, np.random.default_rng([world.seed, robot.number, int(world.now * 1000)])))
