"""Parley as an MCP server: what an operator can see and do, as tools and resources, so that any MCP client drives the fleet.

What devices and machines say is data: it is cleaned and cut here. Questions of the coordinator are asked back by elicitation where the client can,
and told as an answer with a follow-up tool where it cannot.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Annotated, Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.server.subscriptions import InMemorySubscriptionBus, ResourcesListChanged, ResourceUpdated
from mcp.types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult, Resource, ToolAnnotations
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field, JsonValue

from runtime.halting import Halting
from runtime.mcp_server import Changing, new_server
from runtime.operator import Operator, Told
from runtime.plain import clean, paragraphs
from runtime.transcript import Transcript
from schemas.base import Frozen
from schemas.envelope import Envelope
from schemas.errors import LinkError, ParleyError
from schemas.messages import Answer, Connection, PlanShown, Profile, State
from schemas.topics import Address

ABOUT = (
    "A fleet of devices that is told in plain language what to do. list_devices says who is there; send_instruction does something and "
    "answers when it is done and proved; preview_plan shows what would be done; stop halts devices at once."
)
KEPT, LINES, PATIENCE, LAST = 100, 200, 600.0, 1.0
"""Instructions whose answers can be read again; lines of conversation that are kept; seconds to wait for an answer, and for its last progress."""
LONGEST = 2000
"""Characters of what a person says."""
Sentence = Annotated[str, Field(min_length=1, max_length=LONGEST, description="what the fleet is to do or say, in plain language")]
Devices = Annotated[list[str], Field(max_length=500, description="ids of devices; none: every device")]
T = TypeVar("T")
JSON = "application/json"
LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)


class DeviceRow(Frozen):
    device: str
    name: str
    kind: str
    maker: str
    online: bool
    doing: str
    """stopped, busy or idle."""
    problem: str
    abilities: tuple[str, ...]
    state: dict[str, JsonValue]


class Fleet(Frozen):
    devices: tuple[DeviceRow, ...]


class Reported(Frozen):
    """`kind`: plan, query, goal, control, question or refusal; for a question call answer_question with `instruction`. `complete`: all is proved.

    `approval`: a person has to say yes to what cannot be undone, to an elicitation or elsewhere; answer_question does not take it.
    """

    instruction: str
    answer: str
    kind: str
    complete: bool
    approval: bool = False
    plan: str = ""
    subtasks: tuple[str, ...] = ()
    facts: tuple[dict[str, JsonValue], ...] = ()


class Halted(Frozen):
    """Device → confirmed (by its own state), silent, not_sent or unknown."""

    devices: dict[str, str]


class Spoken(Frozen):
    lines: tuple[str, ...]


class Said(BaseModel):
    """What an elicited answer is."""

    answer: str = Field(description="your answer, in plain language")


class Progressing:
    """The conversation about one instruction, line by line, as progress of one request.

    A client that does not read misses lines, and keeps nobody waiting: the reader of the bus calls `show`.
    """

    def __init__(self, context: Context[Any, Any]) -> None:
        self._context, self._transcript, self._count = context, Transcript(), 0
        self._lines, self._telling = asyncio.Queue[str](LINES), asyncio.Future[None]()

    async def __aenter__(self) -> Progressing:
        self._telling = asyncio.create_task(self._tell(), name="mcp.progress")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._lines.join(), LAST)
        self._telling.cancel()

    def show(self, address: Address, envelope: Envelope) -> None:
        line = self._transcript.line(address, envelope) if address.topic.role != "operator" else None
        if line and not self._lines.full():
            self._lines.put_nowait(clean(" ".join(line.split())))

    async def _tell(self) -> None:
        while True:
            line = await self._lines.get()
            self._count += 1
            await self._context.report_progress(self._count, None, line)
            self._lines.task_done()


@dataclass
class Gateway:
    """One operator on the bus for all clients."""

    operator: Operator
    changes: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)
    """Who listens hears which resources have changed."""
    answers: OrderedDict[str, Reported] = field(default_factory=lambda: OrderedDict[str, Reported]())
    questions: OrderedDict[str, Told] = field(default_factory=lambda: OrderedDict[str, Told]())
    plans: OrderedDict[str, PlanShown] = field(default_factory=lambda: OrderedDict[str, PlanShown]())
    lines: OrderedDict[str, str] = field(default_factory=lambda: OrderedDict[str, str]())
    transcript: Transcript = field(default_factory=Transcript)
    _rows: dict[str, DeviceRow] = field(default_factory=lambda: dict[str, DeviceRow]())
    """As they were when their change was last told."""

    def __post_init__(self) -> None:
        self.operator.listeners.append(self._hear)

    async def _hear(self, address: Address, envelope: Envelope) -> None:
        body = envelope.body
        if isinstance(body, PlanShown) and envelope.instruction:
            _keep(self.plans, envelope.instruction, body, KEPT)
            await self._changed(f"plan/{envelope.instruction}")
        elif isinstance(body, Answer) and envelope.instruction in self.answers and (body.final or body.intent != "question"):
            await self._report(Told(envelope.instruction, body))  # somebody else may have answered its question
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

    def there(self) -> list[Resource]:
        """The devices that are online, as resources."""
        rows = [row for row in self.fleet().devices if row.online]
        return [Resource(uri=f"parley://device/{row.device}", name=row.device, title=row.name, mime_type=JSON) for row in rows]

    def fleet(self) -> Fleet:
        return Fleet(devices=tuple(self.device(ident) for ident in sorted(self.operator.fleet.profiles)))

    def device(self, ident: str) -> DeviceRow:
        """Raises ToolError for a device that is not known."""
        fleet = self.operator.fleet
        profile, state = fleet.profiles.get(ident), fleet.states.get(ident)
        if profile is None:
            raise ToolError(f"there is no device {clean(ident, 64)!r}; there are {', '.join(sorted(fleet.profiles)) or 'none'}")
        return DeviceRow(
            device=ident,
            name=clean(profile.name),
            kind=clean(profile.device_kind),
            maker=clean(profile.maker),
            online=fleet.online(ident),
            doing="stopped" if state and state.stopped else "busy" if state and state.busy else "idle",
            problem=clean(state.problem) if state else "",
            abilities=tuple(clean(ability) for ability in profile.abilities),
            state={name: clean(value) if isinstance(value, str) else value for name, value in state.attributes.items()} if state else {},
        )

    async def instruct(self, text: str, context: Context[Any, Any], *, dry_run: bool) -> Reported | InputRequiredResult:
        """The answer, with the conversation as progress. When the client cancels its request, the instruction is cancelled.

        A question goes to the person at the client: within the request (2025-11-25), or as input that the repeated request brings (2026-07-28).
        """
        again = context.request_state
        given = again or self.operator.clock.uuid7()
        try:
            async with Progressing(context) as progress:
                if again is None:
                    told = await _told(self.operator.instruct(text, instruction=given, dry_run=dry_run, timeout=PATIENCE, show=progress.show))
                elif (said := _brought(context)) is not None:
                    told = await _told(self.operator.reply(self._asked(given), said, timeout=PATIENCE, show=progress.show))
                else:
                    return self.answer(given)
                while told.answer.intent == "question" and _can_be_asked(context) and not _modern(context):
                    if (said := await _elicited(context, told.answer.text)) is None:
                        break
                    told = await _told(self.operator.reply(told, said, timeout=PATIENCE, show=progress.show))
        except asyncio.CancelledError:
            with suppress(LinkError):
                await asyncio.shield(self.operator.cancel(given))
            raise
        reported = await self._report(told)
        return _input_needed(reported) if reported.kind == "question" and _can_be_asked(context) and _modern(context) else reported

    def answer(self, instruction: str) -> Reported:
        """Raises ToolError for an instruction that is not known."""
        return _known(self.answers, instruction)

    def plan(self, instruction: str) -> PlanShown:
        """Raises ToolError for an instruction that is not known."""
        return _known(self.plans, instruction)

    async def reply(self, instruction: str, text: str, context: Context[Any, Any]) -> Reported:
        asked = self._asked(instruction)
        if asked.asked is not None and asked.asked.approval:
            raise ToolError("this cannot be undone: a person has to say yes, asked by elicitation or at another place (parley tell)")
        async with Progressing(context) as progress:
            told = await _told(self.operator.reply(asked, text, timeout=PATIENCE, show=progress.show))
        return await self._report(told)

    def _asked(self, instruction: str) -> Told:
        """The open question. Raises ToolError when there is none."""
        asked = self.questions.get(instruction)
        if asked is None:
            raise ToolError("no question is open for this instruction; take `instruction` from the answer that asked")
        return asked

    async def _report(self, told: Told) -> Reported:
        answer, plan, before = told.answer, self.plans.get(told.instruction), self.answers.get(told.instruction)
        reported = Reported(
            instruction=told.instruction,
            answer=paragraphs(answer.text),
            kind=answer.intent,
            complete=answer.complete,
            approval=told.asked is not None and told.asked.approval,
            plan=clean(plan.text) if plan else "",
            subtasks=tuple(f"{clean(work.device)}: {clean(work.text)}" for work in plan.work) if plan else (),
            facts=_facts(answer),
        )
        _keep(self.answers, told.instruction, reported, KEPT)
        self.questions.pop(told.instruction, None)
        if answer.intent == "question":
            _keep(self.questions, told.instruction, told, KEPT)
        if reported != before:
            await self._changed(f"answer/{told.instruction}")
        return reported

    async def halt(self, devices: Sequence[str], latched: bool) -> Halted:
        try:
            results = await Halting(self.operator, devices, latched).run()
        except ParleyError as error:
            raise ToolError(str(error)) from None
        return Halted(devices={clean(device, 64): result for device, result in results.items()})


def build(operator: Operator) -> MCPServer[Any]:
    """The server; `operator` must be connected and reading."""
    gateway = Gateway(operator)
    server = new_server("parley", "Parley", ABOUT, Changing(gateway.changes, frozenset({"resources"}), gateway.there))
    _add_tools(server, gateway)
    _add_resources(server, gateway)
    return server


def _add_tools(server: MCPServer[Any], gateway: Gateway) -> None:
    acts = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)
    safe = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

    @server.tool(title="Devices", description="Who is there: kind, maker, abilities, state, what each is doing.", annotations=LOOKS)
    async def list_devices() -> Fleet:
        return gateway.fleet()

    @server.tool(title="One device", description="State and abilities of one device.", annotations=LOOKS)
    async def read_state(device: Annotated[str, Field(max_length=64, description="id, as in list_devices")]) -> DeviceRow:
        return gateway.device(device)

    @server.tool(title="Preview", description="What an instruction would come to; nothing moves.", annotations=LOOKS)
    async def preview_plan(instruction: Sentence, context: Context[Any, Any]) -> Reported | InputRequiredResult:
        return await gateway.instruct(instruction, context, dry_run=True)

    @server.tool(title="Instruct", description="Tell the fleet what to do or ask it something; answers when it is done and proved.", annotations=acts)
    async def send_instruction(instruction: Sentence, context: Context[Any, Any]) -> Reported | InputRequiredResult:
        return await gateway.instruct(instruction, context, dry_run=False)

    @server.tool(title="Answer", description="Answer a question that an instruction came back with.", annotations=acts)
    async def answer_question(instruction: Annotated[str, Field(max_length=64)], answer: Sentence, context: Context[Any, Any]) -> Reported:
        return await gateway.reply(instruction, answer, context)

    @server.tool(title="Stop", description="Halt devices at once, past coordinator and queue; confirmed by their own state.", annotations=safe)
    async def stop(devices: Devices = []) -> Halted:  # noqa: B006
        return await gateway.halt(devices, latched=True)

    @server.tool(title="Resume", description="Let stopped devices work again.", annotations=acts)
    async def resume(devices: Devices = []) -> Halted:  # noqa: B006
        return await gateway.halt(devices, latched=False)

    @server.tool(title="Transcript", description="What people and machines have said lately, the newest last.", annotations=LOOKS)
    async def read_transcript(last: Annotated[int, Field(ge=1, le=LINES)] = 40) -> Spoken:
        return Spoken(lines=tuple(gateway.lines.values())[-last:])


def _add_resources(server: MCPServer[Any], gateway: Gateway) -> None:
    @server.resource("parley://devices", mime_type=JSON, title="The fleet")
    async def fleet() -> str:
        return gateway.fleet().model_dump_json()

    @server.resource("parley://device/{device}", mime_type=JSON, title="One device")
    async def device(device: str) -> str:
        return _found(gateway.device, device)

    @server.resource("parley://plan/{instruction}", mime_type=JSON, title="The plan of an instruction")
    async def plan(instruction: str) -> str:
        return _found(gateway.plan, instruction)

    @server.resource("parley://answer/{instruction}", mime_type=JSON, title="The answer to an instruction")
    async def answer(instruction: str) -> str:
        return _found(gateway.answer, instruction)


def _found(look: Callable[[str], BaseModel], ident: str) -> str:
    try:
        return look(ident).model_dump_json()
    except ToolError as error:
        raise ResourceNotFoundError(str(error)) from None


async def _told(work: Any) -> Told:
    try:
        return await work
    except ParleyError as error:
        raise ToolError(str(error)) from None


def _known(kept: Mapping[str, T], instruction: str) -> T:
    if instruction not in kept:
        raise ToolError(f"nothing is known of instruction {clean(instruction, 64)!r}")
    return kept[instruction]


def _can_be_asked(context: Context[Any, Any]) -> bool:
    """With a form. Who does not say by what means can do that."""
    able = context.client_capabilities.elicitation if context.client_capabilities is not None else None
    return able is not None and (able.form is not None or able.url is None)


def _modern(context: Context[Any, Any]) -> bool:
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


async def _elicited(context: Context[Any, Any], question: str) -> str | None:
    """The person's answer; None when there is none."""
    result = await context.elicit(clean(question, LONGEST), Said)
    return result.data.answer.strip()[:LONGEST] or None if result.action == "accept" else None


def _input_needed(asked: Reported) -> InputRequiredResult:
    schema = {"type": "object", "properties": {"answer": {"type": "string", "description": "your answer, in plain language"}}, "required": ["answer"]}
    params = ElicitRequestFormParams.model_validate({"message": clean(asked.answer, LONGEST), "requestedSchema": schema})
    return InputRequiredResult(input_requests={"answer": ElicitRequest(params=params)}, request_state=asked.instruction)


def _brought(context: Context[Any, Any]) -> str | None:
    """The person's answer that the repeated request brings; None when there is none."""
    brought = (context.input_responses or {}).get("answer")
    if not isinstance(brought, ElicitResult) or brought.action != "accept":
        return None
    said = (brought.content or {}).get("answer")
    return said.strip()[:LONGEST] or None if isinstance(said, str) else None


def _facts(answer: Answer) -> tuple[dict[str, JsonValue], ...]:
    dumped = answer.model_dump(mode="json", exclude_none=True)["facts"]
    return tuple({key: clean(value) if isinstance(value, str) else value for key, value in fact.items()} for fact in dumped)


def _keep(kept: OrderedDict[str, Any], key: str, value: Any, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
