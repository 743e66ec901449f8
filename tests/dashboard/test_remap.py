"""What another reader makes of a recording's sentences, against what was made of them then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.remap import _judged, catalogues
from cli.remap_cases import Compared, Read, cases_of, counts, table
from device_agent.guard import call_digest
from device_agent.mapper import Mapped, ScriptedMapper
from schemas.errors import ConfigError
from schemas.outcomes import Cancelled, Done, NeedsAnswer, Refused
from schemas.skills import Call, Catalogue, Function
from tests.dashboard.tape import Tape
from tests.dashboard.wire import uid

NUMBER = {"type": "object", "properties": {"to": {"type": "integer", "maximum": 9}}, "required": ["to"]}
CATALOGUE = Catalogue(
    kind="robot", functions=(Function(name="drive", parameters=NUMBER), Function(name="wipe", safety="irreversible"), Function(name="log_in"))
)
DIGEST = CATALOGUE.digest()
DRIVE, FAR, WIPE = Call(function="drive", arguments={"to": 3}), Call(function="drive", arguments={"to": 30}), Call(function="wipe")
GO = {"Go to 3.": DRIVE, "Go to 4.": DRIVE, "Go far.": FAR, "Wipe it.": WIPE, "Dance.": DRIVE, "Which?": DRIVE}


def tape() -> Tape:
    """One device that has told of its calls, one that has not, and one whose catalogue nobody knows."""
    made = Tape()
    made.device("r1", catalogue=DIGEST)
    made.device("r2", catalogue=DIGEST)
    made.device("r3", catalogue="0" * 64)
    done = Done(verified=True)
    said: list[tuple[str, str, dict[str, Any] | None, Any]] = [
        ("r1", "Go to 3.", {"to": 3}, done), ("r1", "Go to 4.", {"to": 4}, done), ("r1", "Go far.", {"to": 9}, done), ("r1", "Sing.", None, done),
        ("r1", "Dance.", None, Refused(reason="none_fits")), ("r1", "Which?", None, NeedsAnswer(text="Which?")),
        ("r1", "Go to 3.", None, Refused(reason="busy")), ("r1", "Go to 3.", None, Cancelled()), ("r2", "Go to 3.", None, done),
        ("r2", "Swim.", None, Refused(reason="none_fits")), ("r3", "Go to 3.", {"to": 3}, done),
    ]  # fmt: skip
    for number, (device, text, arguments, outcome) in enumerate(said, 10):
        subtask = made.give(uid(1), number, device, text)
        if arguments is not None:
            made.trace(subtask, device, text, "drive", **arguments)
        made.end(subtask, device, outcome)
    subtask = made.give(uid(1), 40, "r1", "Wipe it.")
    made.trace(subtask, "r1", "Wipe it.", "wipe")
    made.end(subtask, "r1", done)
    made.give(uid(1), 40, "r1", "Wipe it.")
    return made


async def compared() -> list[Compared]:
    mapper = ScriptedMapper(GO)
    return [await _judged(case, {DIGEST: CATALOGUE}, mapper) for case in cases_of(tape().recording)]


async def test_each_sentence_is_compared_with_what_was_made_of_it() -> None:
    told = [(c.device, c.sentence, c.verdict) for c in await compared()]
    assert told == [
        ("r1", "Go to 3.", "same"), ("r1", "Go to 4.", "other call"), ("r1", "Go far.", "refuses now"), ("r1", "Sing.", "refuses now"),
        ("r1", "Dance.", "acts now"), ("r1", "Which?", "acts now"), ("r1", "Go to 3.", "not judged"), ("r1", "Go to 3.", "not judged"),
        ("r2", "Go to 3.", "call unknown"), ("r2", "Swim.", "same"), ("r3", "Go to 3.", "not judged"), ("r1", "Wipe it.", "same"),
    ]  # fmt: skip


async def test_the_table_counts_shows_what_differs_and_says_what_was_not_judged() -> None:
    results = await compared()
    assert counts(results) == {
        "same": 3, "other call": 1, "asks now": 0, "refuses now": 2, "acts now": 2, "call unknown": 1, "not judged": 3,
    }  # fmt: skip
    text = "\n".join(table(results))
    assert "r1: Go to 4.\n      then: drive(to=4)\n      now:  drive(to=3)" in text
    assert "r1: Dance.\n      then: refused" in text and "r3: 1 of its sentences; its catalogue 000000000000 is unknown here" in text
    assert text.splitlines()[4].split() == ["all", "12", "3", "1", "0", "2", "2", "1", "3"]


async def test_a_password_that_was_hidden_is_like_any_other() -> None:
    made = Tape()
    made.device("r1", catalogue=DIGEST)
    for number, now in enumerate(({"password": "x", "user": "a"}, {"password": "x", "user": "b"}), 10):
        subtask = made.give(uid(1), number, "r1", str(now["user"]))
        made.trace(subtask, "r1", "", "log_in", password="***", user="a")
        made.end(subtask, "r1", Done(verified=True))
    open_call = Function(name="log_in", parameters={"type": "object", "properties": {"password": {}, "user": {}}})
    known = {DIGEST: Catalogue(kind="robot", functions=(open_call,))}
    mapper = ScriptedMapper(lambda sentence, _: Call(function="log_in", arguments={"password": "x", "user": sentence}))
    assert [(await _judged(case, known, mapper)).verdict for case in cases_of(made.recording)] == ["same", "other call"]


async def test_a_doubtful_call_that_a_person_said_yes_to_is_the_call() -> None:
    class Doubtful(ScriptedMapper):
        async def map(self, *args: Any, **more: Any) -> Mapped:
            return Mapped(call=DRIVE, decision="ask")

    made = Tape()
    made.device("r1", catalogue=DIGEST)
    for number, approval in enumerate((None, call_digest("r1", DRIVE)), 10):
        subtask = made.give(uid(1), number, "r1", "Go to 3.", approval=approval)
        made.trace(subtask, "r1", "Go to 3.", "drive", to=3)
        made.end(subtask, "r1", Done(verified=True) if approval else NeedsAnswer(text="Do you mean …?"))
    results = [await _judged(case, {DIGEST: CATALOGUE}, Doubtful({})) for case in cases_of(made.recording)]
    assert [(r.verdict, r.now) for r in results] == [("same", Read(end="ask", call=DRIVE)), ("same", Read(end="act", call=DRIVE))]


async def test_what_cannot_be_undone_is_done_again_only_as_far_as_it_was_allowed_then() -> None:
    """By a yes, which was to one call; or by the site's policy, which allowed the function, though nobody said so."""
    to = {"type": "object", "properties": {"slot": {"type": "integer"}}, "required": ["slot"]}
    catalogue = Catalogue(kind="robot", functions=tuple(Function(name=name, parameters=to, safety="irreversible") for name in ("wipe", "burn")))
    wipe = {slot: Call(function="wipe", arguments={"slot": slot}) for slot in (1, 2)}
    yes, done = call_digest("r1", wipe[1]), Done(verified=True)
    told: list[tuple[str | None, bool, Any, Call, str, str]] = [
        (yes, True, done, wipe[1], "same", "act"), (yes, True, done, wipe[2], "asks now", "ask"), (yes, False, done, wipe[1], "call unknown", "act"),
        (yes, False, done, wipe[2], "asks now", "ask"), (None, True, done, wipe[2], "other call", "act"),
        (None, True, done, Call(function="burn", arguments={"slot": 1}), "asks now", "ask"), (None, False, done, wipe[2], "call unknown", "act"),
        (None, True, NeedsAnswer(text="Shall it really?", guess=yes, approval=True), wipe[1], "same", "ask"),
        (None, True, NeedsAnswer(text="Shall it really?", guess=yes, approval=True), wipe[2], "other call", "ask"),
    ]  # fmt: skip
    for approval, open_, outcome, now, verdict, end in told:
        made = Tape()
        made.device("r1", catalogue=catalogue.digest())
        subtask = made.give(uid(1), 10, "r1", "Wipe slot 1.", approval=approval)
        if open_:
            made.trace(subtask, "r1", "Wipe slot 1.", "wipe", slot=1)
        made.end(subtask, "r1", outcome)
        (case,) = cases_of(made.recording)
        found = await _judged(case, {catalogue.digest(): catalogue}, ScriptedMapper({"Wipe slot 1.": now}))
        assert found.now is not None and (found.verdict, found.now.end) == (verdict, end), (approval, open_, outcome.end, now)


def test_catalogues_come_from_files_folders_and_the_simulation(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "robot.json").write_text(CATALOGUE.model_dump_json())
    (tmp_path / "site.json").write_text("{}")
    simulated = catalogues([])
    assert len(simulated) == 4
    assert catalogues([tmp_path]).keys() == catalogues([tmp_path / "deep" / "robot.json"]).keys() == simulated.keys() | {DIGEST}
    for wrong in (tmp_path / "site.json", tmp_path / "gone.json"):
        with pytest.raises(ConfigError, match=wrong.name):
            catalogues([wrong])
