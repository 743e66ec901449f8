"""A server with the tools, resources and prompts that the official MCP conformance suite asks for, made and served as ours are.

Their names, texts and schemas are the suite's; see the descriptions in its `dist/index.js`.
"""

from __future__ import annotations

import asyncio
import io
import json
import struct
import wave
import zlib
from typing import Annotated, Any, TypeVar

from mcp import types
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.types import Audio, Image
from mcp.server.subscriptions import InMemorySubscriptionBus
from mcp.shared.exceptions import MCPError
from pydantic import Field

from runtime.mcp_server import Changing, new_server

Asked = str | types.InputRequiredResult
Given = TypeVar("Given", types.ElicitResult, types.CreateMessageResult, types.ListRootsResult)
PAUSE = 0.05
"""Seconds between the notifications of one call, as the suite wants them."""


def shape(**properties: Any) -> dict[str, Any]:
    """A JSON schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT = {"type": "string"}
NAME = shape(name=TEXT)
PERSON = shape(username={"type": "string", "description": "User's response"}, email={"type": "string", "description": "User's email address"})
DEFAULTS = shape(
    name={"type": "string", "default": "John Doe"},
    age={"type": "integer", "default": 30},
    score={"type": "number", "default": 95.5},
    status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    verified={"type": "boolean", "default": True},
)
TITLED = [{"const": f"value{number}", "title": f"{word} Option"} for number, word in enumerate(("First", "Second", "Third"), 1)]
OPTIONS = ["option1", "option2", "option3"]
ENUMS = shape(
    untitledSingle={"type": "string", "enum": OPTIONS},
    titledSingle={"type": "string", "oneOf": TITLED},
    legacyEnum={"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
    untitledMulti={"type": "array", "items": {"type": "string", "enum": OPTIONS}},
    titledMulti={"type": "array", "items": {"anyOf": TITLED}},
)
CONTACT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {"street": TEXT, "city": TEXT}}},
    "properties": {
        "name": TEXT,
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": TEXT,
        "email": TEXT,
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def png() -> bytes:
    """One red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def wav() -> bytes:
    """Ten milliseconds of silence."""
    with io.BytesIO() as file:
        with wave.open(file, "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(160))
        return file.getvalue()


def embedded(uri: str, mime_type: str, text: str) -> types.EmbeddedResource:
    return types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def form(message: str, schema: dict[str, Any]) -> types.ElicitRequest:
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def sampling(text: str, most: int) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=types.TextContent(text=text))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=most))


def ask(state: str | None = None, **requests: types.ElicitRequest | types.CreateMessageRequest | types.ListRootsRequest) -> types.InputRequiredResult:
    return types.InputRequiredResult(input_requests=dict(requests), request_state=state)


def given(context: Context, key: str, kind: type[Given]) -> Given | None:
    """What the repeated request brings for `key`; None when it brings nothing of this kind."""
    brought = (context.input_responses or {}).get(key)
    return brought if isinstance(brought, kind) else None


def field(context: Context, key: str, name: str) -> Any:
    """One field of a form that was filled in; None when there is none."""
    form = given(context, key, types.ElicitResult)
    return (form.content or {}).get(name) if form is not None and form.action == "accept" else None


def fixture() -> MCPServer[Any]:
    contact = Tool.from_function(_contact, name="json_schema_2020_12_tool", description="Has an input schema of many keywords.")
    contact.parameters = CONTACT
    changing = Changing(InMemorySubscriptionBus(), frozenset({"tools", "prompts"}))
    server = new_server("conformance", "Conformance", "Answers the official conformance suite.", changing, tools=[contact])
    _add_contents(server)
    _add_notifying(server)
    _add_calls_back(server)
    _add_asking(server)
    _add_careful(server)
    _add_asking_again(server)
    _add_changing(server)
    _add_resources(server)
    _add_prompts(server)
    _add_older(server)
    return server


async def _contact(name: str = "", address: Any = None, contactMethod: str = "", phone: str = "", email: str = "") -> str:  # noqa: N803
    return f"{name} by {contactMethod or 'either'}"


