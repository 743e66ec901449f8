"""What a person does from the dashboard, as messages on the bus. Nothing counts as done before the devices or the coordinator say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from dashboard.view import Question
from runtime.halting import Halting, Result
from runtime.operator import Operator
from schemas import topics
from schemas.errors import ConfigError, LinkError
from schemas.messages import Instruction, Reply

Severity = Literal["information", "warning", "error"]
Notice = Callable[[str, Severity], None]
PATIENCE = 5.0
"""Seconds in which a device shall confirm a stop."""
_LEFT: dict[Result, str] = {
    "silent": "has NOT CONFIRMED it",
    "not_sent": "was NOT TOLD, the link is down",
    "unknown": "is not known, and has not confirmed",
}


class Steering:
    """`notice` shows a person what came of it."""

    def __init__(self, operator: Operator, notice: Notice) -> None:
        self._operator, self._notice = operator, notice
        self._orders: list[tuple[Halting, tuple[str, ...], bool]] = []

    async def instruct(self, text: str, *, dry_run: bool = False) -> str | None:
        """The instruction's id; None when it was not given, and the person has been told why."""
        if not self._operator.fleet.coordinator_online:
            self._notice("Not sent: no coordinator is online. Stopping devices works without one.", "error")
            return None
        ident = self._operator.clock.uuid7()
        return ident if await self._sent(topics.INSTRUCTION, Instruction(text=text, dry_run=dry_run), ident) else None

    async def reply(self, instruction: str, question: Question, text: str) -> bool:
        """To this question; a yes is one to exactly the call that its device named, and signed where that asks for it."""
        try:
            body = self._operator.replied(text, question.digest or None, question.to_sign)
        except ConfigError as error:
            self._notice(f"Not sent: {error}", "error")
            return False
        return await self._sent(topics.REPLY, body, instruction)

    def lacks_key(self, question: Question) -> bool:
        """Whether a yes from here would count for nothing."""
        return self._operator.lacks_key(question.to_sign)

    async def cancel(self, instruction: str, text: str) -> None:
        try:
            await self._operator.cancel(instruction)
        except LinkError as error:
            self._notice(f"Not cancelled: {error}", "error")
        else:
            self._notice(f"Asked to cancel: {text}", "information")

    async def _sent(self, topic: topics.Topic, body: Instruction | Reply, instruction: str) -> bool:
        try:
            await self._operator.send(topic, body, instruction)
        except LinkError as error:
            self._notice(f"Not sent: {error}", "error")
            return False
        return True

    async def halt(self, devices: Sequence[str], latched: bool) -> None:
        """Stop or resume these, or every device when none is named; told until their own states confirm it. The newest order for a device counts."""
        named = tuple(devices)
        for older, theirs, way in self._orders:
            if way != latched and (not named or not theirs or set(named) & set(theirs)):
                older.leave(named)
        order = (Halting(self._operator, named, latched), named, latched)
        self._orders.append(order)
        try:
            self._tell(await order[0].run(PATIENCE), latched)
        except ConfigError as error:
            self._notice(str(error), "warning")
        finally:
            self._orders.remove(order)

    def _tell(self, results: dict[str, Result], latched: bool) -> None:
        obeyed = [d for d, r in results.items() if r == "confirmed"]
        if obeyed:
            self._notice(f"{'Stopped' if latched else 'Resumed'}, confirmed by: {', '.join(obeyed)}", "information")
        missing = [f"{d} {_LEFT[r]}{self._why(d)}" for d, r in results.items() if r != "confirmed"]
        if missing:
            self._notice(f"{'Stop' if latched else 'Resume'}: {'; '.join(missing)}", "error")

    def _why(self, device: str) -> str:
        state = self._operator.live.get(device)
        return f" ({state.stop_problem})" if state is not None and state.stop_problem else ""
