"""One operator on the bus for all MCP clients: what they may look up again, whose question is open, and who hears what has changed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourcesListChanged, ResourceUpdated
from mcp.types import InputRequiredResult, Resource

from cli.mcp_asking import Progressing, brought, can_be_asked, elicited, input_needed, repeats
from cli.mcp_reports import DeviceRow, Devices, Halted, Reported, report_of, row_of
from runtime.halting import Halting
from runtime.operator import Operator, Told, Unanswered
from runtime.plain import clean
from runtime.transcript import Transcript
from schemas.envelope import Envelope
from schemas.errors import LinkError, ParleyError
from schemas.messages import Answer, Connection, PlanShown, Profile, State
from schemas.topics import Address

KEPT, LINES, PATIENCE = 100, 200, 600.0
"""Instructions whose answers can be read again; lines of conversation that are kept; seconds to wait for an answer."""
JSON = "application/json"
T = TypeVar("T")


@dataclass
class Gateway:
    """`operator` must be connected and reading."""

    operator: Operator
    changes: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    """Who listens hears which resources have changed."""
    answers: OrderedDict[str, Reported] = field(default_factory=lambda: OrderedDict[str, Reported]())
    questions: OrderedDict[str, Told] = field(default_factory=lambda: OrderedDict[str, Told]())
    plans: OrderedDict[str, PlanShown] = field(default_factory=lambda: OrderedDict[str, PlanShown]())
    lines: OrderedDict[str, str] = field(default_factory=lambda: OrderedDict[str, str]())
    transcript: Transcript = field(default_factory=Transcript)
    _ours: OrderedDict[str, None] = field(default_factory=lambda: OrderedDict[str, None]())
    """Instructions that clients have given: what becomes of them is kept, whoever still waits for it."""
    _rows: dict[str, DeviceRow] = field(default_factory=lambda: dict[str, DeviceRow]())
    """As they were when their change was last told."""

    def __post_init__(self) -> None:
        self.operator.listeners.append(self._hear)

    async def _hear(self, address: Address, envelope: Envelope) -> None:
        body = envelope.body
        if isinstance(body, PlanShown) and envelope.instruction:
            _keep(self.plans, envelope.instruction, body, KEPT)
            await self._changed(f"plan/{envelope.instruction}")
        elif isinstance(body, Answer) and envelope.instruction in self._ours and (body.final or body.intent != "question"):
            await self._report(Told(envelope.instruction, body))  # nobody may wait for it any more, or somebody else have answered its question
        elif isinstance(body, Profile | State):
            await self._look({body.device})
        elif isinstance(body, Connection):
            there = {device for device, row in self._rows.items() if row.online}
            await self._look(there ^ self.operator.fleet.devices_online())
        line = self.transcript.line(address, envelope)
        if line:
            _keep(self.lines, envelope.id, clean(" ".join(line.split())), LINES)

    async def _look(self, devices: AbstractSet[str]) -> None:
        """Tells which of them have changed."""
        for ident in sorted(devices & self.operator.fleet.profiles.keys()):
            before, row = self._rows.get(ident), self.device(ident)
            self._rows[ident] = row
            if row != before:
                await self._changed(f"device/{ident}")
                await self._changed("devices")
            if row.online != (before is not None and before.online):
                await self.changes.publish(ResourcesListChanged())

    async def _changed(self, path: str) -> None:
        await self.changes.publish(ResourceUpdated(uri=f"parley://{path}"))

    # Looking

    def there(self) -> list[Resource]:
        """The devices that are online, as resources."""
        rows = [row for row in self.fleet().devices if row.online]
        return [Resource(uri=f"parley://device/{row.device}", name=row.device, title=row.name, mime_type=JSON) for row in rows]

    def fleet(self) -> Devices:
        return Devices(devices=tuple(self.device(ident) for ident in sorted(self.operator.fleet.profiles)))

    def device(self, ident: str) -> DeviceRow:
        """Raises ToolError for a device that is not known."""
        row = row_of(self.operator.fleet, ident)
        if row is None:
            raise ToolError(f"there is no device {clean(ident, 64)!r}; there are {', '.join(sorted(self.operator.fleet.profiles)) or 'none'}")
        return row

    def answer(self, instruction: str) -> Reported:
        """Raises ToolError for an instruction that is not known."""
        return _known(self.answers, instruction)

    def plan(self, instruction: str) -> PlanShown:
        """Raises ToolError for an instruction that is not known."""
        return _known(self.plans, instruction)

    # Doing

    async def instruct(self, text: str, context: Context[Any, Any], *, dry_run: bool) -> Reported | InputRequiredResult:
        """The answer, with the conversation as progress. A question goes to the person at the client."""
        again = context.request_state
        given = again or self.operator.clock.uuid7()
        _keep(self._ours, given, None, KEPT)

        async def told(progress: Progressing) -> Told | None:
            if again is None:
                asked = await _told(self.operator.instruct(text, instruction=given, dry_run=dry_run, timeout=PATIENCE, show=progress.show))
            elif (said := brought(context)) is not None:
                asked = await self._replied(given, said, progress)
            else:
                return None
            while asked.answer.intent == "question" and can_be_asked(context) and not repeats(context):
                await self._report(asked)
                said = await elicited(context, asked.answer.text)
                if said is None or given not in self.questions:  # somebody else has answered it meanwhile
                    return None
                asked = await self._replied(given, said, progress)
            return asked

        came = await self._carried(given, context, told)
        if came is None:
            return self.answer(given)
        reported = await self._report(came)
        asks = reported.kind == "question" and can_be_asked(context) and repeats(context)
        return input_needed(reported.answer, given) if asks else reported

    async def reply(self, instruction: str, text: str, context: Context[Any, Any]) -> Reported:
        asked = self.questions.get(instruction)
        if asked is not None and asked.asked is not None and asked.asked.approval:
            raise ToolError("this cannot be undone: a person has to say yes, asked by elicitation or at another place (parley tell)")
        return await self._report(await self._carried(instruction, context, lambda progress: self._replied(instruction, text, progress)))

    async def halt(self, devices: Sequence[str], latched: bool) -> Halted:
        try:
            results = await Halting(self.operator, devices, latched).run()
        except ParleyError as error:
            raise ToolError(str(error)) from None
        return Halted(devices={clean(device, 64): result for device, result in results.items()})

    async def _carried(self, instruction: str, context: Context[Any, Any], work: Callable[[Progressing], Awaitable[T]]) -> T:
        """`work`, with the conversation as progress of the client's request. When the client cancels that, the instruction is cancelled."""
        try:
            async with Progressing(context) as progress:
                return await work(progress)
        except asyncio.CancelledError:
            with suppress(LinkError):
                await asyncio.shield(self.operator.cancel(instruction))
            raise

    async def _replied(self, instruction: str, text: str, progress: Progressing) -> Told:
        """What comes of answering the open question. It is open no longer: of two who answer at a time, the second is told so."""
        asked = self.questions.pop(instruction, None)
        if asked is None:
            raise ToolError("no question is open for this instruction; take `instruction` from the answer that asked")
        try:
            return await _told(self.operator.reply(asked, text, timeout=PATIENCE, show=progress.show))
        except ToolError:
            self.questions.setdefault(instruction, asked)  # it may not have been heard
            raise

    async def _report(self, told: Told) -> Reported:
        reported, before = report_of(told, self.plans.get(told.instruction)), self.answers.get(told.instruction)
        _keep(self.answers, told.instruction, reported, KEPT)
        self.questions.pop(told.instruction, None)
        if reported.kind == "question":
            _keep(self.questions, told.instruction, told, KEPT)
        if reported != before:
            await self._changed(f"answer/{told.instruction}")
        return reported


async def _told(work: Awaitable[Told]) -> Told:
    try:
        return await work
    except Unanswered as error:
        raise ToolError(f"{error}; it goes on, and parley://answer/{error.instruction} is what comes of it; or stop the devices") from None
    except ParleyError as error:
        raise ToolError(str(error)) from None


def _known(kept: Mapping[str, T], instruction: str) -> T:
    if instruction not in kept:
        raise ToolError(f"nothing is known of instruction {clean(instruction, 64)!r}")
    return kept[instruction]


def _keep(kept: OrderedDict[str, T], key: str, value: T, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
