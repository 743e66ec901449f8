"""The file of a recording: written as messages come, and read whatever has become of it."""

from __future__ import annotations

import gzip
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.bus import Message
from runtime.clock import LoopClock, SystemClock
from runtime.recorder import Recorder, default_path
from runtime.recording import Entry, Head, Recording, _entry, entry_line, head_line, read
from schemas import topics
from schemas.errors import ConfigError
from tests.dashboard.tape import run_of_two
from tests.dashboard.wire import NOON

STATE = topics.STATE.build("site", "r1")
SUBTASK = topics.SUBTASK.build("site", "r1")


@given(st.binary(max_size=80), st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.booleans())
def test_every_message_comes_back_as_it_was(payload: bytes, topic: str, retained: bool) -> None:
    entry = Entry(NOON, Message(topic, payload, retained))
    assert _entry(entry_line(entry)) == entry and entry_line(entry).count(b"\n") == 1


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
async def test_what_was_heard_is_in_the_file_with_its_times(tmp_path: Path, name: str) -> None:
    clock = LoopClock(1)
    recorder = Recorder("site", "me", clock)
    recorder.start(tmp_path / name)
    messages = [Message(STATE, b"{}", True), Message(SUBTASK, b"\xff\x00"), Message(STATE, b"")]
    for message in messages:
        recorder.hear(message)
    recorder.stop()
    found = read(tmp_path / name)
    assert [e.message for e in found.entries] == messages and not found.flaws
    assert (found.head.site, found.head.name, recorder.messages) == ("site", "me", 3)
    assert found.head.begun <= found.entries[0].at <= found.end
    assert (tmp_path / name).stat().st_size >= recorder.bytes > 0


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
async def test_a_recorder_that_is_killed_leaves_what_it_had_written(tmp_path: Path, name: str) -> None:
    recorder = Recorder("site", "me", LoopClock(1))
    recorder.start(tmp_path / name)
    for number in range(20):
        recorder.hear(Message(SUBTASK, b"%d" % number))
    recorder.flush()
    killed = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(killed)
    found = read(tmp_path / name)
    assert len(found.entries) == 20 and found.torn == name.endswith(".gz")
    recorder.stop()


def test_a_torn_last_line_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    path = run_of_two().write(tmp_path / "run.jsonl")
    whole = read(path)
    path.write_bytes(path.read_bytes()[:-40].rstrip(b"\n") + b'{"at": 18000')
    torn = read(path)
    assert torn.torn and torn.damaged <= 1 and "breaks off" in torn.flaws
    assert torn.entries == whole.entries[: len(torn.entries)] and len(torn.entries) >= len(whole.entries) - 1


def test_damaged_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    path = run_of_two().write(tmp_path / "run.jsonl")
    whole, lines = read(path), path.read_bytes().splitlines(keepends=True)
    odd = [
        b"\n",
        b"[]\n",
        b'{"at": "noon"}\n',
        b"\xff\xfe\n",
        b'{"at": 1e300, "topic": "t", "payload": ""}\n',
        b'{"at":1,"topic":"t","base64":"*"}\n',
    ]
    path.write_bytes(b"".join([*lines[:5], *odd, *lines[5:]]))
    found = read(path)
    assert found.entries == whole.entries and found.damaged == len(odd)
    assert found.flaws == "6 damaged lines skipped"


