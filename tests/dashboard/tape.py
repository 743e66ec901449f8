"""Recordings made by hand: bytes of real messages with times of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime.bus import Message
from runtime.recording import Entry, Head, Recording, end_line, entry_line, head_line
from schemas import topics
from schemas.base import Frozen
from schemas.envelope import Envelope, seal_message
from schemas.messages import Answer, Connection, Instruction, OutcomeReport, Profile, State, Subtask, Trace
from schemas.outcomes import Done, Outcome
from tests.dashboard.wire import NOON, uid


def bare(value: Any, *without: str, timeless: bool = False) -> Any:
    """A view as plain values, to be compared by what is in it; `timeless`: but for when it was."""
    if dataclasses.is_dataclass(value):
        return {f.name: bare(getattr(value, f.name), *without, timeless=timeless) for f in dataclasses.fields(value) if f.name not in without}
    if isinstance(value, Mapping):
        return {key: bare(part, *without, timeless=timeless) for key, part in value.items()}
    if isinstance(value, tuple):
        return [bare(part, *without, timeless=timeless) for part in value]
    return "a time" if timeless and isinstance(value, float) and value > 1e9 else value


@dataclass
class Tape:
    """`now` goes on by hand."""

    now: float = NOON
    entries: list[Entry] = field(default_factory=list[Entry])

    def say(
        self, topic: topics.Topic, ident: str, body: Frozen, *, source: str = "c", instruction: str | None = None, subtask: str | None = None,
        message: str | None = None, retained: bool = False,
    ) -> None:  # fmt: skip
        head = {"id": message or uid(50_000 + len(self.entries)), "source": source, "sent_at": self.now, "instruction": instruction}
        envelope = Envelope.model_validate({**head, "subtask": subtask, "body": body})
        self.raw(topic.build("site", ident), seal_message(envelope), retained)

    def raw(self, topic: str, payload: bytes, retained: bool = False) -> None:
        self.entries.append(Entry(self.now, Message(topic, payload, retained)))

    def device(self, ident: str, *, retained: bool = True, catalogue: str | None = None, **state: object) -> None:
        self.say(topics.PROFILE, ident, Profile(device=ident, device_kind="robot", maker="norvik"), retained=retained)
        self.say(topics.STATE, ident, State.model_validate({"device": ident, "boot": "b", "catalogue": catalogue, **state}), retained=retained)
        self.say(topics.AGENT_CONNECTION, f"agent-{ident}", Connection(status="online", boot="b", devices=(ident,)), retained=retained)

    def instruct(self, number: int, text: str) -> str:
        self.say(topics.INSTRUCTION, "me", Instruction(text=text), source="me", message=uid(number), instruction=uid(number))
        return uid(number)

    def give(self, instruction: str, number: int, device: str, text: str, **more: object) -> str:
        body = Subtask.model_validate({"device": device, "text": text, "start_by": self.now, "deadline": self.now, **more})
        self.say(topics.SUBTASK, device, body, instruction=instruction, subtask=uid(number))
        return uid(number)

    def trace(self, subtask: str, device: str, sentence: str, function: str, **arguments: object) -> None:
        body = Trace.model_validate({"device": device, "subtask": subtask, "sentence": sentence, "function": function, "arguments": arguments})
        self.say(topics.TRACE, device, body, source="a", subtask=subtask)

    def end(self, subtask: str, device: str, outcome: Outcome) -> None:
        self.say(topics.OUTCOME, device, OutcomeReport(device=device, subtask=subtask, outcome=outcome), source="a", subtask=subtask)

    def answer(self, instruction: str, text: str) -> None:
        self.say(topics.ANSWER, "c", Answer(text=text, intent="plan", complete=True), instruction=instruction)

    @property
    def recording(self) -> Recording:
        return Recording(Head("site", "me", NOON), tuple(self.entries), self.now)

    def write(self, path: Path, tail: Sequence[bytes] = ()) -> Path:
        """As a recorder would; `tail`: in place of its end."""
        path.write_bytes(b"".join([head_line(self.recording.head), *map(entry_line, self.entries), *(tail or [end_line(self.now)])]))
        return path


def run_of_two() -> Tape:
    """Two robots for two minutes; an instruction after 20 s and one after 80 s."""
    tape = Tape()
    tape.device("r1", attributes={"battery": 90, "at": "dock-1"})
    tape.device("r2", attributes={"battery": 70, "at": "dock-2"})
    tape.say(topics.COORDINATOR_CONNECTION, "c", Connection(status="online", boot="b"), retained=True)
    for number, start in enumerate((20, 80), 1):
        tape.now = NOON + start
        ident = tape.instruct(number, f"Go to shelf {number}.")
        subtask = tape.give(ident, 10 + number, "r1", f"Move to shelf {number}.")
        tape.now += 10
        tape.device("r1", retained=False, attributes={"battery": 90 - number, "at": f"shelf-{number}"})
        tape.end(subtask, "r1", Done(verified=True, text=f"At shelf {number}."))
        tape.answer(ident, f"Robot 1 is at shelf {number}.")
    tape.now = NOON + 120
    return tape
