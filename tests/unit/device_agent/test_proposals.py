"""A doubtful call is put to the person in plain words; only a yes to exactly this call sets it going."""

from __future__ import annotations

import pytest

from device_agent.guard import call_digest
from device_agent.mapper import Mapped, reply_to
from device_agent.program import call_words
from schemas.outcomes import NeedsAnswer, Refused
from schemas.skills import Call, Catalogue, Function

SPEED = Function(
    name="setDriveSpeed",
    description="Set the driving speed. Takes effect at once.",
    parameters={"type": "object", "properties": {"maxSpeed": {"type": "number", "unit": "m/s", "maximum": 2}, "password": {"type": "string"}}},
    safety="reversible",
)
WIPE = Function(name="wipe", description="Erase the log.", safety="irreversible")
READ = Function(name="read_log", safety="read")
CATALOGUE = Catalogue(kind="robot", functions=(SPEED, WIPE, READ))


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (SPEED, {"maxSpeed": 0.5}, "Set the driving speed (max speed 0.5 m/s)"),
        (SPEED, {"maxSpeed": 1, "password": "secret"}, "Set the driving speed (max speed 1 m/s, password ***)"),
        (READ, {}, "read log"),
    ],
)
def test_a_call_in_the_words_of_its_maker(function, arguments, words):
    assert call_words(function, Call(function=function.name, arguments=arguments)) == words


def asked(call: Call, approval: str | None = None):
    return reply_to(Mapped(call=call, decision="ask", confidence=0.3), "robot-1", CATALOGUE, approval)


def test_a_yes_to_exactly_this_call_on_this_device_lets_it_act():
    call = Call(function="setDriveSpeed", arguments={"maxSpeed": 0.5})
    reply = asked(call)
    assert reply == NeedsAnswer(text="I am not sure. Do you mean: Set the driving speed (max speed 0.5 m/s)?", guess=call_digest("robot-1", call))
    assert asked(call, call_digest("robot-1", call)) is None
    for other in (Call(function="setDriveSpeed", arguments={"maxSpeed": 0.6}), Call(function="read_log")):
        assert isinstance(asked(call, call_digest("robot-1", other)), NeedsAnswer)
    assert isinstance(asked(call, call_digest("robot-2", call)), NeedsAnswer)


@pytest.mark.parametrize(
    "call", [Call(function="wipe"), Call(function="setDriveSpeed", arguments={"maxSpeed": 9}), Call(function="gone")], ids=lambda c: c.function
)
def test_what_cannot_be_undone_or_is_unsound_is_never_proposed(call):
    reply = asked(call)
    assert reply == NeedsAnswer(text="I am not sure what is meant; please say it in another way.")
    assert asked(call, call_digest("robot-1", call)) == reply


def test_a_refusal_stays_one_whatever_was_approved():
    call = Call(function="read_log")
    refused = reply_to(Mapped(call=call, decision="refuse", reason="several"), "robot-1", CATALOGUE, call_digest("robot-1", call))
    assert isinstance(refused, Refused)
