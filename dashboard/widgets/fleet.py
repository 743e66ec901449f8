"""The table of devices: cells are changed where they differ; the cursor stays with its device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.message import Message
from textual.widgets import Input, Static

from dashboard.clean import plain
from dashboard.picture import BAD, LINKS, WORK, WORK_STYLE, Picture, battery, posture
from dashboard.view import DeviceView
from dashboard.widgets.rows import Cells, Rows

WIDE = 110
"""Columns from which on kind, maker and the last outcome have room."""
Key = Callable[[DeviceView, str], tuple[Any, ...]]
ORDERS: dict[str, Key] = {
    "device": lambda d, link: (d.device,),
    "battery": lambda d, link: (d.battery is None, d.battery or 0.0, d.device),
    "state": lambda d, link: (-len(posture(d)[1]), posture(d)[0], d.device),
    "connection": lambda d, link: (link == "online", link, d.device),
    "place": lambda d, link: (d.at, d.device),
}


class Fleet(Vertical):
    class Selected(Message):
        """A person has chosen another device."""

        def __init__(self, device: str) -> None:
            self.device = device
            super().__init__()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._order, self._wide = "device", False
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        yield Input(placeholder="show devices with these words; Esc: all", id="filter", compact=True)
        yield Rows(id="devices")
        yield Static(id="fleet-note", markup=False)

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._lay_out()

    @property
    def table(self) -> Rows:
        return self.query_one("#devices", Rows)

    def show(self, picture: Picture) -> None:
        self._picture = picture
        wanted = self._wanted(picture)
        self.table.draw({d.device: self._cells(d, picture) for d in wanted}, picture.device)
        self.query_one("#fleet-note", Static).update(self._note(len(wanted), len(picture.view.fleet)))

    def next_order(self) -> None:
        names = list(ORDERS)
        self._order = names[(names.index(self._order) + 1) % len(names)]
        self._again()

    def ask_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    def end_filter(self) -> None:
        """Every device again."""
        box = self.query_one("#filter", Input)
        box.value, box.display = "", False
        self.table.focus()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._again()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.table.focus()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.post_message(self.Selected(event.key))

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """The columns for this width, and all rows anew."""
        width = self.size.width or self.app.size.width
        self._wide = width >= WIDE
        columns = {"device": 16, "link": 9, "power": 5, "state": 13, "at": 11}
        if self._wide:
            columns |= {"kind": 8, "maker": 9, "last": 22}
        columns["doing"] = max(8, width - sum(columns.values()) - 2 * len(columns) - 4)
        self.table.lay_out(columns)
        self._again()

    def _again(self) -> None:
        if self._picture is not None:
            self.show(self._picture)

    def _wanted(self, picture: Picture) -> list[DeviceView]:
        words = self.query_one("#filter", Input).value.lower().split()
        found = [d for d in picture.view.fleet.values() if all(w in _searched(d, picture.links.get(d.device, "")) for w in words)]
        return sorted(found, key=lambda d: ORDERS[self._order](d, picture.links.get(d.device, "")))

    def _cells(self, device: DeviceView, picture: Picture) -> Cells:
        link = picture.links.get(device.device, "unknown")
        state, style = posture(device)
        doing = device.stop_problem or device.problem or device.doing
        cells = [
            plain((device.device, "bold")), plain((LINKS[link], "" if link == "online" else BAD)), plain(battery(device)), plain((state, style)),
            plain(device.at),
        ]  # fmt: skip
        if self._wide:
            last = device.ended[0] if device.ended else None
            cells += [plain(device.kind), plain(device.maker), plain((WORK[last.state], WORK_STYLE.get(last.state, ""))) if last else plain("")]
        return (*cells, plain(doing))

    def _note(self, shown: int, known: int) -> Text:
        if not known:
            return plain("No device has shown itself on this site yet. Agents announce their devices when they start: parley agent --config FILE")
        hidden = f"{shown} of {known} devices; " if shown != known else ""
        return plain(f"{hidden}sorted by {self._order} (o: other order, /: filter)")


def _searched(device: DeviceView, link: str) -> str:
    words = (device.device, device.name, device.kind, device.maker, device.at, device.problem, device.doing, posture(device)[0], link)
    return " ".join(words).lower()
