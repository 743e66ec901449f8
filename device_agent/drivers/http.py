"""The driver for devices with a JSON API over HTTP: everything maker-specific is in the catalogue's bindings.

Errors say what the device said, never how it was asked: function names, arguments and addresses stay on the device.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from pydantic import JsonValue

from device_agent.driver import CallResult
from device_agent.drivers.mapping import (
    Request,
    attributes_of,
    dig,
    holds_on,
    observations_of,
    path_for,
    request_for,
    secrets_in,
    with_defaults,
    words_of,
)
from runtime.clock import Clock, SystemClock
from runtime.meters import METERS
from schemas.base import Value
from schemas.errors import DeviceError
from schemas.skills import Binding, Call, Catalogue, Function, Poll

READ_TIMEOUT = 5.0
"""s for a state read or a stop."""
MAX_REPLY = 4 * 1024 * 1024
"""Bytes; images travel by handle."""


class Transport(Protocol):
    """Carries one request to the device. Raises DeviceError, `uncertain` when the request may have arrived."""

    async def request(self, method: str, path: str, query: Mapping[str, str], body: JsonValue, headers: Mapping[str, str]) -> tuple[int, JsonValue]:
        """HTTP status and JSON body (None when empty)."""
        ...

    async def close(self) -> None: ...


class HttpxTransport:
    """Real HTTP to `base_url`. Time limits are the driver's."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.AsyncClient(base_url=base_url, timeout=httpx.Timeout(None, connect=READ_TIMEOUT), trust_env=False)
        self._client.event_hooks = {"response": [_count]}

    async def request(self, method: str, path: str, query: Mapping[str, str], body: JsonValue, headers: Mapping[str, str]) -> tuple[int, JsonValue]:
        try:
            reply = await self._client.request(method, path, params=dict(query), json=body, headers=dict(headers))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise DeviceError("the device cannot be reached") from None
        except httpx.HTTPError:
            raise DeviceError("the connection to the device was lost", uncertain=True) from None
        return reply.status_code, _json(reply)

    async def close(self) -> None:
        await self._client.aclose()


async def _count(reply: httpx.Response) -> None:
    METERS.answered(reply.request, reply)


def _json(reply: httpx.Response) -> JsonValue:
    if len(reply.content) > MAX_REPLY:
        raise DeviceError(f"the device's answer is larger than {MAX_REPLY} bytes", uncertain=True)
    if not reply.content.strip():
        return None
    try:
        return reply.json()
    except (ValueError, RecursionError):
        if reply.is_success:
            raise DeviceError("the device's answer is not JSON", uncertain=True) from None
        return None


class HttpDriver:
    """One device. `device` is the subject of what it tells about itself."""

    def __init__(self, catalogue: Catalogue, transport: Transport, clock: Clock | None = None, device: str = "self") -> None:
        self._catalogue, self._transport, self._device = catalogue, transport, device
        self._clock: Clock = clock or SystemClock()

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    async def start(self) -> None:
        await self.state()

    async def state(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for read in self._catalogue.state:
            reply = await self._within(READ_TIMEOUT, self._ask(read.binding, {}, {}))
            found.update(attributes_of(read, reply))
        return found

    async def call(self, call: Call, *, key: str) -> CallResult:
        function = self._catalogue.function(call.function)
        if function is None or function.binding is None:
            raise DeviceError("the device's catalogue does not say how to call this")
        arguments = with_defaults(function, call.arguments)
        try:
            result = await self._within(function.longest, self._carry_out(function.binding, arguments, key))
        except DeviceError as error:
            raise _told(error, function, arguments) from None
        return CallResult(result, observations_of(function, arguments, result, self._device, self._clock.now()))

    async def stop(self) -> None:
        if self._catalogue.stop is None:
            raise DeviceError("this device has no way to be stopped")
        await self._within(READ_TIMEOUT, self._ask(self._catalogue.stop, {}, {}))

    async def window(self, what: str) -> dict[str, JsonValue]:
        binding = self._catalogue.windows.get(what)
        if binding is None:
            raise DeviceError(f"this device has no such data; it has {', '.join(sorted(self._catalogue.windows)) or 'none'}")
        reply: JsonValue = await self._within(READ_TIMEOUT, self._ask(binding, {}, {}))
        if not isinstance(reply, dict) or "arrays" not in reply:
            raise DeviceError("the device's answer is no window of data")
        return reply

    async def close(self) -> None:
        await self._transport.close()

    async def _within(self, seconds: float, work: Any) -> Any:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError:
            raise DeviceError(f"the device did not answer within {seconds:g} s", uncertain=True) from None

    async def _carry_out(self, binding: Binding, arguments: Mapping[str, JsonValue], key: str) -> JsonValue:
        reply = await self._ask(binding, arguments, {"Idempotency-Key": key})
        if binding.poll is not None:
            reply = await self._poll(binding.poll, arguments, reply)
        return dig(reply, binding.result)

    async def _poll(self, poll: Poll, arguments: Mapping[str, JsonValue], first: JsonValue) -> JsonValue:
        """Ask until it is over. From here on the order is under way, so a lost answer leaves it open how it ended."""
        values = {**arguments, **(first if isinstance(first, dict) else {})}
        request = Request("GET", path_for(poll.path, values), {}, None)
        while True:
            try:
                reply = await self._send(request, {})
            except DeviceError as error:
                raise DeviceError(str(error), uncertain=True) from None
            if holds_on(poll.done, reply):
                return reply
            if poll.failed is not None and holds_on(poll.failed, reply):
                raise DeviceError(_sentence("the device did not finish", reply))
            await self._clock.sleep(poll.every)

    async def _ask(self, binding: Binding, values: Mapping[str, JsonValue], headers: Mapping[str, str]) -> JsonValue:
        reply = await self._send(request_for(binding, values), headers)
        if binding.error is not None and holds_on(binding.error, reply):
            raise DeviceError(_sentence("the device refused", reply))
        return reply

    async def _send(self, request: Request, headers: Mapping[str, str]) -> JsonValue:
        status, reply = await self._transport.request(request.method, request.path, request.query, request.body, headers)
        if 400 <= status < 500:
            raise DeviceError(_sentence("the device refused", reply))
        if not 200 <= status < 300:
            raise DeviceError(_sentence(f"the device failed with status {status}", reply), uncertain=True)
        return reply


def _sentence(what: str, reply: JsonValue) -> str:
    words = words_of(reply)
    return f"{what}: {words}" if words else what


def _told(error: DeviceError, function: Function, arguments: Mapping[str, JsonValue]) -> DeviceError:
    """The error without passwords; a reading that failed has changed nothing."""
    text = str(error)
    for secret in secrets_in(function, arguments):
        text = text.replace(secret, "***")
    return DeviceError(text, uncertain=error.uncertain and function.safety != "read")
