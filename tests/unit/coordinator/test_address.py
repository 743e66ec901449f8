"""Who is spoken to by name and colon gets the sentence as it is."""

from __future__ import annotations

import pytest

from coordinator.address import addressed
from coordinator.linker import link
from coordinator.registry import Device
from coordinator.scene import Scene
from schemas.plan import Plan, Step, Tell, Who
from schemas.site import Place, Site

SITE = Site(id="site", places=(Place(id="shelf-3", name="shelf 3", kind="shelf"), Place(id="shelf-4", name="shelf 4", kind="shelf")))
FLEET = (Device(id="archive", kind="file archive", name="archive", online=True), Device(id="robot-2", kind="robot", name="robot 2", online=True))


def told(text: str) -> tuple[str, tuple[str, ...]] | None:
    """What the device is told, and the places that it names."""
    found = addressed(link(text, SITE, FLEET))
    if found is None:
        return None
    plan, linked = found
    assert plan == Plan(steps=(Step(who=Who(of="d1"), do=("{w1}",)),), tell=Tell())
    assert linked.text == text
    scene = Scene(linked, SITE, FLEET)
    said = linked.mention("w1")
    assert said is not None and linked.text[said.start : said.end] == said.surface
    return scene.expand("{w1}"), said.ids


@pytest.mark.parametrize(
    ("text", "sentence", "places"),
    [
        ("archive: list the directory reports/2024", "list the directory reports/2024", ()),
        ("Archive :  which files: a, b?", "which files: a, b?", ()),
        ("archive\uff1a列出目录", "列出目录", ()),
        ("archive: read the file .env", "read the file .env", ()),
        ("archive: write  {} and {p1} , {title} .", "write  {} and {p1} , {title} .", ()),
        ("robot 2: drive to shelf 3, please", "drive to shelf 3, please", ("shelf-3",)),
    ],
)
def test_the_sentence_goes_to_the_device_word_for_word(text: str, sentence: str, places: tuple[str, ...]) -> None:
    assert told(text) == (sentence, places)


@pytest.mark.parametrize(
    "text",
    [
        "archive, list the directory",
        "list the directory",
        "ask archive: what is there",
        "archive:",
        "archive: ",
        "robot 2: drive to shelf 3, then to shelf 4",
        "robot 2: tell archive to list",
        "robot 2: check all shelves",
        "",
    ],
)
def test_everything_else_is_the_planners(text: str) -> None:
    assert told(text) is None