def test_a_packed_file_that_is_damaged_ends_where_it_can_be_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "run.gz"
    packed = gzip.compress(run_of_two().write(tmp_path / "run.jsonl").read_bytes())
    path.write_bytes(packed[:-30])
    assert read(path).torn
    path.write_bytes(packed[:-200] + b"\xff" * 40 + packed[-160:])
    found = read(path)
    assert found.flaws and 0 < len(found.entries) < len(run_of_two().entries)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"), (b"\n\n", "not a recording"), (b"\x00\xff" * 50, "not a recording"), (b'{"format": "other"}\n', "not a recording"),
        (b'{"format":"parley-recording","version":"2.0","site":"s","name":"n","begun":1}\n', "version '2.0'"), (b"\x1f\x8bxx", "not a recording"),
        (b'{"format":"parley-recording","version":"1.0","site":"s","name":"n","begun":null}\n', "not a recording"),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_one_clear_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as raised:
        read(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read(tmp_path / "gone")


def test_a_newer_minor_version_is_read(tmp_path: Path) -> None:
    path = run_of_two().write(tmp_path / "run.jsonl")
    first, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(first), "version": "1.7", "more": 1}).encode() + b"\n" + rest)
    assert len(read(path).entries) == len(run_of_two().entries)


def test_what_only_a_newer_minor_version_knows_is_passed_over(tmp_path: Path) -> None:
    path = run_of_two().write(tmp_path / "run.jsonl")
    whole, (first, *lines) = read(path), path.read_bytes().splitlines(keepends=True)
    newer = first.replace(b'"1.0"', b'"1.7"')
    path.write_bytes(b"".join([newer, b'{"at":1,"mark":"here"}\n', *lines, b'{"signed":"abc"}\n']))
    assert (read(path).entries, read(path).end, read(path).flaws) == (whole.entries, whole.end, "")
    path.write_bytes(b"".join([first, b'{"at":1,"mark":"here"}\n', *lines]))
    assert read(path).damaged == 1


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_line_that_is_longer_than_any_message_is_a_damaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Any) -> None:
    monkeypatch.setattr("runtime.recording.LONGEST", 50_000)
    path = run_of_two().write(tmp_path / "run.jsonl")
    whole, lines = read(path), path.read_bytes().splitlines(keepends=True)
    path.write_bytes(pack(b"".join([*lines[:5], b"x" * 2_000_000 + b"\n", *lines[5:]])))
    assert read(path).entries == whole.entries and read(path).flaws == "1 damaged line skipped"
    path.write_bytes(pack(b"x" * 2_000_000))
    with pytest.raises(ConfigError, match="not a recording"):
        read(path)


def test_a_line_without_end_is_no_recording(tmp_path: Path) -> None:
    """64 GB of nothing: a hole in a file takes no room, and reading all of it would take a minute."""
    path = tmp_path / "endless"
    with path.open("wb") as hole:
        hole.truncate(2**36)
    with pytest.raises(ConfigError, match="not a recording"):
        read(path)


def test_of_what_is_too_long_to_be_held_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_of_two().write(tmp_path / "run.jsonl")
    whole = read(path)
    monkeypatch.setattr("runtime.recording.MOST", 2000)
    found = read(path)
    assert 0 < len(found.entries) < len(whole.entries) and found.entries == whole.entries[: len(found.entries)]
    assert found.flaws == f"too long to be held at once: only its first {len(found.entries)} messages are read"


def test_what_is_being_written_can_be_looked_at_and_goes_on(tmp_path: Path) -> None:
    recorder, path = Recorder("site", "me", SystemClock()), tmp_path / "run.jsonl"
    recorder.start(path)
    for number in range(3):
        recorder.hear(Message(SUBTASK, b"%d" % number))
        assert len(read(path).entries) == number + 1 and not read(path).flaws
    recorder.stop()
    assert len(read(path).entries) == 3


def test_times_never_go_back(tmp_path: Path) -> None:
    entries = [Entry(NOON + at, Message(STATE, b"{}")) for at in (5, 3, 9)]
    path = tmp_path / "run"
    path.write_bytes(b"".join([head_line(Head("site", "me", NOON)), *map(entry_line, entries)]))
    assert [e.at - NOON for e in read(path).entries] == [5, 5, 9]


