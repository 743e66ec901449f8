"""The screen's driver where its terminal may go at any moment, as with a lost ssh connection."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, Any

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver


class Patient:
    """A file to which writing never fails: what nobody can read any more is dropped. Textual's writer would end with the first error, and whoever
    gives it the next lines would wait for ever."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class PatientDriver(LinuxDriver):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._file: Any = Patient(self._file)


def patient(driver: type[Driver]) -> type[Driver]:
    """The same driver; that of a terminal as a patient one."""
    return PatientDriver if driver is LinuxDriver else driver
