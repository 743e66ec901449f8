"""Where experts get their windows from: by handle, from devices over the bus or from a folder of recorded ones."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Protocol

from experts.window import Unreadable, Window
from experts.wire import from_wire
from runtime.door import Door
from schemas import topics
from schemas.errors import LinkError
from schemas.ids import WIRE_ID
from schemas.messages import WindowReply, WindowRequest

LARGEST = 400_000
"""Bytes of a recorded window."""


class NoWindow(Exception):
    """No window for this handle; the text says why, for whoever asked."""


class Source(Protocol):
    async def fetch(self, handle: str) -> Window:
        """`<device>/<what>`, such as `robot-3/csi`. Raises NoWindow or Unreadable; has no deadline of its own."""
        ...


def parse(handle: str) -> tuple[str, str]:
    """Device and what to look at. Raises NoWindow."""
    device, _, what = handle.partition("/")
    if not WIRE_ID.fullmatch(device) or not WIRE_ID.fullmatch(what):
        raise NoWindow(f"{handle[:80]!r} is no handle of a window; one looks like robot-3/csi")
    return device, what


class FolderSource:
    """`<folder>/<device>/<what>.json`, as `experts.wire.to_wire` writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def fetch(self, handle: str) -> Window:
        device, what = parse(handle)
        path = self._folder / device / f"{what}.json"
        if not path.is_file():
            raise NoWindow(f"{handle}: there is no such window")
        return from_wire(await asyncio.to_thread(_read, path))


def _read(path: Path) -> dict[str, Any]:
    if path.stat().st_size > LARGEST:
        raise Unreadable(f"{path.name} is larger than {LARGEST} bytes")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name} is no JSON ({error})") from None
    if not isinstance(told, dict):
        raise Unreadable(f"{path.name} holds no window")
    return told


class BusSource:
    """Asks the device's agent, and waits for the reply with the same handle. `hear` is to be given every window reply that arrives."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._waiting: dict[str, asyncio.Future[WindowReply]] = {}

    async def fetch(self, handle: str) -> Window:
        device, what = parse(handle)
        own = f"{what}/{self._door.clock.uuid7()}"
        reply = self._waiting[own] = asyncio.get_running_loop().create_future()
        try:
            if not await self._door.send(topics.WINDOW_REQUEST, device, WindowRequest(device=device, handle=own, what=what)):
                raise LinkError("the broker cannot be reached")
            told = (await reply).data
        finally:
            del self._waiting[own]
        if problem := told.get("problem"):
            raise NoWindow(f"{handle}: {str(problem)[:200]}")
        return from_wire(told)

    def hear(self, reply: WindowReply) -> None:
        waiting = self._waiting.get(reply.handle)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
