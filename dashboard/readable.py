"""A recording's conversation as text, for where there is no screen."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.clean import line, name, whole
from dashboard.picture import clock
from dashboard.threads import spoken
from runtime.recording import Recording
from schemas.messages import Answer, Ask, Profile, Progress


def conversation(recording: Recording) -> Iterator[str]:
    """`12:00:05  robot-1 → coordinator  done`, a line for each thing said; what was sent again for safety once."""
    shown: set[tuple[str | None, str]] = set()
    for entry, address, envelope in recording.messages():
        body = envelope.body
        told = None if entry.message.retained or isinstance(body, Profile | Progress) else spoken(recording.head.name, address, envelope)
        if told is None:
            continue
        asks = isinstance(body, Ask | Answer)
        text = whole(told.text) if asks else line(told.text)
        key = (envelope.instruction if asks else envelope.subtask or envelope.id, text)
        if key not in shown:
            shown.add(key)
            yield f"{clock(entry.at)}  {name(told.who)[:14]:>14} → {name(told.whom)[:14]:<14}  {text}"