def _add_contents(server: MCPServer[Any]) -> None:
    @server.tool(description="Gives text.")
    async def test_simple_text() -> str:
        return "This is a simple text response for testing."

    @server.tool(description="Gives an image.")
    async def test_image_content() -> Image:
        return Image(data=png(), format="png")

    @server.tool(description="Gives a sound.")
    async def test_audio_content() -> Audio:
        return Audio(data=wav(), format="wav")

    @server.tool(description="Gives a resource.")
    async def test_embedded_resource() -> types.EmbeddedResource:
        return embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")

    @server.tool(description="Gives text, an image and a resource.", structured_output=False)
    async def test_multiple_content_types() -> list[Any]:
        resource = embedded("test://mixed-content-resource", "application/json", json.dumps({"test": "data", "value": 123}))
        return ["Multiple content types test:", Image(data=png(), format="png"), resource]

    @server.tool(description="Fails.")
    async def test_error_handling() -> str:
        raise ToolError("This tool intentionally returns an error for testing")

    @server.tool(description="Takes an argument that is in a header, too.")
    async def test_header(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
        return region


def _add_notifying(server: MCPServer[Any]) -> None:
    @server.tool(description="Logs three times.")
    async def test_tool_with_logging(context: Context) -> str:
        for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await context.info(line)  # pyright: ignore[reportDeprecated]
            await asyncio.sleep(PAUSE)
        return "logged three times"

    @server.tool(description="Logs once.")
    async def test_logging_tool(context: Context) -> str:
        await context.info("only for those that ask for it")  # pyright: ignore[reportDeprecated]
        return "logged"

    @server.tool(description="Says how far it is.")
    async def test_tool_with_progress(context: Context) -> str:
        for done in (0, 50, 100):
            await context.report_progress(done, 100)
            await asyncio.sleep(PAUSE)
        return "done"


def _add_calls_back(server: MCPServer[Any]) -> None:
    """Tools that call the client while they run (2025-11-25)."""

    async def elicited(context: Context, message: str, schema: dict[str, Any]) -> str:
        result = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
        return f"action={result.action}, content={json.dumps(result.content)}"

    @server.tool(description="Asks the client's model.")
    async def test_sampling(prompt: str, context: Context) -> str:
        messages = sampling(prompt, 100).params.messages
        result = await context.session.create_message(messages, max_tokens=100, related_request_id=context.request_id)  # pyright: ignore[reportDeprecated]
        return f"LLM response: {result.content.text if isinstance(result.content, types.TextContent) else ''}"

    @server.tool(description="Asks the person.")
    async def test_elicitation(message: str, context: Context) -> str:
        return f"User response: {await elicited(context, message, PERSON)}"

    @server.tool(description="Asks with default values.")
    async def test_elicitation_sep1034_defaults(context: Context) -> str:
        return f"Elicitation completed: {await elicited(context, 'Is all of this right?', DEFAULTS)}"

    @server.tool(description="Asks to choose, in five ways.")
    async def test_elicitation_sep1330_enums(context: Context) -> str:
        return f"Elicitation completed: {await elicited(context, 'Which ones?', ENUMS)}"


def _add_asking(server: MCPServer[Any]) -> None:
    """Tools whose answer is what they need to know, until the repeated request brings it (2026-07-28)."""

    @server.tool(description="Asks for a name.")
    async def test_input_required_result_elicitation(context: Context) -> Asked:
        name = field(context, "user_name", "name")
        return f"Hello, {name}!" if name is not None else ask(user_name=form("What is your name?", NAME))

    @server.tool(description="Asks the client's model.")
    async def test_input_required_result_sampling(context: Context) -> Asked:
        said = given(context, "capital_question", types.CreateMessageResult)
        if said is None:
            return ask(capital_question=sampling("What is the capital of France?", 100))
        return said.content.text if isinstance(said.content, types.TextContent) else "no words"

    @server.tool(description="Asks for roots.")
    async def test_input_required_result_list_roots(context: Context) -> Asked:
        listed = given(context, "client_roots", types.ListRootsResult)
        return ", ".join(str(root.uri) for root in listed.roots) if listed is not None else ask(client_roots=types.ListRootsRequest())


def _add_careful(server: MCPServer[Any]) -> None:
    """Tools that heed what the client can do."""

    @server.tool(description="Asks for what this client can give.")
    async def test_input_required_result_capabilities(context: Context) -> Asked:
        able = context.client_capabilities or types.ClientCapabilities()
        if given(context, "told", types.CreateMessageResult) or given(context, "told", types.ElicitResult):
            return "told"
        if able.sampling is None and able.elicitation is None:
            return "nobody to ask"
        return ask(told=form("What is your name?", NAME) if able.elicitation is not None else sampling("Say a name.", 50))

    @server.tool(description="Needs a client with a model.")
    async def test_missing_capability(context: Context) -> str:
        if (context.client_capabilities or types.ClientCapabilities()).sampling is None:
            raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "sampling is needed", {"requiredCapabilities": {"sampling": {}}})
        return "there is a model"

    @server.tool(description="Says how far it is, then asks.")
    async def test_streaming_elicitation(context: Context) -> Asked:
        await context.report_progress(0, 1)
        return "asked" if field(context, "ok", "name") is not None else ask(ok=form("What is your name?", NAME))


