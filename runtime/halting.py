"""Stopping or resuming devices by a person's word: told again until their own live state says that they obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Literal

from runtime.operator import Operator
from schemas import topics
from schemas.errors import ConfigError
from schemas.ids import WIRE_ID
from schemas.messages import Stop

Result = Literal["confirmed", "silent", "not_sent", "unknown"]
"""unknown: it did not confirm, and nobody on the site has such a device."""

AGAIN = 1.0
"""Seconds between one sending and the next."""
SEND_LIMIT = 2.0
"""Seconds that one sending may take."""
PROFILES = 2.0
"""Seconds within which a device that exists has shown its retained profile."""
SETTLED = 1.0
"""Seconds without a new profile after which the fleet counts as complete."""


class Halting:
    """One order (`latched` True: stop) to the devices named, or to every device whose profile comes in when none is named."""

    def __init__(self, operator: Operator, named: Iterable[str], latched: bool) -> None:
        self._operator, self._latched = operator, latched
        self._named = tuple(dict.fromkeys(named))
        self._due: dict[str, float] = {}
        """Device → when it is to be told (again), s of the monotonic clock."""
        self._sent: set[str] = set()
        self._left: set[str] = set()
        self._all_left = False
        self._since = self._newest = operator.clock.monotonic()

    async def run(self, timeout: float = 5.0) -> dict[str, Result]:
        """What became of each device. Raises ConfigError when no device is named and none is known."""
        while not self._over(timeout):
            self._take_in()
            await asyncio.gather(*(self._send(d) for d in self._open() if self._due[d] <= self._now()))
            await asyncio.sleep(0.02)
        if not self._due and not self._named:
            raise ConfigError(f"no device is known on site {self._operator.site!r}")
        return {device: self._result(device) for device in self._named or sorted(self._due) if device not in self._left and not self._all_left}

    def leave(self, devices: Iterable[str]) -> None:
        """A newer order takes these over, all of them when none is named: this one tells them no more, and says nothing of them."""
        left = set(devices)
        self._left |= left
        self._all_left = self._all_left or not left

    def _now(self) -> float:
        return self._operator.clock.monotonic()

    def _take_in(self) -> None:
        """Named devices are told without asking whether they exist; of the others each as soon as it shows itself."""
        for device in self._named or sorted(self._operator.fleet.profiles):
            if device not in self._due and device not in self._left and WIRE_ID.fullmatch(device):
                self._operator.live.pop(device, None)
                self._due[device] = self._newest = self._now()

    async def _send(self, device: str) -> None:
        self._due[device] = self._now() + AGAIN
        body = Stop(device=device, latched=self._latched, reason="operator")
        try:
            async with asyncio.timeout(SEND_LIMIT):
                if await self._operator.door.send(topics.STOP, device, body):
                    self._sent.add(device)
        except TimeoutError:
            return

    def _open(self) -> list[str]:
        return [d for d in self._due if d not in self._left and not self._confirmed(d)]

    def _confirmed(self, device: str) -> bool:
        """By a state that is no memory of the broker's, arrived since we began to tell it, and says that the device obeyed."""
        state = self._operator.live.get(device)
        return device in self._sent and state is not None and state.stopped is self._latched and not state.stop_problem

    def _over(self, timeout: float) -> bool:
        """When nobody is left to wait for: the unknown are given up after PROFILES."""
        spent = self._now() - self._since
        if self._all_left:
            return True
        if spent >= timeout or not self._due:
            return spent >= min(timeout, PROFILES)
        waiting = [d for d in self._open() if self._known(d) or spent < PROFILES]
        return not waiting and (bool(self._named) or self._now() - self._newest >= SETTLED)

    def _known(self, device: str) -> bool:
        return device in self._operator.fleet.profiles

    def _result(self, device: str) -> Result:
        if self._confirmed(device):
            return "confirmed"
        if not self._known(device):
            return "unknown"
        return "silent" if device in self._sent else "not_sent"
