"""The makers whose robots can be simulated: their API's façade and its catalogue file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from schemas.errors import ConfigError
from schemas.skills import Catalogue
from simulations.devices.kestrel import Kestrel
from simulations.devices.norvik import Norvik
from simulations.devices.ostara import Ostara
from simulations.devices.palisade import Palisade
from simulations.facade import Facade
from simulations.world import World

_FACADES: tuple[type[Facade], ...] = (Norvik, Ostara, Kestrel, Palisade)
MAKERS = tuple(f.maker for f in _FACADES)


def catalogue_path(maker: str) -> Path:
    """The maker's API catalogue as a file, for agents in other processes."""
    if maker not in MAKERS:
        raise ConfigError(f"there is no maker {maker!r}; choose from {', '.join(MAKERS)}")
    return Path(__file__).parent / "devices" / f"{maker}.json"


@lru_cache
def catalogue_of(maker: str) -> Catalogue:
    return Catalogue.model_validate_json(catalogue_path(maker).read_bytes())


def facade_for(world: World, robot_id: str) -> Facade:
    """This robot behind its maker's API."""
    robot = world.robots[robot_id]
    return next(f for f in _FACADES if f.maker == robot.maker)(world, robot)
