"""Stopping one device: past queue, model, journal and clock. The latch holds in memory at once; the device is told until it obeys."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from device_agent.driver import Driver
from device_agent.journal import Journal
from device_agent.sight import why

log = structlog.get_logger()

LIMIT = 10.0
"""Seconds that one stop may take."""
RETRY = 1.0
"""Seconds between one stop that failed and the next."""
UNDER_WAY = "The stop is on its way to the device."


async def halt(driver: Driver) -> str:
    """Stop the device; "" when it obeyed, else why not. Never raises, never takes longer than LIMIT."""
    try:
        async with asyncio.timeout(LIMIT):
            await driver.stop()
    except Exception as error:
        return why(error)
    return ""


class Stops:
    """`order` takes what was said, at once; `run` carries it out, as a task. `after` is told of every step.

    Every stop ordered reaches the driver before a resume that came later takes effect; of several the last word counts. A latch that was set before a
    restart is carried out again: whether that stop arrived is not known.
    """

    def __init__(self, device: str, driver: Driver, journal: Journal, after: Callable[[], Awaitable[None]]) -> None:
        self._device, self._driver, self._journal, self._after = device, driver, journal, after
        self.latched = self._wanted = self._due = self._recorded = journal.stopped()
        self.problem = UNDER_WAY if self._due else ""
        """Why it is not known that the device obeyed."""
        self._wake = asyncio.Event()

    def order(self, latched: bool) -> None:
        """Stop (True) or resume (False). Nothing can fail here."""
        self._wanted = latched
        if latched:
            self.latched = self._due = True
            self.problem = self.problem or UNDER_WAY
        self._wake.set()

    async def run(self) -> None:
        """For ever, whatever happens."""
        while True:
            try:
                await self._turn()
            except Exception as error:
                log.error("stop_step_failed", device_id=self._device, error=f"{type(error).__name__}: {error}")

    async def _turn(self) -> None:
        await self._woken()
        if self._due or (self._wanted and self.problem):
            await self._halt()
        if not self._wanted and not self._due and self.latched:
            self.latched, self.problem = False, ""
            self._remember()
        await self._after()

    async def _woken(self) -> None:
        if not self._due:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY if self.problem else None):
                    await self._wake.wait()
        self._wake.clear()

    async def _halt(self) -> None:
        self._due = False
        failed = await halt(self._driver)
        told = f"The device could not be stopped: {failed}." if failed else ""
        if told and told != self.problem:
            log.error("stop_failed", device_id=self._device, error=failed)
        self.problem = told or (UNDER_WAY if self._due else "")
        self._remember()

    def _remember(self) -> None:
        """Last, and allowed to fail: a full disk must not keep a device moving."""
        if self.latched is self._recorded:
            return
        try:
            self._journal.set_stopped(self.latched)
            self._recorded = self.latched
        except Exception as error:
            log.error("stop_not_recorded", device_id=self._device, error=f"{type(error).__name__}: {error}")
