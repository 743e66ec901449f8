"""The driver of a terminal that may go at any moment."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from textual.drivers._writer_thread import WriterThread
from textual.drivers.headless_driver import HeadlessDriver
from textual.drivers.linux_driver import LinuxDriver

from dashboard.terminal import Patient, PatientDriver, patient

FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="a device to which every write fails is Linux's")
def test_a_screen_that_is_gone_keeps_nobody_waiting() -> None:
    with suppress(OSError), FULL.open("w", buffering=1) as gone:  # closing it writes what is left
        with pytest.raises(OSError, match="No space"):
            gone.write("line\n")
        writer = WriterThread(Patient(gone))  # pyright: ignore[reportArgumentType]
        writer.start()

        def draw() -> None:
            for _ in range(100):
                writer.write("line\n")
            writer.stop()

        drawing = threading.Thread(target=draw, daemon=True)
        drawing.start()
        drawing.join(20)
        assert not drawing.is_alive()


def test_only_the_driver_of_a_terminal_is_another_one() -> None:
    assert patient(LinuxDriver) is PatientDriver
    assert patient(HeadlessDriver) is HeadlessDriver
