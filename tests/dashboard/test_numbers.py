"""Numbers that are hardly any, in every field of every message: none ends the dashboard, and no view stumbles over them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from dashboard.app import Dashboard
from dashboard.floor.drawing import draw
from dashboard.picture import Picture
from dashboard.reel import Reel
from dashboard.replay import Replay
from runtime.bus import Message
from runtime.door import opened
from runtime.recording import Entry, Head, Recording
from schemas import topics
from schemas.errors import ContractError
from tests.dashboard.hostile import filled
from tests.dashboard.test_replay import Hands
from tests.dashboard.wire import NOON, Wire, uid

NUMBERS = [1e308, -1e308, 5e-324, -1, 1e15, -62135596801.0, 2**63, 10**308]


def numbered(model: type[BaseModel], variant: int, number: float) -> BaseModel:
    """An example of it with the number wherever it is allowed."""
    held = filled(model, "x", variant).model_dump(mode="json")
    if "attributes" in held:
        held["attributes"] = {"battery": number, "x": (-1) ** variant * number, "y": number, "at": number}
    for part, key in list(_places(held)):
        before, part[key] = part[key], number
        with suppress(ValidationError):
            model.model_validate(held)
            continue
        part[key] = before
    return model.model_validate(held)


def _places(held: Any) -> Iterator[tuple[Any, Any]]:
    """Where a number stands."""
    for key, part in held.items() if isinstance(held, dict) else enumerate(held):
        if isinstance(part, int | float) and not isinstance(part, bool):
            yield held, key
        elif isinstance(part, dict | list):
            yield from _places(part)


def entries(number: float) -> list[Entry]:
    """Every kind of message on its topic, as bytes."""
    made: list[Entry] = []
    for count, (topic, variant) in enumerate((t, v) for t in topics.TOPICS for v in range(4)):
        body = numbered(topic.body, variant, number).model_dump(mode="json", exclude_none=True)
        head = {"id": uid(count), "schema": "1.0", "source": "c", "sent_at": number, "instruction": uid(1), "subtask": uid(11)}
        where = topic.build("site", "r1" if topic.role == "device" else "c")
        made.append(Entry(NOON + count / 10, Message(where, json.dumps({**head, "body": body}).encode())))
    return made


@pytest.mark.parametrize("number", NUMBERS)
async def test_each_view_draws_any_number(number: float) -> None:
    said = entries(number)
    reel = Reel(Recording(Head("site", "me", NOON), tuple(said), NOON + len(said)))
    assert reel.at(NOON + len(said)).health.dropped == 0
    app = Dashboard(Replay(reel, Hands()))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("end")
        for view in "1234567":
            await pilot.press(view)
            app.draw(anew=True)
            await pilot.pause()


def test_a_number_that_is_too_large_to_be_one_does_not_pass_the_door() -> None:
    entry = entries(1.5)[8]
    large = entry.message.payload.replace(b"1.5", b"1" + b"0" * 400)
    with pytest.raises(ContractError, match="bad JSON"):
        opened(Message(entry.message.topic, large), "site")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_place_beyond_any_floor_is_none(number: float) -> None:
    """Also where the site tells no coordinates, and devices' own are all that there is."""
    wire = Wire()
    wire.device("r1", attributes={"x": number, "y": -number})
    wire.device("r1", attributes={"x": -number, "y": number})
    wire.device("r2", attributes={"x": 1.0, "y": 2.0})
    assert "r2" in draw(Picture(wire.view, NOON), 80, 24).marks
