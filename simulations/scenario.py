"""Scenarios: a warehouse, its robots and what is wrong with them, as a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from runtime.settings import explain, load_model
from schemas.base import Frozen
from schemas.errors import ConfigError
from simulations.faults import Fault
from simulations.makers import MAKERS
from simulations.world import World

FOLDER = Path(__file__).parent / "scenarios"
Interference = Literal["none", "microwave", "bluetooth", "zigbee", "wifi"]
Percent = Annotated[float, Field(ge=0, le=100)]


class Scenario(Frozen):
    """Robot i is made by makers[(i - 1) mod n] and starts with batteries[(i - 1) mod n] %; without batteries they are drawn from the seed.

    `interference`: what disturbs the radio channel. `pace`: simulated seconds per second; 0 is as fast as possible.
    """

    name: str = "warehouse"
    seed: int = 7
    robots: int = Field(default=3, ge=1, le=200)
    shelves: int = Field(default=8, ge=1, le=400)
    slots: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(le=26)]] = (4, 8)
    makers: tuple[str, ...] = Field(default=MAKERS, min_length=1)
    batteries: tuple[Percent, ...] = ()
    faults: tuple[Fault, ...] = ()
    interference: Interference = "none"
    pace: float = Field(default=1.0, ge=0)

    @property
    def speed(self) -> float | None:
        """As simulations.pace takes it."""
        return self.pace or None


def load_scenario(source: str | Path, *, robots: int | None = None, shelves: int | None = None, seed: int | None = None) -> Scenario:
    """A scenario by the name of a shipped one or by file, with parts replaced. Raises ConfigError naming file and key."""
    path = _file(source)
    given = {k: v for k, v in (("robots", robots), ("shelves", shelves), ("seed", seed)) if v is not None}
    try:
        scenario = Scenario.model_validate({**load_model(path, Scenario).model_dump(), **given})
    except ValidationError as error:
        raise explain("command line", error) from None
    _check(path, scenario)
    return scenario


def _file(source: str | Path) -> Path:
    path = Path(source)
    shipped = {file.stem: file for file in sorted(FOLDER.glob("*.toml"))}
    if isinstance(source, str) and source in shipped:
        return shipped[source]
    if not path.suffix and not path.exists():
        raise ConfigError(f"{source}: neither a file nor a shipped scenario: {', '.join(shipped)}")
    return path


def _check(path: Path, scenario: Scenario) -> None:
    """What the types cannot say."""
    unknown = [m for m in scenario.makers if m not in MAKERS]
    if unknown:
        raise ConfigError(f"{path}: makers: there is no maker {unknown[0]!r}; choose from {', '.join(MAKERS)}")
    if scenario.slots[0] > scenario.slots[1]:
        raise ConfigError(f"{path}: slots: the least number comes first")
    fleet = {f"robot-{n}" for n in range(1, scenario.robots + 1)}
    stray = [f.robot for f in scenario.faults if f.robot not in fleet]
    if stray:
        raise ConfigError(f"{path}: faults: there is no {stray[0]} among {scenario.robots} robots")


def build_world(scenario: Scenario) -> World:
    return World(
        robots=scenario.robots,
        shelves=scenario.shelves,
        seed=scenario.seed,
        makers=scenario.makers,
        batteries=scenario.batteries,
        slots=scenario.slots,
        faults=scenario.faults,
        interference=scenario.interference,
    )
