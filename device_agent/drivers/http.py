"""A maker's REST API, described by a catalogue file, as a Driver. The only importer of httpx."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Protocol

import httpx
from pydantic import JsonValue

from device_agent.driver import CallResult
from device_agent.drivers.mapping import arguments_with_defaults, dig, observe, request
from runtime.clock import Clock
from schemas.base import Condition, Value, compare
from schemas.errors import DeviceError
from schemas.skills import Binding, Call, Catalogue, Function

MAX_REPLY = 4 * 1024 * 1024


class Transport(Protocol):
    """One request and its reply. Raises DeviceError when the device does not answer in time."""

    async def request(
        self, method: str, path: str, query: dict[str, str], body: JsonValue, headers: dict[str, str], timeout: float
    ) -> tuple[int, JsonValue]: ...

    async def close(self) -> None: ...


class HttpxTransport:
    """Real HTTP to `base_url`."""

    def __init__(self, base_url: str, device: str) -> None:
        self._device = device
        self._client = httpx.AsyncClient(base_url=base_url, trust_env=False)

    async def request(
        self, method: str, path: str, query: dict[str, str], body: JsonValue, headers: dict[str, str], timeout: float
    ) -> tuple[int, JsonValue]:
        try:
            reply = await self._client.request(method, path, params=query or None, json=body, headers=headers, timeout=timeout)
        except httpx.TimeoutException:
            raise DeviceError(f"{self._device} did not answer within {timeout:g} s", uncertain=method != "GET") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DeviceError(f"{self._device} cannot be reached ({type(error).__name__})", uncertain=method != "GET") from None
        if len(reply.content) > MAX_REPLY:
            raise DeviceError(f"{self._device} sent a reply of {len(reply.content)} bytes, too large to read", uncertain=method != "GET")
        try:
            return reply.status_code, reply.json() if reply.content else None
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise DeviceError(f"{self._device} sent something that is not JSON", uncertain=method != "GET") from None

    async def close(self) -> None:
        await self._client.aclose()


class HttpDriver:
    """`device` names it in messages to people. The request's `Idempotency-Key` header carries the effect's key."""

    def __init__(self, device: str, catalogue: Catalogue, transport: Transport, clock: Clock, timeout: float = 5.0) -> None:
        self._device, self._catalogue, self._transport, self._clock, self._timeout = device, catalogue, transport, clock, timeout

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    async def start(self) -> None:
        await self.state()

    async def state(self) -> dict[str, Value]:
        attributes: dict[str, Value] = {}
        for read in self._catalogue.state:
            reply = await self._send(read.binding, {}, {}, self._timeout)
            for fact in observe(read.attributes, dig(reply, read.binding.result), {}, self._clock.now(), "state"):
                if isinstance(fact.value, bool | int | float | str):
                    attributes[fact.property] = fact.value
        return attributes

    async def call(self, call: Call, *, key: str) -> CallResult:
        function = self._catalogue.function(call.function)
        if function is None or function.binding is None:
            raise DeviceError(f"{self._device} has no way to run this function")
        arguments = arguments_with_defaults(function, call)
        try:
            async with asyncio.timeout(function.longest):
                reply = await self._run(function, function.binding, arguments, key)
        except TimeoutError:
            raise DeviceError(f"{self._device} did not finish within {function.longest:g} s", uncertain=function.safety != "read") from None
        result = dig(reply, function.binding.result)
        return CallResult(result, observe(function.returns, result, arguments, self._clock.now(), "measured"))

    async def _run(self, function: Function, binding: Binding, arguments: dict[str, JsonValue], key: str) -> JsonValue:
        reply = await self._send(binding, arguments, {"Idempotency-Key": key}, function.longest)
        poll = binding.poll
        if poll is None:
            return reply
        known = {**arguments, **{k: v for k, v in reply.items() if v is not None}} if isinstance(reply, dict) else arguments
        asking = Binding(method="GET", path=poll.path)
        while True:
            now = await self._send(asking, known, {}, self._timeout)
            if poll.failed is not None and _holds(poll.failed, now):
                raise DeviceError(f"{self._device} reports: {_complaint(now)}")
            if _holds(poll.done, now):
                return now
            await self._clock.sleep(poll.every)

    async def stop(self) -> None:
        if self._catalogue.stop is not None:
            await self._send(self._catalogue.stop, {}, {}, self._timeout)

    async def close(self) -> None:
        await self._transport.close()

    async def _send(self, binding: Binding, arguments: dict[str, JsonValue], headers: dict[str, str], timeout: float) -> JsonValue:
        method, path, query, body = request(binding, arguments)
        status, reply = await self._transport.request(method, path, query, body, headers, timeout)
        if status >= 400:
            raise DeviceError(f"{self._device} refused: {_complaint(reply) or f'HTTP status {status}'}")
        if binding.error is not None and _holds(binding.error, reply):
            raise DeviceError(f"{self._device} refused: {_complaint(reply)}")
        return reply


def _holds(condition: Condition, reply: JsonValue) -> bool:
    return compare(dig(reply, condition.attribute), condition.op, condition.value, condition.tolerance)


def _complaint(reply: JsonValue) -> str:
    """The maker's own words, if it has any, cut short; device text is data and stays a quotation."""
    if isinstance(reply, dict):
        for key in ("error", "message", "msg", "detail", "reason", "fault"):
            value: Any = reply.get(key)
            if isinstance(value, dict):
                return _complaint(value)  # pyright: ignore[reportUnknownArgumentType]
            if isinstance(value, str) and value:
                return value[:200]
    return "no reason given"
