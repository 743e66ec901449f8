"""What a person was asked, and may say yes to: each yes is good once, for a while, and only where it was asked for."""

from __future__ import annotations

from runtime.clock import Clock

ASKED, GOOD_FOR = 100, 900.0
"""Questions that are remembered; s for which a yes is good. A coordinator waits for a person's reply for less."""


class Asked:
    """Of one device, by the digest of the call. Forgotten at a restart: then it is asked anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def ask(self, digest: str) -> None:
        self._since.pop(digest, None)
        self._since[digest] = self._clock.monotonic()
        if len(self._since) > ASKED:
            del self._since[next(iter(self._since))]

    def take(self, approval: str | None) -> bool:
        """Whether this yes was asked for; the next one is not."""
        since = self._since.pop(approval or "", None)
        return since is not None and self._clock.monotonic() - since <= GOOD_FOR
