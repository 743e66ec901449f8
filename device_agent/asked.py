"""What a person was asked, and may say yes to: each yes is good once, for a while, and only where it was asked for."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.clock import Clock
from schemas.approval import ToSign

ASKED, GOOD_FOR = 100, 900.0
"""Questions that are remembered; s for which a yes is good. A coordinator waits for a person's reply for less."""


class Asked:
    """Of one device, by the digest of the call, or by the nonce of what is to be signed. Forgotten at a restart: then it is asked anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, tuple[float, ToSign | None]] = {}

    def ask(self, key: str, what: ToSign | None = None) -> None:
        self._since.pop(key, None)
        self._since[key] = self._clock.monotonic(), what
        if len(self._since) > ASKED:
            del self._since[next(iter(self._since))]

    def take(self, key: str | None) -> bool:
        """Whether this yes was asked for; the next one is not."""
        asked = self._since.pop(key or "", None)
        return asked is not None and self._good(asked[0])

    def open(self) -> Iterable[ToSign]:
        """What may still be signed, the newest first."""
        return [what for since, what in reversed(self._since.values()) if what is not None and self._good(since)]

    def _good(self, since: float) -> bool:
        return self._clock.monotonic() - since <= GOOD_FOR
