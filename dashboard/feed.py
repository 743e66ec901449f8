"""From the bus to the view: every message is reduced as it comes; whoever draws looks at `view` when there is time for it."""

from __future__ import annotations

from dashboard.reduce import Heard, dropped, reduce
from dashboard.view import ViewState
from runtime.bus import Message
from runtime.operator import Operator
from schemas.envelope import Envelope
from schemas.topics import Address


class Feed:
    """Make it before the operator reads its first message."""

    def __init__(self, operator: Operator) -> None:
        self.view = ViewState(me=operator.name, site=operator.site)
        self._clock = operator.clock
        operator.watchers.append(self._hear)

    def _hear(self, message: Message, arrived: tuple[Address, Envelope] | None) -> None:
        now, size = self._clock.now(), len(message.payload)
        if arrived is not None:
            self.view = reduce(self.view, Heard(*arrived, size, now, message.retained))
        elif message.payload:
            self.view = dropped(self.view, size, now)
