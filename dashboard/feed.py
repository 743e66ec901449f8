"""From messages to the view, one by one as they come: on the bus now, or when they were recorded."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from dashboard.reduce import Heard, dropped, reduce
from dashboard.view import ViewState
from runtime.bus import Message
from runtime.operator import Operator
from runtime.recorder import Recorder
from schemas.envelope import Envelope
from schemas.topics import Address

log = structlog.get_logger()

Arrived = tuple[Address, Envelope]


def heard(view: ViewState, message: Message, arrived: Arrived | None, at: float) -> ViewState:
    """The view after a message; `arrived` is what it held, None where it did not pass the door. A cleared topic changes nothing.

    One that this code stumbles over is counted as dropped: it must not blind whoever watches the rest.
    """
    size = len(message.payload)
    if arrived is None:
        return dropped(view, size, at) if size else view
    try:
        return reduce(view, Heard(*arrived, size, at, message.retained))
    except Exception as error:
        log.error("message_not_shown", kind=arrived[1].kind, error=f"{type(error).__name__}: {error}"[:300])
        return dropped(view, size, at)


class Feed:
    """The live source (`dashboard.source`). Make it before the operator reads its first message; whoever draws looks at `view` when there is time."""

    replay = None

    def __init__(self, operator: Operator) -> None:
        self.operator: Operator | None = operator
        self.view = ViewState(me=operator.name, site=operator.site)
        self.recorder: Recorder | None = Recorder(operator.site, operator.name, operator.clock)
        self._bus, self.clock, self._door = operator.door.bus, operator.clock, operator.door
        operator.watchers += [self._hear, self.recorder.hear]

    @property
    def connected(self) -> bool:
        return self._bus.connected

    @property
    def counters(self) -> Mapping[str, int]:
        return self._door.counters

    @property
    def note(self) -> str:
        recorder = self.recorder
        if recorder is None or not recorder.recording:
            return f"not recording: {recorder.problem}" if recorder is not None and recorder.problem else ""
        return f"● REC {recorder.bytes / 1000:.0f} kB"

    def now(self) -> float:
        return self.clock.now()

    def _hear(self, message: Message, arrived: Arrived | None) -> None:
        self.view = heard(self.view, message, arrived, self.clock.now())
