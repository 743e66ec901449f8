"""docs/configuration.md tells every key, with its true default, and its example loads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from runtime.settings import DeviceSection, Settings, load
from simulations.faults import Fault, FaultKind
from simulations.scenario import Scenario, load_scenario

PAGE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("```toml\n")[2].partition("```")[0]
EXAMPLES_OWN = {("models", "embed"), ("models", "lm"), ("agent", "devices"), ("coordinator", "site")}
"""Paths and devices: an example's values, and no defaults."""


def sections() -> dict[str, Any]:
    return {name: value for name, value in Settings() if name != "site"}


def test_the_example_loads(tmp_path: Path) -> None:
    path = tmp_path / "parley.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    assert load(path).agent.devices[0].id == "robot-1"


@pytest.mark.parametrize("section", list(sections()))
def test_every_key_is_told_with_its_default(section: str) -> None:
    told = tomllib.loads(EXAMPLE)[section]
    for key, default in sections()[section]:
        if key in ("username", "password", "reader", "server", "token", "key"):
            assert f"{key} =" in EXAMPLE
        elif (section, key) not in EXAMPLES_OWN:
            assert told[key] == (list(default) if isinstance(default, tuple) else str(default) if isinstance(default, Path) else default), key
        else:
            assert key in told


def test_every_key_of_a_device_is_told() -> None:
    robot, archive = tomllib.loads(EXAMPLE)["agent"]["devices"]
    assert {*robot, *archive, "token"} == set(DeviceSection.model_fields)
    assert "token = " in EXAMPLE


def test_the_scenario_is_told_with_every_key_and_its_default(tmp_path: Path) -> None:
    text = PAGE.partition("## A scenario")[2].partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    told = load_scenario(path)
    assert set(tomllib.loads(text)) == set(Scenario.model_fields) and set(tomllib.loads(text)["faults"][0]) == set(Fault.model_fields)
    assert told.model_copy(update={"faults": ()}) == Scenario()
    assert all(kind in text for kind in get_args(FaultKind))
