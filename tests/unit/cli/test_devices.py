"""`parley devices`: what reaches the terminal."""

from __future__ import annotations

from cli.devices import _row, _shown
from runtime.operator import Fleet
from runtime.plain import paragraphs
from schemas.messages import Profile, State

EVIL = "robot\x1b[2J\x9b31m\u202e"


def test_what_devices_say_cannot_steer_the_terminal() -> None:
    fleet = Fleet()
    fleet.profiles["r1"] = Profile(device="r1", device_kind=EVIL, maker=EVIL)
    fleet.states["r1"] = State(device="r1", boot="b", attributes={"at": EVIL}, problem=EVIL)
    shown = _shown(_row(fleet, "r1"))
    assert paragraphs(f"one{EVIL}\n" + "x" * 1000) == "onerobot[2J31m\n" + "x" * 1000
    assert not set(shown) & set("\x1b\x9b\u202e")
