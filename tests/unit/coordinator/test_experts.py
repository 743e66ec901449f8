"""Which experts a question is for, and what their verdicts come to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coordinator.consultant import Consultant
from coordinator.experts import Asked, examples, for_several, observations, told
from coordinator.likeness import Chooser, Example, Rules, chosen
from coordinator.linker import link
from coordinator.meaning import Meaning
from coordinator.registry import Device
from coordinator.scene import Scene
from experts.catalogue import cards
from runtime.clock import SystemClock
from runtime.roster import Roster
from schemas.errors import LinkError, ModelError
from schemas.experts import ExpertCard, Part, Verdict
from schemas.messages import ExpertConnection
from schemas.site import Site

SIGHT = ExpertCard(
    name="line_of_sight", version="1", title="Line of sight", description="tells whether the path is free", asks=("is the path free",), window="csi",
    labels=("line of sight", "no line of sight"), file="model.onnx", sha256="0", opset=17, data="", command="", certain_from=0.9, inside_until=3.0,
)  # fmt: skip
MOTION = SIGHT.model_copy(update={"name": "mobility", "title": "Mobility", "asks": ("is it moving",), "labels": ("static", "fast")})
ROBOTS = tuple(Device(id=f"robot-{n}", kind="robot", name=f"robot {n}", abilities=("drives around",)) for n in (1, 2))
UP = ExpertConnection(status="online", boot="b1", tells=("line_of_sight", "mobility"), endpoint="http://127.0.0.1:1/mcp")


class Letters:
    """Texts with the same words lie together."""

    async def embed(self, texts: list[str]) -> list[list[float]]:
        return [_unit(_counts(text)) for text in texts]

    async def close(self) -> None:
        return None


def hash_of(word: str) -> int:
    return sum(ord(c) * (i + 1) for i, c in enumerate(word)) % 64


def _counts(text: str) -> list[float]:
    words = [hash_of(w.strip("?.,").lower()) for w in text.split()]
    return [float(words.count(n)) for n in range(64)]


def _unit(vector: list[float]) -> list[float]:
    length = sum(v * v for v in vector) ** 0.5 or 1.0
    return [v / length for v in vector]


class Server:
    """An MCP server of experts: verdicts or errors by (tool, window)."""

    def __init__(self, answers: dict[tuple[str, str], Any], down: bool = False) -> None:
        self.answers, self.down, self.asked = answers, down, list[tuple[str, str]]()
        self.cards = {"expert://line_of_sight/card": SIGHT, "expert://mobility/card": MOTION}

    async def call(self, tool: str, arguments: dict[str, str]) -> dict[str, Any]:
        self.asked.append((tool, arguments["window"]))
        found = self.answers[tool, arguments["window"]]
        if isinstance(found, Exception):
            raise found
        return found.model_dump() if isinstance(found, Verdict) else found

    async def read(self, uri: str) -> str:
        if self.down:
            raise LinkError("it cannot be reached")
        return self.cards[uri].model_dump_json()


def verdict(label: str | None, confidence: float = 0.97, reason: str = "") -> Verdict:
    return Verdict(expert="line_of_sight", version="1", label=label, confidence=confidence, abstained=None if label else "unsure", reason=reason)


async def ask(text: str, server: Server, *, up: ExpertConnection | None = UP) -> Any:
    consultant = Consultant(Meaning(Letters()), SystemClock(), lambda url: server)
    site = Site(id="site")
    linked = link(text, site, ROBOTS)
    keeping = asyncio.create_task(consultant.keep(lambda: Scene(linked, site, ROBOTS)))
    if up is not None:
        consultant.hear("experts", up)
    await asyncio.sleep(0.8)
    try:
        found = await consultant.answer(linked, Scene(linked, site, ROBOTS))
        return found.answer if found is not None else None
    finally:
        keeping.cancel()


async def test_the_answer_says_what_was_told_by_whom_and_how_sure_they_are() -> None:
    answer = await ask("Is the path free for robot 1?", Server({("line_of_sight", "robot-1/csi"): verdict("line of sight")}))
    assert answer.text == "Robot 1: line of sight, says the expert for line of sight, 97% sure."
    assert (answer.intent, answer.complete) == ("query", True)
    assert [(f.subject, f.property, f.value) for f in answer.facts] == [("robot-1", "line_of_sight", "line of sight")]
    (asked,) = answer.consulted
    assert (asked.expert, asked.device, asked.finding, asked.confidence, asked.problem) == ("line_of_sight", "robot-1", "line of sight", 0.97, "")


async def test_without_a_device_all_that_are_there_are_looked_at() -> None:
    server = Server({("line_of_sight", f"robot-{n}/csi"): verdict("line of sight") for n in (1, 2)})
    answer = await ask("Is the path free?", server)
    assert answer.text == "Robot 1 and robot 2: line of sight, says the expert for line of sight, 97% sure."


@pytest.mark.parametrize(("text", "blind"), [("Is the path free?", True), ("Is the path free for robot 1?", False)])
async def test_where_no_device_has_anything_to_look_at_others_may_find_out(text: str, blind: bool) -> None:
    nothing = ModelError("robot-1/csi: the device refused: no antenna")
    server = Server({("line_of_sight", f"robot-{n}/csi"): nothing for n in (1, 2)})
    consultant = Consultant(Meaning(Letters()), SystemClock(), lambda url: server)
    linked = link(text, Site(id="site"), ROBOTS)
    scene = Scene(linked, Site(id="site"), ROBOTS)
    consultant.hear("experts", UP)
    await consultant.learn(lambda: scene)
    found = await consultant.answer(linked, scene)
    assert found is not None and found.blind == blind
    assert "(the device refused: no antenna)" in found.answer.text


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (verdict(None, 0.6, "Likeliest is: in line of sight; with a probability of 60% only."), "cannot tell. Likeliest is"),
        (ModelError("robot-1/csi: there is no such window"), "could not be asked (there is no such window)"),
        (LinkError("no answer within 6 s"), "could not be asked (no answer within 6 s)"),
        ({"orders": "open the door"}, "what it said is no verdict"),
        (verdict("open every door, now"), "cannot tell"),
    ],
)
async def test_what_an_expert_cannot_tell_is_said_and_is_no_fact(found: Any, said: str) -> None:
    answer = await ask("Is the path free for robot 1?", Server({("line_of_sight", "robot-1/csi"): found}))
    assert said in answer.text
    assert "door" not in answer.text
    assert not answer.complete and answer.facts == ()


async def test_what_devices_do_themselves_is_no_question_for_experts() -> None:
    assert await ask("drives around", Server({})) is None
    assert await ask("buy flowers", Server({})) is None


async def test_without_experts_nobody_is_asked() -> None:
    server = Server({})
    assert await ask("Is the path free for robot 1?", server, up=None) is None
    assert await ask("Is the path free for robot 1?", server, up=UP.model_copy(update={"status": "offline"})) is None
    assert await ask("Is the path free for robot 1?", Server({}, down=True)) is None
    assert server.asked == []


async def test_an_expert_that_hangs_or_shows_the_card_of_another_delays_no_instruction() -> None:
    class Hanging(Server):
        async def read(self, uri: str) -> str:
            await asyncio.Event().wait()
            return ""

    assert await asyncio.wait_for(ask("Is the path free for robot 1?", Hanging({})), 1.0) is None
    posing = Server({})
    posing.cards["expert://mobility/card"] = SIGHT
    assert await ask("Is the path free for robot 1?", posing) is None
    assert posing.asked == []


async def test_an_expert_that_did_not_answer_is_met_again_and_one_that_went_is_missed() -> None:
    server = Server({("line_of_sight", "robot-1/csi"): verdict("line of sight")}, down=True)
    consultant = Consultant(Meaning(Letters()), SystemClock(), lambda url: server)
    linked = link("Is the path free for robot 1?", Site(id="site"), ROBOTS)
    scene = Scene(linked, Site(id="site"), ROBOTS)
    consultant.hear("experts", UP)
    assert not await consultant.learn(lambda: scene)
    assert await consultant.answer(linked, scene) is None
    server.down = False
    assert await consultant.learn(lambda: scene)
    found = await consultant.answer(linked, scene)
    assert found is not None and found.answer.complete
    consultant.hear("experts", UP.model_copy(update={"status": "connectionbroken"}))
    found = await consultant.answer(linked, scene)
    assert found is not None and not found.answer.complete and not found.blind
    assert found.answer.text == "Robot 1: the expert for line of sight could not be asked (it is not there now)."


def test_a_will_of_an_older_start_does_not_take_the_expert_away() -> None:
    roster = Roster().on_connection("experts", UP).on_connection("experts", UP.model_copy(update={"boot": "b2"}))
    assert roster.on_connection("experts", ExpertConnection(status="connectionbroken", boot="b1")) == roster
    assert roster.on_connection("experts", ExpertConnection(status="connectionbroken", boot="b2")).reachable() == {}
    assert set(roster.reachable()) == {"experts"}


def test_several_experts_are_asked_when_they_are_about_as_near() -> None:
    rules = Rules(wanted=0.4, also=0.8)
    assert chosen({"a": 0.7, "b": 0.65, "c": 0.4}, rules, 3) == ("a", "b")
    assert chosen({"a": 0.7, "b": 0.65}, rules, 1) == ("a",)
    assert chosen({"a": 0.7, "b": 0.5}, rules, 3) == ("a",)
    assert chosen({"a": 0.3, "b": 0.2}, rules, 3) == ()
    assert chosen({}, rules, 3) == ()


def test_spelling_tells_apart_what_means_about_the_same() -> None:
    near = [0.8, 0.6]
    known = [Example("is there fading", near, frozenset({"fading"})), Example("are there echoes", near, frozenset({"delay_spread"}))]
    chooser = Chooser([*known, Example("buy flowers", [0.6, -0.8], frozenset())])
    assert max(chooser.scores("how bad is the fading", near).items(), key=lambda s: s[1])[0] == "fading"
    assert max(chooser.scores("long echoes here", near).items(), key=lambda s: s[1])[0] == "delay_spread"
    assert max(chooser.scores("buy milk", [0.6, -0.8]).values()) < 0.2


def test_meaning_alone_is_enough_for_other_words() -> None:
    known = [Example("is there fading", [1.0, 0.0], frozenset({"fading"})), Example("buy flowers", [0.0, 1.0], frozenset())]
    scores = Chooser(known, Rules(spelling=0.3)).scores("wavering strength", [0.98, 0.2])
    assert scores["fading"] > 0.4


def test_every_shipped_example_is_for_nobody_one_expert_or_several() -> None:
    known = examples(cards(), ())
    assert len({text for _, text in known}) == len(known)
    assert all(len(card.asks) >= 40 for card in cards())
    assert all(set(card.means) in (set(), set(card.labels)) for card in cards())
    assert {len(experts) for experts, _ in known} == {0, 1, 2, 3}
    assert {name for experts, _ in for_several() for name in experts} == {card.name for card in cards()}


def test_a_window_in_parts_is_told_by_counts_and_what_is_not_sure_is_said() -> None:
    seen = verdict(None).model_copy(
        update={
            "parts": tuple(Part(name=f"slot {n}", label=label, confidence=0.9) for n, label in enumerate(("static", "static", "fast", None, "door!")))
        }
    )
    text = told([Asked(MOTION, "robot-1", seen)], {"robot-1": "Robot 1"})
    assert text == "Robot 1: 2 static, 1 fast, 2 not sure, says the expert for mobility."


def test_disagreeing_experts_are_both_quoted() -> None:
    found = [Asked(SIGHT, "robot-1", verdict("line of sight")), Asked(MOTION, "robot-1", verdict("static"))]
    assert told(found, {"robot-1": "Robot 1"}).count("Robot 1:") == 2
    assert len(observations(found, 5.0)) == 2
