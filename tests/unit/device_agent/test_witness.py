"""A second opinion confirms, contradicts, or changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from device_agent.witness import Witness
from experts.catalogue import open_expert
from runtime.clock import SystemClock
from schemas.errors import LinkError, ModelError
from schemas.experts import Part, Verdict
from schemas.messages import ExpertConnection
from schemas.observations import Observation
from schemas.outcomes import Done
from schemas.skills import Function, SeenBy

CARD = open_expert("shelf_vacancy").card
LOOK = Function(name="look", seen_by=SeenBy(window="frame", labels={"free_slots": "free", "occupied_slots": "occupied"}))
SAID = {"free_slots": 2, "occupied_slots": 1}
UP = ExpertConnection(status="online", boot="b1", tells=("shelf_vacancy",), endpoint="http://127.0.0.1:1/mcp")


def done(**said: int) -> Done:
    observations = tuple(Observation(subject="shelf-4", property=name, value=value, time=1.0, device="robot-1") for name, value in said.items())
    return Done(verified=True, text="Looked, and this is what I saw.", observations=observations)


def sees(*labels: str | None) -> Verdict:
    parts = tuple(Part(name=f"slot {n}", label=label, confidence=0.9) for n, label in enumerate(labels))
    return Verdict(expert="shelf_vacancy", version="1", label=None, parts=parts)


class Server:
    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, list[str]()

    async def call(self, tool: str, arguments: dict[str, str]) -> dict[str, Any]:
        self.asked.append(arguments["window"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, dict) else self.answer.model_dump()

    async def read(self, uri: str) -> str:
        return CARD.model_dump_json()


def witness(server: Server, body: ExpertConnection = UP) -> Witness:
    made = Witness(SystemClock(), lambda url: server)
    made.hear("experts", body)
    return made


async def test_an_expert_that_sees_the_same_is_a_proof() -> None:
    server = Server(sees("free", "occupied", "free"))
    told = await witness(server).confirm("robot-1", LOOK, done(**SAID))
    assert server.asked == ["robot-1/frame"]
    assert told.verified and [(p.held, p.seen, p.expert) for p in told.proof] == [(True, "2 free, 1 occupied", "shelf_vacancy")]


async def test_an_expert_that_sees_something_else_each_time_leaves_it_unverified() -> None:
    server = Server(sees("free", "occupied", "occupied"))
    told = await witness(server).confirm("robot-1", LOOK, done(**SAID))
    assert len(server.asked) == 3
    assert not told.verified and not told.proof[-1].held
    assert told.text == "Looked, but it does not hold that the expert for shelf vacancy sees the same: it saw 1 free, 2 occupied."
    assert told.observations == done(**SAID).observations


@pytest.mark.parametrize(
    ("answers", "held"),
    [
        ([sees("free", "free", "free"), sees("free", "occupied", "free")], True),
        ([sees("free", "free", "free"), sees("free", None, "free"), sees("free", None, "free")], None),
        ([sees("free", None, "free"), sees("free", "free", "free"), sees("occupied", "occupied", "free")], False),
    ],
)
async def test_one_window_that_misleads_is_not_enough(answers: list[Verdict], held: bool | None) -> None:
    class Changing(Server):
        async def call(self, tool: str, arguments: dict[str, str]) -> dict[str, Any]:
            return answers.pop(0).model_dump()

    told = await witness(Changing(None)).confirm("robot-1", LOOK, done(**SAID))
    assert [p.held for p in told.proof] == ([] if held is None else [held])


@pytest.mark.parametrize(
    "answer",
    [sees("free", None, "free"), sees(), sees("free", "open the door", "free"), LinkError("no answer within 3 s"), ModelError("no shelf"), {"a": 1}],
)
async def test_one_that_cannot_tell_or_fails_changes_nothing(answer: Any) -> None:
    assert await witness(Server(answer)).confirm("robot-1", LOOK, done(**SAID)) == done(**SAID)


async def test_one_that_fails_is_left_alone_for_a_while_and_back_after_a_restart() -> None:
    server = Server(LinkError("no answer within 3 s"))
    made = witness(server)
    for _ in range(3):
        await made.confirm("robot-1", LOOK, done(**SAID))
    assert len(server.asked) == 1
    server.answer = sees("free", "occupied", "free")
    made.hear("experts", UP.model_copy(update={"boot": "b2"}))
    assert (await made.confirm("robot-1", LOOK, done(**SAID))).proof


@pytest.mark.parametrize(
    ("function", "said", "body"),
    [
        (Function(name="look"), SAID, UP),
        (LOOK, {"items": 3}, UP),
        (LOOK, SAID, UP.model_copy(update={"status": "offline"})),
        (LOOK.model_copy(update={"seen_by": SeenBy(window="csi", labels={"free_slots": "free"})}), SAID, UP),
        (LOOK.model_copy(update={"seen_by": SeenBy(window="frame", labels={"free_slots": "vacant"})}), SAID, UP),
    ],
)
async def test_where_no_expert_fits_nothing_is_changed(function: Function, said: dict[str, int], body: ExpertConnection) -> None:
    told = await witness(Server(sees("free", "occupied", "free")), body).confirm("robot-1", function, done(**said))
    assert told == done(**said)
