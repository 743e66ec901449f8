"""The line at the top: which site, whether the broker and a coordinator are there, and how the fleet is."""

from __future__ import annotations

from rich.text import Text

from dashboard.clean import plain
from dashboard.picture import BAD, GOOD, ODD, Picture
from dashboard.widgets.bar import Bar


class StatusBar(Bar):
    def show(self, picture: Picture, note: str, *, live: bool, read_only: bool) -> None:
        self.put(_line(picture, note, live, read_only))


def _line(picture: Picture, note: str, live: bool, read_only: bool) -> Text:
    view = picture.view
    parts: list[str | tuple[str, str]] = [("Parley ", "bold"), f"{view.site}  "]
    if note:
        parts += [(note, f"bold {ODD}"), "  "]
    if live:
        parts += [("● connected  ", GOOD)] if picture.connected else [(" ✗ the broker is gone; showing what was known ", f"{BAD} reverse"), "  "]
    coordinator = view.coordinator(picture.now)
    if picture.connected:
        parts.append(f"● {_called(coordinator)}  " if coordinator else ("! no coordinator  ", ODD))
    parts.append(_fleet(picture))
    fleet = view.fleet.values()
    stopped, resisting = sum(d.stopped for d in fleet), sum(bool(d.stop_problem) for d in fleet)
    odd = sum(bool(d.problem or not d.normal) and not d.stop_problem for d in fleet)
    told = ((resisting, "! {} NOT STOPPED"), (stopped, "■ {} stopped"), (odd, "! {} problem" if odd == 1 else "! {} problems"))
    parts += [(f"  {words.format(count)}", BAD) for count, words in told if count]
    if read_only and live:
        parts.append("  (read only)")
    return plain(*parts)


def _fleet(picture: Picture) -> str:
    online = sum(link == "online" for link in picture.links.values())
    return f"{online}/{len(picture.view.fleet)} online"


def _called(coordinator: str) -> str:
    return coordinator if "coordinator" in coordinator else f"coordinator {coordinator}"
