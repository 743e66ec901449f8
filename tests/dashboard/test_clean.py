"""Whatever devices and machines say, in every field: the view holds only what is fit to be shown."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.clean import WHOLE, plain
from runtime.plain import clean
from schemas import topics
from schemas.experts import Consulted
from schemas.messages import (
    Answer,
    Ask,
    ExpertConnection,
    Instruction,
    OutcomeReport,
    PlanShown,
    Profile,
    Property,
    SiteMessage,
    State,
    Trace,
    WindowReply,
    WindowRequest,
)
from schemas.outcomes import Failed, NeedsAnswer, Proof
from schemas.plan import Work
from schemas.site import Place, Site
from tests.dashboard.hostile import everything
from tests.dashboard.hostile import hostile as hostile_everywhere
from tests.dashboard.wire import PLAN, Wire, uid

STEERING = ["\x1b[2J", "\x9b31m", "\x07", "\r\n", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2028", "\u3164"]
TRICKS = [*STEERING, "\u0301" * 9, "[red]", "[/]", "\\[", "a b"]
hostile = st.lists(st.sampled_from(TRICKS) | st.text(max_size=6), max_size=8).map("".join) | st.sampled_from(["\x1b" * 8000, "x" * 8192, "[" * 8192])


def texts(value: Any) -> Iterator[str]:
    """Every text within a view."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (t for pair in value.items() for part in pair for t in texts(part))
    elif isinstance(value, list | tuple):
        yield from (t for part in value for t in texts(part))
    elif dataclasses.is_dataclass(value):
        yield from (t for field in dataclasses.fields(value) for t in texts(getattr(value, field.name)))


def fit(text: str) -> bool:
    categories = [unicodedata.category(c) for c in text]
    piled = any(all(c[0] == "M" for c in categories[i : i + 4]) for i in range(len(categories) - 3))
    return not piled and not any(c[0] == "C" or c in ("Zl", "Zp") for c in categories) and "\u3164" not in text and len(text) <= WHOLE


def _devices(wire: Wire, t: str) -> None:
    properties = (Property(name="p", unit=t, description=t),)
    wire.say(topics.PROFILE, "r1", Profile(device="r1", device_kind=t, maker=t, name=t, aliases=(t,), abilities=(t,), properties=properties))
    attributes = {"at": t, t[:60]: t}
    wire.say(topics.STATE, "r1", State(device="r1", boot=t, attributes=attributes, problem=t, stop_problem=t))
    wire.say(topics.TRACE, "r1", Trace(device="r1", subtask=t, sentence=t, function=t or "f", arguments={t: t}), subtask=uid(11), instruction=uid(1))
    wire.say(topics.EXPERT_CONNECTION, "e", ExpertConnection(status="online", boot=t, tells=(t,), endpoint=t))
    wire.say(topics.SITE, "c", SiteMessage(site=Site(places=(Place(id="p", kind=t, name=t, aliases=(t,)),))))


def _talk(wire: Wire, t: str) -> None:
    ident = wire.instruct(1, t)
    wire.say(topics.PLAN, "c", PlanShown(text=t, intent=PLAN, work=(Work(device=t, text=t, item=t),)), instruction=ident)
    subtask = wire.give(ident, 11, "r1", t)
    proof = (Proof(condition=t, held=True, seen=t),)
    for outcome in (Failed(text=t, proof=proof), NeedsAnswer(text=t, guess=t, approval=True)):
        wire.say(topics.OUTCOME, "r1", OutcomeReport(device="r1", subtask=subtask, outcome=outcome), instruction=ident, subtask=subtask)
    consulted = Consulted(expert=t, device=t, finding=t, problem=t)
    wire.say(topics.ASK, "c", Ask(text=f"r1 asks: {t}"[:8192], options=(t,), about=t[:300], approval=True), instruction=ident)
    wire.say(topics.ANSWER, "c", Answer(text=t, intent="query", complete=True, consulted=(consulted,)), instruction=ident)
    wire.say(topics.WINDOW_REQUEST, "r1", WindowRequest(device="r1", handle=t, what=t))
    wire.say(topics.WINDOW, "r1", WindowReply(device="r1", handle=t, data={"problem": t}))
    wire.say(topics.INSTRUCTION, "op", Instruction(text=t), instruction=uid(2), message=uid(2))


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_no_field_of_any_message_brings_more_than_letters_into_the_view(text: str) -> None:
    wire = Wire()
    _devices(wire, text)
    _talk(wire, text)
    digests = {q.digest for t in wire.view.threads.values() for q in t.questions}
    assert [t[:80] for t in texts(wire.view) if not fit(t) and t not in digests] == []


@settings(max_examples=30, deadline=None)
@given(hostile_everywhere)
def test_no_field_of_any_kind_of_message_does(text: str) -> None:
    """By the schemas, so that a field that is new is looked at, too."""
    wire = Wire()
    everything(wire, text)
    wire.ask(wire.instruct(2, text[:8192]), text[:8192], text)
    assert [t[:80] for t in texts(wire.view) if not fit(t)] == []


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_markup_is_drawn_as_it_was_written(text: str) -> None:
    shown = clean(text)
    drawn = plain(shown, (shown, "bold"))
    assert drawn.plain == shown * 2 and len(drawn.spans) <= 1


def test_letters_of_all_languages_stay() -> None:
    for text in ("Regal drei: größer", "棚2を見て", "فحص الرف", "शेल्फ़", "é", "10 °C → 20 °C"):
        assert clean(text) == text


def test_a_long_line_is_cut_and_says_so() -> None:
    assert len(clean("x" * 8192, 400)) == 400 and clean("x" * 8192, 400).endswith("…")
    assert clean("\x1b" * 8000 + "x", 100) == "…", "cut before it is read, and says so"
