"""One run under its deadline, and the ways in which it can be cut short: ordered from outside, too late, or with the agent itself."""

from __future__ import annotations

import asyncio

import structlog

from device_agent.journal import Entry, Journal
from device_agent.runner import OUR_FAULT, Runner, being_cancelled
from schemas.outcomes import Failed, Outcome

log = structlog.get_logger()


class Execution:
    """Runs one entry at a time."""

    def __init__(self, runner: Runner, journal: Journal) -> None:
        self._runner, self._journal = runner, journal
        self._task: asyncio.Task[Outcome] | None = None
        self._ending: Outcome | None = None

    def interrupt(self, ending: Outcome) -> None:
        """End the run so, if there is one; the first ending counts."""
        if self._task is not None and not self._task.done() and self._ending is None:
            self._ending = ending
            self._task.cancel()

    async def run(self, entry: Entry, seconds: float) -> Outcome:
        """The one outcome of this entry. Raises CancelledError only when the agent itself shall end and the outcome is open."""
        self._ending = None
        self._task = asyncio.get_running_loop().create_task(self._runner.run(entry), name=f"subtask.{self._runner.device}")
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                return await self._task
        except asyncio.CancelledError:
            return self._cut_short(entry)
        except TimeoutError:
            return self._told(self._ending or Failed(text="It took longer than allowed", uncertain=self._in_flight(entry)))
        except Exception as error:  # one bad device must not take the agent down
            log.error("subtask_crashed", device_id=self._runner.device, task_id=entry.work.id, error=f"{type(error).__name__}: {error}")
            return Failed(text=OUR_FAULT, uncertain=self._in_flight(entry))

    def _cut_short(self, entry: Entry) -> Outcome:
        if self._ending is not None:
            return self._told(self._ending)
        if being_cancelled():
            raise asyncio.CancelledError
        return Failed(text=OUR_FAULT, uncertain=self._in_flight(entry))

    def _told(self, ending: Outcome) -> Outcome:
        """With what became of the device."""
        said = (ending.text.rstrip("."), self._runner.aftermath)
        return ending.model_copy(update={"text": "; ".join(filter(None, said)) + "."})

    def _in_flight(self, entry: Entry) -> bool:
        return (self._journal.get(entry.work.id) or entry).in_flight
