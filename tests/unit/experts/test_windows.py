"""Windows: checked before anything is computed, carried as JSON without loss, and fetched by handle."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experts.sources import BusSource, FolderSource, NoWindow, parse
from experts.window import Unreadable, Window
from experts.wire import ROOM, TYPES, from_wire, to_wire
from runtime.clock import SystemClock
from runtime.door import Door
from runtime.memory_bus import MemoryBroker
from schemas import topics
from schemas.messages import WindowReply, WindowRequest

WINDOW = Window("csi", {"csi": np.arange(6, dtype=np.complex64).reshape(2, 3)}, {"rate": 100.0})


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_number_survives_the_wire(kind: str) -> None:
    window = Window("energy", {"x": np.array([[0, 1, 1], [1, 0, 1]]).astype(kind)})
    back = from_wire(json.loads(json.dumps(to_wire(window))))
    assert back.kind == "energy"
    assert back.arrays["x"].dtype == window.arrays["x"].dtype
    assert np.array_equal(back.arrays["x"], window.arrays["x"])


def test_settings_come_along() -> None:
    assert from_wire(to_wire(WINDOW)).about == {"rate": 100.0}


def test_a_window_too_large_for_an_envelope_is_not_sent() -> None:
    with pytest.raises(Unreadable, match=str(ROOM)):
        to_wire(Window("frame", {"frame": np.zeros(ROOM + 1, np.uint8)}))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "kind"),
        ({"kind": "sound", "arrays": {}}, "kind"),
        ({"kind": "csi"}, "arrays"),
        ({"kind": "csi", "arrays": {"csi": 7}}, "type"),
        ({"kind": "csi", "arrays": {"csi": {"type": "object", "shape": [1], "data": ""}}}, "type"),
        ({"kind": "csi", "arrays": {"csi": {"type": "uint8", "shape": "2", "data": ""}}}, "shape"),
        ({"kind": "csi", "arrays": {"csi": {"type": "uint8", "shape": [10**6, 10**6], "data": ""}}}, "shape"),
        ({"kind": "csi", "arrays": {"csi": {"type": "float64", "shape": [150_000], "data": ""}}}, "more than"),
        ({"kind": "csi", "arrays": {"csi": {"type": "uint8", "shape": [3], "data": "AAAA!"}}}, "does not hold"),
        ({"kind": "csi", "arrays": {"csi": {"type": "float32", "shape": [3], "data": "AAAA"}}}, "does not hold"),
    ],
)
def test_what_is_no_window_on_the_wire_is_named(told: dict[str, Any], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        from_wire(told)


def test_a_shape_may_leave_lengths_open() -> None:
    assert WINDOW.array("csi", (None, 3)).shape == (2, 3)
    for shape in ((2, 4), (6,)):
        with pytest.raises(Unreadable, match="shape"):
            WINDOW.array("csi", shape)
    with pytest.raises(Unreadable, match="'h'"):
        WINDOW.array("h", (2, 3))


def test_a_setting_out_of_its_range_is_named() -> None:
    assert WINDOW.setting("rate", 50, 200) == 100.0
    for name, high in (("rate", 90), ("carrier", 10)):
        with pytest.raises(Unreadable, match=name):
            WINDOW.setting(name, 0, high)


@pytest.mark.parametrize("handle", ["", "robot-3", "robot-3/", "/csi", "../../etc", "robot-3/csi/7", "Robot 3/csi", "robot-3/csi\n"])
def test_what_is_no_handle_is_refused(handle: str) -> None:
    with pytest.raises(NoWindow, match="handle"):
        parse(handle)


async def test_a_folder_gives_recorded_windows(tmp_path: Path) -> None:
    (tmp_path / "robot-3").mkdir()
    (tmp_path / "robot-3" / "csi.json").write_text(json.dumps(to_wire(WINDOW)))
    (tmp_path / "robot-3" / "odd.json").write_text("[1]")
    (tmp_path / "robot-3" / "cut.json").write_text('{"kind":')
    source = FolderSource(tmp_path)
    assert (await source.fetch("robot-3/csi")).kind == "csi"
    with pytest.raises(NoWindow, match="no such window"):
        await source.fetch("robot-4/csi")
    for what in ("odd", "cut"):
        with pytest.raises(Unreadable):
            await source.fetch(f"robot-3/{what}")


async def test_a_device_on_the_bus_is_asked_and_its_own_reply_taken() -> None:
    broker, clock = MemoryBroker(), SystemClock()
    async with broker.client() as bus, bus.subscribe(topics.WINDOW_REQUEST.filter("site")) as requests:
        door = Door(bus, "site", "experts", clock)
        source = BusSource(door)
        asked = asyncio.create_task(source.fetch("robot-3/csi"))
        arrived = door.receive(await anext(requests))
        assert arrived is not None and isinstance(arrived[1].body, WindowRequest)
        request = arrived[1].body
        assert (request.device, request.what) == ("robot-3", "csi")
        source.hear(WindowReply(device="robot-3", handle="csi/of-somebody-else", data={"problem": "not yours"}))
        source.hear(WindowReply(device="robot-3", handle=request.handle, data=to_wire(WINDOW)))
        assert (await asked).about == {"rate": 100.0}


async def test_a_device_that_has_no_such_window_says_why() -> None:
    broker = MemoryBroker()
    async with broker.client() as bus, bus.subscribe(topics.WINDOW_REQUEST.filter("site")) as requests:
        door = Door(bus, "site", "experts", SystemClock())
        source = BusSource(door)
        asked = asyncio.create_task(source.fetch("robot-3/smell"))
        arrived = door.receive(await anext(requests))
        assert arrived is not None and isinstance(arrived[1].body, WindowRequest)
        source.hear(WindowReply(device="robot-3", handle=arrived[1].body.handle, data={"problem": "I cannot smell"}))
        with pytest.raises(NoWindow, match="I cannot smell"):
            await asked