def _add_asking_again(server: MCPServer[Any]) -> None:
    """The same with state that the client carries; the SDK seals it and refuses what was changed."""

    async def confirmed(context: Context) -> Asked:
        if context.request_state == "asked" and field(context, "confirm", "ok"):
            return "state-ok"
        return ask("asked", confirm=form("Please confirm", shape(ok={"type": "boolean"})))

    server.add_tool(confirmed, "test_input_required_result_request_state", description="Asks and remembers that it did.")
    server.add_tool(confirmed, "test_input_required_result_tampered_state", description="Does not believe changed state.")

    @server.tool(description="Asks for three things at once.")
    async def test_input_required_result_multiple_inputs(context: Context) -> Asked:
        name, roots = field(context, "user_name", "name"), given(context, "client_roots", types.ListRootsResult)
        if name is not None and roots is not None and given(context, "greeting", types.CreateMessageResult) is not None:
            return f"{name} has {len(roots.roots)} roots"
        greeting = sampling("Generate a greeting", 50)
        return ask("asked", user_name=form("What is your name?", NAME), greeting=greeting, client_roots=types.ListRootsRequest())

    @server.tool(description="Asks twice.")
    async def test_input_required_result_multi_round(context: Context) -> Asked:
        name = json.loads(context.request_state or "null") or field(context, "step1", "name")
        if name is None:
            return ask("null", step1=form("Step 1: What is your name?", NAME))
        color = field(context, "step2", "color")
        if color is None:
            return ask(json.dumps(name), step2=form("Step 2: What is your favorite color?", shape(color=TEXT)))
        return f"{name} likes {color}"


def _add_changing(server: MCPServer[Any]) -> None:
    """Tools that change what there is, so that those who listen hear of it."""
    extra = "test_comes_and_goes"

    async def nothing() -> str:
        return "nothing"

    @server.tool(description="Adds a tool or takes it away.")
    async def test_trigger_tool_change(context: Context) -> str:
        if there := extra in {tool.name for tool in await server.list_tools()}:
            server.remove_tool(extra)
        else:
            server.add_tool(nothing, extra, description="Comes and goes.")
        await context.notify_tools_changed()
        return "taken away" if there else "added"

    @server.tool(description="Adds a prompt or takes it away.")
    async def test_trigger_prompt_change(context: Context) -> str:
        if there := extra in {prompt.name for prompt in await server.list_prompts()}:
            server.remove_prompt(extra)
        else:
            server.prompt(extra, description="Comes and goes.")(nothing)
        await context.notify_prompts_changed()
        return "taken away" if there else "added"


def _add_resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain", description="Text.")
    async def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png", description="An image.")
    async def static_binary() -> bytes:
        return png()

    @server.resource("test://watched-resource", mime_type="text/plain", description="May be subscribed to.")
    async def watched() -> str:
        return "nothing has changed"

    @server.resource("test://template/{id}/data", mime_type="application/json", description="By number.")
    async def data(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="Without arguments.")
    async def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt(description="With arguments.")
    async def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt(description="With a resource.")
    async def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803
        resource = embedded(resourceUri, "text/plain", "Embedded resource content for testing.")
        return [UserMessage(resource), UserMessage("Please process the embedded resource above.")]

    @server.prompt(description="With an image.")
    async def test_prompt_with_image() -> list[UserMessage]:
        return [UserMessage(Image(data=png(), format="png")), UserMessage("Please analyze the image above.")]

    @server.prompt(description="Asks for its context first.")
    async def test_input_required_result_prompt(context: Context) -> Asked:
        if (said := field(context, "user_context", "context")) is None:
            return ask(user_context=form("What context should the prompt use?", shape(context=TEXT)))
        return f"In this context: {said}"

    @server.completion()
    async def complete(ref: Any, argument: Any, context: Any) -> types.Completion:
        words = [word for word in ("paris", "park", "party", "test") if word.startswith(argument.value)]
        return types.Completion(values=words, total=len(words), has_more=False)


def _add_older(server: MCPServer[Any]) -> None:
    """What only 2025-11-25 has. MCPServer has no decorator for it; the server below it takes it."""

    async def taken(context: Any, params: Any) -> types.EmptyResult:
        """There is one level of logs only."""
        return types.EmptyResult()

    below = server._lowlevel_server  # pyright: ignore[reportPrivateUsage]
    below.add_request_handler("logging/setLevel", types.SetLevelRequestParams, taken)
