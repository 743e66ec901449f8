"""Conditions in words."""

from __future__ import annotations

import pytest

from device_agent.conditions import found, needed
from schemas.base import Condition


@pytest.mark.parametrize(
    ("condition", "state", "wanted", "seen"),
    [
        (Condition(attribute="at", op="==", value="shelf-4"), {"at": "dock-2"}, "I have to be at shelf-4", "I am at dock-2"),
        (Condition(attribute="at", op="==", value="shelf-4"), {}, "I have to be at shelf-4", "I cannot tell where I am"),
        (Condition(attribute="battery_level", op=">=", value=20.0), {"battery_level": 12.5}, "my battery level has to be at least 20", "it is 12.5"),
        (Condition(attribute="door", op="!=", value="open"), {"door": "open"}, "my door has to be other than open", "it is open"),
        (Condition(attribute="charging", op="==", value=False), {"charging": True}, "my charging has to be false", "it is true"),
        (Condition(attribute="charging", op="==", value=False), {}, "my charging has to be false", "it is not known"),
    ],
)
def test_what_is_needed_and_what_was_found_reads_well(condition: Condition, state: dict[str, bool | float | str], wanted: str, seen: str) -> None:
    assert (needed(condition), found(condition, state)) == (wanted, seen)
