"""A careful look at a device: whatever it answers becomes standard attributes that can be compared, stored and sent, or one DeviceError."""

from __future__ import annotations

import math
from collections.abc import Mapping

from device_agent.driver import Driver
from schemas.base import Value
from schemas.errors import DeviceError

LONGEST = 2000
"""Characters kept of one attribute."""


async def look_at(driver: Driver) -> dict[str, Value]:
    """The device's attributes now. Raises DeviceError, for a driver that fails in an unforeseen way too."""
    try:
        return sane(await driver.state())
    except DeviceError:
        raise
    except Exception as error:
        raise DeviceError(f"the device's state cannot be read ({type(error).__name__})") from error


def sane(attributes: Mapping[str, object]) -> dict[str, Value]:
    """Without what no message can carry: numbers that are not finite, values that are no scalars. Text is made valid Unicode and cut."""
    kept = {text_of(name): value for name, value in attributes.items() if isinstance(value, bool | int | float | str) and _fits(value)}
    return {name: text_of(value) if isinstance(value, str) else value for name, value in kept.items()}


def _fits(value: Value) -> bool:
    return math.isfinite(value) if isinstance(value, float) else not isinstance(value, int) or abs(value) < 2**63


def text_of(text: str, limit: int = LONGEST) -> str:
    """Valid Unicode (a lone surrogate becomes a question mark), at most `limit` characters."""
    return text[:limit].encode("utf-8", "replace").decode()


def why(error: BaseException) -> str:
    """An error in words for people: a device's own, else no more than its kind."""
    if isinstance(error, DeviceError):
        return text_of(str(error), 300)
    return "no answer in time" if isinstance(error, TimeoutError) else f"an unforeseen error, {type(error).__name__}"
