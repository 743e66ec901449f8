"""The table and its picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_agent.machine import TABLE, document, step
from schemas.errors import IllegalTransition


def test_every_state_leads_to_the_end_and_once_touched_only_through_postprocessing() -> None:
    happy = (("start", "begin"), ("preprocessing", "prepared"), ("call_pending", "returned"), ("postprocessing", "released"))
    assert [step(state, event)[0] for state, event in happy] == [
        "preprocessing", "call_pending", "postprocessing", "end",
    ]  # fmt: skip
    for state in ("preprocessing", "call_pending"):
        for target, effects in TABLE[state].values():
            assert target in ("call_pending", "postprocessing")
            assert target != "postprocessing" or "release" in effects


def test_cancelling_a_touched_device_stops_it() -> None:
    for state in ("preprocessing", "call_pending", "postprocessing"):
        assert "stop_device" in step(state, "cancel")[1]


def test_what_the_table_does_not_know_is_an_error() -> None:
    with pytest.raises(IllegalTransition, match="'returned' in state 'start'"):
        step("start", "returned")


def test_the_diagram_in_the_documentation_is_current() -> None:
    assert Path("docs/state-machine.md").read_text(encoding="utf-8") == document()
