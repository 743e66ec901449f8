"""Experts as tools of an MCP server: a handle in, a verdict out. A bad handle, a bad window or a slow expert is an error that a model can read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Protocol

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from experts.sources import NoWindow, Source
from experts.window import Unreadable, Window
from runtime.mcp_server import new_server
from schemas.errors import ParleyError
from schemas.experts import ExpertCard, Verdict

DEADLINE = 5.0
"""Seconds for a window and a verdict together."""
ABOUT = "Each tool is a small trained expert. Give it the handle of a window of data; it says what it sees, how sure it is, or that it cannot tell."
Handle = Annotated[str, Field(max_length=128, description="handle of a window of data: <device>/<what>, such as robot-3/csi")]


class Judge(Protocol):
    """An expert, or a double of one."""

    @property
    def card(self) -> ExpertCard: ...

    def judge(self, window: Window) -> Verdict: ...


def build(experts: Iterable[Judge], source: Source, deadline: float = DEADLINE) -> MCPServer[Any]:
    """One tool for each expert, its card as `expert://<name>/card`, and what a window holds as `window://<device>/<what>`."""
    server = new_server("parley-experts", "Parley's experts", ABOUT)
    for expert in experts:
        _add(server, expert, source, deadline)

    @server.resource("window://{device}/{what}", mime_type="application/json", title="What a window holds: kinds and shapes, never the data")
    async def window(device: str, what: str) -> str:
        return json.dumps(outline(await _fetched(source, f"{device}/{what}", deadline)))

    return server


def _add(server: MCPServer[Any], expert: Judge, source: Source, deadline: float) -> None:
    card = expert.card
    own = ThreadPoolExecutor(1, thread_name_prefix=card.name)  # one that hangs keeps no other's thread

    async def ask(window: Handle, context: Context) -> Verdict:
        await context.report_progress(0, 2, f"asking for {window[:80]}")
        return await _within(deadline, card.name, _judged(expert, source, window, context, own))

    hints = ToolAnnotations(title=card.title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    server.tool(name=card.name, title=card.title, description=described(card), annotations=hints)(ask)

    @server.resource(f"expert://{card.name}/card", mime_type="application/json", title=f"Model card: {card.title}")
    def read_card() -> str:
        return card.model_dump_json()


async def _judged(expert: Judge, source: Source, handle: str, context: Context, thread: ThreadPoolExecutor) -> Verdict:
    window = await _fetched(source, handle, None)
    await context.report_progress(1, 2, "looking at it")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, expert.judge, window)
    except ParleyError as error:
        raise ToolError(f"{expert.card.name}: {error}") from None


async def _fetched(source: Source, handle: str, deadline: float | None) -> Window:
    try:
        return await _within(deadline, handle, source.fetch(handle))
    except (NoWindow, Unreadable, ParleyError) as error:
        raise ToolError(str(error)) from None


async def _within(deadline: float | None, what: str, work: Awaitable[Any]) -> Any:
    try:
        return await asyncio.wait_for(work, deadline)
    except TimeoutError:
        raise ToolError(f"{what[:80]}: no answer within {deadline:g} s") from None


def described(card: ExpertCard) -> str:
    """What a model reads to choose a tool."""
    return f"{card.description} Answers one of: {', '.join(card.labels)}; or that it cannot tell. Needs a window of kind {card.window}. {card.limits}"


def outline(window: Window) -> dict[str, Any]:
    shapes = {name: {"type": array.dtype.name, "shape": list(array.shape)} for name, array in window.arrays.items()}
    return {"kind": window.kind, "about": dict(window.about), "arrays": shapes}
