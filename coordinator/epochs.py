"""The epoch: which coordinator's orders count. One is taken at each start; a person may have one set in force that the devices would not believe."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from coordinator.confirmation import Confirmation
from coordinator.ledger import Ledger
from coordinator.quantities import listing
from coordinator.registry import Registry
from runtime.door import Door
from schemas import topics
from schemas.messages import Answer, Epoch, EpochReset

log = structlog.get_logger()

SHOWN = 10


class Epochs:
    """`registry` gives what the devices last said."""

    def __init__(self, door: Door, ledger: Ledger, registry: Callable[[], Registry], confirmation: Confirmation) -> None:
        self._door, self._ledger, self._registry, self._confirmation = door, ledger, registry, confirmation
        self._highest, self._taken = 0, False

    def hear(self, epoch: int, coordinator: str) -> None:
        """What an epoch topic says. Another coordinator with a higher one than ours is obeyed in our place."""
        self._highest = max(self._highest, epoch)
        if not self._taken or coordinator == self._door.source:
            return
        if epoch <= self._ledger.epoch:
            self._door.ghost("epoch of a coordinator that is out of date")
            return
        self._door.counters["fenced"] += 1
        log.warning("another_coordinator_took_over", coordinator=coordinator, epoch=epoch)

    def take(self) -> None:
        """Ours, at the start: 1 + the highest of ledger and retained."""
        self._ledger.take_epoch(self._highest)
        self._taken = True

    async def announce(self) -> None:
        await self._door.send(topics.EPOCH, self._door.source, Epoch(epoch=self._ledger.epoch))

    async def reset(self) -> Answer:
        """A new epoch above all that anybody has, which the devices are told to believe. `complete` when all have taken it over."""
        self._ledger.take_epoch(self._highest, *(s.epoch for s in self._registry().states.values()))
        log.warning("epoch_reset", epoch=self._ledger.epoch)
        await self.announce()
        devices = sorted(self._registry().profiles)
        missing = await self._confirmation.missing(devices, self._say, self._agrees)
        return Answer(text=_told(self._ledger.epoch, len(devices) - len(missing), missing), intent="control", complete=not missing)

    async def _say(self, device: str) -> None:
        await self._door.send(topics.EPOCH_RESET, device, EpochReset(device=device, epoch=self._ledger.epoch))

    def _agrees(self, device: str) -> bool:
        state = self._registry().states.get(device)
        return state is not None and state.epoch == self._ledger.epoch


def _told(epoch: int, taken: int, missing: list[str]) -> str:
    text = f"Epoch {epoch} is in force; {taken} device{'' if taken == 1 else 's'} took it over"
    if not missing:
        return f"{text}."
    names = listing(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
    return f"{text}, no word from {names}: reset again when {'it is' if len(missing) == 1 else 'they are'} online."
