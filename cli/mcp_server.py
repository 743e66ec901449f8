"""Parley as an MCP server: what an operator can see and do, as tools and resources, so that any MCP client drives the fleet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError
from mcp.types import InputRequiredResult, ToolAnnotations
from pydantic import BaseModel, Field

from cli.mcp_asking import LONGEST
from cli.mcp_gateway import JSON, LINES, Gateway
from cli.mcp_reports import DeviceRow, Devices, Halted, Reported, Spoken
from runtime.mcp_server import Changing, new_server
from runtime.operator import Operator

ABOUT = (
    "A fleet of devices that is told in plain language what to do. list_devices says who is there; send_instruction does something and "
    "answers when it is done and proved; preview_plan shows what would be done; stop halts devices at once."
)
Sentence = Annotated[str, Field(min_length=1, max_length=LONGEST, description="what the fleet is to do or say, in plain language")]
Idents = Annotated[list[str], Field(max_length=500, description="ids of devices; none: every device")]
LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)


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
    async def list_devices() -> Devices:
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
    async def stop(devices: Idents = []) -> Halted:  # noqa: B006
        return await gateway.halt(devices, latched=True)

    @server.tool(title="Resume", description="Let stopped devices work again.", annotations=acts)
    async def resume(devices: Idents = []) -> Halted:  # noqa: B006
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
