"""Stop, cancel, pause, resume: at once, for some devices or all, and said only when the devices have said it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from coordinator.case import Case, Cases
from coordinator.confirmation import Confirmation
from coordinator.dispatcher import Dispatcher
from coordinator.quantities import listing
from coordinator.scene import Scene
from coordinator.selection import select
from runtime.door import Door
from schemas import topics
from schemas.messages import Answer, Stop
from schemas.plan import Control


class Controls:
    """`stopped_now` says whether a device's latest state is `stopped`; `cancel` gives up a whole case."""

    def __init__(
        self, door: Door, dispatcher: Dispatcher, cases: Cases, stopped_now: Callable[[str], bool | None], confirmation: Confirmation
    ) -> None:
        self._door, self._dispatcher, self._cases = door, dispatcher, cases
        self._stopped_now, self._confirmation = stopped_now, confirmation
        self.cancel: Callable[[Case], Awaitable[None]]

    async def carry_out(self, control: Control, scene: Scene, instruction: str | None) -> Answer:
        """`instruction` is the order itself, so that it does not cancel itself."""
        chosen = select(control.who, scene, in_charge=False)
        if not chosen.chosen:
            text = chosen.problem.text if chosen.problem else chosen.nothing or "No device is known."
            return Answer(text=text, intent="control", complete=False)
        devices = chosen.chosen
        whole = set(devices) >= {d.id for d in scene.devices}
        return await {"stop": self._stop, "cancel": self._cancel, "pause": self._pause, "resume": self._resume}[control.action](
            devices, whole, scene, instruction
        )

    async def _stop(self, devices: Sequence[str], whole: bool, scene: Scene, instruction: str | None) -> Answer:
        waiting = asyncio.create_task(self._latched(devices, True), name="stop")
        try:
            await self._call_off(devices, whole, instruction)
            silent = await waiting
        finally:
            waiting.cancel()
        return _confirmed("Stopped", "have not confirmed the stop", devices, silent, scene)

    async def _resume(self, devices: Sequence[str], whole: bool, scene: Scene, instruction: str | None) -> Answer:
        pause = self._dispatcher.pause
        if whole:
            pause.everything = False
            pause.instructions.clear()
        pause.devices.difference_update(devices)
        silent = await self._latched([d for d in devices if self._stopped_now(d)], False)
        await self._dispatcher.pump()
        return _confirmed("Resumed", "have not confirmed that they go on", devices, silent, scene)

    async def _pause(self, devices: Sequence[str], whole: bool, scene: Scene, instruction: str | None) -> Answer:
        if whole:
            self._dispatcher.pause.everything = True
        else:
            self._dispatcher.pause.devices.update(devices)
        running = [d for d in devices if self._dispatcher.ledger.open_of(d)]
        ending = f" {_names(running, scene)} will still finish what {'is' if len(running) == 1 else 'are'} in hand." if running else ""
        return Answer(text=f"Paused: {_names(devices, scene)} will get no new work.{ending}", intent="control", complete=True)

    async def _cancel(self, devices: Sequence[str], whole: bool, scene: Scene, instruction: str | None) -> Answer:
        count = await self._call_off(devices, whole, instruction)
        text = f"Cancelled: {count} piece{'' if count == 1 else 's'} of work called off." if count else "There was nothing to cancel."
        return Answer(text=text, intent="control", complete=True)

    async def _call_off(self, devices: Sequence[str], whole: bool, instruction: str | None) -> int:
        """Cancel the open work of these devices; with all devices, the instructions too. How many pieces were open."""
        entries = [e for e in self._dispatcher.ledger.live() if e.device in devices]
        if whole:
            for case in self._cases.open():
                if case.id != instruction:
                    await self.cancel(case)
        current = self._dispatcher.ledger.entries
        await self._dispatcher.cancel([current[e.subtask] for e in entries if e.subtask in current])
        return len(entries)

    async def _latched(self, devices: Sequence[str], latched: bool) -> list[str]:
        """Who has not agreed to be stopped (True) or resumed."""
        return await self._confirmation.missing(devices, lambda d: self._say(d, latched), lambda d: self._stopped_now(d) is latched)

    async def _say(self, device: str, latched: bool) -> None:
        await self._door.send(topics.STOP, device, Stop(device=device, latched=latched, reason="A person said so."))


def _confirmed(word: str, lacking: str, devices: Sequence[str], silent: Sequence[str], scene: Scene) -> Answer:
    done = [d for d in devices if d not in silent]
    parts = [f"{word}: {_names(done, scene)}."] if done else []
    parts += (
        [f"{_names(silent, scene)} {lacking if len(silent) > 1 else lacking.replace('have', 'has').replace('they go', 'it goes')}."] if silent else []
    )
    return Answer(text=" ".join(parts), intent="control", complete=not silent)


def _names(devices: Sequence[str], scene: Scene) -> str:
    return listing([scene.spoken(d) for d in devices])