def test_a_time_that_is_far_off_does_not_carry_the_others_with_it(tmp_path: Path) -> None:
    entries = [Entry(at, Message(STATE, b"{}")) for at in (NOON + 1, 9_800_014_400.0, NOON + 3, 1.0)]
    path = tmp_path / "run"
    path.write_bytes(b"".join([head_line(Head("site", "me", NOON)), *map(entry_line, entries)]))
    assert [e.at - NOON for e in read(path).entries] == [1, 3, 3] and read(path).damaged == 1


async def test_a_recording_begins_with_what_is_retained(tmp_path: Path) -> None:
    """Begun in the middle of a run, it has the state of that moment, and nothing that was cleared."""
    recorder = Recorder("site", "me", LoopClock(1))
    for topic, payload in ((STATE, b"old"), (STATE, b"new"), (SUBTASK, b"go"), (topics.STATE.build("site", "r2"), b"x"), ("other/topic", b"y")):
        recorder.hear(Message(topic, payload))
    recorder.hear(Message(topics.STATE.build("site", "r2"), b""))
    recorder.start(tmp_path / "run")
    recorder.stop()
    assert [e.message for e in read(tmp_path / "run").entries] == [Message(STATE, b"new", True)]


async def test_a_recording_overwrites_nothing_and_ends_at_its_limit(tmp_path: Path) -> None:
    recorder, path = Recorder("site", "me", LoopClock(1)), tmp_path / "run"
    recorder.start(path, limit=2000)
    for _ in range(100):
        recorder.hear(Message(SUBTASK, b"x" * 100))
    assert recorder.full and not recorder.recording and not recorder.problem
    assert 2000 <= path.stat().st_size < 2300 and not read(path).flaws
    with pytest.raises(ConfigError, match="exists already"):
        recorder.start(path)


@pytest.mark.full
@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    recorder = Recorder("site", "me", SystemClock())
    with suppress(OSError), (tmp_path / "roomy").open("wb") as roomy, Path("/dev/full").open("wb") as full:
        monkeypatch.setattr("runtime.recorder._private", lambda path: roomy)
        recorder.start(tmp_path / name)
        os.dup2(full.fileno(), roomy.fileno())
        recorder.hear(Message(SUBTASK, b"x"))
        recorder.flush()
        recorder.hear(Message(SUBTASK, b"y"))
    assert not recorder.recording and "No space left" in recorder.problem and recorder.messages < 2


@pytest.mark.full
def test_who_begins_a_recording_on_a_full_disk_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder("site", "me", SystemClock())
    with suppress(OSError), Path("/dev/full").open("wb") as full:
        monkeypatch.setattr("runtime.recorder._private", lambda path: full)
        with pytest.raises(ConfigError, match="No space left"):
            recorder.start(tmp_path / "run")
    assert not recorder.recording


def test_only_its_owner_can_read_a_recording(tmp_path: Path) -> None:
    recorder, before = Recorder("site", "me", SystemClock()), os.umask(0)
    try:
        recorder.start(tmp_path / "run")
    finally:
        os.umask(before)
    recorder.stop()
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o600


def test_the_name_of_a_recording_says_when_it_was_begun_and_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = default_path(NOON)
    assert first.name.startswith("parley-20") and first.suffix == ".jsonl"
    first.touch()
    assert default_path(NOON).name == f"{first.stem}-2.jsonl"


def test_topics_that_never_end_are_not_remembered_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on telling stays; what told once and never again gives way."""
    monkeypatch.setattr("runtime.recorder.RETAINED", 10)
    recorder = Recorder("site", "me", SystemClock())
    for number in range(100):
        recorder.hear(Message(STATE, b"still here"))
        recorder.hear(Message(topics.STATE.build("site", f"x{number}"), b"once"))
    recorder.start(tmp_path / "run")
    recorder.stop()
    found = read(tmp_path / "run").entries
    assert len(found) == 10 and Message(STATE, b"still here", True) in [e.message for e in found]


def test_nothing_is_missing_has_no_words() -> None:
    assert Recording(Head("s", "n", 1), (), 1).flaws == ""
