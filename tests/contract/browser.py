"""A real browser without a screen, driven over its own debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.terminal import ESCAPES
from tests.conftest import CHROMIUM

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--remote-debugging-port=0", "--window-size=1200,800")  # fmt: skip
LIMIT = 60.0
"""s; a browser on a busy machine."""


class Browser:
    """`async with Browser(folder) as browser`. `asked`: every address that it loaded; `text`: what came over websockets, without styles."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._drawn = bytearray()
        self._came = asyncio.Event()
        self._session = ""
        self.asked: list[str] = []
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Browser:
        assert CHROMIUM is not None
        command = (CHROMIUM, *OPTIONS, f"--user-data-dir={self._folder}", "about:blank")
        self._process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, start_new_session=True)
        self._client = aiohttp.ClientSession()
        self._socket = await self._client.ws_connect(await self._address(), max_msg_size=0)
        self._reader = asyncio.create_task(self._read(), name="browser.reader")
        target = await self.tell("Target.createTarget", url="about:blank")
        self._session = (await self.tell("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            await self.tell(f"{domain}.enable")
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._client.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def _address(self) -> str:
        assert self._process.stderr is not None
        async with asyncio.timeout(LIMIT):
            while line := (await self._process.stderr.readline()).decode(errors="replace"):
                if found := re.search(r"listening on (ws://\S+)", line):
                    return found[1]
        raise AssertionError("the browser did not start")

    async def tell(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        session = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
        return await asyncio.wait_for(self._waiting[number], LIMIT)

    async def _read(self) -> None:
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told.get("result", told.get("error")))
            else:
                self._hear(told["method"], told["params"])

    def _hear(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.asked.append(told["url"])
        elif method == "Network.webSocketClosed":
            self.closed.set()
        elif method == "Network.webSocketFrameReceived" and told["response"]["opcode"] == 2:
            self._drawn += base64.b64decode(told["response"]["payloadData"])
            self._came.set()

    async def open(self, url: str) -> None:
        await self.tell("Page.navigate", url=url)

    async def run(self, script: str) -> Any:
        """What a script in the page comes to."""
        return (await self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True))["result"].get("value")

    async def type(self, text: str) -> None:
        for key in text:
            await self.press("Enter" if key == "\r" else key, ord(key.upper()), text=key)

    async def press(self, key: str, code: int, **more: Any) -> None:
        """`code`: the key's own number, as browsers have it."""
        for kind in ("keyDown", "keyUp"):
            await self.tell("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **more)

    async def focus(self) -> None:
        await self.run("document.querySelector('.xterm-helper-textarea').focus()")

    async def picture(self) -> bytes:
        """PNG."""
        return base64.b64decode((await self.tell("Page.captureScreenshot"))["data"])

    @property
    def text(self) -> str:
        return ESCAPES.sub(b"", bytes(self._drawn)).decode(errors="replace")

    async def sees(self, part: str) -> None:
        async with asyncio.timeout(LIMIT):
            while part not in self.text:
                self._came.clear()
                await self._came.wait()
        self._drawn.clear()
