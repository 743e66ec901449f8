"""What people's words mean among the standard properties, by the shipped encoder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from coordinator.glossary import PropertyInfo, spoken_of
from coordinator.meaning import Meaning, properties_of
from runtime.llm.embedder import open_embedder
from tests.unit.coordinator.conftest import robot

ENCODER = Path(__file__).parents[3] / "models" / "parley-reader-2.gguf"
FOUND = ("free_slots", "occupied_slots", "items", "item_names", "image")
KNOWN = properties_of((robot(1, attributes={"battery": 50.0, "at": "dock-1", "charging": False, "speed": 0.5}, properties=()),)) | {
    name: PropertyInfo(name=name, words=spoken_of(name)) for name in FOUND
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meaning() -> AsyncIterator[Meaning]:
    embedder = open_embedder(ENCODER)
    yield Meaning(embedder)
    await embedder.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("space", "free_slots"),
        ("any space left", "free_slots"),
        ("room", "free_slots"),
        ("vacant positions", "free_slots"),
        ("used space", "occupied_slots"),
        ("taken places", "occupied_slots"),
        ("number of boxes", "items"),
        ("what is lying there", "item_names"),
        ("inventory", "item_names"),
        ("juice", "battery"),
        ("the emptiest", "battery"),
        ("whereabouts", "at"),
        ("which spot they are in", "at"),
        ("reachable", "online"),
        ("hard", None),
        ("pizza", None),
    ],
)
async def test_a_phrase_means_its_property_and_not_the_opposite(phrase: str, name: str | None, meaning: Meaning) -> None:
    found = await meaning.properties(phrase, KNOWN)
    assert next(iter(found), None) == name
