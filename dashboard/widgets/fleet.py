"""The table of devices. Its order stays for a second, so that rows can be read while values change; the cursor stays with its device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Resize
from textual.message import Message
from textual.widgets import Input

from dashboard.clean import plain
from dashboard.picture import BAD, LINKS, WORK, WORK_STYLE, Picture, battery, posture
from dashboard.view import DeviceView, Link
from dashboard.widgets.bar import Bar
from dashboard.widgets.rows import Cells, Rows

WIDE = 110
"""Columns from which on kind, maker, charge over time and the last outcome have room."""
BARS, TREND = "▁▂▃▄▅▆▇█", 6
"""Of the charge over time: empty to full, and how many."""
GROUP = " group "
"""Begins the key of a group's heading; no device's id does."""
Key = Callable[[DeviceView, str], tuple[Any, ...]]
ORDERS: dict[str, Key] = {
    "device": lambda d, link: (d.device,),
    "battery": lambda d, link: (d.battery is None, d.battery or 0.0, d.device),
    "state": lambda d, link: (-len(posture(d)[1]), posture(d)[0], d.device),
    "connection": lambda d, link: (link == "online", link, d.device),
    "place": lambda d, link: (d.at, d.device),
    "kind": lambda d, link: (d.kind, d.device),
    "maker": lambda d, link: (d.maker, d.device),
    "last outcome": lambda d, link: (-len(_last(d)[1]), _last(d)[0], d.device),
}
GROUPS: dict[str, Callable[[DeviceView, Link], str]] = {
    "nothing": lambda d, link: "",
    "kind": lambda d, link: d.kind or "unknown kind",
    "maker": lambda d, link: d.maker or "unknown maker",
    "place": lambda d, link: d.at or "nowhere",
    "connection": lambda d, link: LINKS[link],
    "state": lambda d, link: posture(d)[0].strip(),
}


class Fleet(Vertical):
    class Selected(Message):
        """A person has chosen another device."""

        def __init__(self, device: str) -> None:
            self.device = device
            super().__init__()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._order, self._group, self._wide = "device", "nothing", False
        self._picture: Picture | None = None
        self._ordered: tuple[tuple[object, ...], Sequence[str]] = ((), ())

    def compose(self) -> ComposeResult:
        yield Input(placeholder="show devices with these words; Esc: all", id="filter", compact=True)
        yield Rows(id="devices")
        yield Bar(id="fleet-note")

    def on_mount(self) -> None:
        self.query_one("#filter").display = False
        self._lay_out()

    @property
    def table(self) -> Rows:
        return self.query_one("#devices", Rows)

    def show(self, picture: Picture) -> None:
        self._picture = picture
        fleet = picture.view.fleet
        wanted = self._wanted(picture)
        self.table.draw(wanted, lambda key: self._cells(fleet[key], picture) if key in fleet else _heading(key), picture.device)
        shown = sum(not key.startswith(GROUP) for key in wanted)
        chosen = _told(fleet[picture.device], self.size.width) if picture.device in fleet else plain()
        self.query_one("#fleet-note", Bar).put(Text.assemble(chosen, self._note(shown, len(fleet))), grows=True)

    def next_order(self) -> None:
        self._order = _next(ORDERS, self._order)
        self._again()

    def next_group(self) -> None:
        self._group = _next(GROUPS, self._group)
        self._again()

    def ask_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        self.screen.set_focus(box)

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
        device = self._beside(event.key)
        if device:
            self.post_message(self.Selected(device))

    @on(Rows.Opened)
    async def _opened(self, event: Rows.Opened) -> None:
        event.stop()
        await self.app.run_action("view('device')")

    def _beside(self, key: str) -> str:
        """This device; of a heading, the next device in the direction in which the cursor came."""
        if not key.startswith(GROUP) or self._picture is None:
            return key
        keys = list(self.table.keys)
        at, chosen = keys.index(key), self._picture.device
        before, after = keys[:at][::-1], keys[at + 1 :]
        ways = (before, after) if chosen in after else (after, before)
        return next((k for way in ways for k in way if not k.startswith(GROUP)), "")

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        """The columns for this width, and all rows anew."""
        width = self.size.width or self.app.size.width
        self._wide = width >= WIDE
        columns = {"device": 12, "link": 9, "power": 5, "state": 13, "at": 10}
        if self._wide:
            columns |= {"kind, maker": 14, "charge": TREND, "last": 12}
        columns["doing"] = max(8, width - sum(columns.values()) - 2 * len(columns) - 4)
        self.table.lay_out(columns)
        self._again()

    def _again(self) -> None:
        if self._picture is not None:
            self.show(self._picture)

    def _wanted(self, picture: Picture) -> Sequence[str]:
        """Keys of those that fit the filter, in order and in groups; a second later, or when something else is asked for, anew."""
        words = self.query_one("#filter", Input).value.lower().split()
        asked = (int(picture.now), self._order, self._group, words, len(picture.view.fleet))
        if asked != self._ordered[0]:
            fitting = [d for d in picture.view.fleet.values() if all(w in _searched(d, picture.link(d)) for w in words)]
            fitting.sort(key=lambda d: ORDERS[self._order](d, picture.link(d)))
            self._ordered = (asked, _grouped(fitting, lambda d: GROUPS[self._group](d, picture.link(d)), self._group != "nothing"))
        return self._ordered[1]

    def _cells(self, device: DeviceView, picture: Picture) -> Cells:
        link = picture.link(device)
        state, style = posture(device)
        last = _last(device)
        doing = device.stop_problem or device.problem or device.doing or _reason(device) or ("" if self._wide else last[0])
        first = ((device.device, "bold"), (LINKS[link], "" if link == "online" else BAD), (battery(device), ""), (state, style), (device.at, ""))
        wide = ((f"{device.kind} {device.maker}", ""), (_trend(device), ""), last) if self._wide else ()
        return (*first, *wide, (doing, ""))

    def _note(self, shown: int, known: int) -> Text:
        if not known:
            site = self._picture.view.site if self._picture is not None else ""
            start = "Agents announce their devices when they start: parley agent --config FILE"
            return plain(f"No device has shown itself on the site {site!r} yet. {start}. Another site: --site NAME")
        hidden = f"{shown} of {known} devices; " if shown != known else ""
        groups = f", by {self._group}" if self._group != "nothing" else ""
        return plain(f"{hidden}sorted by {self._order}{groups} (o: order, g: group, /: filter, Enter: device)")


def _grouped(devices: Sequence[DeviceView], group_of: Callable[[DeviceView], str], wanted: bool) -> list[str]:
    """Each group below a heading, where some are wanted."""
    if not wanted:
        return [d.device for d in devices]
    groups: dict[str, list[str]] = {}
    for device in devices:
        groups.setdefault(group_of(device), []).append(device.device)
    return [key for group, members in sorted(groups.items()) for key in (f"{GROUP}{group}: {len(members)}", *members)]


def _heading(key: str) -> Cells:
    return ((f"▾ {key.removeprefix(GROUP)}", "bold"),)


def _next(names: Iterable[str], now: str) -> str:
    known = list(names)
    return known[(known.index(now) + 1) % len(known)]


def _last(device: DeviceView) -> tuple[str, str]:
    """How its last sentence ended, and the style of it."""
    last = device.ended[0] if device.ended else None
    return (WORK[last.state], WORK_STYLE.get(last.state, "")) if last is not None else ("", "")


def _reason(device: DeviceView) -> str:
    """Why its last sentence came to nothing, if it did."""
    last = device.ended[0] if device.ended else None
    return last.text.removeprefix(f"{last.state}: ") if last is not None and WORK_STYLE.get(last.state) == BAD else ""


def _told(device: DeviceView, width: int) -> Text:
    """The chosen device in a line, with all of what the table has no room for."""
    state, style = posture(device)
    last, ended = _last(device), device.ended[0] if device.ended else None
    told = device.stop_problem or device.problem or device.doing
    parts: list[str | tuple[str, str]] = [(f"«{device.device}»", "bold"), "  ", (state.strip(), style)]
    parts += [f": {told}"] if told else []
    why = "" if ended is None or ended.state == "verified" else _reason(device) or ended.text
    parts += [("   last  ", "dim"), last, f"  {ended.task} {why}".rstrip()] if ended is not None else []
    text = plain(*parts)
    text.truncate(max(40, 2 * (width or 80) - 8), overflow="ellipsis")
    return Text.assemble(text, "\n")


def _trend(device: DeviceView) -> str:
    """Its charge lately, empty to full."""
    levels = (min(max(power, 0.0), 100.0) / 100 for _, power in device.life.power[-TREND:])
    return "".join(BARS[round(level * (len(BARS) - 1))] for level in levels)


def _searched(device: DeviceView, link: str) -> str:
    words = (device.device, device.name, device.kind, device.maker, device.at, device.problem, device.doing, posture(device)[0], link)
    return " ".join(words).lower()
